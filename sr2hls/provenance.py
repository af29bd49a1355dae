"""Where a figure comes from. Every hardware figure carries this; a missing figure is ``None``, never 0."""

from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """How a figure came to be known."""

    MEASURED = "measured"
    """A tool gave it for this very design."""
    ESTIMATED = "estimated"
    """A model gave it; `Provenance.error` says how far off the model was where it was checked."""
    PUBLISHED = "published"
    """Somebody else measured it; `Provenance.source` says who."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Origin of a figure.

    Attributes:
        origin: measured, estimated or published.
        source: tool and version, name of the model, or citation.
        part: FPGA part or family that it holds for.
        step: after which step of the flow it holds, e.g. ``synthesis`` or ``place and route``.
        error: how far off an estimate was where it was checked, e.g. ``median 7 % on 60 programs``.
    """

    origin: Origin
    source: str
    part: str | None = None
    step: str | None = None
    error: str | None = None

    def __str__(self) -> str:
        text = f"{self.origin.value}: {self.source}"
        for extra in (self.step and f"after {self.step}", self.part, self.error and f"error {self.error}"):
            if extra:
                text += f", {extra}"
        return text


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit and where it comes from."""

    value: float
    unit: str
    provenance: Provenance
