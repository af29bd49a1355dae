"""Every block of code in the documentation runs: Python as it stands, commands through the command line.

A block after ``<!-- slow -->`` runs with ``-m slow`` only. The blocks of a page run one after the other in a
folder that holds what a checkout does.
"""

import io
import re
import shlex
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sr2hls.cli.main import run
from sr2hls.costs import load_operators

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md") if "api" not in p.parts)
_BLOCK = re.compile(r"^(<!-- slow -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NOT_CODE = ("mermaid", "text")


@dataclass(frozen=True)
class Block:
    slow: bool
    language: str
    text: str


def blocks(page: str) -> list[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = [Block(bool(slow), language, body) for slow, language, body in _BLOCK.findall(text)]
    assert text.count("```") == 2 * len(found), f"a block of {page} is not understood"
    return [b for b in found if b.language not in _NOT_CODE]


def _command(line: str) -> None:
    words = shlex.split(line)
    assert words[0] == "sr2hls", f"no test runs '{line}'"
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words[1:])
    assert code == 0, f"{line}: exit code {code}\n{err.getvalue()}"


def _toml(text: str, folder: Path) -> None:
    path = folder / "block.toml"
    path.write_text(text, encoding="utf-8")
    content = tomllib.loads(text)
    if "operators" in content:
        assert load_operators(path)
        return
    err = io.StringIO()
    with redirect_stderr(err):
        run(["compile", "--config", str(path)])
    assert f"'{content['checkpoint']}' cannot be read" in err.getvalue()  # every key was understood


def execute(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, slow: bool) -> int:
    for name in ("examples", "hw_reports"):
        (folder / name).symlink_to(ROOT / name)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    names: dict[str, Any] = {"__name__": "__main__"}
    done = 0
    for block in blocks(page):
        if block.slow and not slow:
            continue
        done += 1
        match block.language:
            case "python":
                with redirect_stdout(io.StringIO()):
                    exec(compile(block.text, page, "exec"), names)
            case "sh":
                for line in block.text.strip().splitlines():
                    _command(line)
            case "toml":
                _toml(block.text, folder)
            case other:
                raise AssertionError(f"{page} has a block of '{other}', which no test runs")
    return done


FAST = [page for page in PAGES if any(not b.slow for b in blocks(page))]
SLOW = [page for page in PAGES if any(b.slow for b in blocks(page))]


@pytest.mark.parametrize("page", FAST)
def test_blocks_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert execute(page, tmp_path, monkeypatch, slow=False)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", SLOW)
def test_slow_blocks_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert execute(page, tmp_path, monkeypatch, slow=True)


def test_the_pages_are_found() -> None:
    assert {"tutorial.md", "limits.md", "howto/onnx.md"} <= set(PAGES)
    assert sum(len(blocks(page)) for page in PAGES) > 20


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r": ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    there = {str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md")} | {"reference/cli.md"}
    assert set(listed) == there
