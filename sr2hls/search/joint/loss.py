"""The problem's own loss of all outputs at once, with its gradient and Hessian, for the joint search.

Every loss is a weighted mean over the rows; the weights sum up to one.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax, xlogy

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.objectives import of_their_size

ALL = slice(None)
"""All rows."""
TEACHER_SHARE = 0.7
"""Share of the teacher in the target of a classification that has labels."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """Derivatives of a loss by the outputs, row by row; the rows' weights are in them.

    The Hessian of a row is diag(curvature + coupling²) − coupling couplingᵀ.

    Attributes:
        gradient: shape (rows, outputs).
        curvature: diagonal of the Hessian, shape (rows, outputs); never negative.
        coupling: shape (rows, outputs), or ``None`` where outputs do not influence each other's gradient.
    """

    gradient: FloatArray
    curvature: FloatArray
    coupling: FloatArray | None = None


class JointLoss(Protocol):
    """A loss of all outputs together."""

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and outputs."""

    def value(self, outputs: FloatArray, rows: slice = ALL) -> float:
        """Return what some rows add to the loss, 0 where outputs, shape (rows, outputs), are as wanted."""

    def slopes(self, outputs: FloatArray, rows: slice = ALL) -> Slopes:
        """Return the derivatives at outputs of some rows, shape (rows, outputs)."""

    def start(self) -> FloatArray:
        """Return the best constant of each output, shape (outputs,), or something near it."""

    def part(self, rows: NDArray[np.intp]) -> "JointLoss":
        """Return the same loss on rows of some numbers, shape (rows,)."""


@dataclass(frozen=True, eq=False)
class CrossEntropy:
    """Kullback-Leibler divergence of softmax(outputs) from the wanted probabilities.

    It is the cross-entropy less the entropy of the target, which does not depend on the outputs.

    Attributes:
        target: probabilities, shape (rows, classes).
        weights: shape (rows,), summing up to one.
    """

    target: FloatArray
    weights: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and outputs."""
        return self.target.shape[0], self.target.shape[1]

    def value(self, outputs: FloatArray, rows: slice = ALL) -> float:
        """Return the divergence in nats of outputs of shape (rows, classes)."""
        logs, _ = _log_sums(outputs)
        linear = np.vdot(self._weighted_target[rows], outputs)
        return float(self.weights[rows] @ logs - linear + self._entropies[rows].sum())

    def slopes(self, outputs: FloatArray, rows: slice = ALL) -> Slopes:
        """Return p − q and p(1 − p), shape (rows, classes), with p the softmax and q the target."""
        _, shifted = _log_sums(outputs)
        p = (shifted / shifted.sum(axis=0)).T
        w = self.weights[rows, None]
        return Slopes(w * (p - self.target[rows]), w * p * (1 - p), np.sqrt(w) * p)

    def start(self) -> FloatArray:
        """Return the logarithms of the mean probabilities, centred."""
        logs = np.log(np.maximum(self.weights @ self.target, 1e-9))
        return np.asarray(logs - logs.mean())

    def part(self, rows: NDArray[np.intp]) -> "CrossEntropy":
        """Return the same loss on rows of some numbers, shape (rows,)."""
        return CrossEntropy(self.target[rows], _normalised(self.weights[rows]))

    @cached_property
    def _weighted_target(self) -> FloatArray:
        return self.weights[:, None] * self.target

    @cached_property
    def _entropies(self) -> FloatArray:
        return np.asarray(self.weights * np.sum(xlogy(self.target, self.target), axis=1))


@dataclass(frozen=True, eq=False)
class BinaryCrossEntropy:
    """The same for outputs that are logits of a yes or no each.

    Attributes:
        target: probabilities of yes, shape (rows, outputs).
        weights: shape (rows,), summing up to one.
    """

    target: FloatArray
    weights: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and outputs."""
        return self.target.shape[0], self.target.shape[1]

    def value(self, outputs: FloatArray, rows: slice = ALL) -> float:
        """Return the divergence in nats, added up over the outputs; they have shape (rows, outputs)."""
        q = self.target[rows]
        cross = np.logaddexp(0, outputs) - q * outputs
        return float(self.weights[rows] @ np.sum(cross + xlogy(q, q) + xlogy(1 - q, 1 - q), axis=1))

    def slopes(self, outputs: FloatArray, rows: slice = ALL) -> Slopes:
        """Return p − q and p(1 − p), shape (rows, outputs), with p the sigmoid and q the target."""
        p = expit(outputs)
        w = self.weights[rows, None]
        return Slopes(w * (p - self.target[rows]), w * p * (1 - p))

    def start(self) -> FloatArray:
        """Return the logits of the mean probabilities."""
        mean = np.clip(self.weights @ self.target, 1e-9, 1 - 1e-9)
        return np.asarray(np.log(mean / (1 - mean)))

    def part(self, rows: NDArray[np.intp]) -> "BinaryCrossEntropy":
        """Return the same loss on rows of some numbers, shape (rows,)."""
        return BinaryCrossEntropy(self.target[rows], _normalised(self.weights[rows]))


