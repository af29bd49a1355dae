"""Which columns of a table are features, labels, splits and weights."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sr2hls.arrays import IntArray
from sr2hls.data.data_source import (
    SPLIT_ALIASES,
    SPLIT_KEYS,
    SPLIT_NAMES,
    TARGET_KEYS,
    AnyArray,
    ColumnSelection,
    DataSource,
    Floats,
    as_floats,
    splits_from_column,
    text_of,
)
from sr2hls.errors import InputError

Frames = Callable[[int, Sequence[str]], Iterator[pd.DataFrame]]
"""Gives pieces of a table of at most so many rows, with the columns asked for."""

_PIECE = 65536

_MOST_COLUMNS = 10_000


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of a table.

    Attributes:
        path: the file.
        features: in the order in which they become inputs.
        target: none, one, or one a class (one-hot) or output.
        split: column with the name or number of the split.
        weights: column with the weights of the rows.
    """

    path: Path
    features: tuple[str, ...]
    target: tuple[str, ...]
    split: str | None
    weights: str | None = None

    @classmethod
    def choose(cls, path: Path, names: Sequence[str], selection: ColumnSelection) -> "Columns":
        """Choose by the user's selection, or by the usual names; what is neither label nor split is a
        feature.

        Raises:
            InputError: a column asked for is not there, or is asked for twice.
        """
        listed = ", ".join(f"{name!r}" for name in names[:20])
        there = set(names)
        if len(names) > _MOST_COLUMNS:
            raise InputError(f"'{path}' has {len(names)} columns, more than {_MOST_COLUMNS}: leave some out")
        if len(there) != len(names):
            twice = next(name for name in names if list(names).count(name) > 1)
            raise InputError(f"'{path}' has two columns named {twice!r}: give each a name of its own")
        wanted, asked = selection.target, selection.features
        if wanted is None:
            # A column that is named as a feature is none of the labels, whatever it is called.
            chosen = {asked} if isinstance(asked, str) else set(asked or ())
            target = tuple(name for name in names if name in TARGET_KEYS and name not in chosen)[:1]
        else:
            target = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        split = next((name for name in names if name in SPLIT_KEYS and name not in target), None)
        taken = {*target, split, selection.weights}
        if asked is None:
            features = tuple(name for name in names if name not in taken)
        else:
            features = (asked,) if isinstance(asked, str) else tuple(asked)
        weights = () if selection.weights is None else (selection.weights,)
        for name in (*features, *target, *weights):
            if name not in there:
                raise InputError(f"'{path}' has no column {name!r}: it has {listed}")
        both = set(features) & set(target)
        if both:
            raise InputError(
                f"the column {sorted(both)[0]!r} of '{path}' cannot be both a feature and the target"
            )
        if selection.weights in {*features, *target}:
            raise InputError(
                f"the column {selection.weights!r} of '{path}' cannot be weights and feature or target"
            )
        if not features:
            raise InputError(f"'{path}' has no column left for the features: it has {listed}")
        return cls(path, features, target, split, selection.weights)

    @property
    def wanted(self) -> list[str]:
        """All columns to be read."""
        return [*self.features, *self.target, *([self.split] if self.split else [])]

    def take(self, frame: pd.DataFrame, first_row: int) -> tuple[Floats, AnyArray | None]:
        """Features and raw labels of a piece of the table.

        Raises:
            InputError: a feature is no number; the message names row and column.
        """
        columns = [self._numbers(frame[name], name, first_row) for name in self.features]
        X = as_floats(np.stack(columns, axis=1))
        if not self.target:
            return X, None
        y: AnyArray = frame[list(self.target)].to_numpy()
        return X, y[:, 0] if len(self.target) == 1 else y

    def _numbers(self, column: "pd.Series[Any]", name: str, first_row: int) -> Floats:
        if column.dtype.kind in "fiub" and isinstance(column.dtype, np.dtype):
            values: Floats = column.to_numpy()
            return values if values.dtype.kind == "f" else values.astype(np.float64)
        if column.dtype.kind in "mMc":
            raise InputError(
                f"the column {name!r} of '{self.path}' holds {column.dtype} and no real numbers: convert "
                "it, or name the inputs with --features"
            )
        numbers = pd.to_numeric(column, errors="coerce")
        bad = np.flatnonzero(numbers.isna().to_numpy(dtype=bool) & column.notna().to_numpy(dtype=bool))
        if len(bad):
            value = str(column.iloc[bad[0]])[:40]
            raise InputError(
                f"row {first_row + bad[0]} of '{self.path}' has {value!r} in column {name!r}, which is no "
                f"number: fix it, name the inputs with --features, or the labels with --target-column"
            )
        return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def table_source(path: Path, columns: Columns, frames: Frames, n_rows: int | None) -> DataSource:
    """A source over a table that is read frame by frame."""
    splits = _splits(path, columns.split, frames) if columns.split is not None else None

    def read(rows: int) -> Iterator[tuple[Floats, AnyArray | None]]:
        first = 0
        for frame in frames(rows, columns.wanted):
            yield columns.take(frame, first)
            first += len(frame)

    classes = columns.target if len(columns.target) > 1 else None
    weights = None if columns.weights is None else _column(columns.weights, frames)
    return DataSource(path, columns.features, n_rows, read, classes, splits, weights)


def _splits(path: Path, name: str, frames: Frames) -> dict[str, IntArray] | None:
    """Row numbers of the parts, where the column holds names or numbers of splits."""
    values = _column(name, frames)
    known = {*SPLIT_ALIASES, "0", "1", "2"}
    if not all(text_of(value) in known for value in pd.unique(values)):
        return None
    return splits_from_column(values, SPLIT_NAMES, path)


def _column(name: str, frames: Frames) -> AnyArray:
    """All values of a column."""
    pieces = [frame[name].to_numpy() for frame in frames(_PIECE, [name])]
    return np.concatenate(pieces) if pieces else np.empty(0)
