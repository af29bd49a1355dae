"""Files of named arrays (.npz, .h5): which are features, labels, splits and weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.data.data_source import (
    CLASS_KEYS,
    FEATURE_KEYS,
    NAME_KEYS,
    SPLIT_ALIASES,
    SPLIT_KEYS,
    SPLIT_NAMES,
    TARGET_KEYS,
    ColumnSelection,
    DataSource,
    array_source,
    first_key,
    splits_from_column,
    texts,
)
from sr2hls.data.reason import reason
from sr2hls.errors import InputError

Arrays = Mapping[str, Any]
"""Name to array: of numpy, or of h5py, which is read where it is sliced."""


def named_source(path: Path, arrays: Arrays, selection: ColumnSelection) -> DataSource:
    """A source over named arrays: features, shape (rows, features), and labels, names, classes and splits.

    Only the features have to be there. Splits are a column ``split``, arrays of row numbers ``train``,
    ``validation`` and ``test``, or one pair of arrays each, ``X_train``, ``y_train`` and so on.

    Raises:
        InputError: an array is missing, or does not fit the others.
    """
    wanted = selection.features if isinstance(selection.features, str) else None
    key_X = _pick(path, arrays, wanted, FEATURE_KEYS, "features", needed="X_train" not in arrays)
    key_y = _pick(path, arrays, _single(selection.target, path), TARGET_KEYS, "target")
    key_w = _pick(path, arrays, selection.weights, (), "weights")
    splits: Mapping[str, IntArray] | None
    if key_X is None and key_w is not None:
        raise InputError(f"'{path}' has an array for each split: give weights with one array 'X' of all rows")
    if key_X is None:
        X, y, splits = _split_arrays(arrays, path)
    else:
        X, y = arrays[key_X], None if key_y is None else arrays[key_y]
        splits = _splits(arrays, len(X) if X.ndim else 0, path)
    names, classes = first_key(list(arrays), NAME_KEYS), first_key(list(arrays), CLASS_KEYS)
    return array_source(
        path,
        X,
        y,
        None if names is None else texts(arrays[names][()]),
        None if classes is None else texts(arrays[classes][()]),
        splits,
        None if key_w is None else arrays[key_w][()],
    )


def _pick(
    path: Path, arrays: Arrays, wanted: str | None, usual: tuple[str, ...], what: str, *, needed: bool = False
) -> str | None:
    """The key asked for, or the first of the usual ones; the message lists those that are there."""
    listed = ", ".join(f"{key!r}" for key in list(arrays)[:20]) or "none"
    if wanted is not None:
        if wanted not in arrays:
            raise InputError(f"'{path}' has no array {wanted!r} for the {what}: it has {listed}")
        return wanted
    found = first_key(list(arrays), usual)
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


def _splits(arrays: Arrays, n_rows: int, path: Path) -> dict[str, IntArray] | None:
    key = first_key(list(arrays), SPLIT_KEYS)
    if key is not None and arrays[key].shape == (n_rows,):
        names = texts(arrays["split_names"][()]) if "split_names" in arrays else SPLIT_NAMES
        return splits_from_column(arrays[key][()], names, path)
    found: dict[str, IntArray] = {}
    for name, array in arrays.items():
        split = SPLIT_ALIASES.get(name.removesuffix("_index").removesuffix("_idx"))
        if split is None or array.ndim != 1:
            continue
        rows = array[()]
        if rows.dtype == bool and len(rows) == n_rows:
            rows = np.flatnonzero(rows)
        inside = rows.dtype.kind in "iu" and (
            not len(rows) or 0 <= int(rows.min()) <= int(rows.max()) < n_rows
        )
        if not inside:
            raise InputError(f"{name!r} in '{path}' holds no row numbers from 0 to {n_rows - 1}")
        found[split] = rows.astype(np.int64)
    return found or None


def _split_arrays(arrays: Arrays, path: Path) -> tuple[Any, Any | None, dict[str, IntArray]]:
    X, y, splits, start = [], [], {}, 0
    for alias, split in SPLIT_ALIASES.items():
        if f"X_{alias}" not in arrays or split in splits:
            continue
        part = arrays[f"X_{alias}"]
        labels = arrays.get(f"y_{alias}")
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
