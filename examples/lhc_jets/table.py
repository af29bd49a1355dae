"""The table: designs beside published ones, each with what its LUTs count."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PUBLISHED = Path(__file__).parent / "published.json"


@dataclass(frozen=True)
class Row:
    """A design.

    Attributes:
        work: whose.
        accuracy: on the test part, or R² of a regression; ``None`` where it was not given.
        error: standard error of the accuracy; ``None`` where the number of rows was not given.
        lut: LUTs.
        dsp: DSP blocks.
        counts: what the LUTs hold besides the model: encoder, quantiser, argmax.
        origin: measured or published, and by what.
    """

    work: str
    accuracy: float | None
    error: float | None
    lut: int | None
    dsp: int | None
    counts: str | None
    origin: str


def standard_error(accuracy: float, rows: int) -> float:
    """Return the standard error of an accuracy over independent rows."""
    return math.sqrt(accuracy * (1 - accuracy) / rows)


def published() -> list[Row]:
    """Return the rows of ``published.json``."""
    content = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return [
        Row(
            r["work"], r["accuracy"], None, r["lut"], r["dsp"], r["counts"],
            " ".join([r["origin"] + ":", r["source"], *([f"({r['part']})"] if r["part"] else [])]),
        )
        for r in content
    ]  # fmt: skip


def markdown(rows: Iterable[Row], score: str = "accuracy") -> str:
    """Return rows as a Markdown table, the fewest LUTs first."""
    lines = [
        f"| design | {score} | LUT | DSP | LUTs count besides the model | figures |",
        "|---|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda r: r.lut or 0):
        accuracy = "" if row.accuracy is None else f"{row.accuracy:.4f}"
        if row.error is not None:
            accuracy += f" ± {row.error:.4f}"
        lut = "" if row.lut is None else f"{row.lut:,}"
        dsp = "" if row.dsp is None else str(row.dsp)
        lines.append(f"| {row.work} | {accuracy} | {lut} | {dsp} | {row.counts or ''} | {row.origin} |")
    return "\n".join(lines) + "\n"
