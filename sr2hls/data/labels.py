"""From whatever stands in the column of labels to class numbers, or to numbers to be regressed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.data.data_source import AnyArray, text_of
from sr2hls.errors import InputError

_MOST_CLASSES = 1000
_MOST_FLOAT_CLASSES = 20
"""Whole numbers stored as floats count as classes up to so many different ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels of all rows.

    Attributes:
        y: class numbers from 0 (n,), or targets of a regression, (n,) or (n, outputs).
        classes: names of the classes; None for a regression.
        ordered: whether the file tells the order of the classes, by numbers or a list; words are sorted.
    """

    y: NDArray[Any]
    classes: tuple[str, ...] | None
    ordered: bool = True


def encode_labels(
    raw: AnyArray, classes: Sequence[str] | None, path: Path, task: str | None = None
) -> Labels:
    """Encode labels: names, whole numbers, one-hot rows, or real targets.

    Args:
        raw: as the file has them, shape (n,) or (n, k).
        classes: names of the classes where the file has them.
        path: the file, for messages.
        task: ``classification`` or ``regression`` where the labels do not say it themselves.

    Raises:
        InputError: labels are missing or not finite, do not fit the class names, or are all of one class.
    """
    values = raw[:, 0] if raw.ndim == 2 and raw.shape[1] == 1 else raw
    if values.dtype.kind == "O":
        values = _plain(values, path)
    if values.dtype.kind == "f":
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            raise InputError(
                f"the label of row {bad[0][0]} of '{path}' is {values[tuple(bad[0])]}: every row needs a "
                f"label"
            )
    if task == "regression":
        return Labels(_numbers(values, path), None)
    if values.ndim == 2:
        one_hot = np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all()
        if not one_hot:
            if task == "classification":
                raise InputError(
                    f"the labels of '{path}' have {values.shape[1]} columns that are not one-hot"
                )
            return Labels(_numbers(values, path), None)
        names = classes if classes is not None and len(classes) == values.shape[1] else None
        y = values.argmax(axis=1)
        return _checked(y, names or [str(k) for k in range(values.shape[1])], path)
    if values.dtype.kind in "SU":
        decoded = np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values
        found, y = np.unique(decoded, return_inverse=True)
        names = [str(name) for name in found]
        if classes is not None and set(names) <= set(classes):
            order = {name: k for k, name in enumerate(classes)}
            y, names = np.array([order[name] for name in names])[y], list(classes)
            return _checked(y, names, path)
        return replace(_checked(y, names, path), ordered=False)
    return _whole(values, classes, path, task)


def _whole(values: AnyArray, classes: Sequence[str] | None, path: Path, task: str | None) -> Labels:
    found = np.unique(values)
    whole = values.dtype.kind in "iub" or bool(np.all(found == np.round(found)))
    limit = _MOST_CLASSES if values.dtype.kind in "iub" or task == "classification" else _MOST_FLOAT_CLASSES
    if not whole or len(found) > limit:
        if task == "classification":
            raise InputError(f"the labels of '{path}' are no class numbers: give whole numbers or names")
        return Labels(_numbers(values, path), None)
    if classes is not None:
        if found[0] < 0 or found[-1] >= len(classes):
            raise InputError(
                f"the label {int(found[0] if found[0] < 0 else found[-1])} in '{path}' is no number of the "
                f"{len(classes)} classes: count from 0"
            )
        return _checked(values, classes, path)
    if found[0] == 0 and found[-1] == len(found) - 1:
        return _checked(values, [str(k) for k in range(len(found))], path)
    names = [str(int(value)) for value in found]
    return _checked(np.searchsorted(found, values), names, path)


def _checked(y: AnyArray, names: Sequence[str], path: Path) -> Labels:
    present = np.unique(y)
    if len(present) == 1:
        raise InputError(
            f"all rows of '{path}' are of one class ({names[int(present[0])]!r}): give data with at least "
            f"two classes"
        )
    return Labels(y.astype(np.int64), tuple(names))


def _plain(values: AnyArray, path: Path) -> AnyArray:
    """An array of strings or floats out of one of Python objects (pandas' columns of text)."""
    flat = values.ravel().tolist()
    missing = next((row for row, value in enumerate(flat) if value is None or value != value), None)
    if missing is not None:
        row = missing if values.ndim == 1 else missing // values.shape[1]
        raise InputError(f"the label of row {row} of '{path}' is missing: every row needs a label")
    if all(isinstance(value, int | float) for value in flat):
        large = next((value for value in flat if isinstance(value, int) and abs(value) >> 63), None)
        if large is not None:
            raise InputError(
                f"the label {str(large)[:20]}… of '{path}' is larger than 64 bits hold: correct it"
            )
        return np.array(flat, dtype=np.float64).reshape(values.shape)
    return np.array([text_of(value) for value in flat]).reshape(values.shape)


def _numbers(values: AnyArray, path: Path) -> FloatArray:
    if values.dtype.kind not in "fiub":
        raise InputError(f"the targets of '{path}' are no numbers: a regression needs numbers")
    return values.astype(np.float64)
