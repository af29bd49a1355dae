"""Inputs in steps of a decimal unit: a constant of three digits has three digits in the feature's unit, too.

The circuit's input is ``x = (feature - offset) / 10^k``, with an offset and steps that are multiples of
``10^k / 2^f``. A formula over ``u = (feature - place) / 10^k``, with a place of few digits or none, is then a
formula over the feature: its constants move by k decimal places and keep their digits, nothing is rounded.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.data.ranges import TAILS, best_range, thinned

_FAR = 4.0
"""Where a feature's range is farther from 0 than so many times its half width, it has a place."""
_MOST_DIGITS = 17


@dataclass(frozen=True)
class DecimalUnit:
    """How an input of the circuit comes from a feature: ``feature = place + (x + zero) · 10^exponent``.

    Attributes:
        exponent: of ten, the unit of formulas in units of the feature.
        zero: value of ``u = x + zero`` where the circuit's input x is 0, a multiple of its step.
        place: in units of the feature; 0 unless the feature stays far from 0.
    """

    exponent: int
    zero: float
    place: float = 0.0

    @property
    def scale(self) -> float:
        """Of the affine map, in units of the feature."""
        return float(f"1e{self.exponent}")

    @property
    def offset(self) -> float:
        """Of the affine map, in units of the feature: its value where the circuit's input is 0."""
        return self.place + self.zero * self.scale

    def own(self, x: FloatArray) -> FloatArray:
        """Return u for values of the circuit's input, any shape."""
        return x + self.zero


def fit_unit(values: FloatArray, width: int) -> tuple[DecimalUnit, int]:
    """Return unit and fractional bits of a signed input with the least mean absolute error.

    Steps of ``10^k / 2^f`` for two neighbouring k leave at most two thirds of an octave between them, so that
    they are at most 1.6 times those of `sr2hls.data.ranges.best_range`.

    Args:
        values: of the feature, shape (n,).
        width: bits of the input.
    """
    sample = thinned(values)
    low, high = best_range(values, width)
    middle, half = (low + high) / 2, max((high - low) / 2, 1e-300)
    place = _place(middle, half) if abs(middle) > _FAR * half else 0.0
    largest = max(abs(low - place), abs(high - place), half)
    first = int(np.floor(np.log10(largest)))
    wanted = 2 * half / max(1, 2**width - 1)
    lows = np.unique(np.quantile(sample, TAILS)) - place
    best, least = (DecimalUnit(first, 0.0, place), width - 1), np.inf
    for exponent, finer in product((first, first + 1), (0, 1)):
        unit = float(f"1e{exponent}")
        frac = int(np.floor(np.log2(unit / wanted))) + finer
        step = unit * 2.0**-frac
        for start in {int(n) for x in lows for n in (np.floor(x / step), np.ceil(x / step))}:
            codes = np.clip(np.floor((sample - place) / step + 0.5), start, start + 2**width - 1)
            error = float(np.abs(codes * step + place - sample).mean())
            if error < least:
                zero = (start + (1 << width >> 1)) * 2.0**-frac
                best, least = (DecimalUnit(exponent, zero, place), frac), error
    return best


def _place(middle: float, half: float) -> float:
    """Return a number of few digits inside of a range."""
    near = (float(f"{middle:.{digits}g}") for digits in range(1, _MOST_DIGITS))
    return next((n for n in near if abs(n - middle) < half / 2), middle)
