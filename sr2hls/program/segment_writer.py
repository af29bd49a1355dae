"""Piecewise polynomials as operations: the segment's number, the place in it, tables of coefficients."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.program.builder import Builder
from sr2hls.program.ops import Mul, Predicate
from sr2hls.program.segments import SegmentRun, Segments, fit_segments
from sr2hls.program.tabulation import Anchor
from sr2hls.program.types import BIT, FixedType, Overflow, Rounding, narrowest

_GUARD = 2
"""Bits below the result's that coefficients and products keep."""
_MARGIN = 2
"""Codes beyond the range on data that a rounded value may reach."""


Function = Callable[[FloatArray], FloatArray]
"""Numbers of any shape to the function's values."""
_FEW = 64
"""Linear segments up to which a second product would not pay."""
_LARGEST = 2.0**61


def write_function(
    build: Builder, anchor: Anchor, function: Function, seen: tuple[float, float], frac: int, origin: str
) -> int | None:
    """Write a function of a wide value with ``frac`` bits; ``None`` where that takes too many segments.

    Args:
        build: where it is written.
        anchor: the value.
        function: of the number that the anchor stands for.
        seen: range of that number on data; outside of it the function stays at its ends.
        frac: fractional bits of the result.
        origin: formula part that it stands for.
    """
    held = build.range(anchor.value)
    step = 2.0**-held.frac
    low = max(held.low, math.floor((seen[0] - anchor.offset) / step) - _MARGIN)
    high = min(held.high, math.ceil((seen[1] - anchor.offset) / step) + _MARGIN)
    if low > high:
        return None
    # Powers of two stay on the borders of segments: there lie poles, zeros and the ends of octaves.
    bits = max(high.bit_length(), 1) if low >= 0 else max((-low - 1).bit_length(), high.bit_length(), 0) + 1
    start = 0 if low >= 0 else -(1 << (bits - 1))

    def of_codes(codes: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):  # where it is undefined nothing is fitted
            return function((codes + start) * step + anchor.offset)

    fitted = None
    tolerance = 2.0 ** -(frac + 1)
    for degree in (1, 2):
        segments = fit_segments(of_codes, low - start, high - start, bits, degree, tolerance)
        if segments is not None and (fitted is None or 3 * segments.count < fitted.count):
            fitted = segments
        if fitted is not None and fitted.count <= _FEW:
            break
    if fitted is None or np.abs(fitted.coefficients).max() * 2.0 ** (frac + _GUARD) > _LARGEST:
        return None
    value = anchor.value
    if held.low < low:
        value = build.max(value, build.constant(low, held.frac, origin=origin), origin=origin)
    if held.high > high:
        value = build.min(value, build.constant(high, held.frac, origin=origin), origin=origin)
    if start:
        value = build.sub(value, build.constant(start, held.frac, origin=origin), origin=origin)
    code = build.shift(value, held.frac, origin=origin)
    return SegmentWriter(build, code, fitted, frac, origin).write()


@dataclass(frozen=True, slots=True)
class SegmentWriter:
    """Writes one piecewise polynomial.

    Attributes:
        build: where it is written.
        code: position of the codes, an unsigned value without fractional bits.
        segments: the polynomials.
        frac: fractional bits of the result.
        origin: formula part that it stands for.
    """

    build: Builder
    code: int
    segments: Segments
    frac: int
    origin: str

    def write(self) -> int:
        """Return the position of the result."""
        guarded = self.frac + _GUARD
        tables = [self._table(column, guarded) for column in self.segments.coefficients.T]
        result = tables[-1]
        if len(tables) > 1 and self.segments.shift:
            place = self._chosen(self.segments.runs, self._place)
            for table in reversed(tables[:-1]):
                result = self._sum(table, self._product(result, place, guarded))
        else:
            result = tables[0]
        return rounded(self.build, result, self.frac, self.origin)

    @property
    def _number_bits(self) -> int:
        return (len(self.segments.coefficients) - 1).bit_length()

    def _table(self, column: np.ndarray, frac: int) -> int:
        raws = [round(float(c) * 2.0**frac) for c in column]
        if len(raws) == 1:
            return self.build.constant(raws[0], frac, origin=self.origin)
        raws += raws[-1:] * ((1 << self._number_bits) - len(raws))
        number = self._chosen(self.segments.runs, self._number)
        return self.build.table([number], raws, narrowest(min(raws), max(raws), frac), self.origin)

    def _chosen(self, runs: Sequence[SegmentRun], part: Callable[[SegmentRun], int]) -> int:
        """Return what a run gives, for the run that the code lies in."""
        if len(runs) == 1:
            return part(runs[0])
        middle = len(runs) // 2
        bound = self.build.constant(runs[middle].start, 0, origin=self.origin)
        below = self.build.compare(Predicate.LT, self.code, bound, self.origin)
        low, high = self._chosen(runs[:middle], part), self._chosen(runs[middle:], part)
        return low if low == high else self.build.select(below, low, high, origin=self.origin)

    def _number(self, run: SegmentRun) -> int:
        bits = self._number_bits
        kept = FixedType(False, bits, bits + run.shift)
        number = self.build.shift(
            self.build.cast(self.code, kept, self.origin), -run.shift, origin=self.origin
        )
        offset = (run.first - (run.start >> run.shift)) % (1 << bits)
        if not offset:
            return number
        constant = self.build.constant(offset, 0, origin=self.origin)
        return self.build.add(number, constant, FixedType(False, bits, bits), self.origin)

    def _place(self, run: SegmentRun) -> int:
        if not run.shift:
            return self.build.constant(0, 0, origin=self.origin)
        low = self.build.cast(self.code, FixedType(False, run.shift, run.shift), self.origin)
        place = self.build.shift(low, -run.shift, origin=self.origin)
        if run.shift <= self._place_bits:
            return place
        return self.build.cast(place, FixedType(False, self._place_bits, 0), self.origin)

    @property
    def _place_bits(self) -> int:
        """Bits of the place that the result's resolution needs: more would change nothing."""
        degrees = np.arange(self.segments.coefficients.shape[1])
        steepest = float((np.abs(self.segments.coefficients) * degrees).sum(axis=1).max())
        return max(1, self.frac + _GUARD + math.ceil(math.log2(max(steepest, 2.0**-60))))

    def _product(self, a: int, b: int, frac: int) -> int:
        return rounded_product(self.build, a, b, frac, self.origin)

    def _sum(self, a: int, b: int) -> int:
        return self.build.add(a, b, origin=self.origin)


def rounded_product(build: Builder, a: int, b: int, frac: int, origin: str) -> int:
    """Write a product, rounded to nearest where it has more than ``frac`` fractional bits."""
    exact = build.exact(Mul(args=(a, b), type=BIT))
    drop = exact.frac - frac
    if drop <= 0:
        return build.mul(a, b, origin=origin)
    half = 1 << (drop - 1)
    type_ = narrowest((exact.low + half) >> drop, (exact.high + half) >> drop, frac)
    return build.mul(a, b, type_.with_modes(Rounding.RND, Overflow.WRAP), origin)


def rounded(build: Builder, value: int, frac: int, origin: str) -> int:
    """Write a value rounded to nearest where it has more than ``frac`` fractional bits."""
    held = build.range(value)
    drop = held.frac - frac
    if drop <= 0:
        return value
    half = 1 << (drop - 1)
    type_ = narrowest((held.low + half) >> drop, (held.high + half) >> drop, frac)
    return build.cast(value, type_.with_modes(Rounding.RND, Overflow.WRAP), origin)