@dataclass(frozen=True, eq=False)
class RegressionLoss:
    """What losses of regressions have in common.

    Attributes:
        target: wanted values, shape (rows, outputs).
        weights: shape (rows,), summing up to one.
        unit: standard deviation of each output, shape (outputs,).
    """

    target: FloatArray
    weights: FloatArray
    unit: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and outputs."""
        return self.target.shape[0], self.target.shape[1]

    def part(self, rows: NDArray[np.intp]) -> Self:
        """Return the same loss on rows of some numbers, shape (rows,)."""
        return replace(self, target=self.target[rows], weights=_normalised(self.weights[rows]))


@dataclass(frozen=True, eq=False)
class SquaredError(RegressionLoss):
    """Half of the squared error in units of each output's variance, added up over the outputs."""

    def value(self, outputs: FloatArray, rows: slice = ALL) -> float:
        """Return the loss of outputs of shape (rows, outputs); 0.5 for each output that is constant."""
        errors = np.sum(((outputs - self.target[rows]) / self.unit) ** 2, axis=1)
        return float(0.5 * self.weights[rows] @ errors)

    def slopes(self, outputs: FloatArray, rows: slice = ALL) -> Slopes:
        """Return residuals and ones, shape (rows, outputs), in units of the variance."""
        scale = self.weights[rows, None] / self.unit**2
        return Slopes(scale * (outputs - self.target[rows]), scale)

    def start(self) -> FloatArray:
        """Return the means."""
        return np.asarray(self.weights @ self.target)


@dataclass(frozen=True, eq=False)
class AbsoluteError(RegressionLoss):
    """Absolute error in units of each output's standard deviation, rounded off near zero.

    It is sqrt(r² + s²) − s with s a hundredth of the standard deviation. The curvature is that of iteratively
    reweighted least squares, 1/sqrt(r² + s²), which bounds the loss from above (Lange, 2016, section 8.4).
    """

    def value(self, outputs: FloatArray, rows: slice = ALL) -> float:
        """Return the loss of outputs of shape (rows, outputs), added up over the outputs."""
        return float(self.weights[rows] @ np.sum(self._rounded(outputs, rows) - _CORNER, axis=1))

    def slopes(self, outputs: FloatArray, rows: slice = ALL) -> Slopes:
        """Return the derivatives, shape (rows, outputs)."""
        scale = self.weights[rows, None] / (self.unit**2 * self._rounded(outputs, rows))
        return Slopes(scale * (outputs - self.target[rows]), scale)

    def start(self) -> FloatArray:
        """Return the medians (of the rows as they are, whatever their weights)."""
        return np.asarray(np.median(self.target, axis=0))

    def _rounded(self, outputs: FloatArray, rows: slice) -> FloatArray:
        return np.asarray(np.sqrt(((outputs - self.target[rows]) / self.unit) ** 2 + _CORNER**2))


_CORNER = 0.01


def classification_loss(
    logits: FloatArray,
    labels: NDArray[np.generic] | None,
    *,
    teacher_share: float = TEACHER_SHARE,
    weights: FloatArray | None = None,
) -> JointLoss:
    """Return the cross-entropy to a mixture of the teacher's probabilities and the labels.

    Args:
        logits: the teacher's, shape (rows, classes); one column is the logit of class 1.
        labels: class of each row, shape (rows,), -1 where it is not known; or ``None``.
        teacher_share: share of the teacher; of rows without a label it has all.
        weights: of the rows, shape (rows,), positive; ``None`` takes them as equal.

    Raises:
        InputError: the share or a weight cannot be used.
    """
    if not 0 <= teacher_share <= 1:
        raise InputError(f"teacher_share is {teacher_share}: give a share from 0 to 1")
    row_weights = _checked_weights(weights, len(logits))
    binary = logits.shape[1] == 1
    target = expit(logits) if binary else softmax(logits, axis=1)
    if labels is not None:
        classes = np.asarray(labels).reshape(len(logits), 1).astype(np.int64)
        truth = classes == (1 if binary else np.arange(logits.shape[1]))
        share = np.where(classes < 0, 1.0, teacher_share)
        target = share * target + (1 - share) * truth
    kind = BinaryCrossEntropy if binary else CrossEntropy
    return kind(np.asarray(target, dtype=np.float64), row_weights)


def regression_loss(
    target: FloatArray, *, absolute: bool = False, weights: FloatArray | None = None
) -> JointLoss:
    """Return the squared or absolute error to wanted values of shape (rows, outputs).

    Raises:
        InputError: a weight cannot be used.
    """
    row_weights = _checked_weights(weights, len(target))
    mean = row_weights @ target
    unit = np.sqrt(of_their_size(row_weights @ (target - mean) ** 2))
    kind = AbsoluteError if absolute else SquaredError
    return kind(target, row_weights, unit)


def _checked_weights(weights: FloatArray | None, rows: int) -> FloatArray:
    if weights is None:
        return np.full(rows, 1 / rows)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (rows,) or not np.all(np.isfinite(given)) or given.min() < 0 or not given.sum() > 0:
        raise InputError(
            f"weights: give {rows} finite numbers of at least 0, one for each row, not all of them 0"
        )
    return _normalised(given)


def _log_sums(outputs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Logarithm of the sum of exponentials of each row, and exp(outputs − largest), shape (outputs, rows).

    Sums over the first axis are several times faster than over the few entries of a row.
    """
    columns = np.ascontiguousarray(outputs.T)
    largest = columns.max(axis=0)
    shifted = np.exp(columns - largest)
    return largest + np.log(shifted.sum(axis=0)), shifted


def _normalised(weights: FloatArray) -> FloatArray:
    return np.asarray(weights / weights.sum())
