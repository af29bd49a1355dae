"""Records of hardware figures, and the comparison of designs that the same tool judged."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from pydantic import Field

from sr2hls.provenance import Figure, Origin
from sr2hls.store.record import Record
from sr2hls.synthesis.hardware_report import HardwareReport


class Subject(StrEnum):
    """What a row of figures is about."""

    DESIGN = "design"
    """The symbolic design."""
    NETWORK = "network"
    """The original network."""
    OTHER = "other"
    """Anything else set beside them, e.g. a published design."""


class FigureKey(StrEnum):
    """Names of the figures, as a tool's `HardwareReport` has them, in the order of the tables."""

    LUT = "lut"
    FF = "ff"
    CARRY = "carry"
    DSP = "dsp"
    BRAM = "bram"
    URAM = "uram"
    SRL = "srl"
    WIDE_MUX = "wide_mux"
    LATENCY_CYCLES = "latency_cycles"
    LATENCY_NS = "latency_ns"
    II = "ii"
    CLOCK_NS = "clock_ns"
    CRITICAL_PATH_NS = "critical_path_ns"
    LEVELS = "levels"
    FMAX_MHZ = "fmax_mhz"


NOT_COMPARED = (FigureKey.CLOCK_NS,)
"""Figures that were asked for, not found out."""


class HardwareFigure(Record):
    """A number with its unit and where it comes from."""

    value: float
    unit: str
    origin: Origin
    source: str
    part: str | None = None
    step: str | None = None
    error: str | None = None

    @classmethod
    def of(cls, figure: Figure) -> "HardwareFigure":
        """Return the record of a figure."""
        p = figure.provenance
        return cls(
            value=float(figure.value),
            unit=figure.unit,
            origin=p.origin,
            source=p.source,
            part=p.part,
            step=p.step,
            error=p.error,
        )

    @property
    def provenance(self) -> str:
        """One line that says where the figure comes from."""
        parts = [f"{self.origin.value}: {self.source}", self.step and f"after {self.step}", self.part]
        parts.append(self.error and f"error {self.error}")
        return ", ".join(p for p in parts if p)


class HardwareRow(Record):
    """The figures of one design from one run of one tool."""

    subject: Subject
    label: str
    """Name of the design for people, e.g. ``network, 6-bit weights``."""
    tool: str
    """Tool and version."""
    part: str | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    """Options that decide whether two rows may be compared."""
    accuracy: float | None = None
    """Accuracy (classification) or R² (regression) of this very design on the test split, if known."""
    figures: dict[FigureKey, HardwareFigure | None] = Field(default_factory=dict)
    """``None`` or missing where the tool could not give the figure."""

    @classmethod
    def of(
        cls, report: HardwareReport, subject: Subject, label: str, accuracy: float | None = None
    ) -> "HardwareRow":
        """Return the row of a tool's report.

        Args:
            report: what the tool found out.
            subject: what the design is.
            label: its name for people.
            accuracy: accuracy or R² of this very design on the test split.
        """
        # The name of the top module is no setting: it differs between designs that are compared.
        settings = {k: v.replace(f"-top {report.design}", "-top TOP") for k, v in report.settings.items()}
        return cls(
            subject=subject,
            label=label,
            tool=f"{report.tool} {report.version}".strip(),
            part=report.part,
            settings={"step": report.step, **settings},
            accuracy=accuracy,
            figures={FigureKey(k): HardwareFigure.of(f) for k, f in report.figures().items()},
        )

    def comparable(self, other: "HardwareRow") -> bool:
        """Return whether both rows come from the same tool with the same settings for the same part."""
        return (self.tool, self.part, self.settings) == (other.tool, other.part, other.settings)


class Ratio(Record):
    """One figure of two designs and how many times smaller the symbolic design's is."""

    figure: FigureKey
    unit: str
    design: float
    network: float
    ratio: float | None
    """network / design (design / network for Fmax); ``None`` where either is 0."""


class Comparison(Record):
    """A symbolic design and the original network by the same tool and settings."""

    tool: str
    part: str | None
    settings: dict[str, str]
    design: str
    network: str
    ratios: tuple[Ratio, ...]


def figures(values: Mapping[str, Figure | None]) -> dict[FigureKey, HardwareFigure | None]:
    """Return records of figures by name.

    Raises:
        ValueError: a name is none of `FigureKey`.
    """
    return {FigureKey(k): None if v is None else HardwareFigure.of(v) for k, v in values.items()}


def compare(rows: Sequence[HardwareRow]) -> tuple[Comparison, ...]:
    """Return every pair of design and network that may be compared, with the ratios.

    Only figures that both rows have, in the same unit, of the same origin and after the same step, get one.
    Published figures get none: nobody here saw the tool's settings.
    """
    pairs = [
        (d, n)
        for d in rows
        for n in rows
        if d.subject is Subject.DESIGN and n.subject is Subject.NETWORK and d.comparable(n)
    ]
    found = []
    for design, network in pairs:
        ratios = tuple(r for key in FigureKey if (r := _ratio(key, design, network)))
        if ratios:
            found.append(
                Comparison(
                    tool=design.tool,
                    part=design.part,
                    settings=design.settings,
                    design=design.label,
                    network=network.label,
                    ratios=ratios,
                )
            )
    return tuple(found)


def warning(rows: Sequence[HardwareRow]) -> str | None:
    """Return the sentence that has to stand where rows of different tools or settings stand together.

    ``None`` where every row is from the same tool, for the same part, with the same settings.
    """
    if not rows:
        return None
    first = next((r for r in rows if r.subject is Subject.DESIGN), rows[0])
    others = [r for r in rows if not r.comparable(first)]
    if not others:
        return None
    named = ", ".join(f"'{r.label}' ({_difference(first, r)})" for r in others)
    return (
        f"Not all rows may be compared: '{first.label}' is from {first.tool}"
        f"{f' for {first.part}' if first.part else ''}; different are {named}. There are no ratios of those."
    )


def _difference(first: HardwareRow, other: HardwareRow) -> str:
    if other.tool != first.tool:
        return other.tool
    if other.part != first.part:
        return f"part {other.part or 'unknown'}"
    keys = sorted(set(first.settings) | set(other.settings))
    changed = [k for k in keys if first.settings.get(k) != other.settings.get(k)]
    return f"other settings: {', '.join(changed)}"


def _ratio(key: FigureKey, design: HardwareRow, network: HardwareRow) -> Ratio | None:
    d, n = design.figures.get(key), network.figures.get(key)
    if key in NOT_COMPARED or d is None or n is None or Origin.PUBLISHED in (d.origin, n.origin):
        return None
    if (d.unit, d.origin, d.source, d.step) != (n.unit, n.origin, n.source, n.step):
        return None
    above, below = (n.value, d.value) if key is not FigureKey.FMAX_MHZ else (d.value, n.value)
    ratio = above / below if above and below else None
    return Ratio(figure=key, unit=d.unit, design=d.value, network=n.value, ratio=ratio)
