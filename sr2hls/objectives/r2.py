"""The coefficient of determination of outputs of which some may hardly vary."""

import numpy as np
from numpy.typing import NDArray

from sr2hls.errors import InputError

_ROUNDING = 1e-6
"""Share of the largest output's spread below which another output is a constant with rounding errors."""


def r2(
    outputs: NDArray[np.float64], wanted: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> float:
    """Return the coefficient of determination, averaged over the outputs.

    Args:
        outputs: shape (rows, outputs).
        wanted: shape (rows, outputs).
        weights: how much each row counts, shape (rows,); ``None``: all the same.

    Raises:
        InputError: the shapes differ.
    """
    if outputs.shape != wanted.shape:
        raise InputError(f"outputs have the shape {outputs.shape}, what is wanted {wanted.shape}")
    residual = np.average((outputs - wanted) ** 2, axis=0, weights=weights)
    return float(np.mean(1 - residual / variances(wanted, weights)))


def variances(wanted: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the variance of each output, by which its squared error is measured.

    An output that varies by float32 rounding alone is judged on the scale of the one that varies most.

    Args:
        wanted: shape (rows, outputs).
        weights: how much each row counts, shape (rows,); ``None``: all the same.
    """
    mean = np.average(wanted, axis=0, weights=weights)
    return of_their_size(np.average((wanted - mean) ** 2, axis=0, weights=weights))


def of_their_size(spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return variances, shape (outputs,): the largest in place of what is rounding beside it."""
    largest = float(spread.max(initial=0.0))
    return np.where(spread <= _ROUNDING**2 * largest, largest or 1.0, spread)
