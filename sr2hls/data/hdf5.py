"""Read .h5 files: arrays with the usual keys, or one table of named columns."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from sr2hls.data.columns import Columns
from sr2hls.data.data_source import (
    CLASS_KEYS,
    FEATURE_KEYS,
    NAME_KEYS,
    SPLIT_KEYS,
    SPLIT_NAMES,
    TARGET_KEYS,
    AnyArray,
    ColumnSelection,
    DataSource,
    Floats,
    array_source,
    first_key,
    splits_from_column,
    texts,
)
from sr2hls.data.npz import pick
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
    keys = list(datasets)
    wanted = selection.features if isinstance(selection.features, str) else None
    target = selection.target if isinstance(selection.target, str) else None
    key_X = pick(path, keys, wanted, FEATURE_KEYS, "features", needed=True)
    key_y = pick(path, keys, target, TARGET_KEYS, "target", needed=False)
    key_w = pick(path, keys, selection.weights, (), "weights", needed=False)
    assert key_X is not None
    names, classes, split = (
        first_key(keys, NAME_KEYS),
        first_key(keys, CLASS_KEYS),
        first_key(keys, SPLIT_KEYS),
    )
    return array_source(
        path,
        datasets[key_X],
        None if key_y is None else datasets[key_y],
        None if names is None else texts(datasets[names][()]),
        None if classes is None else texts(datasets[classes][()]),
        None if split is None else splits_from_column(datasets[split][()], SPLIT_NAMES, path),
        None if key_w is None else datasets[key_w][()],
    )


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
    columns = Columns.choose(path, list(table.dtype.names), selection)

    def read(rows: int) -> Iterator[tuple[Floats, AnyArray | None]]:
        for start in range(0, len(table), rows):
            part = table[start : start + rows]
            frame = pd.DataFrame({name: np.asarray(part[name]) for name in columns.wanted})
            yield columns.take(frame, start)

    splits = None
    if columns.split is not None:
        splits = splits_from_column(table[columns.split], SPLIT_NAMES, path)
    classes = columns.target if len(columns.target) > 1 else None
    weights = None if columns.weights is None else np.asarray(table[columns.weights])
    return DataSource(path, columns.features, len(table), read, classes, splits, weights)
