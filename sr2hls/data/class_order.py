"""Names of classes in the order of a network's outputs: labels that are words do not tell it."""

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from sr2hls.arrays import IntArray
from sr2hls.data.dataset import Dataset
from sr2hls.errors import InputError

_CLEARLY, _ERRORS = 0.05, 4.0
"""Another order has to agree on this much more of the rows, and by so many standard errors."""


def order_seen(decided: IntArray, labels: IntArray, outputs: int) -> tuple[IntArray, float, float] | None:
    """Return the output of each class by which decisions agree best with labels, if that is another order.

    Args:
        decided: numbers of the outputs that the network decides for, shape (rows,).
        labels: numbers of the classes, shape (rows,).
        outputs: number of outputs.

    Returns:
        The output of each class, shape (outputs,), the agreement so, and in the given order; ``None`` where
        the given order agrees about as well.
    """
    counts = np.zeros((outputs, outputs))
    np.add.at(counts, (labels, decided), 1)
    _, order = linear_sum_assignment(counts, maximize=True)
    rows = len(labels)
    best = float(counts[np.arange(outputs), order].sum()) / rows
    given = float(np.trace(counts)) / rows
    if best - given < max(_CLEARLY, _ERRORS * np.sqrt(0.25 / rows)):
        return None
    return order.astype(np.int64), best, given


def in_order(dataset: Dataset, names: tuple[str, ...]) -> Dataset:
    """Return data whose class numbers count along names.

    Raises:
        InputError: a class of the labels is none of the names, or a name occurs twice.
    """
    assert dataset.classes is not None and dataset.y is not None
    missing = [name for name in dataset.classes if name not in names]
    if missing or len(set(names)) != len(names):
        what = f"'{missing[0]}' is missing" if missing else "a name occurs twice"
        raise InputError(
            f"classes names {', '.join(names)}; the labels of '{dataset.path}' are "
            f"{', '.join(dataset.classes)}: {what}"
        )
    number = np.array([names.index(name) for name in dataset.classes], dtype=np.int64)
    return replace(dataset, y=number[dataset.y], classes=names, ordered=True)
