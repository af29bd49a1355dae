"""Read .h5 files: arrays with the usual keys, or one table of named columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from sr2hls.data.columns import Columns, table_source
from sr2hls.data.data_source import FEATURE_KEYS, ColumnSelection, DataSource, first_key
from sr2hls.data.named_arrays import named_source
from sr2hls.data.reason import reason
from sr2hls.errors import InputError


def open_hdf5(path: Path, selection: ColumnSelection) -> DataSource:
    """Open an HDF5 file.

    Raises:
        InputError: it cannot be read, refers to other files, or has no array of features.
    """
    try:
        file = h5py.File(path, "r")
        datasets = dict(_datasets(file, path))
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"'{path}' is no readable HDF5 file ({reason(error)}): write it again") from error
    for name, dataset in datasets.items():
        if dataset.nbytes > selection.max_bytes:
            raise InputError(
                f"{name!r} in '{path}' unpacks to {dataset.nbytes / 2**30:.1f} GiB, more than the limit of "
                f"{selection.max_bytes / 2**30:.1f} GiB: raise max_bytes if you trust it"
            )
    tables = [dataset for dataset in datasets.values() if dataset.dtype.names and dataset.ndim == 1]
    if len(tables) == 1 and first_key(list(datasets), FEATURE_KEYS) is None:
        return _table(path, tables[0], selection)
    return named_source(path, datasets, selection)


def _datasets(group: h5py.Group, path: Path, prefix: str = "") -> Iterator[tuple[str, h5py.Dataset]]:
    """All arrays that lie in the file itself, two levels of groups deep."""
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise InputError(
                f"'{prefix}{name}' in '{path}' points to another file: copy the data into one file"
            )
        if isinstance(link, h5py.SoftLink):
            raise InputError(
                f"'{prefix}{name}' in '{path}' is a link to {link.path!r}, and links are not followed: copy "
                "the data to where the link is, or remove it"
            )
        item = group.get(name)
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise InputError(
                    f"'{prefix}{name}' in '{path}' keeps its data in another file: copy the "
                    f"data into one file"
                )
            yield prefix + name, item
        elif isinstance(item, h5py.Group) and prefix.count("/") < 2:
            yield from _datasets(item, path, f"{prefix}{name}/")


def _table(path: Path, table: h5py.Dataset, selection: ColumnSelection) -> DataSource:
    def frames(rows: int, wanted: Sequence[str]) -> Iterator[pd.DataFrame]:
        for start in range(0, len(table), rows):
            part = table[start : start + rows]
            yield pd.DataFrame({name: np.asarray(part[name]) for name in wanted})

    columns = Columns.choose(path, list(table.dtype.names), selection)
    return table_source(path, columns, frames, len(table))
