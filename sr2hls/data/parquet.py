"""Read .parquet files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from sr2hls.data.columns import Columns, table_source
from sr2hls.data.data_source import ColumnSelection, DataSource
from sr2hls.data.reason import reason
from sr2hls.errors import InputError


def open_parquet(path: Path, selection: ColumnSelection) -> DataSource:
    """Open a Parquet file.

    Raises:
        InputError: the file cannot be read, or is too large for memory.
    """
    try:
        file = pq.ParquetFile(path)
        names, rows = list(file.schema_arrow.names), file.metadata.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(f"'{path}' is no readable Parquet file ({reason(error)}): write it again") from error
    columns = Columns.choose(path, names, selection)
    size = rows * len(columns.wanted) * 8
    if size > selection.max_bytes:
        raise InputError(
            f"'{path}' holds {rows} rows of {len(columns.wanted)} columns, {size / 2**30:.1f} GiB: "
            "choose fewer columns or raise max_bytes"
        )

    def frames(piece: int, wanted: Sequence[str]) -> Iterator[pd.DataFrame]:
        seen = 0
        try:
            for batch in pq.ParquetFile(path).iter_batches(batch_size=piece, columns=list(wanted)):
                seen += batch.num_rows
                if seen > rows:
                    raise InputError(f"'{path}' holds more rows than it says: write it again")
                yield batch.to_pandas(ignore_metadata=True)  # an index is a column as others
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise InputError(f"'{path}' cannot be read ({reason(error)}): write it again") from error

    return table_source(path, columns, frames, rows)
