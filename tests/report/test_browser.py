"""The page in a real browser: no error, no network, hovering and keys work."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sr2hls.report.html import to_html
from sr2hls.report.model import Report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the browser tests need 'pip install playwright'"
    )
    if CHROMIUM is None:
        pytest.skip("the browser tests need Chromium on PATH (Debian: apt install chromium)")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield started
        started.close()


class Opened:
    """A page with what it complained about and what it asked the network for."""

    def __init__(self, browser: Any, file: Path, theme: str = "light") -> None:
        self.page = browser.new_context(
            color_scheme=theme, viewport={"width": 1280, "height": 900}
        ).new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on(
            "console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", lambda d: (self.complaints.append(f"dialog {d.message}"), d.dismiss()))
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("#plot-roc .scatterlayer path")
        self.page.locator("#circuit").scroll_into_view_if_needed()
        self.page.wait_for_selector("#graph svg .node")


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(to_html(report), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(browser: Any, file: Path) -> Any:
    """One page for the tests that leave it as it was."""
    return Opened(browser, file).page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_renders_without_complaint_or_network(browser: Any, file: Path, theme: str) -> None:
    opened = Opened(browser, file, theme)
    assert opened.complaints == []
    assert [r for r in opened.requests if not r.startswith(("data:", "blob:"))] == [file.as_uri()]
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


def test_theme_button_and_class_picker(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
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
    opened = Opened(browser, path)
    opened.page.focus("#plot-designs")
    opened.page.keyboard.press("ArrowRight")
    opened.page.locator("#graph .node").first.focus()
    assert opened.complaints == []
    assert [r for r in opened.requests if not r.startswith(("data:", "blob:"))] == [path.as_uri()]
    assert opened.page.locator("img").count() == 0


def test_prints(browser: Any, file: Path) -> None:
    opened = Opened(browser, file, "dark")
    pdf = opened.page.pdf()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 50_000
    assert opened.complaints == []
