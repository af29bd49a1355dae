"""Rows between neighbouring rows of the data: where a teacher may be asked for more."""

import numpy as np
from scipy.spatial import cKDTree

from sr2hls.arrays import FloatArray, IntArray

_NEIGHBOURS = 6
_MOST_ROWS = 60_000
_TREE_FEATURES = 12


def rows_between(raw: FloatArray, copies: int, rng: np.random.Generator, *, near: bool = True) -> FloatArray:
    """Return new rows, shape (copies times rows, features), 60,000 a copy at most.

    Each lies at a random place between a row and one of its nearest neighbours, as in SMOTE (Chawla et al.,
    JAIR 16, 2002), so that it stays where data are; or between any two, as in mixup (Zhang et al., 2018).

    Args:
        raw: rows as the teacher sees them, shape (rows, features).
        copies: new rows for each row.
        rng: source of randomness.
        near: between neighbours; else between any two rows.
    """
    spread = raw.std(axis=0)
    scaled = (raw - raw.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rows = rng.permutation(len(raw))[:_MOST_ROWS]
    neighbours = _neighbours(scaled[rows]) if near else None
    made = []
    for _ in range(copies):
        if neighbours is None:
            other = rng.integers(0, len(rows), len(rows))
        else:
            other = neighbours[np.arange(len(rows)), rng.integers(0, neighbours.shape[1], len(rows))]
        place = rng.random((len(rows), 1))
        made.append(raw[rows] + place * (raw[rows[other]] - raw[rows]))
    return np.concatenate(made)


def _neighbours(scaled: FloatArray) -> IntArray:
    # The tree is fast in few dimensions only; the main directions of the data tell neighbours well enough.
    if scaled.shape[1] > _TREE_FEATURES:
        _, _, directions = np.linalg.svd(scaled[:5000], full_matrices=False)
        scaled = scaled @ directions[:_TREE_FEATURES].T
    count = min(_NEIGHBOURS + 1, len(scaled))
    _, found = cKDTree(scaled).query(scaled, k=count, eps=0.5)
    found = np.asarray(found, dtype=np.int64).reshape(len(scaled), count)
    return found[:, 1:] if count > 1 else found
