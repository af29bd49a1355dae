"""The hall of fame of a run that may have been killed while it was written."""

from pathlib import Path

from sr2hls.errors import InputError
from sr2hls.search.halloffame import Row, rows_of_text


def rows_of_run(directory: Path, outputs: int) -> tuple[tuple[Row, ...], ...]:
    """Return the rows of each output; none where PySR has written none yet.

    PySR writes each file and then the same as a ``.bak``. A kill cuts at most one of them short: rows of both
    count, each once, and a last line without its end does not.
    """
    names = ["hall_of_fame.csv"] if outputs == 1 else _numbered(outputs)
    found = []
    for name in names:
        rows = (*_whole_rows(directory / name), *_whole_rows(directory / (name + ".bak")))
        found.append(tuple({row.equation: row for row in rows}.values()))
    return tuple(found)


def least_losses(directory: Path, outputs: int) -> tuple[float, ...]:
    """Return the least loss that a run has reached for each output; NaN where it has none yet."""
    return tuple(
        min((row.loss for row in rows), default=float("nan")) for rows in rows_of_run(directory, outputs)
    )


def _numbered(outputs: int) -> list[str]:
    return [f"hall_of_fame_output{k + 1}.csv" for k in range(outputs)]


def _whole_rows(path: Path) -> tuple[Row, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    whole = text if text.endswith("\n") else text[: text.rfind("\n") + 1]
    try:
        return rows_of_text(whole, path) if whole.strip() else ()
    except InputError:
        return ()
