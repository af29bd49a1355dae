"""Read .csv, .tsv and .txt files."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from sr2hls.data.columns import Columns, table_source
from sr2hls.data.data_source import ColumnSelection, DataSource
from sr2hls.data.reason import reason
from sr2hls.errors import InputError

_LONGEST_LINE = 1_000_000


def open_csv(path: Path, selection: ColumnSelection) -> DataSource:
    """Open a table separated by commas, semicolons, tabs or spaces, with or without a line of names.

    Raises:
        InputError: the file is no readable table.
    """
    first, second = _first_lines(path)
    separator = max((",", ";", "\t"), key=first.count)
    separator = separator if separator in first else " "
    cells = _cells(first, separator)
    headless = all(_is_number(cell) for cell in cells)
    names = [f"x{i}" if headless else cell for i, cell in enumerate(cells)]
    if second and len(_cells(second, separator)) != len(cells):
        raise InputError(
            f"'{path}' has {len(cells)} columns in its first line and "
            f"{len(_cells(second, separator))} in its second: give each column a name"
        )
    columns = Columns.choose(path, names, selection)

    def frames(rows: int, wanted: Sequence[str]) -> Iterator[pd.DataFrame]:
        try:
            # All columns are read, since pandas only finds rows that are too long when it does.
            with pd.read_csv(
                path,
                sep=r"\s+" if separator == " " else separator,
                header=None if headless else 0,
                names=names,
                chunksize=rows,
                skipinitialspace=True,
                low_memory=False,
            ) as reader:
                for frame in reader:
                    yield frame[list(wanted)]
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise InputError(f"'{path}' is no readable table ({reason(error)}): write it again") from error

    return table_source(path, columns, frames, None)


def _first_lines(path: Path) -> tuple[str, str]:
    """The first two lines with anything in them."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            pieces = (file.readline(_LONGEST_LINE) for _ in range(50))
            lines = [line for line in pieces if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(
            f"'{path}' is no readable text ({reason(error)}): write it again in UTF-8"
        ) from error
    if not lines:
        raise InputError(f"'{path}' is empty: give a file with rows of features")
    if len(lines[0]) >= _LONGEST_LINE:
        raise InputError(f"the first line of '{path}' does not end: give a table with one row a line")
    return lines[0], lines[1] if len(lines) > 1 else ""


def _cells(line: str, separator: str) -> list[str]:
    row = next(csv.reader([line.strip("\r\n ")], delimiter=separator, skipinitialspace=True))
    return [cell.strip() for cell in row]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
