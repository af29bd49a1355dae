"""What a LUT network is trained for."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.lut_network import growth_kernels as kernels


class LossKind(IntEnum):
    """What the outputs mean."""

    CLASSES = kernels.CLASSES
    """Scores of several classes."""
    LOGIT = kernels.LOGIT
    """One logit for two classes."""
    NUMBERS = kernels.NUMBERS
    """Numbers that are wanted for themselves."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How the two parts of a classification's loss are weighted.

    Attributes:
        soft: cross-entropy against the teacher's probabilities: smooth, it says how far off a score is.
        decision: the probability that the teacher gives to the class that the LUT network decides for. Its
            mean is the accuracy that the teacher expects, with far less noise than labels have.
    """

    soft: float = 1.0
    decision: float = 0.0


SOFT = Weights(1.0, 0.0)
"""To grow by."""
DECISIVE = Weights(0.3, 1.0)
"""To finish with."""


@dataclass(frozen=True, eq=False)
class Samples:
    """What a LUT network is trained on.

    Attributes:
        indices: positions on the inputs' grids, shape (samples, inputs).
        targets: probabilities, shape (samples, classes); one probability, shape (samples, 1); or numbers in
            units of their standard deviation, shape (samples, outputs).
        kind: what targets are.
        weights: how much each sample counts, shape (samples,), 1 on average; ``None``: all the same. Readable
            formulas are trained with them; LUT networks have rows that are drawn in proportion, without.
    """

    indices: NDArray[np.int16]
    targets: FloatArray
    kind: LossKind
    weights: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.indices)

    def take(self, rows: IntArray) -> "Samples":
        """Return the rows of some numbers, shape (rows,)."""
        return Samples(
            np.ascontiguousarray(self.indices[rows]),
            np.ascontiguousarray(self.targets[rows]),
            self.kind,
            None if self.weights is None else self.weights[rows],
        )

    def batch(self, count: int, rng: np.random.Generator) -> "Samples":
        """Return random rows, each at most once."""
        if count >= len(self):
            return self
        return self.take(rng.choice(len(self), count, replace=False))

    def joined(self, other: "Samples") -> "Samples":
        """Return these rows and others."""
        return Samples(
            np.concatenate([self.indices, other.indices]),
            np.concatenate([self.targets, other.targets]),
            self.kind,
            None
            if self.weights is None and other.weights is None
            else np.concatenate([self.row_weights, other.row_weights]),
        )

    @property
    def row_weights(self) -> FloatArray:
        """How much each sample counts, shape (samples,)."""
        return np.ones(len(self)) if self.weights is None else self.weights


def gradient(predictions: FloatArray, samples: Samples) -> tuple[FloatArray, FloatArray]:
    """Return minus the gradient of the loss by the outputs, and the diagonal of its hessian.

    Weights of the samples are not in it.

    Args:
        predictions: scores, logits or numbers of the samples, shape (samples, outputs).
        samples: with their targets.
    """
    if samples.kind is LossKind.NUMBERS:
        return samples.targets - predictions, np.ones_like(predictions)
    if samples.kind is LossKind.LOGIT:
        likely = 1 / (1 + np.exp(-predictions))
    else:
        powers = np.exp(predictions - predictions.max(axis=1, keepdims=True))
        likely = powers / powers.sum(axis=1, keepdims=True)
    return samples.targets - likely, likely * (1 - likely)
