"""The page that follows one jet names real files, few of them, and types that exist."""

import re
from pathlib import Path

import sr2hls

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "one_jet.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| `(sr2hls/[a-z_/]+\.py)` \|", PAGE, re.MULTILINE)


def test_its_files_are_there_and_few() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, len(ROWS) + 1))
    assert 15 <= len(ROWS) <= 25
    for _, path in ROWS:
        assert (ROOT / path).is_file(), path


def test_its_types_are_public() -> None:
    table = PAGE.split("## The types that carry the flow")[1].split("\n## ")[0]
    types = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert types == ["Problem", "Proposal", "Design", "Circuit", "Result"]
    for name in types:
        assert hasattr(sr2hls, name), name
