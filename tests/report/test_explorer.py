import http.client
import io
import json
import socket
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Opened, chromium

from sr2hls.cli.main import run
from sr2hls.errors import InputError
from sr2hls.report.explorer import explorer_data
from sr2hls.report.gallery import find_results, packed_project
from sr2hls.report.hardware import FigureKey
from sr2hls.report.model import Report
from sr2hls.report.server import ExplorerServer
from sr2hls.report.store import write_report


def _sized(report: Report, title: str, lut: float | None) -> Report:
    row = report.hardware[0]
    old = row.figures[FigureKey.LUT]
    assert old is not None
    new = None if lut is None else old.model_copy(update={"value": lut})
    changed = row.model_copy(update={"figures": {**row.figures, FigureKey.LUT: new}})
    return report.model_copy(update={"title": title, "hardware": (changed, *report.hardware[1:])})


@pytest.fixture(scope="module")
def study(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    for name, lut in (("small", 120.0), ("middle", 566.0), ("large", 900.0), ("unknown", None)):
        write_report(_sized(report, name, lut), folder / "designs" / name)
    rtl = folder / "designs" / "small" / "rtl" / "src"
    rtl.mkdir(parents=True)
    (rtl / "top.v").write_text("module top; endmodule\n")
    (folder / "secret.txt").write_text("mine")
    (rtl / "link.v").symlink_to(folder / "secret.txt")
    (folder / "loop").symlink_to(folder)
    return folder


@pytest.fixture(scope="module")
def server(study: Path) -> Iterator[ExplorerServer]:
    with ExplorerServer(find_results(study)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def _get(server: ExplorerServer, path: str, host: str | None = None) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    return answer.status, answer.read(), dict(answer.getheaders())


def test_results_are_found_below(study: Path, report: Report) -> None:
    found = find_results(study)
    assert [e.name for e in found] == [f"designs/{n}" for n in ("large", "middle", "small", "unknown")]
    assert [e.has_project for e in found] == [False, False, True, False]
    data = explorer_data(found)["entries"]
    assert [d["lut"] for d in data] == [900, 566, 120, None]
    scores = report.fidelity[0].scores["design"]
    assert (data[0]["score"], data[0]["fidelity"]) == (scores.accuracy, scores.agreement)


@pytest.mark.parametrize(("make", "message"), [(False, "is no folder"), (True, "there is no report.json in")])
def test_nothing_to_show(tmp_path: Path, make: bool, message: str) -> None:
    folder = tmp_path / "x"
    if make:
        folder.mkdir()
    with pytest.raises(InputError, match=message):
        find_results(folder)


def test_a_damaged_report_is_named(study: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "report.json").write_text("{}")
    with pytest.raises(InputError, match=r"a/report.json' is no report of version"):
        find_results(tmp_path)


def test_project_is_packed_without_links(study: Path) -> None:
    small = find_results(study)[2]
    with zipfile.ZipFile(io.BytesIO(packed_project(small))) as archive:
        assert archive.namelist() == ["small/report.json", "small/report.md", "small/rtl/src/top.v"]
        assert b"mine" not in b"".join(archive.read(n) for n in archive.namelist())


def test_server_answers(server: ExplorerServer) -> None:
    status, page, headers = _get(server, "/")
    assert status == 200
    assert b"4 designs" in page
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert b"<title>middle" in _get(server, "/report/1")[1]
    status, content, headers = _get(server, "/project/2")
    assert headers["Content-Disposition"] == 'attachment; filename="design2.zip"'
    assert content.startswith(b"PK")


@pytest.mark.parametrize(
    "path",
    ["/report/4", "/report/-1", "/project/0", "/project/x", "/secret.txt", "/../secret.txt", "/report/²",
     "/report/00000000000001", "/project/../../secret.txt", "/report/1/2"],
)  # fmt: skip
def test_server_gives_nothing_else(server: ExplorerServer, path: str) -> None:
    from urllib.parse import quote

    assert _get(server, quote(path, safe="/.-"))[0] == 404


def test_server_refuses_other_names(server: ExplorerServer) -> None:
    assert _get(server, "/", host="evil.example")[0] == 403
    assert _get(server, "/", host=f"localhost:{server.server_address[1]}")[0] == 200


def test_server_listens_on_this_machine_only(server: ExplorerServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(InputError, match="cannot be used"):
        ExplorerServer(server.entries, int(server.server_address[1]))


def test_view_prints_json(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["view", str(study), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["entries"]) == 4


def _shown(page: Any) -> list[str]:
    return [
        t.removeprefix("designs/") for t in page.locator("#designs tbody tr:visible th").all_text_contents()
    ]


def test_in_the_browser(server: ExplorerServer, tmp_path: Path) -> None:
    with chromium() as browser:
        opened = Opened(browser, server.url)
        page = opened.page
        assert _shown(page) == ["large", "middle", "small", "unknown"]
        page.click('button[data-sort="lut"]')
        assert _shown(page) == ["small", "middle", "large", "unknown"]
        page.click('button[data-sort="lut"]')
        assert _shown(page) == ["large", "middle", "small", "unknown"]
        page.fill('input[data-budget="lut"]', "600")
        assert _shown(page) == ["middle", "small"]
        assert page.locator("#plot-designs .points path").count() == 2
        page.click("#clear")
        page.check('[data-compare="0"]')
        page.check('[data-compare="2"]')
        assert page.locator("#sides h3").all_text_contents() == ["designs/large", "designs/small"]
        assert page.locator("#sides math").count() > 10
        page.check('[data-compare="1"]')
        assert page.locator("#sides h3").all_text_contents() == ["designs/small", "designs/middle"]
        with page.expect_download() as download:
            page.locator("#sides").get_by_text("Download the project").first.click()
        target = tmp_path / "design.zip"
        download.value.save_as(target)
        assert "small/rtl/src/top.v" in zipfile.ZipFile(target).namelist()
        page.click("#theme")
        assert opened.complaints == []
        assert {url.split("/")[2] for url in opened.fetched} == {server.url.split("/")[2]}


def test_scripts_in_names_run_nothing_when_served(hostile: Report, tmp_path: Path) -> None:
    folder = tmp_path / "<img src=x onerror=alert(1)>"
    write_report(hostile, folder)
    with ExplorerServer(find_results(tmp_path)) as running, chromium() as browser:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        for path in ("", "report/0"):
            opened = Opened(browser, running.url + path)
            assert "<script>alert(1)</script>" in opened.page.inner_text("body")  # as text
            assert opened.complaints == []
            assert opened.page.locator("img").count() == 0
            assert all(url.startswith(running.url) for url in opened.fetched)
        running.shutdown()


def test_readers_that_go_away_are_not_talked_about(
    server: ExplorerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(error: Exception) -> str:
        try:
            raise error
        except type(error):
            server.handle_error(None, ("127.0.0.1", 1))
        return capsys.readouterr().err

    for error in (BrokenPipeError(), ConnectionResetError(), ConnectionAbortedError(), TimeoutError()):
        assert fail(error) == ""
    assert "ZeroDivisionError" in fail(ZeroDivisionError())
    address = server.server_address[1]
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", address)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset
    assert _get(server, "/")[0] == 200
    assert "Traceback" not in capsys.readouterr().err
