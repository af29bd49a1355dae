"""What simple models reach on the same rows, so that a weak design is seen at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sr2hls.arrays import FloatArray
from sr2hls.problem import Problem, Split

_MOST_ROWS = 5_000
_MOST_SQUARED, _MOST_SQUARED_CLASSES = 60, 30
"""Inputs of the quadratic model: the products of more take minutes; logistic regression is slower."""
_MOST_TREES = 10
"""Outputs of the boosted trees: each takes a second."""
_NEVER = -30.0
"""Logit of a class that no training row is of."""


@dataclass(frozen=True, slots=True)
class SimpleModel:
    """A model that scikit-learn fits in seconds, on the circuit's inputs in floating point.

    Attributes:
        name: ``linear``, ``quadratic`` or ``boosted trees``.
        score: on the test split, as designs are scored (`Problem.score`).
        fidelity: agreement with the network there; R² against it for a regression.
    """

    name: str
    score: float
    fidelity: float


def simple_models(problem: Problem, seed: int = 0) -> tuple[int, tuple[SimpleModel, ...]]:
    """Fit a linear, a quadratic and a boosted-tree model to the training rows; score them on the test rows.

    Classifiers learn the labels, or the network's decisions where there are none; regressions the network's
    outputs. At most 5,000 rows are used, drawn at random; the quadratic model is left out above 60 inputs
    (classifiers: 30), boosted trees above 10 outputs.

    Returns:
        The number of rows that they were fitted to, and the models.
    """
    split = problem.train
    chosen = np.sort(np.random.default_rng(seed).permutation(len(split))[:_MOST_ROWS])
    labels = None if split.labels is None else split.labels[chosen]
    rows = Split(split.inputs[chosen], split.outputs[chosen], labels)
    found = []
    for name, model in _models(problem, seed):
        outputs = _fitted(problem, rows, model)
        if outputs is not None:
            test = problem.test
            found.append(SimpleModel(name, problem.score(outputs, test), problem.fidelity(outputs, test)))
    return len(chosen), tuple(found)


def _models(problem: Problem, seed: int) -> list[tuple[str, Any]]:
    classes = problem.task.is_classification
    few = len(problem.types) <= (_MOST_SQUARED_CLASSES if classes else _MOST_SQUARED)

    def linear() -> Any:
        return LogisticRegression(max_iter=500) if classes else Ridge(1e-6)

    trees: Any
    if classes:
        trees = HistGradientBoostingClassifier(random_state=seed)
    else:
        trees = MultiOutputRegressor(HistGradientBoostingRegressor(random_state=seed))
    quadratic = make_pipeline(StandardScaler(), PolynomialFeatures(2), StandardScaler(), linear())
    return [
        ("linear", make_pipeline(StandardScaler(), linear())),
        *([("quadratic", quadratic)] if few else []),
        *([("boosted trees", trees)] if problem.n_outputs <= _MOST_TREES else []),
    ]


def _fitted(problem: Problem, rows: Split, model: Any) -> FloatArray | None:
    """Return a model's outputs on the test rows, shape (rows, outputs); ``None`` of a single class."""
    inputs = problem.test.inputs
    if not problem.task.is_classification:
        return np.asarray(model.fit(rows.inputs, rows.outputs).predict(inputs)).reshape(len(inputs), -1)
    classes = problem.decide(rows.outputs) if rows.labels is None else rows.labels
    if len(np.unique(classes)) < 2:
        return None
    decided = np.asarray(model.fit(rows.inputs, classes).decision_function(inputs))
    if problem.n_outputs == 1:
        return decided.reshape(-1, 1)
    if decided.ndim == 1:
        decided = np.stack([np.zeros(len(decided)), decided], axis=1)
    outputs = np.full((len(inputs), problem.n_outputs), _NEVER)
    outputs[:, model.classes_.astype(int)] = decided
    return outputs
