"""A result on the terminal."""

from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from sr2hls.report.model import Report
from sr2hls.report.summary import cards


def result_data(report: Report, folder: Path) -> dict[str, Any]:
    """Return what ``--json`` prints: where things are and the figures that matter most."""
    return {
        "output": str(folder),
        "report": str(folder / "report.json"),
        "formulas": {f.output: f.sympy for f in report.formulas},
        "summary": [
            {
                "name": c.label,
                "value": c.value,
                "unit": c.unit,
                "detail": c.detail,
                "provenance": None if c.figure is None else c.figure.provenance,
            }
            for c in cards(report)
        ],
        "notes": list(report.notes),
    }


def result_table(report: Report, folder: Path) -> list[RenderableType]:
    """Return the summary as a table, the notes, and where to look next."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right", style="bold")
    table.add_column()
    for card in cards(report):
        origin = f" [dim]({card.figure.origin.value})[/]" if card.figure else ""
        table.add_row(
            escape(card.label), escape(f"{card.value} {card.unit}".strip()), escape(card.detail) + origin
        )
    shown: list[RenderableType] = [table]
    shown += [f"note: {note}" for note in report.notes]
    shown.append(f"The whole story: {folder / 'report.html'}")
    return shown
