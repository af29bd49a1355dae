"""Relative errors: the loss of targets of one sign over many decades."""

from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.objectives import of_their_size
from sr2hls.search.joint.loss import ALL, RegressionLoss, Slopes


@dataclass(frozen=True, eq=False)
class LogError(RegressionLoss):
    """Half of the squared error of the logarithm, in units of its variance, added up over the outputs.

    Each output has one sign. Rows whose target is zero do not count. The unit is the standard deviation of
    log|target|.
    """

    def value(self, outputs: FloatArray, rows: slice = ALL) -> float:
        """Return the loss of outputs of shape (rows, outputs); infinite where one has the other sign."""
        errors = self._errors(outputs, rows)
        if not np.all(np.isfinite(errors)):
            return float("inf")
        return float(0.5 * self.weights[rows] @ np.sum(errors**2, axis=1))

    def slopes(self, outputs: FloatArray, rows: slice = ALL) -> Slopes:
        """Return the derivatives by the outputs, shape (rows, outputs)."""
        with np.errstate(divide="ignore", over="ignore"):
            known = (self.target[rows] != 0) & (outputs != 0)
            steep = np.where(known, 1 / (self.unit * outputs), 0.0)
        scale = self.weights[rows, None] * steep
        return Slopes(scale * self._errors(outputs, rows), scale * steep)

    def start(self) -> FloatArray:
        """Return the geometric means."""
        known = self.target != 0
        logs = np.log(np.where(known, np.abs(self.target), 1.0))
        mean = (self.weights @ logs) / (self.weights @ known)
        return np.asarray(np.exp(mean) * np.sign(self.target.sum(axis=0)))

    def _errors(self, outputs: FloatArray, rows: slice) -> FloatArray:
        target = self.target[rows]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = np.where(target == 0, 1.0, outputs / np.where(target == 0, 1.0, target))
            return np.asarray(np.log(np.where(ratio > 0, ratio, np.nan)) / self.unit)


def log_loss(target: FloatArray) -> LogError:
    """Return the loss for wanted values of shape (rows, outputs), each column of one sign."""
    rows = len(target)
    logs = np.where(target == 0, np.nan, np.log(np.abs(np.where(target == 0, 1.0, target))))
    return LogError(target, np.full(rows, 1 / rows), np.sqrt(of_their_size(np.nanvar(logs, axis=0))))
