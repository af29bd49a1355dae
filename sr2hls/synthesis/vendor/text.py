"""Cells and tables of AMD's text reports."""

import re
from pathlib import Path

from sr2hls.errors import InputError


def read_report(path: Path) -> str:
    """Return the text of a report.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"cannot read the report '{path}': {error.strerror}") from error


def number(cell: str | None) -> float | None:
    """Return the number in a cell, without its unit; None for NA, -, ? and the like."""
    found = re.match(r"\s*[~<]?\s*(-?\d+(?:\.\d+)?)", cell or "")
    return float(found.group(1)) if found else None


def integer(cell: str | None) -> int | None:
    """Return the integer in a cell, or None."""
    value = number(cell)
    return None if value is None else int(value)


def cells(line: str) -> list[str]:
    """Return the cells of a line ``| a | b |``, an empty list for any other line."""
    line = line.strip()
    return [c.strip() for c in line.strip("|").split("|")] if line.startswith("|") else []


def header(text: str, key: str) -> str | None:
    """Return what stands behind ``* key:`` (HLS) or ``| key :`` (Vivado) in the head of a report."""
    found = re.search(rf"^[*|] {re.escape(key)}\s*:[ \t]*(.*?)[ \t]*$", text, re.MULTILINE)
    return found.group(1) if found else None
