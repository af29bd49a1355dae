import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sr2hls.report.format import ratio
from sr2hls.report.hardware import FigureKey
from sr2hls.report.html import to_html
from sr2hls.report.markdown import code, escape, to_markdown
from sr2hls.report.model import Report, to_json
from sr2hls.report.summary import subtitle

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")


def test_tables_are_whole(report: Report) -> None:
    html = PARSER.render(to_markdown(report))
    assert html.count("<table>") == 7
    assert "<h2>Hardware</h2>" in html
    (luts,) = (r for r in report.comparisons[0].ratios if r.figure is FigureKey.LUT)
    assert luts.ratio == pytest.approx(luts.network / luts.design)
    assert f'<td style="text-align:right">{ratio(luts.ratio)}</td>' in html
    assert "| |" not in to_markdown(report)
    for row in html.split("<tr>")[1:]:
        assert row.count("<td") + row.count("<th") > 1


def test_the_first_sentence_says_part_and_clock(report: Report) -> None:
    """Of reports of today and of those whose options were nested."""
    assert "for xcvu9p-flga2577-2-e, clock 5 ns" in subtitle(report)
    options = {k: v for k, v in report.run.options.items() if k != "clock_ns"} | {"target.clock_ns": 2.5}
    older = report.model_copy(update={"run": report.run.model_copy(update={"options": options})})
    assert "clock 2.5 ns" in subtitle(older)


def test_a_missing_r2_has_its_reason(report: Report) -> None:
    assert "There is no R²" not in to_markdown(report) + to_html(report)
    shown = report.fidelity[-1]
    scores = shown.scores["design"]
    scores = scores.model_copy(update={"teacher_r2": {**scores.teacher_r2, "w": None}})
    split = shown.model_copy(update={"scores": {**shown.scores, "design": scores}})
    dead = report.model_copy(update={"fidelity": (*report.fidelity[:-1], split)})
    reason = "There is no R² of w against the network, which is the same for every row."
    assert reason in to_markdown(dead) and reason in to_html(dead)


def test_sources_are_numbered(report: Report) -> None:
    text = to_markdown(report)
    assert re.search(r"\d \[1\]", text)
    assert "published: arXiv 2305.04099, Vivado HLS" in text
    assert "PySR, tables (published)" in text


def test_hostile_texts_are_text(report: Report, hostile: Report) -> None:
    html = PARSER.render(to_markdown(hostile))
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("<td") == PARSER.render(to_markdown(report)).count("<td")


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1))
def test_escaped_text_comes_back(text: str) -> None:
    flat = " ".join(text.split())
    (token,) = PARSER.parseInline(f"x{escape(text)}x")
    assert token.children is not None
    assert all(child.type in ("text", "text_special") for child in token.children)
    assert "".join(child.content for child in token.children) == f"x{flat}x"


@pytest.mark.parametrize("text", ["a", "`", "a``b", "a|b", "***"])
def test_code(text: str) -> None:
    html = PARSER.render(f"|a|\n|-|\n|{code(text)}|\n")
    assert f"<code>{text}</code>" in html


def test_control_characters_are_written_out(report: Report) -> None:
    """What is in a file's names must not reach the terminal of whoever prints a report."""
    content = report.model_dump(mode="json")
    content["title"] = "a\x1b[2Jb\x9bc\x00"
    content["notes"] = ["first\x1b]0;x\x07", "second\nline"]
    spoilt = Report.model_validate_json(json.dumps(content))
    assert spoilt.title == "a\\x1b[2Jb\\x9bc\\x00"
    assert spoilt.notes == ("first\\x1b]0;x\\x07", "second\nline")
    assert Report(**{**dict(report), "title": "a\x1bb"}).title == "a\\x1bb"
    assert "\x1b" not in to_html(spoilt)
    assert "\x9b" not in to_html(spoilt)
    for text in (to_markdown(spoilt), to_json(spoilt)):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)
