"""Sums over rows that arrive in chunks: R², RMSE and histograms of differences."""

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.report.fidelity import ErrorHistogram, Model

_BINS = 81
_ROUNDING = 2.0**-22
"""Two steps of float32, in which networks compute: a spread below this share of the mean is rounding."""


class Regression:
    """R² and RMSE of predictions, output by output.

    Args:
        n_outputs: columns.
    """

    def __init__(self, n_outputs: int) -> None:
        self._rows = 0
        self._mean = np.zeros(n_outputs)
        self._scatter = np.zeros(n_outputs)
        self._residual = np.zeros(n_outputs)

    def add(self, truth: FloatArray, predicted: FloatArray) -> None:
        """Count rows of shape (rows, outputs)."""
        rows = len(truth)
        # Means and sums of squares merged as in Chan, Golub, LeVeque (1983), which does not cancel.
        mean = truth.mean(axis=0)
        delta = mean - self._mean
        total = self._rows + rows
        self._scatter += ((truth - mean) ** 2).sum(axis=0) + delta**2 * self._rows * rows / total
        self._mean += delta * rows / total
        self._rows = total
        self._residual += ((truth - predicted) ** 2).sum(axis=0)

    def r2(self) -> tuple[float | None, ...]:
        """1 - residual / scatter of each output, ``None`` where the truth is constant but for rounding."""
        rounding = self._rows * (_ROUNDING * self._mean) ** 2
        return tuple(
            float(1 - r / s) if s > least else None
            for r, s, least in zip(self._residual, self._scatter, rounding, strict=True)
        )

    def rmse(self) -> tuple[float | None, ...]:
        """Root of the mean squared difference of each output, ``None`` without rows."""
        return tuple(float(np.sqrt(r / self._rows)) if self._rows else None for r in self._residual)


class Differences:
    """Histograms of ``a - b``, output by output; the first chunk sets the edges.

    Args:
        names: names of the outputs.
        minuend: name of ``a``.
        subtrahend: name of ``b``.
    """

    def __init__(self, names: tuple[str, ...], minuend: Model, subtrahend: Model) -> None:
        self._names, self._minuend, self._subtrahend = names, minuend, subtrahend
        self._edge = np.zeros(len(names))
        self._counts = np.zeros((len(names), _BINS), dtype=np.int64)
        self._sums = np.zeros((2, len(names)))
        self._largest = np.zeros(len(names))
        self._rows = 0

    def add(self, a: FloatArray, b: FloatArray) -> None:
        """Count rows of shape (rows, outputs)."""
        error = a - b
        if not self._rows:
            largest = np.abs(error).max(axis=0)
            self._edge = np.where(largest > 0, 1.05 * largest, 1.0)
        self._rows += len(error)
        self._sums += np.stack([error.sum(axis=0), (error**2).sum(axis=0)])
        self._largest = np.maximum(self._largest, np.abs(error).max(axis=0))
        for column, (edge, counts) in enumerate(zip(self._edge, self._counts, strict=True)):
            bins = np.floor((error[:, column] / edge + 1) / 2 * _BINS)
            counts += np.bincount(np.clip(bins, 0, _BINS - 1).astype(np.int64), minlength=_BINS)

    def records(self) -> tuple[ErrorHistogram, ...]:
        """Return a histogram an output."""
        mean, square = self._sums / max(self._rows, 1)
        return tuple(
            ErrorHistogram(
                output=name,
                minuend=self._minuend,
                subtrahend=self._subtrahend,
                low=float(-self._edge[i]),
                high=float(self._edge[i]),
                counts=tuple(int(c) for c in self._counts[i]),
                rows=self._rows,
                mean=float(mean[i]),
                rms=float(np.sqrt(square[i])),
                largest=float(self._largest[i]),
            )
            for i, name in enumerate(self._names)
        )
