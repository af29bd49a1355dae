"""A real browser for tests; they are skipped, with the reason, where there is none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Chromium, or skip."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="browser tests need 'pip install playwright'"
    )
    if CHROMIUM is None:
        pytest.skip("browser tests need Chromium on PATH (Debian: apt install chromium)")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield started
        started.close()


class Opened:
    """A page with what it complained about and what it asked the network for."""

    def __init__(self, browser: Any, url: str, theme: str = "light", width: int = 1280) -> None:
        context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900})
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.goto(url)

    @property
    def fetched(self) -> list[str]:
        """What was asked for that is not in the page itself."""
        return [url for url in self.requests if not url.startswith(("data:", "blob:"))]

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()
