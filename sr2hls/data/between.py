"""Rows between neighbouring rows of the data: where a teacher may be asked for more."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sr2hls.arrays import FloatArray, IntArray

_NEIGHBOURS = 6
_MOST_ROWS = 60_000
_TREE_FEATURES = 12
_PIECE = 16_384


def rows_between(
    raw: NDArray[np.floating], copies: int, rng: np.random.Generator, *, near: bool = True
) -> FloatArray:
    """Return new rows, shape (copies times rows, features), 60,000 a copy at most.

    Each lies at a random place between a row and one of its nearest neighbours, as in SMOTE (Chawla et al.,
    JAIR 16, 2002), so that it stays where data are; or between any two, as in mixup (Zhang et al., 2018).

    Args:
        raw: rows as the teacher sees them, shape (rows, features).
        copies: new rows for each row.
        rng: source of randomness.
        near: between neighbours; else between any two rows.
    """
    mean, spread = _moments(raw)
    rows = np.asarray(raw[rng.permutation(len(raw))[:_MOST_ROWS]], dtype=np.float64)
    neighbours = _neighbours((rows - mean) / np.where(spread > 0, spread, 1.0)) if near else None
    made = []
    for _ in range(copies):
        if neighbours is None:
            other = rng.integers(0, len(rows), len(rows))
        else:
            other = neighbours[np.arange(len(rows)), rng.integers(0, neighbours.shape[1], len(rows))]
        place = rng.random((len(rows), 1))
        made.append(rows + place * (rows[other] - rows))
    return np.concatenate(made)


def _moments(raw: NDArray[np.floating]) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of the columns, to the bit as of all rows at once in doubles."""

    def total(of: Callable[[FloatArray], FloatArray]) -> FloatArray:
        found = np.zeros(raw.shape[1])
        for start in range(0, len(raw), _PIECE):
            found = np.vstack([found, of(raw[start : start + _PIECE].astype(np.float64))]).sum(axis=0)
        return found

    mean = total(lambda piece: piece) / len(raw)
    return mean, np.sqrt(total(lambda piece: (piece - mean) ** 2) / len(raw))


def _neighbours(scaled: FloatArray) -> IntArray:
    # The tree is fast in few dimensions only; the main directions of the data tell neighbours well enough.
    if scaled.shape[1] > _TREE_FEATURES:
        _, _, directions = np.linalg.svd(scaled[:5000], full_matrices=False)
        scaled = scaled @ directions[:_TREE_FEATURES].T
    count = min(_NEIGHBOURS + 1, len(scaled))
    _, found = cKDTree(scaled).query(scaled, k=count, eps=0.5)
    found = np.asarray(found, dtype=np.int64).reshape(len(scaled), count)
    return found[:, 1:] if count > 1 else found
