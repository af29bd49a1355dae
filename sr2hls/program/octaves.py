"""Powers of a wide positive value by octaves: leading zeros are shifted away, and back in the result.

The value is m · 2^(-k·e) with m in [2^-k, 1), so its power p is m^p · 2^(-p·k·e): a table of the high bits of
m, and a shift (range reduction of elementary functions; Muller, "Elementary Functions", 2016, chapter 11).
The result is right to a share of itself on every octave, which absolute tables near a pole are not.
"""

import math
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.program.builder import Builder
from sr2hls.program.ops import Predicate
from sr2hls.program.segment_writer import rounded, write_function
from sr2hls.program.tabulation import Anchor
from sr2hls.program.types import FixedType, Overflow, Rounding, narrowest

_TABLE_BITS = 10
"""Mantissas up to so many bits are read by one table; longer ones are segments."""
_LONGEST = 24


def group_of(exponent: float) -> int | None:
    """Return how many bits a step of the exponent e is, so that the result shifts by whole bits."""
    return next((k for k in (1, 2) if float(k * exponent).is_integer()), None)


def write_octaves(
    build: Builder, value: int, exponent: float, seen: tuple[float, float], frac: int, origin: str
) -> int | None:
    """Write a power of a positive value with ``frac`` bits; ``None`` where this form does not apply.

    Args:
        build: where it is written.
        value: position of the value.
        exponent: a multiple of 1/2.
        seen: range of the value on data; beyond it the result stays within what it is there, about.
        frac: fractional bits of the result.
        origin: formula part that it stands for.
    """
    held, group = build.range(value), group_of(exponent)
    low = math.floor(seen[0] * 2.0**held.frac)
    if group is None or held.low < 0 or low < 1:
        return None
    width = held.high.bit_length()
    m = _Mantissa(exponent, 2.0 ** (exponent * (width - held.frac)), 2.0**-group)
    bits = min(width, max(group, frac + math.ceil(math.log2(max(m.steepest, 2.0**-40)))))
    if bits > _LONGEST:
        return None
    steps = _steps((width - low.bit_length()) // group)
    code, leading = build.shift(value, held.frac, origin=origin), []
    for number, step in enumerate(steps):
        moved_by = group * step
        high = build.cast(code, FixedType(False, moved_by, width), origin)
        empty = build.compare(Predicate.EQ, high, build.constant(0, 0, origin=origin), origin)
        # Of what no later shift brings among the leading bits nothing is kept.
        kept = FixedType(False, min(width, bits + group * sum(steps[number + 1 :])), width)
        moved = build.cast(build.shift(code, moved_by, origin=origin), kept, origin)
        code = build.select(empty, moved, build.cast(code, kept, origin), kept, origin)
        leading.append(empty)
    offset = 2.0 ** -(bits + 1) if bits < width else 0.0
    leads = build.shift(build.cast(code, FixedType(False, bits, width), origin), -width, origin=origin)
    result = m.write(build, leads, bits, offset, frac, origin)
    for step, empty in reversed(list(zip(steps, leading, strict=True))):
        if result is None:
            return None
        moved = build.shift(result, -round(exponent * group) * step, origin=origin)
        result = build.select(empty, rounded(build, moved, frac, origin), result, origin=origin)
    return None if result is None else _bounded(build, result, max(s**exponent for s in seen), frac, origin)


@dataclass(frozen=True, slots=True)
class _Mantissa:
    """scale · m^exponent, for m in [least, 1)."""

    exponent: float
    scale: float
    least: float

    def __call__(self, m: FloatArray) -> FloatArray:
        return np.asarray(self.scale * np.maximum(m, self.least) ** self.exponent)

    @property
    def steepest(self) -> float:
        return max(float(abs(self.exponent * self(np.array(m)) / m)) for m in (self.least, 1.0))

    def write(self, build: Builder, m: int, bits: int, offset: float, frac: int, origin: str) -> int | None:
        if bits > _TABLE_BITS:
            return write_function(build, Anchor(-1, m, offset), self, (self.least, 1.0), frac, origin)
        middles = np.arange(1 << bits, dtype=np.float64) * 2.0**-bits + offset
        raws = np.rint(self(np.asarray(middles)) * 2.0**frac).astype(np.int64)
        return build.table([m], raws, narrowest(int(raws.min()), int(raws.max()), frac), origin)


def _bounded(build: Builder, value: int, largest: float, frac: int, origin: str) -> int:
    """Keep a result within the bits of its largest on data: all steps together could give far more."""
    held = build.range(value)
    top = math.ceil(largest * 2.0**held.frac).bit_length()
    if held.high.bit_length() > top:
        type_ = FixedType(False, top, top - held.frac, Rounding.TRN, Overflow.SAT)
        value = build.cast(value, type_, origin)
    return rounded(build, value, frac, origin)


def _steps(most: int) -> list[int]:
    """Return the powers of two, the largest first, that sum to every number up to ``most``."""
    return [1 << j for j in range(most.bit_length() - 1, -1, -1)]
