"""The explorer served on loopback, to this machine only."""

import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from sr2hls.errors import InputError
from sr2hls.report.explorer import explorer_page
from sr2hls.report.gallery import GalleryEntry, packed_project
from sr2hls.report.html import to_html

_HOSTS = ("127.0.0.1", "localhost")


class ExplorerServer(ThreadingHTTPServer):
    """Serves the explorer of some results; results are asked for by number, never by path.

    Args:
        entries: the results.
        port: TCP port; 0 takes a free one.

    Raises:
        InputError: the port is taken or not allowed.
    """

    daemon_threads = True

    def __init__(self, entries: Sequence[GalleryEntry], port: int = 0) -> None:
        self.entries = tuple(entries)
        self.page = explorer_page(entries)
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise InputError(f"port {port} cannot be used ({error.strerror}): give another --port") from error

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a reader that has gone away; anything else is printed."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: ExplorerServer
    server_version = "sr2hls"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer a request."""
        # A page elsewhere that resolves its own name to this machine would send that name.
        if self.headers.get("Host", "").rsplit(":", 1)[0] not in _HOSTS:
            self._send(403, "text/plain", b"only for this machine")
            return
        parts = urlsplit(self.path).path.strip("/").split("/")
        match parts:
            case [""]:
                self._send(200, "text/html", self.server.page.encode())
            case ["report", number] if (entry := self._entry(number)) is not None:
                self._send(200, "text/html", to_html(entry.report).encode())
            case ["project", number] if (entry := self._entry(number)) is not None and entry.has_project:
                self._send(200, "application/zip", packed_project(entry), f"design{number}.zip")
            case _:
                self._send(404, "text/plain", b"there is nothing here")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    def _entry(self, number: str) -> GalleryEntry | None:
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            return None
        return self.server.entries[int(number)] if int(number) < len(self.server.entries) else None

    def _send(self, status: int, kind: str, content: bytes, name: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind if kind == "application/zip" else f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        if name is not None:
            self.send_header("Content-Disposition", f'attachment; filename="{name}"')
        self.end_headers()
        self.wfile.write(content)
