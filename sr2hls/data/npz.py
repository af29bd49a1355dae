"""Read .npz and .npy files."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from sr2hls.data.archive import check_archive
from sr2hls.data.data_source import (
    CLASS_KEYS,
    FEATURE_KEYS,
    NAME_KEYS,
    SPLIT_ALIASES,
    SPLIT_KEYS,
    SPLIT_NAMES,
    TARGET_KEYS,
    AnyArray,
    ColumnSelection,
    DataSource,
    array_source,
    first_key,
    splits_from_column,
    texts,
)
from sr2hls.data.reason import reason
from sr2hls.errors import InputError, UnsafeFileError


def open_npy(path: Path, selection: ColumnSelection) -> DataSource:
    """Open an .npy file of features, memory-mapped.

    Raises:
        InputError: it is none, or weights are asked for, which it cannot hold.
    """
    _check_header(path.open("rb"), path, path.name, path.stat().st_size)
    if selection.weights is not None:
        raise InputError(
            f"'{path}' holds one array and no weights {selection.weights!r}: give a .npz with both"
        )
    return array_source(path, np.load(path, mmap_mode="r", allow_pickle=False), None, None)


def open_npz(path: Path, selection: ColumnSelection) -> DataSource:
    """Open an .npz file: features, and where they are there labels, names, classes and splits.

    Splits are a column ``split``, arrays of row numbers ``train``, ``validation`` and ``test``, or one pair
    of arrays
    each, ``X_train``, ``y_train`` and so on.

    Raises:
        InputError: the file cannot be read.
    """
    members = check_archive(path, selection.max_bytes)
    with zipfile.ZipFile(path) as archive:
        for name in members:
            with archive.open(name) as member:
                _check_header(member, path, name, archive.getinfo(name).file_size)
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"'{path}' cannot be read ({reason(error)}): write it again") from error
    keys = list(data)
    wanted_X = selection.features if isinstance(selection.features, str) else None
    key_X = pick(path, keys, wanted_X, FEATURE_KEYS, "features", needed="X_train" not in data)
    key_y = pick(path, keys, _single(selection.target, path), TARGET_KEYS, "target", needed=False)
    key_w = pick(path, keys, selection.weights, (), "weights", needed=False)
    splits: Mapping[str, NDArray[np.int64]] | None
    if key_X is None and key_w is not None:
        raise InputError(f"'{path}' has an array for each split: give weights with one array 'X' of all rows")
    if key_X is None:
        X, y, splits = _split_arrays(data, path)
    else:
        X, y = data[key_X], data[key_y] if key_y is not None else None
        splits = _splits(data, len(X) if X.ndim else 0, path)
    names, classes = first_key(keys, NAME_KEYS), first_key(keys, CLASS_KEYS)
    return array_source(
        path,
        X,
        y,
        None if names is None else texts(data[names]),
        None if classes is None else texts(data[classes]),
        splits,
        None if key_w is None else data[key_w],
    )


def pick(
    path: Path, keys: list[str], wanted: str | None, candidates: tuple[str, ...], what: str, *, needed: bool
) -> str | None:
    """The key asked for, or the first of the usual ones.

    Raises:
        InputError: it is not there; the message lists the keys that are.
    """
    listed = ", ".join(f"{key!r}" for key in keys[:20]) or "none"
    if wanted is not None:
        if wanted not in keys:
            raise InputError(f"'{path}' has no array {wanted!r} for the {what}: it has {listed}")
        return wanted
    found = first_key(keys, candidates)
    if found is None and needed:
        raise InputError(
            f"'{path}' has none of the usual arrays for the {what} among its keys {listed}: name it with "
            "--features, and the labels with --target-column"
        )
    return found


def _single(target: object, path: Path) -> str | None:
    if target is None or isinstance(target, str):
        return target
    raise InputError(f"'{path}' holds arrays: give one key as target, not several columns")


def _check_header(file: IO[bytes], path: Path, name: str, size: int) -> None:
    """Refuse pickled arrays, and arrays that claim to be larger than what is stored, before they are
    allocated."""
    with file:
        try:
            version = npy_format.read_magic(file)
            read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
            shape, _, dtype = read(file)
        except (
            ValueError,
            OSError,
            EOFError,
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise InputError(
                f"{name!r} in '{path}' is no numpy array ({reason(error)}): write it again"
            ) from error
    if dtype.hasobject:
        raise UnsafeFileError(
            f"{name!r} in '{path}' holds Python objects, and reading it runs the code in it: store numbers "
            f"or strings"
        )
    count = 1
    for length in shape:
        count *= length
    if min(shape, default=0) < 0 or count * dtype.itemsize > size:
        raise InputError(
            f"{name!r} in '{path}' claims the shape {shape}, more than the {size} bytes that are stored"
        )


def _splits(data: Mapping[str, AnyArray], n_rows: int, path: Path) -> dict[str, NDArray[np.int64]] | None:
    key = first_key(list(data), SPLIT_KEYS)
    if key is not None and data[key].shape == (n_rows,):
        names = texts(data["split_names"]) if "split_names" in data else SPLIT_NAMES
        return splits_from_column(data[key], names, path)
    found: dict[str, NDArray[np.int64]] = {}
    for name in data:
        split = SPLIT_ALIASES.get(name.removesuffix("_index").removesuffix("_idx"))
        if split is None or data[name].ndim != 1:
            continue
        rows = data[name]
        if rows.dtype == bool and len(rows) == n_rows:
            rows = np.flatnonzero(rows)
        inside = rows.dtype.kind in "iu" and (
            not len(rows) or 0 <= int(rows.min()) <= int(rows.max()) < n_rows
        )
        if not inside:
            raise InputError(f"{name!r} in '{path}' holds no row numbers from 0 to {n_rows - 1}")
        found[split] = rows.astype(np.int64)
    return found or None


def _split_arrays(
    data: Mapping[str, AnyArray], path: Path
) -> tuple[Any, Any | None, dict[str, NDArray[np.int64]]]:
    X, y, splits, start = [], [], {}, 0
    for alias, split in SPLIT_ALIASES.items():
        if f"X_{alias}" not in data or split in splits:
            continue
        part = data[f"X_{alias}"]
        labels = data.get(f"y_{alias}")
        rows = part.shape[0] if part.ndim else 0
        if labels is not None and labels.shape[:1] != (rows,):
            raise InputError(
                f"'y_{alias}' in '{path}' has the shape {labels.shape} for {rows} rows of 'X_{alias}'"
            )
        X.append(part)
        if labels is not None:
            y.append(labels)
        splits[split] = np.arange(start, start + rows)
        start += rows
    try:
        return np.concatenate(X), np.concatenate(y) if len(y) == len(X) else None, splits
    except ValueError as error:
        raise InputError(f"the splits of '{path}' have different shapes ({reason(error)})") from error
