"""Every name of the package that the documentation gives is there."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(page.relative_to(ROOT))
    for folder, pattern in ((".", "*.md"), ("docs", "**/*.md"), ("benchmarks/results", "*.md"))
    for page in (ROOT / folder).glob(pattern)
)
_NAME = re.compile(r"(?<![\w./-])sr2hls((?:\.[A-Za-z_]\w*)+)")
_ENDINGS = ("toml", "lock")
"""Files of this name: ``sr2hls.toml``."""


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("page", PAGES)
def test_names_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    names = {f"sr2hls{rest}" for rest in _NAME.findall(text) if rest[1:] not in _ENDINGS}
    assert [name for name in sorted(names) if not exists(name)] == []


def test_the_check_itself() -> None:
    assert exists("sr2hls.compile") and exists("sr2hls.flow.search.search")
    assert not exists("sr2hls.study.search") and not exists("sr2hls.flow.search.nothing")
