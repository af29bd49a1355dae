"""What a notebook shows of a result."""

import re
from pathlib import Path

from sr2hls.flow.implement import Result
from sr2hls.report.model import Report
from sr2hls.report.notebook import to_notebook


def test_figures_formulas_and_where_they_come_from(report: Report) -> None:
    page = to_notebook(report)
    assert "Accuracy of the circuit" in page
    assert "(measured)" in page
    assert page.count("<math") == len(report.formulas)
    assert "<script" not in page and "<style" not in page


def test_a_result_shows_itself(report: Report) -> None:
    result = Result(report, None, None, Path("r"), None)  # type: ignore[arg-type]
    assert result._repr_html_() == to_notebook(report)


def test_hostile_texts_stay_text(hostile: Report) -> None:
    page = to_notebook(hostile)
    assert not re.search(r"<(script|img|/style)", page)
