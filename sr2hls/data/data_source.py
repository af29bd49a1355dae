"""Rows of features (and labels) in a file, read piece by piece."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import IntArray
from sr2hls.errors import InputError

Floats = NDArray[np.floating]
AnyArray = NDArray[Any]

_LAST_CHARACTER = 0x10FFFF
FEATURE_KEYS = ("X", "x", "features", "inputs", "data", "X_all")
TARGET_KEYS = ("y", "Y", "labels", "label", "targets", "target", "classes_true")
NAME_KEYS = ("names", "feature_names", "columns")
CLASS_KEYS = ("classes", "class_names", "label_names", "target_names")
SPLIT_KEYS = ("split", "splits")
SPLIT_NAMES = ("train", "validation", "test")
SPLIT_ALIASES = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}


@dataclass(frozen=True, slots=True)
class ColumnSelection:
    """What to take from a file.

    Attributes:
        features: key of the array of features (.npz, .h5), or the names of the columns; None to find them.
        target: key of the array of labels, or the names of their columns; None to find them.
        weights: key or column of the weights of the rows; None where all count the same.
        max_bytes: limit on what the file may unpack to.
    """

    features: str | Sequence[str] | None
    target: str | Sequence[str] | None
    max_bytes: int
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """A file opened for reading.

    Attributes:
        path: the file.
        names: of the features; None where the file has none.
        n_rows: None where only reading tells.
        read: gives pieces of at most so many rows: features (m, f) and raw labels, or None without labels.
        classes: names of the classes where the file has them.
        splits: row numbers of each split where the file has them.
        weights: of the rows as the file has them, shape (rows,), where they were asked for.
    """

    path: Path
    names: tuple[str, ...] | None
    n_rows: int | None
    read: Callable[[int], Iterator[tuple[Floats, AnyArray | None]]]
    classes: tuple[str, ...] | None = None
    splits: Mapping[str, IntArray] | None = None
    weights: AnyArray | None = None


def array_source(
    path: Path,
    X: Any,
    y: Any | None,
    names: Sequence[str] | None,
    classes: Sequence[str] | None = None,
    splits: Mapping[str, IntArray] | None = None,
    weights: AnyArray | None = None,
) -> DataSource:
    """A source over arrays that can be sliced: in memory, memory-mapped or in an HDF5 file.

    Raises:
        InputError: the shapes do not fit together.
    """
    if len(X.shape) != 2 or 0 in X.shape:
        raise InputError(
            f"the features of '{path}' have the shape {tuple(X.shape)}: they have to be (rows, features)"
        )
    if X.dtype.kind not in "fiub":
        raise InputError(f"the features of '{path}' are of type {X.dtype}: they have to be numbers")
    if y is not None and (len(y.shape) not in (1, 2) or y.shape[0] != X.shape[0]):
        raise InputError(
            f"the labels of '{path}' have the shape {tuple(y.shape)} for {X.shape[0]} rows of features"
        )
    if y is not None and y.dtype.kind not in "fiubSUO":
        raise InputError(f"the labels of '{path}' are of type {y.dtype}: they have to be numbers or names")
    if names is not None and len(names) != X.shape[1]:
        raise InputError(f"'{path}' names {len(names)} features but has {X.shape[1]} columns")

    def read(rows: int) -> Iterator[tuple[Floats, AnyArray | None]]:
        for start in range(0, X.shape[0], rows):
            part = slice(start, start + rows)
            yield as_floats(X[part]), None if y is None else checked_text(np.asarray(y[part]))

    return DataSource(
        path=path,
        names=None if names is None else tuple(map(str, names)),
        n_rows=X.shape[0],
        read=read,
        classes=None if classes is None else tuple(map(str, classes)),
        splits=splits,
        weights=weights,
    )


def as_floats(values: AnyArray) -> Floats:
    """Numbers of any shape as float32 or float64, whichever holds them exactly."""
    array = np.asarray(values)
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32 if array.dtype.itemsize <= 2 else np.float64)


def texts(values: AnyArray) -> tuple[str, ...]:
    """Names out of an array of strings or bytes, shape (names,)."""
    return tuple(map(text_of, np.ravel(checked_text(values)).tolist()))


def text_of(value: object) -> str:
    """A value as text: files hold strings as bytes, too."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def checked_text(values: AnyArray) -> AnyArray:
    """The same array, of any shape.

    Raises:
        ValueError: a string holds numbers that are no characters, which numpy hands on unchecked.
    """
    if values.dtype.kind == "U" and values.size:
        codes = np.ascontiguousarray(values).view(np.dtype(np.uint32).newbyteorder(values.dtype.byteorder))
        if (codes > _LAST_CHARACTER).any():
            raise ValueError("a name holds what is no character")
    return values


def first_key(keys: Sequence[str], candidates: Sequence[str]) -> str | None:
    """The first candidate among the keys."""
    return next((name for name in candidates if name in keys), None)


def splits_from_column(values: AnyArray, names: Sequence[str], path: Path) -> dict[str, IntArray]:
    """Row numbers of each split from a column, shape (n,), of names or 0 train, 1 validation, 2 test.

    Raises:
        InputError: a value stands for no split.
    """
    labels = np.ravel(values)
    found: dict[str, IntArray] = {}
    for value in np.unique(labels).tolist():
        text = text_of(value)
        name = names[int(value)] if text.isdigit() and int(text) < len(names) else text
        if name not in SPLIT_ALIASES:
            raise InputError(f"the split {name!r} in '{path}' is none of train, validation and test")
        found[SPLIT_ALIASES[name]] = np.flatnonzero(labels == value).astype(np.int64)
    return found


def select_columns(source: DataSource, features: Sequence[str]) -> DataSource:
    """Return a source of some of the columns, by name and in the order given.

    Raises:
        InputError: there is no such column; without names columns are called x0, x1, …
    """
    names = source.names
    if names is None:
        piece = next(iter(source.read(1)), None)
        names = tuple(f"x{i}" for i in range(0 if piece is None else piece[0].shape[1]))
    missing = [f for f in features if f not in names]
    if missing:
        raise InputError(f"'{source.path}' has no feature '{missing[0]}': it has {', '.join(names[:20])}")
    columns = [names.index(f) for f in features]

    def read(rows: int) -> Iterator[tuple[Floats, AnyArray | None]]:
        for X, y in source.read(rows):
            yield X[:, columns], y

    return replace(source, names=tuple(features), read=read)
