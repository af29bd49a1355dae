"""The page in a real browser: no error, no network, hovering and keys work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Opened, chromium

from sr2hls.report.html import to_html
from sr2hls.report.model import Report


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


def _open(browser: Any, file: Path, theme: str = "light") -> Opened:
    opened = Opened(browser, file.as_uri(), theme)
    opened.page.wait_for_selector("#plot-roc .scatterlayer path")
    opened.page.locator("#circuit").scroll_into_view_if_needed()
    opened.page.wait_for_selector("#graph svg .node")
    return opened


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(to_html(report), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(browser: Any, file: Path) -> Any:
    """One page for the tests that leave it as it was."""
    return _open(browser, file).page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_renders_without_complaint_or_network(browser: Any, file: Path, theme: str) -> None:
    opened = _open(browser, file, theme)
    assert opened.complaints == []
    assert opened.fetched == [file.as_uri()]
    assert opened.page.evaluate("document.documentElement.dataset.theme") == theme
    for plot in ("designs", "fronts", "roc", "rate", "error-formulas", "error-teacher"):
        assert opened.page.locator(f"#plot-{plot} .main-svg").count() >= 1
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_formulas_are_typeset(page: Any) -> None:
    box = page.locator(".formula math").first.bounding_box()
    assert box is not None
    assert box["width"] > 20
    # A power is set above its base: MathML is laid out, not shown as text.
    assert page.evaluate(
        "(() => { const s = document.querySelector('msup'), [b, e] = s.children;"
        " return e.getBoundingClientRect().bottom < b.getBoundingClientRect().bottom; })()"
    )


def test_hovering_a_design_shows_its_formulas(page: Any, report: Report) -> None:
    page.locator("#designs").scroll_into_view_if_needed()
    star = page.locator("#plot-designs .trace.scatter .points path").first
    star.hover(force=True)
    page.wait_for_selector("#plot-designs .hoverlayer .hovertext")
    text = page.locator("#plot-designs .hoverlayer").text_content()
    assert report.designs[0].name in text
    assert "g = " in text
    assert report.designs[0].name in page.locator("#design-detail").text_content()


def test_keys_step_through_designs_and_circuit(page: Any, report: Report) -> None:
    page.focus("#plot-designs")
    seen = set()
    for _ in report.designs:
        page.keyboard.press("ArrowRight")
        seen.add(page.locator("#design-detail b").text_content().split(":")[0].removesuffix(", chosen"))
    assert seen == {d.name for d in report.designs}
    page.locator("#graph .node.table").first.focus()
    assert page.locator("#graph-detail").text_content().startswith("%")
    lit, all_nodes = page.locator("#graph .node.on").count(), page.locator("#graph .node").count()
    assert 1 < lit < all_nodes


def test_network_is_a_point_and_latency_can_be_chosen(page: Any) -> None:
    assert "network" in page.locator("#plot-designs .legend").text_content()
    page.locator('label:has(input[value="latency_ns"])').click()
    assert "latency" in page.locator("#plot-designs .xtitle").text_content()
    page.locator('label:has(input[value="fidelity"])').click()
    assert "agreement" in page.locator("#plot-designs .ytitle").text_content()


def test_every_edge_has_a_type(page: Any, report: Report) -> None:
    edges = page.locator("#graph path.edge").count()
    assert edges == page.locator("#graph text.type").count()
    assert report.program is not None
    constants = {n.id for n in report.program.nodes if n.op == "constant" and not n.outputs}
    assert edges == sum(len([a for a in n.args if a not in constants]) for n in report.program.nodes)
    assert "‹6,3›" in page.locator("#graph text.type").all_text_contents()


@pytest.mark.parametrize("section", ["formulas", "fidelity", "hardware", "circuit", "run"])
def test_nothing_sticks_out_on_a_phone(browser: Any, file: Path, section: str) -> None:
    opened = Opened(browser, file.as_uri(), width=420)
    opened.page.locator(f"#{section}").scroll_into_view_if_needed()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 420


def test_constants_are_rounded_where_points_are_told(browser: Any, report: Report, tmp_path: Path) -> None:
    text = "25.7386631386034*x1.2345678 + 1.5*x0 - 2.00000000001e-07"
    first = report.designs[0].model_copy(update={"formulas": {"g": text}, "chosen": True})
    path = tmp_path / "report.html"
    path.write_text(to_html(report.model_copy(update={"designs": (first,)})), encoding="utf-8")
    shown = _open(browser, path).page.locator("#design-detail .f").text_content()
    assert shown == "g = 25.74*x1.2345678 + 1.5*x0 - 2e-7"


def test_theme_button_and_class_picker(browser: Any, file: Path) -> None:
    opened = _open(browser, file)
    page = opened.page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.select_option("#roc-class", "t")
    assert page.locator("#plot-roc .legend .traces").count() == 3
    page.locator('label:has(input[value="log"])').click()
    page.select_option("#front-output", "1")
    page.select_option("#error-output", "z")
    page.select_option("#graph-output", index=1)
    assert opened.complaints == []


def test_hostile_names_run_nothing(browser: Any, hostile: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(to_html(hostile), encoding="utf-8")
    opened = _open(browser, path)
    opened.page.focus("#plot-designs")
    opened.page.keyboard.press("ArrowRight")
    opened.page.locator("#graph .node").first.focus()
    assert opened.complaints == []
    assert opened.fetched == [path.as_uri()]
    assert opened.page.locator("img").count() == 0


def test_prints(browser: Any, file: Path) -> None:
    opened = _open(browser, file, "dark")
    pdf = opened.page.pdf()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 50_000
    assert opened.complaints == []
