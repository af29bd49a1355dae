"""A result on the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from sr2hls.cli.output import Output

if TYPE_CHECKING:
    from sr2hls.report.model import Report


def show_result(shown: Output, report: "Report", folder: Path) -> None:
    """Show where a result is, the figures that matter most, and the notes."""
    from sr2hls.report.summary import cards

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right", style="bold")
    table.add_column()
    summary: list[dict[str, Any]] = []
    for c in cards(report):
        origin = f" [dim]({c.figure.origin.value})[/]" if c.figure else ""
        table.add_row(escape(c.label), escape(f"{c.value} {c.unit}".strip()), escape(c.detail) + origin)
        provenance = None if c.figure is None else c.figure.provenance
        row = {"name": c.label, "value": c.value, "unit": c.unit, "detail": c.detail}
        summary.append(row | {"provenance": provenance})
    data = {
        "output": str(folder),
        "report": str(folder / "report.json"),
        "formulas": {f.output: f.sympy for f in report.formulas},
        "summary": summary,
        "notes": list(report.notes),
    }
    notes = [f"note: {note}" for note in report.notes]
    shown.show(data, table, *notes, f"The whole story: {folder / 'report.html'}")


def grid(*titles: str, fold: bool = False) -> Table:
    """Return a table without lines; a title that ends in ``>`` has its column to the right."""
    table = Table(box=None, pad_edge=False)
    for title in titles:
        right = title.endswith(">")
        table.add_column(
            escape(title.removesuffix(">")),
            justify="right" if right else "left",
            overflow="fold" if fold else "ellipsis",
        )
    return table
