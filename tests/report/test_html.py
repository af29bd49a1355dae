import re
from html.parser import HTMLParser
from pathlib import Path

from sr2hls.report.html import to_html
from sr2hls.report.model import Report


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def _tags(text: str) -> _Tags:
    parser = _Tags()
    parser.feed(text)
    return parser


def test_page_is_small_and_whole(report: Report) -> None:
    page = to_html(report)
    assert len(page.encode()) < 5_000_000
    for section in (
        "formulas",
        "designs",
        "fronts",
        "fidelity",
        "hardware",
        "circuit",
        "verification",
        "run",
    ):
        assert f'<section id="{section}">' in page
        assert f'<a href="#{section}">' in page
    assert page.count("<math") > 5


def test_page_fetches_nothing(report: Report) -> None:
    parser = _tags(to_html(report))
    assert "link" not in parser.tags
    assert "iframe" not in parser.tags
    for name, value in parser.attributes:
        if name in ("src", "href", "action"):
            assert (value or "").startswith("#")


def test_hostile_texts_add_no_element(report: Report, hostile: Report) -> None:
    clean, spoilt = _tags(to_html(report)), _tags(to_html(hostile))
    for tag in ("script", "img", "title", "style"):
        assert spoilt.tags.count(tag) == clean.tags.count(tag)
    assert {n for n, _ in spoilt.attributes} <= {n for n, _ in clean.attributes}
    assert "49" not in re.findall(r"alert\(1\)&lt;/script&gt;&#34;&#39;&amp;(\S{2})", to_html(hostile))


def test_every_figure_has_a_footnote(report: Report) -> None:
    page = to_html(report)
    table = page[page.index("<h3>All figures</h3>") : page.index('<h3 id="provenance">')]
    figures = [f for row in report.hardware for f in row.figures.values() if f is not None]
    assert table.count('<sup class="ref">') == len(figures)
    notes = set(re.findall(r'<li id="(p\d+)">', page))
    assert set(re.findall(r'href="#(p\d+)"', page)) == notes
    assert "published: arXiv 2305.04099, Vivado HLS" in page
    assert "different are &#39;PySR, tables&#39; (Vivado HLS 2020.1)" in page


def test_a_report_of_little_still_has_a_page(report: Report) -> None:
    little = report.model_copy(
        update={
            "fronts": (), "designs": (), "fidelity": (), "program": None, "hardware": (), "comparisons": (),
            "notes": (), "verification": type(report.verification)(),
        }
    )  # fmt: skip
    page = to_html(little)
    assert '<section id="formulas">' in page
    assert '<section id="hardware">' not in page


def test_vendored_libraries_have_their_licences() -> None:
    vendor = Path(__file__).parents[2] / "templates" / "report" / "vendor"
    for name in ("plotly", "dagre"):
        assert (
            "MIT" in (vendor / f"{name}.LICENSE").read_text()
            or "Permission is hereby granted" in (vendor / f"{name}.LICENSE").read_text()
        )
