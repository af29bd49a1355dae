"""The second-order model of the loss by the outputs, as in LogitBoost.

Friedman, Hastie, Tibshirani, Annals of Statistics 28, 2000: a table with the entries g/h gains Σ g²/2h, with
g and h the sums of gradient and hessian over the samples that read an entry.
"""

from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.lut_network import growth_kernels as kernels
from sr2hls.lut_network.samples_and_loss import Samples, gradient

PRIOR = 10.0
"""Curvature added to every entry: about so many samples say that it should stay 0."""


@dataclass(frozen=True, eq=False)
class Derivatives:
    """Gradient and hessian of the loss by the outputs, shape (samples, outputs)."""

    gradient: FloatArray
    hessian: FloatArray

    @classmethod
    def of(cls, predictions: FloatArray, samples: Samples) -> "Derivatives":
        """Return the derivatives at some predictions, shape (samples, outputs)."""
        return cls(*gradient(predictions, samples))

    def sums(self, cells: IntArray, n_cells: int) -> tuple[FloatArray, FloatArray]:
        """Return gradient and hessian of each cell, shape (cells, outputs)."""
        g = np.zeros((n_cells, self.gradient.shape[1]))
        h = np.zeros_like(g)
        kernels.cell_sums(cells, n_cells, self.gradient, self.hessian, g, h)
        return g, h

    def newton(self, cells: IntArray, n_cells: int) -> tuple[FloatArray, FloatArray]:
        """Return the best step of each cell, shape (cells, outputs), and what each output gains by it."""
        g, h = self.sums(cells, n_cells)
        h += PRIOR
        return g / h, (g * g / h).sum(axis=0) / (2 * len(cells))

    def rounded_gains(
        self, indices: list[tuple[IntArray, int]], scale: float, most_bits: int
    ) -> tuple[FloatArray, IntArray]:
        """Return what a table of whole steps gains by output and width, and its least entry.

        Args:
            indices: values, shape (samples,), and bits of the one or two values that it reads.
            scale: of a step.
            most_bits: of the table; widths go from 1 to it.
        """
        outputs = self.gradient.shape[1]
        g = np.zeros((1 << sum(bits for _, bits in indices), outputs))
        h = np.full_like(g, PRIOR)
        if len(indices) == 1:
            kernels.cell_sums(indices[0][0], len(g), self.gradient, self.hessian, g, h)
        else:
            (first, _), (second, bits) = indices
            kernels.pair_sums(first, second, bits, self.gradient, self.hessian, g, h)
        gain = np.zeros((outputs, most_bits))
        low = np.zeros((outputs, most_bits), np.int64)
        kernels.step_gains(g, h, scale, gain, low)
        return gain / len(indices[0][0]), low
