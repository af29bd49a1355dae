"""Which range of a feature a few bits resolve best."""

import numpy as np

from sr2hls.arrays import FloatArray

TAILS = (0.0, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05)
"""Shares of the rows that may be cut off at either end."""
_MOST_ROWS = 20_000


def best_range(values: FloatArray, width: int) -> tuple[float, float]:
    """Return the ends of a uniform grid of ``2^width`` points with the least mean absolute error.

    A wide range has coarse steps, a narrow one cuts off the tails. Both ends are searched over quantiles. On
    the validation jets of examples/jet_tagger, 6 bits with this rule keep 0.964 of the network's decisions,
    against 0.944 for the full range, 0.963 for quantiles of 1 % and 0.960 for the least squared error.

    Args:
        values: of shape (n,).
        width: bits.
    """
    sample = thinned(values)
    levels = 2**width - 1
    best, best_error = (float(sample[0]), float(sample[-1])), np.inf
    lows = np.quantile(sample, TAILS)
    highs = np.quantile(sample, 1 - np.array(TAILS))
    for low in np.unique(lows):
        for high in np.unique(highs):
            if not high > low:
                continue
            step = (high - low) / levels
            grid = low + step * np.clip(np.floor((sample - low) / step + 0.5), 0, levels)
            error = float(np.abs(grid - sample).mean())
            if error < best_error:
                best, best_error = (float(low), float(high)), error
    return best


def thinned(values: FloatArray) -> FloatArray:
    """Return at most 20,000 of the values, shape (n,), sorted: both ends and evenly spread quantiles."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if len(ordered) <= _MOST_ROWS:
        return ordered
    return ordered[np.linspace(0, len(ordered) - 1, _MOST_ROWS).round().astype(np.int64)]
