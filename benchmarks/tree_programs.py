"""Gradient-boosted trees as conifer converts them, written as a typed program.

conifer (arXiv 2002.02534) turns the trees of scikit-learn into HLS C++ or VHDL with fixed-point thresholds
and leaves. `trees_program` writes the same trees as compares, selects and sums, so that the tools of every
other design take them as well; `conifer_vhdl` has conifer's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier

from sr2hls.problem import Problem
from sr2hls.program.builder import Builder
from sr2hls.program.ops import Predicate
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_RATES = (0.4, 0.8)
_SCORE_LOST = 0.001
"""How much of the accuracy on validation data rounding the leaves may cost."""
_MOST_SCORE_FRAC = 8
LEAF = -2
"""conifer's and scikit-learn's feature number of a leaf."""


@dataclass(frozen=True)
class Boosted:
    """Trained trees, with thresholds on the grid of the inputs.

    Attributes:
        ensemble: what conifer's converter makes of them, in floating point.
        frac: fractional bits of the leaves that keep the accuracy.
        width: bits that hold every sum of leaves.
        input_step: step of the circuit's inputs.
        float_accuracy: of scikit-learn's model on the test split.
        learning_rate: the one that was best on validation data.
    """

    ensemble: dict[str, Any]
    frac: int
    width: int
    input_step: float
    float_accuracy: float
    learning_rate: float

    @property
    def precision(self) -> str:
        """The one precision that conifer's VHDL has for inputs, thresholds and scores."""
        return f"ap_fixed<{self.width},{self.width - self.frac},AP_RND,AP_SAT>"


def boost(problem: Problem, n_trees: int, depth: int, seed: int) -> Boosted:
    """Train trees on the circuit's inputs and labels; rate and precision are chosen on validation data.

    Args:
        problem: a classification with labels, all inputs of one type.
        n_trees: for each class.
        depth: most splits from root to leaf.
        seed: of scikit-learn.
    """
    from conifer.converters.sklearn import convert

    (type_,) = set(problem.types.values())
    train, validation, test = problem.train, problem.validation, problem.test
    models = []
    for rate in _RATES:
        model = GradientBoostingClassifier(
            n_estimators=n_trees, max_depth=depth, learning_rate=rate, random_state=seed
        )
        models.append(model.fit(train.inputs, train.labels))
    model = max(models, key=lambda m: m.score(validation.inputs, validation.labels))
    ensemble: dict[str, Any] = convert(model)
    _snap_thresholds(ensemble, type_.step)
    reached = float(model.score(validation.inputs, validation.labels))
    for frac in range(1, _MOST_SCORE_FRAC + 1):
        scores = leaf_scores(ensemble, validation.inputs, frac)
        if np.mean(scores.argmax(axis=1) == validation.labels) >= reached - _SCORE_LOST:
            break
    _drop_equal_start(ensemble, frac)
    width = max(type_.width, _score_bits(ensemble, frac))
    accuracy = float(model.score(test.inputs, test.labels))
    return Boosted(ensemble, frac, width, type_.step, accuracy, model.learning_rate)


def _snap_thresholds(ensemble: dict[str, Any], step: float) -> None:
    """Round thresholds down to the inputs' grid: on the grid, ``x <= t`` says the same of both."""
    for tree in each_tree(ensemble):
        tree["threshold"] = [
            t if f == LEAF else float(np.floor(t / step) * step)
            for t, f in zip(tree["threshold"], tree["feature"], strict=True)
        ]


def _drop_equal_start(ensemble: dict[str, Any], frac: int) -> None:
    """Leave out what every class starts with where it is the same for all: it decides nothing."""
    start = _rounded(np.array(ensemble["init_predict"]), frac)
    ensemble["init_predict"] = (start - start.min()).tolist()


def each_tree(ensemble: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the trees of all classes."""
    return (tree for trees in ensemble["trees"] for tree in trees)


def _rounded(values: FloatArray, frac: int) -> FloatArray:
    return np.asarray(np.floor(values * 2.0**frac + 0.5) * 2.0**-frac)


def _score_bits(ensemble: dict[str, Any], frac: int) -> int:
    """Bits of a signed type that holds the least and the largest sum of leaves of any class."""
    most = 0
    for k, start in enumerate(ensemble["init_predict"]):
        low = high = round(start * 2**frac)
        for trees in ensemble["trees"]:
            leaves = [v for v, f in zip(trees[k]["value"], trees[k]["feature"], strict=True) if f == LEAF]
            raws = np.floor(np.array(leaves) * 2.0**frac + 0.5)
            low, high = low + int(raws.min()), high + int(raws.max())
        most = max(most, max(0, high).bit_length(), (-min(0, low) - 1).bit_length() if low < 0 else 0)
    return most + 1


def leaf_scores(ensemble: dict[str, Any], X: FloatArray, frac: int) -> FloatArray:
    """Return sums of rounded leaves, shape (samples, classes), for circuit inputs."""
    scores = np.tile(_rounded(np.array(ensemble["init_predict"]), frac), (len(X), 1))
    for trees in ensemble["trees"]:
        for k, tree in enumerate(trees):
            scores[:, k] += _rounded(np.array(tree["value"]), frac)[_leaf_of(tree, X)]
    return scores


def _leaf_of(tree: dict[str, Any], X: FloatArray) -> IntArray:
    feature, threshold = np.array(tree["feature"]), np.array(tree["threshold"])
    left, right = np.array(tree["children_left"]), np.array(tree["children_right"])
    node = np.zeros(len(X), dtype=np.int64)
    while (inner := feature[node] != LEAF).any():
        goes_left = X[np.arange(len(X)), np.maximum(feature[node], 0)] <= threshold[node]
        node = np.where(inner, np.where(goes_left, left[node], right[node]), node)
    return node


def trees_program(
    ensemble: dict[str, Any], frac: int, types: dict[str, FixedType], output_names: tuple[str, ...]
) -> Program:
    """Write conifer's trees: one compare a split, one select an inner node, sums of the rounded leaves.

    Args:
        ensemble: as conifer's converter makes it, thresholds on the grid of the inputs.
        frac: fractional bits of the leaves, rounded to nearest (AP_RND).
        types: input name to type.
        output_names: names of the scores, one a class.
    """
    build = Builder(types)
    inputs = [build[name] for name in types]
    outputs = {}
    for k, name in enumerate(output_names):
        terms = [_node(build, inputs, trees[k], 0, frac) for trees in ensemble["trees"]]
        if start := _raw(ensemble["init_predict"][k], frac):
            terms.append(build.constant(start, frac))
        outputs[name] = build.sum(terms)
    return build.program(outputs)


def _raw(value: float, frac: int) -> int:
    return int(np.floor(value * 2.0**frac + 0.5))


def _node(build: Builder, inputs: list[int], tree: dict[str, Any], node: int, frac: int) -> int:
    feature = tree["feature"][node]
    if feature == LEAF:
        return build.constant(_raw(tree["value"][node], frac), frac)
    type_ = build.type(inputs[feature])
    threshold = build.constant(round(tree["threshold"][node] / type_.step), type_.frac)
    yes, no = (
        _node(build, inputs, tree, tree[side][node], frac) for side in ("children_left", "children_right")
    )
    if yes == no:
        return yes
    return build.select(build.compare(Predicate.LE, inputs[feature], threshold), yes, no)
