"""Data in memory, checked, named and split."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.data.archive import MAX_BYTES
from sr2hls.data.data_source import AnyArray, ColumnSelection, DataSource, Floats, select_columns
from sr2hls.data.delimited import open_csv
from sr2hls.data.hdf5 import open_hdf5
from sr2hls.data.labels import encode_labels
from sr2hls.data.names import FeatureNames
from sr2hls.data.npz import open_npy, open_npz
from sr2hls.data.parquet import open_parquet
from sr2hls.data.reason import reading
from sr2hls.data.split import DEFAULT_FRACTIONS, SplitRows, split_rows
from sr2hls.data.surplus import surplus_column
from sr2hls.data.weights import row_weights
from sr2hls.errors import InputError

Progress = Callable[[int, int | None], None]
"""Called with the rows done and the rows to do, None where only reading tells."""

_OPENERS: dict[str, Callable[[Path, ColumnSelection], DataSource]] = {
    ".npz": open_npz,
    ".npy": open_npy,
    ".csv": open_csv,
    ".tsv": open_csv,
    ".txt": open_csv,
    ".parquet": open_parquet,
    ".pq": open_parquet,
    ".h5": open_hdf5,
    ".hdf5": open_hdf5,
}
_ARRAYS = frozenset({".npz", ".npy", ".h5", ".hdf5"})
"""Files whose features are one array: columns are selected after opening."""
_PIECE = 65536


@dataclass(frozen=True, slots=True, eq=False)
class SplitData:
    """Rows of one part.

    Attributes:
        X: features (n, f), raw.
        y: labels (n,) or targets, None without.
        rows: their numbers in the file's order (after rows were dropped, if they were).
        weights: how much each row counts (n,), None where all count the same.
    """

    X: Floats
    y: NDArray[Any] | None
    rows: IntArray
    weights: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Features and labels of a file.

    Attributes:
        path: the file.
        X: features (n, f), raw, float32 or float64, all finite.
        y: class numbers (n,), targets (n,) or (n, k), or None without labels.
        names: names of the features.
        classes: names of the classes; None without labels or for a regression.
        split: row numbers of the parts.
        constant: numbers of the features that are the same in every row; they tell nothing.
        dropped: rows left out because of values that are not finite.
        notes: what a user should know about how the file was read.
        weights: how much each row counts (n,), at least 0; None where all count the same.
        ordered: whether the order of the classes is told; names alone are sorted.
    """

    path: Path
    X: Floats
    y: NDArray[Any] | None
    names: FeatureNames
    classes: tuple[str, ...] | None
    split: SplitRows
    constant: tuple[int, ...]
    dropped: int
    notes: tuple[str, ...] = ()
    weights: FloatArray | None = None
    ordered: bool = True

    @property
    def n_features(self) -> int:
        """Number of features a row."""
        return int(self.X.shape[1])

    @property
    def train(self) -> SplitData:
        """Rows to fit to."""
        return self._part(self.split.train)

    @property
    def validation(self) -> SplitData:
        """Rows to choose by."""
        return self._part(self.split.validation)

    @property
    def test(self) -> SplitData:
        """Rows to report on, and for nothing else."""
        return self._part(self.split.test)

    def warnings(self) -> tuple[str, ...]:
        """What a user should know about the data, one sentence each."""
        notes = list(self.notes)
        if self.constant:
            names = ", ".join(f"{self.names.display[i]!r}" for i in self.constant)
            notes.append(f"constant in every row of '{self.path}', so that no formula can use them: {names}")
        if self.dropped:
            notes.append(f"{self.dropped} rows of '{self.path}' with values that are not finite were dropped")
        return tuple(notes)

    def _part(self, rows: IntArray) -> SplitData:
        weights = None if self.weights is None else self.weights[rows]
        return SplitData(self.X[rows], None if self.y is None else self.y[rows], rows, weights)


