"""How much rows count: weights from the data file, checked."""

from pathlib import Path

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.data.data_source import AnyArray
from sr2hls.errors import InputError


def row_weights(raw: AnyArray, rows: int, path: Path) -> FloatArray:
    """Return the weights of all rows, shape (rows,), at least 0.

    Args:
        raw: as the file has them, shape (rows,) or (rows, 1).
        rows: of the file.
        path: the file, for messages.

    Raises:
        InputError: they are not one finite number of at least 0 a row, or all of them are 0.
    """
    flat = raw[:, 0] if raw.ndim == 2 and raw.shape[1] == 1 else raw
    if flat.shape != (rows,):
        raise InputError(f"the weights of '{path}' have the shape {raw.shape} for {rows} rows of features")
    try:
        weights = flat.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"the weights of '{path}' are no numbers: give one number a row") from None
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        row = bad[0]
        raise InputError(
            f"the weight of row {row} of '{path}' is {weights[row]:g}: give finite numbers of at least 0"
        )
    if not weights.any():
        raise InputError(f"all weights of '{path}' are 0: at least one row has to count")
    return weights
