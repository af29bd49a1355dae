"""Read .csv and .parquet files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from sr2hls.data.columns import Columns, is_split
from sr2hls.data.reason import reason
from sr2hls.data.source import SPLIT_NAMES, AnyArray, Floats, Selection, Source, splits_from_column
from sr2hls.errors import InputError

Frames = Callable[[int, Sequence[str]], Iterator[pd.DataFrame]]
_PIECE = 65536
_LONGEST_LINE = 1_000_000


def open_csv(path: Path, selection: Selection) -> Source:
    """Open a table of text with the separator comma, semicolon, tab or space; with or without a line of
    names."""
    try:
        with path.open(encoding="utf-8") as file:
            pieces = (file.readline(_LONGEST_LINE) for _ in range(50))
            lines = [line for line in pieces if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"'{path}' is no readable text ({reason(error)}): write it again in UTF-8"
        ) from error
    if not lines:
        raise InputError(f"'{path}' is empty: give a file with rows of features")
    separator = max((",", ";", "\t"), key=lines[0].count)
    separator = separator if separator in lines[0] else r"\s+"
    first = lines[0].split(None if separator == r"\s+" else separator)
    headless = all(_is_number(cell) for cell in first)
    names = [f"x{i}" if headless else cell.strip().strip('"') for i, cell in enumerate(first)]
    columns = Columns.choose(path, names, selection)

    def frames(rows: int, wanted: Sequence[str]) -> Iterator[pd.DataFrame]:
        try:
            with pd.read_csv(
                path, sep=separator, header=None, names=names, index_col=False, skiprows=0 if headless else 1,
                usecols=list(wanted), chunksize=rows, skipinitialspace=True, low_memory=False,
            ) as reader:  # fmt: skip
                yield from reader
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
            raise InputError(f"'{path}' is no readable table ({reason(error)}): write it again") from error

    return _table_source(path, columns, frames, None)


def open_parquet(path: Path, selection: Selection) -> Source:
    """Open a Parquet file."""
    try:
        file = pq.ParquetFile(path)
        names, rows = list(file.schema_arrow.names), file.metadata.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(f"'{path}' is no readable Parquet file ({reason(error)}): write it again") from error
    columns = Columns.choose(path, names, selection)
    size = rows * len(columns.wanted) * 8
    if size > selection.max_bytes:
        raise InputError(
            f"'{path}' holds {rows} rows of {len(columns.wanted)} columns, {size / 2**30:.1f} GiB: stream "
            f"it, choose fewer "
            "columns or raise max_bytes"
        )

    def frames(piece: int, wanted: Sequence[str]) -> Iterator[pd.DataFrame]:
        seen = 0
        try:
            for batch in pq.ParquetFile(path).iter_batches(batch_size=piece, columns=list(wanted)):
                seen += batch.num_rows
                if seen > rows:
                    raise InputError(f"'{path}' holds more rows than it says: write it again")
                yield batch.to_pandas()
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise InputError(f"'{path}' cannot be read ({reason(error)}): write it again") from error

    return _table_source(path, columns, frames, rows)


def _is_number(cell: str) -> bool:
    try:
        float(cell.strip().strip('"'))
    except ValueError:
        return False
    return True


def _table_source(path: Path, columns: Columns, frames: Frames, n_rows: int | None) -> Source:
    values = columns.split_values(frames(_PIECE, [columns.split])) if columns.split is not None else None
    splits = None
    if values is not None and is_split(values):
        splits = splits_from_column(values, SPLIT_NAMES, path)

    def read(rows: int) -> Iterator[tuple[Floats, AnyArray | None]]:
        first = 0
        for frame in frames(rows, columns.wanted):
            yield columns.take(frame, first)
            first += len(frame)

    classes = columns.target if len(columns.target) > 1 else None
    return Source(path, columns.features, n_rows, read, classes, splits)
