"""Which pairs of inputs are worth looking at when there are too many of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sr2hls.search.joint.bins import Bins, pair_sums
from sr2hls.search.joint.loss import Slopes

BINS, ROWS = 8, 5000


def promising_pairs(
    columns: Mapping[int, NDArray[np.float64]],
    slopes: Slopes,
    pairs: Sequence[tuple[int, int]],
    count: int,
    rows: NDArray[np.intp],
) -> list[tuple[int, int]]:
    """Return the pairs whose best function of both inputs gains most over the sum of two of one input.

    A function that is constant in each of 8 x 8 bins gains Σ G²/(2 H), with G and H the sums of gradient and
    curvature in a bin; rows and columns of bins give what functions of one input gain.

    Args:
        columns: values of each input, shape (rows,).
        slopes: of the loss at the model so far.
        pairs: all pairs.
        count: how many to return.
        rows: rows to look at.
    """
    if len(pairs) <= count:
        return list(pairs)
    bins = {i: Bins.of(column[rows], BINS) for i, column in columns.items()}
    weights = np.hstack([slopes.gradient[rows], slopes.curvature[rows]]).astype(np.float32)
    gains = [_interaction(pair_sums(bins[i], bins[j], weights)) for i, j in pairs]
    best = np.argsort(-np.array(gains), kind="stable")[:count]
    return [pairs[k] for k in sorted(best)]


def _interaction(sums: NDArray[np.float32]) -> float:
    alone = _gain(sums.sum(axis=0, keepdims=True)) + _gain(sums.sum(axis=1, keepdims=True))
    return _gain(sums) - alone


def _gain(sums: NDArray[np.float32]) -> float:
    gradient, curvature = np.split(sums, 2, axis=-1)
    filled = curvature > 0
    return float(np.sum(gradient[filled] ** 2 / curvature[filled]) / 2)
