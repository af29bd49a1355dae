"""The page on which results are sorted, filtered and compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sr2hls.report import format as fmt
from sr2hls.report.embed import json_block, policy, script, style
from sr2hls.report.gallery import GalleryEntry
from sr2hls.report.hardware import FigureKey, HardwareFigure
from sr2hls.report.html import ShownFormula, shown_formula
from sr2hls.templates import render

_SCRIPTS = ("vendor/plotly-basic.min.js", "js/common.js", "js/explorer.js")
_MOST_FORMULAS = 8
COLUMNS = (
    FigureKey.LUT,
    FigureKey.SRL,
    FigureKey.FF,
    FigureKey.DSP,
    FigureKey.BRAM,
    FigureKey.LATENCY_CYCLES,
    FigureKey.LATENCY_NS,
)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """A result as the page shows it."""

    entry: GalleryEntry
    formulas: list[ShownFormula]
    figures: list[HardwareFigure | None]


def explorer_page(entries: Sequence[GalleryEntry]) -> str:
    """Return the page; it asks its server for nothing but reports and projects that the user clicks on."""
    scripts = [script(name) for name in _SCRIPTS]
    return render(
        "report/explorer.html.j2",
        entries=[_shown(e) for e in entries],
        columns=[(key.value, fmt.FIGURE_NAMES[key]) for key in COLUMNS],
        score_name=_score_name(entries),
        fidelity_name=fmt.fidelity_name(entries[0].report),
        style=style(),
        scripts=scripts,
        policy=policy(scripts),
        data=json_block(explorer_data(entries)),
        number=fmt.number,
    )


def explorer_data(entries: Sequence[GalleryEntry]) -> dict[str, Any]:
    """Return what the page's script sorts and draws, as plain values."""
    rows = []
    for entry in entries:
        figures = {k.value: entry.figure(k) for k in COLUMNS}
        rows.append(
            {
                "name": entry.name,
                "score": entry.score,
                "fidelity": entry.fidelity,
                "nodes": entry.nodes,
                "formulas": [f"{f.output} = {f.sympy}" for f in entry.report.formulas[:_MOST_FORMULAS]],
                **{k: None if f is None else f.value for k, f in figures.items()},
                "origin": "" if (lut := figures[FigureKey.LUT.value]) is None else lut.origin.value,
                "tool": entry.row.tool if entry.row else None,
            }
        )
    return {"entries": rows, "score_name": _score_name(entries)}


def _score_name(entries: Sequence[GalleryEntry]) -> str:
    names = {fmt.score_name(e.report) for e in entries}
    return names.pop() if len(names) == 1 else "score"


def _shown(entry: GalleryEntry) -> ShownEntry:
    return ShownEntry(
        entry, [shown_formula(f) for f in entry.report.formulas], [entry.figure(k) for k in COLUMNS]
    )
