"""Constants as they are printed: at most three significant digits."""

import numpy as np
from numpy.typing import NDArray

DIGITS = 3


def rounded(value: float) -> float:
    """Return a number with at most three significant digits."""
    return float(f"{value:.{DIGITS}g}")


def rounded_array(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers with at most three significant digits, any shape; the same bits as `rounded` gives."""
    flat = [rounded(v) for v in values.ravel().tolist()]
    return np.array(flat, dtype=np.float64).reshape(values.shape)
