"""``sr2hls explain``: the terms of a result, by how much the loss rises without each."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape

from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import grid


def explain(
    folder: Path, /, *, markdown: Annotated[bool, Parameter(negative_bool=())] = False, shown: Shown = TEXT
) -> None:
    """Show the terms of a result, by how much the loss rises without each, over features in their own units.

    The loss is that of the validation split where the term is replaced by its mean. Nothing is computed
    again: all is in report.json.

    Example: `sr2hls explain result`, or `sr2hls explain study/readable-100 --markdown > terms.md`.

    Args:
        folder: Folder of a result, or a report.json.
        markdown: Print Markdown instead of a table.
    """
    from sr2hls.report.explain import cells, explain_markdown, summary, terms_of, titles
    from sr2hls.report.store import load_report

    report = load_report(folder)
    terms = terms_of(report, folder)
    data = {
        "formulas": {f.output: f.sympy for f in report.formulas},
        "loss": report.reading.loss if report.reading else "",
        "terms": [t.model_dump(mode="json", exclude={"x", "curves", "shares"}) for t in terms],
    }
    if markdown:
        shown.show(data, explain_markdown(report, terms).rstrip())
        return
    table = grid("", "term", "loss>", f"{titles(report)[3].split()[0]}>", "features", fold=True)
    for term in terms:
        table.add_row(*map(escape, cells(term)))
    shown.show(data, table, summary(report))
