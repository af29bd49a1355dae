"""A column too many: which one is not a feature."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sr2hls.data.data_source import Floats

_MOST_CLASSES = 20
_ROW_NAMES = frozenset({"", "index", "id", "row", "unnamed: 0"})


@dataclass(frozen=True, slots=True)
class Surplus:
    """A column that is not a feature.

    Attributes:
        column: its number.
        labels: whether it holds the labels; else it numbers the rows.
        note: what a user should know.
    """

    column: int
    labels: bool
    note: str


def surplus_column(X: Floats, names: Sequence[str], *, may_be_labels: bool) -> Surplus | None:
    """Find the one column that is not a feature; ``None`` where that is not plain.

    A column that counts the rows is one. So is a first or last column of class numbers, where the file
    has no labels and no other column looks like that.

    Args:
        X: all columns, shape (rows, columns).
        names: of the columns.
        may_be_labels: labels are wanted, and the file has none so far.
    """
    for k, name in enumerate(names):
        if _counts(X[:, k]) and (name.lower() in _ROW_NAMES or len(X) > _MOST_CLASSES):
            return Surplus(k, False, f"column {name!r} numbers the rows and is left out")
    if not may_be_labels:
        return None
    whole = [k for k in range(X.shape[1]) if _classes(X[:, k])]
    if len(whole) != 1 or whole[0] not in (0, X.shape[1] - 1):
        return None
    name = names[whole[0]]
    return Surplus(
        whole[0], True, f"column {name!r}, one more than the network takes, is taken as the labels"
    )


def _counts(column: Floats) -> bool:
    return bool(np.array_equal(column - column[0], np.arange(len(column)))) and column[0] in (0, 1)


def _classes(column: Floats) -> bool:
    found = np.unique(column)
    return 2 <= len(found) <= _MOST_CLASSES and bool((found == np.arange(len(found)) + found[0]).all())
