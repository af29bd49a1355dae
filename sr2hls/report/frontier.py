"""The record of an exploration: what ``frontier.json`` holds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from sr2hls.errors import InputError
from sr2hls.report.hardware import FigureKey, HardwareRow
from sr2hls.store.files import write_text
from sr2hls.store.record import Record

JSON_NAME, MARKDOWN_NAME, SVG_NAME = "frontier.json", "frontier.md", "frontier.svg"
NAMES = (JSON_NAME, MARKDOWN_NAME, SVG_NAME)
"""What an exploration writes about all of its designs."""


class FrontierPoint(Record):
    """One design, or the original network."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Its folder in the exploration's."""
    label: str
    subject: Literal["design", "network"] = "design"
    validation: float
    """Accuracy, R² or, without labels, fidelity on the validation split, which choices are made on."""
    test: float
    """The same on the test split, which nothing is chosen by."""
    fidelity: float | None = None
    """Agreement with the network on the test split."""
    validation_fidelity: float | None = None
    nodes: int | None = None
    """Of the printed formulas, where they are readable."""
    hardware: HardwareRow | None = None
    notes: tuple[str, ...] = ()

    def value(self, key: FigureKey) -> float | None:
        """Return a figure as a number, ``None`` where it is missing."""
        figure = None if self.hardware is None else self.hardware.figures.get(key)
        return None if figure is None else figure.value

    @property
    def used_luts(self) -> float | None:
        """LUTs with those that are shift registers, ``None`` where they are not known."""
        lut = self.value(FigureKey.LUT)
        return None if lut is None else lut + (self.value(FigureKey.SRL) or 0.0)

    @property
    def luts(self) -> str:
        """LUTs for people, with shift registers made of LUTs beside them: the count has none of these."""
        lut, srl = self.value(FigureKey.LUT), self.value(FigureKey.SRL)
        return "–" if lut is None else f"{lut:g} + {srl:g} SRL" if srl else f"{lut:g}"


class DesignFrontier(Record):
    """The designs of an exploration."""

    format: Literal["sr2hls-frontier-1"] = "sr2hls-frontier-1"
    title: str
    score: str
    """What scores are: ``accuracy``, ``R²`` or ``fidelity``."""
    teacher_validation: float
    teacher_test: float
    """Scores of the network in floating point on the circuit's inputs."""
    part: str
    clock_ns: float
    points: tuple[FrontierPoint, ...]

    @property
    def designs(self) -> tuple[FrontierPoint, ...]:
        """The designs, the cheapest first."""
        found = [p for p in self.points if p.subject == "design"]
        return tuple(sorted(found, key=lambda p: (p.used_luts or 0.0, -p.validation)))

    @property
    def network(self) -> FrontierPoint | None:
        """The original network."""
        return next((p for p in self.points if p.subject == "network"), None)

    def best(self) -> tuple[FrontierPoint, ...]:
        """Return the designs that no cheaper one equals on the validation split."""
        found: list[FrontierPoint] = []
        for point in self.designs:
            if not found or point.validation > found[-1].validation:
                found.append(point)
        return tuple(found)

    def named(self, name: str) -> FrontierPoint:
        """Return a design by its name.

        Raises:
            InputError: there is none of that name.
        """
        for point in self.designs:
            if point.name == name:
                return point
        known = ", ".join(p.name for p in self.designs)
        raise InputError(f"the exploration has no design '{name}': it has {known}")


def write_frontier(frontier: DesignFrontier, folder: Path) -> None:
    """Write ``frontier.json``."""
    text = json.dumps(frontier.model_dump(mode="json"), indent=1, allow_nan=False, ensure_ascii=False)
    write_text(folder / JSON_NAME, text + "\n")


def load_frontier(folder: Path) -> DesignFrontier:
    """Read the ``frontier.json`` of a folder.

    Raises:
        InputError: it is missing or something else.
    """
    path = folder / JSON_NAME
    try:
        return DesignFrontier.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"cannot read '{path}': {error.strerror}; give the output of 'sr2hls explore'"
        ) from error
    except ValidationError as error:
        raise InputError(f"'{path}' is no frontier of sr2hls: explore again") from error


def markdown(frontier: DesignFrontier) -> str:
    """Return the designs as a Markdown table, the cheapest first."""
    best = {p.name for p in frontier.best()}
    rows = [
        f"| design | nodes | LUT | FF | DSP | cycles | latency | {frontier.score}, test | of the network's |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    shown: Sequence[FrontierPoint] = (*frontier.designs, *([frontier.network] if frontier.network else []))
    keys = (FigureKey.FF, FigureKey.DSP, FigureKey.LATENCY_CYCLES, FigureKey.LATENCY_NS)
    for point in shown:
        cells = [point.luts] + ["–" if (v := point.value(k)) is None else f"{v:g}" for k in keys]
        label = f"**{point.label}**" if point.name in best else point.label
        share = point.test / frontier.teacher_test if frontier.teacher_test else float("nan")
        nodes = "–" if point.nodes is None else str(point.nodes)
        rows.append(f"| {label} | {nodes} | {' | '.join(cells)} ns | {point.test:.4f} | {share:.3f} |")
    return "\n".join(rows) + "\n"
