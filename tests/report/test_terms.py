"""Terms in the report: their pictures, their order, and what `explain` says of them."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sr2hls.cli.main import run
from sr2hls.errors import InputError
from sr2hls.report.explain import explain_markdown, terms_of
from sr2hls.report.html import to_html
from sr2hls.report.markdown import to_markdown
from sr2hls.report.model import Report
from sr2hls.report.reading import ExactLine, Reading, TermCurve, TermReading
from sr2hls.report.store import write_report
from sr2hls.report.term_picture import HEIGHT, WIDTH, shown_terms

HOSTILE = "<img src=x onerror=alert(1)>"


def term(worth: float, curves: int = 1, name: str = "mass") -> TermReading:
    lines = tuple(
        TermCurve(label=f"n = {k}" if curves > 1 else "", formula=(0.0, 1.0, 4.0), circuit=(0.0, 1.0, 3.0))
        for k in range(curves)
    )
    return TermReading(
        output="w", formula=f"2*Abs({name} - 80.4)", latex=r"2 \cdot \left|{x - 80.4}\right|",
        features=(name, "n")[:curves], loss_rise=worth, score_drop=0.25, x=(60.0, 80.0, 100.0),
        curves=lines, shares=(0.1, 0.7, 0.2),
    )  # fmt: skip


def reading(*terms: TermReading, **more: object) -> Reading:
    lines = (ExactLine(name="t0", formula="x0 + 1", type="ap_ufixed<3,1,RND,SAT>"),)
    values: dict[str, object] = {
        "physical": True, "equal_to_the_bit": True, "agreement": 0.97, "nodes": 17, "digits": 3, "nested": 1,
        "cancellation": 1.5, "loss": "cross-entropy", "terms": terms, "exact": lines,
    }  # fmt: skip
    return Reading(**(values | more))


def test_the_picture_is_drawn_to_scale() -> None:
    (shown,) = shown_terms(reading(term(0.5)))
    points = [tuple(map(float, p.split(","))) for p in shown.lines[0].formula.split()]
    assert points == [(0.0, HEIGHT), (WIDTH / 2, HEIGHT * 0.75), (WIDTH, 0.0)]
    stairs = [tuple(map(float, p.split(","))) for p in shown.lines[0].circuit.split()]
    assert len(stairs) == 6 and stairs[0][0] == 0 and stairs[-1][0] == WIDTH
    assert stairs[1][0] == stairs[2][0] and stairs[1][1] > stairs[2][1], "it jumps between two places"
    assert (shown.low, shown.high, shown.least, shown.most) == ("60", "100", "0", "4")
    tops = [float(v) for v in re.findall(r"V([\d.]+) H", shown.bars)]
    assert tops[1] == min(tops) and tops[0] == max(tops)


def test_the_page_has_a_picture_of_every_term_and_the_exact_form(report: Report) -> None:
    page = to_html(report.model_copy(update={"reading": reading(term(0.5), term(0.25, curves=3))}))
    pictures = re.findall(r"<svg viewBox.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 2
    for picture, curves in zip(pictures, (1, 3), strict=True):
        root = ElementTree.fromstring(picture)
        assert len(root.findall("polyline")) == 2 * curves and len(root.findall("path")) == 1
    assert "equal to the bit" in page and "ap_ufixed&lt;3,1,RND,SAT&gt;" in page
    assert "17 nodes over the scaled inputs" in page
    assert page.index("loss +0.5000") < page.index("loss +0.2500")


def test_names_in_pictures_add_no_element(report: Report) -> None:
    page = to_html(report.model_copy(update={"reading": reading(term(0.5, name=HOSTILE))}))
    assert HOSTILE not in page and "&lt;img src=x" in page


def test_tables_are_shown_as_tables(report: Report) -> None:
    given = reading(physical=False, nodes=None, agreement=None)
    page, text = (show(report.model_copy(update={"reading": given})) for show in (to_html, to_markdown))
    assert "The design is made of tables" in page and '<section id="terms">' not in page
    assert "## Tables, line by line" in text and "## Terms" not in text


def test_markdown_tells_terms_and_exact_lines(report: Report) -> None:
    text = to_markdown(report.model_copy(update={"reading": reading(term(0.5))}))
    assert "| w | `2*Abs(mass - 80.4)` | +0.5000 | -0.2500 | mass |" in text
    assert "| t0 | `x0 + 1` | `ap_ufixed<3,1,RND,SAT>` |" in text


def test_explain_tells_the_terms_as_table_markdown_and_json(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = report.model_copy(update={"reading": reading(term(0.5), term(0.25))})
    write_report(changed, tmp_path)
    assert run(["explain", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.index("+0.5000") < printed.index("+0.2500") and "17 nodes" in printed
    assert run(["explain", str(tmp_path), "--markdown"]) == 0
    assert capsys.readouterr().out == explain_markdown(changed, terms_of(changed, tmp_path))
    assert run(["explain", str(tmp_path), "--json"]) == 0
    assert '"loss_rise": 0.5' in capsys.readouterr().out


def test_explain_says_why_there_are_no_terms(report: Report, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not tell the loss without each term: give one of"):
        terms_of(report.model_copy(update={"reading": None}), tmp_path)
    with pytest.raises(InputError, match="made of tables, which have no terms: compile again with"):
        terms_of(report.model_copy(update={"reading": reading()}), tmp_path)
