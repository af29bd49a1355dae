"""Rows of the benchmarks of proofs: a line of JSON each, so that a run goes on where another stopped."""

import json
import resource
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows so far."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def append_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows to a file as they come, and print them."""
    for row in rows:
        print(json.dumps(row), flush=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def cpu_seconds() -> float:
    """Return processor time of this process and of what it ran: wall time depends on the neighbours."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)
