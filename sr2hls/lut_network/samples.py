"""What a LUT network is trained on: the teacher's answers, on the training rows and between them."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sr2hls.arrays import FloatArray
from sr2hls.lut_network.objective import Kind, Samples
from sr2hls.objectives import variances
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType

TeacherEvaluation = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Raw rows, shape (samples, features), to circuit inputs and the teacher's outputs (logits)."""

_NEIGHBOURS = 6
_MOST_ROWS = 60_000
_TREE_FEATURES = 12


def samples_of(problem: Problem, split: Split) -> Samples:
    """Return a split's rows as samples, with the teacher's answers as targets and the rows' weights."""
    samples = _samples(problem, split.inputs, split.outputs)
    return (
        samples if split.weights is None else replace(samples, weights=split.weights / split.weights.mean())
    )


def samples_between(
    problem: Problem,
    raw: FloatArray,
    evaluate_teacher: TeacherEvaluation,
    copies: int,
    rng: np.random.Generator,
) -> Samples:
    """Return the teacher's answers between neighbouring training rows.

    Each new row lies at a random place between a row and one of its nearest neighbours, as in SMOTE (Chawla
    et al., JAIR 16, 2002), so that it stays where data are; its target is what the teacher says there. The
    teacher is the truth to be distilled, and it can be asked as often as one likes: tables have a value for
    every index, and the rarely read ones would follow single rows.

    Args:
        problem: types and task.
        raw: training rows as the teacher sees them, shape (samples, features).
        evaluate_teacher: asks the teacher.
        copies: new rows for each row.
        rng: source of randomness.
    """
    spread = raw.std(axis=0)
    scaled = (raw - raw.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rows = rng.permutation(len(raw))[:_MOST_ROWS]
    neighbours = _neighbours(scaled[rows])
    made = []
    for _ in range(copies):
        other = neighbours[np.arange(len(rows)), rng.integers(0, neighbours.shape[1], len(rows))]
        place = rng.random((len(rows), 1))
        made.append(raw[rows] + place * (raw[rows[other]] - raw[rows]))
    inputs, outputs = evaluate_teacher(np.concatenate(made))
    return _samples(problem, inputs, outputs)


def _neighbours(scaled: FloatArray) -> NDArray[np.int64]:
    # The tree is fast in few dimensions only; the main directions of the data tell neighbours well enough.
    if scaled.shape[1] > _TREE_FEATURES:
        _, _, directions = np.linalg.svd(scaled[:5000], full_matrices=False)
        scaled = scaled @ directions[:_TREE_FEATURES].T
    count = min(_NEIGHBOURS + 1, len(scaled))
    _, found = cKDTree(scaled).query(scaled, k=count, eps=0.5)
    found = np.asarray(found, dtype=np.int64).reshape(len(scaled), count)
    return found[:, 1:] if count > 1 else found


def indices_of(types: Mapping[str, FixedType], inputs: FloatArray) -> NDArray[np.int16]:
    """Return positions on the grids of the types, lowest 0; both of shape (samples, inputs)."""
    columns = [
        np.rint(inputs[:, k] / t.step).astype(np.int64) - t.raw_min for k, t in enumerate(types.values())
    ]
    return np.ascontiguousarray(np.stack(columns, axis=1).astype(np.int16))


def _samples(problem: Problem, inputs: FloatArray, outputs: FloatArray) -> Samples:
    indices = indices_of(problem.types, inputs)
    if not problem.task.is_classification:
        mean, spread = number_scale(problem)
        return Samples(indices, np.ascontiguousarray((outputs - mean) / spread), Kind.NUMBERS)
    if problem.n_outputs == 1:
        return Samples(indices, 1 / (1 + np.exp(-outputs)), Kind.LOGIT)
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return Samples(indices, powers / powers.sum(axis=1, keepdims=True), Kind.CLASSES)


def number_scale(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Return mean and unit of each output of a regression.

    The unit is the power of two next to the standard deviation, so that a step of the circuit's is one, too.
    """
    spread = np.sqrt(variances(problem.train.outputs))
    return problem.train.outputs.mean(axis=0), np.exp2(np.rint(np.log2(spread)))
