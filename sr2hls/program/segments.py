"""Functions of one wide value as polynomials on segments: the finer where the function bends more.

The range is halved until one polynomial a segment is close enough (non-uniform segmentation by powers of two,
as in Lee, Luk, Villasenor and Cheung, "Hierarchical segmentation schemes for function evaluation", FPT 2003).
Octaves of a logarithm or a reciprocal come out of that by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sr2hls.arrays import FloatArray

Function = Callable[[FloatArray], FloatArray]
"""Codes, integers as floats of any shape, to the function's values."""

_ALL_POINTS = 4
"""Segments of up to 2 to this power codes are checked at each of them."""
_POINTS = 33
"""Points at which a longer segment is fitted and checked."""
MAX_SEGMENTS = 1024
_MAX_RUNS = 64


@dataclass(frozen=True, slots=True)
class SegmentRun:
    """Segments of one length, one after the other.

    Attributes:
        start: first code.
        stop: code after the last.
        shift: the segments have 2 to this power codes.
        first: number of the first segment.
    """

    start: int
    stop: int
    shift: int
    first: int


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """A piecewise polynomial over codes.

    Attributes:
        runs: where the segments are.
        coefficients: of 1, d, d², ..., shape (segments, degree + 1); d in [0, 1) is the place in a segment.
        largest: largest difference from the function at the points checked.
    """

    runs: tuple[SegmentRun, ...]
    coefficients: FloatArray
    largest: float

    @property
    def count(self) -> int:
        """Number of segments."""
        return len(self.coefficients)

    @property
    def shift(self) -> int:
        """Bits of the place in the longest segment."""
        return max(run.shift for run in self.runs)


def fit_segments(
    function: Function, low: int, high: int, bits: int, degree: int, tolerance: float
) -> Segments | None:
    """Return polynomials within ``tolerance`` of a function, ``None`` where that takes too many.

    Args:
        function: the function; where it is not finite it is not fitted.
        low: least code that occurs.
        high: largest one.
        bits: codes lie in 0 to ``2^bits - 1``.
        degree: of the polynomials.
        tolerance: largest difference.
    """
    ends = (low, high)
    done = _halved(function, ends, bits, bits, degree, tolerance)
    # Where long and short segments alternate, as along a wave, equal ones are easier to tell apart.
    for longer in (1, 0):
        if done is None or len(_runs(done)) <= _MAX_RUNS:
            break
        longest = min(segment.shift for segment in done) + longer
        done = _halved(function, ends, bits, longest, degree, tolerance)
    if not done or len(_runs(done)) > _MAX_RUNS:
        return None
    return Segments(_runs(done), np.stack([s.coefficients for s in done]), max(s.error for s in done))


class _Segment(NamedTuple):
    start: int
    shift: int
    coefficients: FloatArray
    error: float


def _halved(
    function: Function, ends: tuple[int, int], bits: int, longest: int, degree: int, tolerance: float
) -> list[_Segment] | None:
    """Return segments of at most 2 to the power ``longest`` codes, ``None`` where there are too many."""
    if 1 << (bits - longest) > 2 * MAX_SEGMENTS:
        return None
    pending = np.arange(1 << (bits - longest), dtype=np.int64) << longest
    done: list[_Segment] = []
    for shift in range(longest, -1, -1):
        pending = pending[(pending + (1 << shift) > ends[0]) & (pending <= ends[1])]
        if len(pending) + len(done) > MAX_SEGMENTS:
            return None
        if not len(pending):
            break
        coefficients, errors = _fit(function, pending, shift, ends, degree)
        good = errors <= tolerance if shift else np.ones(len(pending), dtype=bool)
        found = zip(pending[good], coefficients[good], errors[good], strict=True)
        done += [_Segment(int(start), shift, c, float(error)) for start, c, error in found]
        half = (1 << shift) >> 1
        pending = np.stack([pending[~good], pending[~good] + half], axis=1).ravel()
    return sorted(done, key=lambda segment: segment.start)


def _runs(segments: list[_Segment]) -> tuple[SegmentRun, ...]:
    runs: list[SegmentRun] = []
    for number, (start, shift, _, _) in enumerate(segments):
        stop = start + (1 << shift)
        if runs and runs[-1].shift == shift and runs[-1].stop == start:
            runs[-1] = SegmentRun(runs[-1].start, stop, shift, runs[-1].first)
        else:
            runs.append(SegmentRun(start, stop, shift, number))
    return tuple(runs)


def _fit(
    function: Function, starts: np.ndarray, shift: int, ends: tuple[int, int], degree: int
) -> tuple[FloatArray, FloatArray]:
    """Return coefficients and largest errors, a row and a number for each segment of one length."""
    length = 1 << shift
    if shift <= _ALL_POINTS:
        offsets = np.arange(length)
    else:
        # Denser towards the ends (Chebyshev), where a polynomial is off most.
        spread = (1 - np.cos(np.pi * np.arange(_POINTS) / (_POINTS - 1))) / 2
        offsets = np.unique(np.rint(spread * (length - 1)).astype(np.int64))
    codes = starts[:, None] + offsets
    # Beyond the ends nothing has to fit.
    clipped = np.clip(codes, *ends)
    values = function(clipped.astype(np.float64))
    used = np.isfinite(values)
    values = np.where(used, values, 0.0)
    place = (clipped - starts[:, None]) / length
    powers = place[:, :, None] ** np.arange(degree + 1)
    weights = used.astype(np.float64)
    normal = np.einsum("ski,skj,sk->sij", powers, powers, weights)
    right = np.einsum("ski,sk,sk->si", powers, values, weights)
    ridge = 1e-13 * np.eye(degree + 1) * np.maximum(np.trace(normal, axis1=1, axis2=2), 1e-300)[:, None, None]
    coefficients = np.linalg.solve(normal + ridge, right[:, :, None])[:, :, 0]
    fitted = np.einsum("ski,si->sk", powers, coefficients)
    difference = np.where(used, fitted - values, 0.0)
    # Minimax rather than least squares: the middle of the band of errors.
    low, high = difference.min(axis=1), difference.max(axis=1)
    coefficients[:, 0] -= (low + high) / 2
    return coefficients, (high - low) / 2
