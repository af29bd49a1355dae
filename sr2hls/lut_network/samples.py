"""What a LUT network is trained on: the teacher's answers on some rows."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.lut_network.samples_and_loss import LossKind, Samples
from sr2hls.objectives import variances
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType


def samples_of(problem: Problem, split: Split) -> Samples:
    """Return a split's rows as samples, with the teacher's answers as targets and the rows' weights."""
    samples = _samples(problem, split.inputs, split.outputs)
    return (
        samples if split.weights is None else replace(samples, weights=split.weights / split.weights.mean())
    )


def indices_of(types: Mapping[str, FixedType], inputs: FloatArray) -> NDArray[np.int16]:
    """Return positions on the grids of the types, lowest 0; both of shape (samples, inputs)."""
    found = np.empty(inputs.shape, np.int16)
    for k, t in enumerate(types.values()):
        found[:, k] = np.rint(inputs[:, k] / t.step) - t.raw_min
    return found


def _samples(problem: Problem, inputs: FloatArray, outputs: FloatArray) -> Samples:
    indices = indices_of(problem.types, inputs)
    if not problem.task.is_classification:
        mean, spread = number_scale(problem)
        return Samples(indices, np.ascontiguousarray((outputs - mean) / spread), LossKind.NUMBERS)
    if problem.n_outputs == 1:
        return Samples(indices, 1 / (1 + np.exp(-outputs)), LossKind.LOGIT)
    powers = outputs - outputs.max(axis=1, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=1, keepdims=True)
    return Samples(indices, powers, LossKind.CLASSES)


def number_scale(problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Return mean and unit of each output of a regression.

    The unit is the power of two next to the standard deviation, so that a step of the circuit's is one, too.
    """
    spread = np.sqrt(variances(problem.train.outputs))
    return problem.train.outputs.mean(axis=0), np.exp2(np.rint(np.log2(spread)))