def load_dataset(
    path: str | Path,
    *,
    features: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    weights: str | None = None,
    task: str | None = None,
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    drop_nonfinite: bool = False,
    n_features: int | None = None,
    max_bytes: int = MAX_BYTES,
    progress: Progress | None = None,
) -> Dataset:
    """Load a .npz, .npy, .csv, .parquet or .h5 file.

    Args:
        path: the file.
        features: key of the array (.npz, .h5) or names of the columns (tables); None for the usual keys, or
            for all columns that are neither label nor split.
        target: key of the labels or names of their columns; None for the usual names. Labels may be missing.
        weights: key or column of the weights of the rows; None: all count the same.
        task: ``classification`` or ``regression`` where the labels do not say it themselves.
        fractions: of train, validation and test where the file has no splits.
        seed: of the draw of the splits.
        drop_nonfinite: leave rows with nan or infinity out instead of refusing them.
        n_features: number of features that the teacher takes; another number is refused, but for one column
            too many that is plainly none (see `surplus_column`).
        max_bytes: limit on what the file may unpack to.
        progress: called after each piece that was read.

    Raises:
        InputError: the file cannot be used.
        UnsafeFileError: the file holds Python objects.
    """
    source = open_source(path, features=features, target=target, weights=weights, max_bytes=max_bytes)
    X_parts: list[Floats] = []
    y_parts: list[AnyArray] = []
    done = size = 0
    for X, y in source.read(_PIECE):
        size += X.nbytes
        if size > max_bytes:
            raise InputError(
                f"'{source.path}' unpacks to more than the limit of {max_bytes / 2**30:.1f} GiB: choose "
                f"fewer columns, or raise max_bytes"
            )
        X_parts.append(X)
        if y is not None:
            y_parts.append(y)
        done += len(X)
        if progress is not None:
            progress(done, source.n_rows)
    if not done:
        raise InputError(f"'{source.path}' has no rows: give a file with rows of features")
    X = np.concatenate(X_parts)
    names = FeatureNames.of(source.names, X.shape[1])
    y_raw = np.concatenate(y_parts) if y_parts else None
    notes: tuple[str, ...] = ()
    if features is None and n_features == X.shape[1] - 1:
        may_be_labels = y_raw is None and task != "regression"
        surplus = surplus_column(X, names.display, may_be_labels=may_be_labels)
        if surplus is not None:
            y_raw = X[:, surplus.column] if surplus.labels else y_raw
            X = np.delete(X, surplus.column, axis=1)
            shown = [n for k, n in enumerate(names.display) if k != surplus.column]
            names = FeatureNames.of(None if source.names is None else shown, X.shape[1])
            notes = (f"'{source.path}': {surplus.note}",)
    _check_count(X.shape[1], n_features, source, names)
    row_weight = None if source.weights is None else row_weights(source.weights, len(X), source.path)
    keep = _finite_rows(X, names, source.path, drop_nonfinite)
    splits = source.splits
    if not keep.all():
        new_number = np.cumsum(keep) - 1
        X, y_raw = X[keep], None if y_raw is None else y_raw[keep]
        row_weight = None if row_weight is None else row_weight[keep]
        splits = None if splits is None else {k: new_number[rows[keep[rows]]] for k, rows in splits.items()}
    labels = None if y_raw is None else encode_labels(y_raw, source.classes, source.path, task)
    by_class = labels.y if labels is not None and labels.classes is not None else None
    return Dataset(
        path=source.path,
        X=X,
        y=None if labels is None else labels.y,
        names=names,
        classes=None if labels is None else labels.classes,
        ordered=labels is None or labels.ordered,
        split=split_rows(len(X), by_class, splits, source.path, fractions=fractions, seed=seed),
        constant=tuple(np.flatnonzero((X[0] == X).all(axis=0)).tolist()),
        dropped=int((~keep).sum()),
        notes=notes,
        weights=row_weight,
    )


def open_source(
    path: str | Path,
    *,
    features: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    weights: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> DataSource:
    """Open a file for reading.

    Raises:
        InputError: there is no such file, or it is of no known kind.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"the data file '{path}' {what}: give a .npz, .npy, .csv, .parquet or .h5 file")
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise InputError(
            f"'{path}' has the ending '{path.suffix}': give a .npz, .npy, .csv, .parquet or .h5 file"
        )
    of_arrays = path.suffix.lower() in _ARRAYS
    with reading(path):
        try:
            source = opener(path, ColumnSelection(features, target, max_bytes, weights))
            if of_arrays and features is not None and not isinstance(features, str):
                source = select_columns(source, features)
        except InputError as error:
            # On the command line one name can be that of the array, too.
            if not of_arrays or features is None or isinstance(features, str) or len(features) != 1:
                raise
            source = _of_array(opener, path, ColumnSelection(features[0], target, max_bytes, weights), error)
    return replace(source, read=lambda rows: _guarded(source, rows))


def _of_array(
    opener: Callable[[Path, ColumnSelection], DataSource],
    path: Path,
    selection: ColumnSelection,
    otherwise: InputError,
) -> DataSource:
    try:
        return opener(path, selection)
    except InputError:
        raise otherwise from None


def _guarded(source: DataSource, rows: int) -> Iterator[tuple[Floats, AnyArray | None]]:
    with reading(source.path):
        yield from source.read(rows)


def _check_count(found: int, wanted: int | None, source: DataSource, names: FeatureNames) -> None:
    if wanted is None or found == wanted:
        return
    listed = ", ".join(f"{name!r}" for name in names.display[:20])
    raise InputError(
        f"'{source.path}' has {found} features but the network takes {wanted}: name the inputs with "
        f"--features, or the labels with --target-column (the file has {listed})"
    )


def _finite_rows(X: Floats, names: FeatureNames, path: Path, drop: bool, first: int = 0) -> NDArray[np.bool_]:
    finite = np.isfinite(X)
    keep: NDArray[np.bool_] = np.asarray(finite.all(axis=1))
    if keep.all():
        return keep
    if not drop:
        row = int(np.argmin(keep))
        column = int(np.argmin(finite[row]))
        raise InputError(
            f"row {first + row} of '{path}' has {X[row, column]} in column {names.display[column]!r}: mend "
            "the data, or drop such rows with --drop-nonfinite"
        )
    if not keep.any():
        raise InputError(f"every row of '{path}' has a value that is not finite: mend the data")
    return keep
