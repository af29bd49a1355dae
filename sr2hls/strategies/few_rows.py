"""Few training rows: the teacher is asked between them as well."""

from dataclasses import replace

import numpy as np

from sr2hls.prepare import Prepared
from sr2hls.problem import Problem, Split

MANY_ROWS = 10_000
"""With fewer rows searches fit single rows before formulas are as good as they can be."""
_MOST_COPIES = 8
_SHARE = 2.0
"""All rows between count so many times as much as the rows of the data, at most as much a row."""


def with_rows_between(prepared: Prepared, seed: int) -> Problem:
    """Return the problem with the teacher's answers between training rows, where these are few.

    The rows lie between any two rows, not only between neighbours: where few rows have many features, even
    neighbours are far from each other. They have the label -1, which is none.

    Args:
        prepared: data and teacher.
        seed: of the choice of rows.
    """
    problem = prepared.problem
    copies = min(_MOST_COPIES, -(-MANY_ROWS // len(problem.train)) - 1)
    if copies < 1:
        return problem
    between = prepared.between(copies, seed, near=False)
    return replace(problem, train=_joined(problem.train, between, min(1.0, _SHARE / copies)))


def _joined(train: Split, between: Split, weight: float) -> Split:
    labels = train.labels
    if labels is not None:
        labels = np.concatenate([labels, np.full((len(between), *labels.shape[1:]), -1)])
    weights = np.ones(len(train)) if train.weights is None else train.weights
    return Split(
        np.concatenate([train.inputs, between.inputs]),
        np.concatenate([train.outputs, between.outputs]),
        labels,
        np.concatenate([weights, np.full(len(between), weight * weights.mean())]),
    )
