"""A result as a notebook shows it."""

from markupsafe import Markup

from sr2hls.report.mathml import mathml
from sr2hls.report.model import Report
from sr2hls.report.summary import cards, subtitle
from sr2hls.templates import render


def to_notebook(report: Report) -> str:
    """Return the figures that matter most, the formulas and the notes as a piece of HTML without scripts."""
    formulas = [(f.output, Markup(mathml(f.latex))) for f in report.formulas]
    return render(
        "report/notebook.html.j2",
        report=report,
        subtitle=subtitle(report),
        cards=cards(report),
        formulas=formulas,
    )
