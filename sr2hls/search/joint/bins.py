"""Rows sorted into bins of one and of two inputs, so that sums over rows are made once for all candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray

Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Bins:
    """One input in bins.

    Attributes:
        codes: bin of each row, shape (rows,).
        centres: mean of the input in each bin, shape (bins,).
    """

    codes: Codes
    centres: FloatArray

    @classmethod
    def of(cls, column: FloatArray, count: int) -> "Bins":
        """Sort a column of shape (rows,) into at most ``count`` bins: one a value, or equally full ones."""
        unique, inverse = np.unique(column, return_inverse=True)
        inverse = inverse.reshape(-1)
        if len(unique) > count:
            share = np.cumsum(np.bincount(inverse)) / len(column)
            group = np.minimum((np.maximum(share - 1e-9, 0) * count).astype(np.int64), count - 1)
            group = np.unique(group, return_inverse=True)[1].reshape(-1)
            inverse = group[inverse]
        codes = inverse.astype(np.int32)
        centres = np.bincount(codes, weights=column) / np.bincount(codes)
        return cls(codes, centres)


def pair_sums(first: Bins, second: Bins, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add weights up in the bins of two inputs.

    Args:
        first: u.
        second: v.
        weights: shape (rows, columns).

    Returns:
        Shape (bins of u, bins of v, columns).
    """
    shape = (len(first.centres), len(second.centres))
    sums: NDArray[np.float32] = _add(first.codes, second.codes, weights, *shape)
    return sums


def single_sums(bins: Bins, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add weights of shape (rows, columns) up in the bins of one input; returns (bins, columns)."""
    sums: NDArray[np.float32] = _add(bins.codes, np.zeros_like(bins.codes), weights, len(bins.centres), 1)
    return sums[:, 0]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _add(first: Codes, second: Codes, weights: NDArray[np.float32], m: int, n: int) -> NDArray[np.float32]:
    sums = np.zeros((m, n, weights.shape[1]), dtype=np.float32)
    for row in range(len(first)):
        cell = sums[first[row], second[row]]
        for column in range(weights.shape[1]):
            cell[column] += weights[row, column]
    return sums


def tables(values: Sequence[FloatArray]) -> NDArray[np.float32]:
    """Stack values of candidates, all of one shape; one without a real value somewhere becomes zero."""
    stacked = np.stack(values).astype(np.float32)
    bad = ~np.isfinite(stacked).all(axis=tuple(range(1, stacked.ndim)))
    stacked[bad] = 0.0
    return stacked
