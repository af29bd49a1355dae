"""A raw feature to the circuit's input in fixed point: scale, offset, rounding, saturation.

The definition is ``(feature - offset) / scale`` in exact rational numbers, rounded to nearest (ties towards
plus infinity) and saturated. What is built is ``floor((factor · raw + addend) / 2^drop)``, saturated: one
product with a constant and one addition. Both are steps over the raw values, and two steps are the same where
they change at the same raw values; `fit_map` looks for a factor of few digits with which they do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import ceil, floor

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.errors import InputError
from sr2hls.program.size import nonzero_digits
from sr2hls.program.types import FixedType

_MOST_BITS = 56
"""Of a product: with the addend it stays below the 64 bits that are computed exactly."""
_STEPPED_BITS = 14
"""Inputs of more bits have too many steps to look at each: they need a factor that is exact."""
_WIDER = 6
"""Bits more than the fewest that are tried for a factor with fewer digits."""
_TRIED = 64
"""Factors of one width that are tried, from the exact one outwards."""


@dataclass(frozen=True)
class InputMap:
    """How the raw value of a feature becomes the raw value of an input.

    Attributes:
        raw: type in which the feature arrives.
        type: type of the circuit's input; rounds and saturates.
        factor: of the raw value.
        addend: what is added to the product.
        drop: bits of the sum that are dropped.
    """

    raw: FixedType
    type: FixedType
    factor: int
    addend: int
    drop: int

    def codes(self, raw: IntArray) -> IntArray:
        """Return the raw values of the input, any shape, for raw values of the feature."""
        total = (np.asarray(raw, dtype=np.int64) * self.factor + self.addend) >> self.drop
        return np.asarray(np.clip(total, self.type.raw_min, self.type.raw_max), dtype=np.int64)


@dataclass(frozen=True)
class ExactMap:
    """The definition of an input: a feature minus an offset, divided by a scale.

    Attributes:
        raw: type in which the feature arrives.
        type: type of the circuit's input.
        offset: in units of the feature.
        scale: in units of the feature, not zero.
    """

    raw: FixedType
    type: FixedType
    offset: Fraction
    scale: Fraction

    def code(self, raw: int) -> int:
        """Return the raw value of the input for a raw value of the feature, by rational arithmetic."""
        exact = (self.raw.exact(raw) - self.offset) / self.scale * Fraction(2) ** self.type.frac
        return min(max(floor(exact + Fraction(1, 2)), self.type.raw_min), self.type.raw_max)

    @cached_property
    def steps(self) -> tuple[tuple[int, int | None, int | None], ...]:
        """For each code but the least: it, the first raw value that has it, the last that has not.

        Raw values count in the direction in which codes rise; one that does not exist is ``None``.
        """
        found = []
        up = self.scale > 0
        first, last = (self.raw.raw_min, self.raw.raw_max)[:: 1 if up else -1]
        for code in range(self.type.raw_min + 1, self.type.raw_max + 1):
            edge = (code - Fraction(1, 2)) * Fraction(2) ** -self.type.frac * self.scale + self.offset
            edge *= Fraction(2) ** self.raw.frac
            at = ceil(edge) if up else floor(edge)
            before = at - 1 if up else at + 1
            has = max(at, first) if up else min(at, first)
            lacks = min(before, last) if up else max(before, last)
            exists = has <= last if up else has >= last
            lacked = lacks >= first if up else lacks <= first
            found.append((code, has if exists else None, lacks if lacked else None))
        return tuple(found)


@lru_cache(maxsize=1024)
def fit_map(exact: ExactMap) -> InputMap:
    """Return a map in integers that gives what the exact one gives, for every raw value.

    Of the factors that do, it takes one with the fewest digits other than 0 (in canonical signed digits, so
    many adders), then one with the fewest bits.

    Raises:
        InputError: no factor of a width that is computed exactly does.
    """
    slope = Fraction(2) ** (exact.type.frac - exact.raw.frac) / exact.scale
    shift = exact.offset / exact.scale * Fraction(2) ** exact.type.frac - Fraction(1, 2)
    best: InputMap | None = None
    narrowest = 0
    for drop in range(_MOST_BITS - exact.type.width):
        if best is not None and drop > narrowest + _WIDER:
            break
        scaled, addend = slope * (1 << drop), -shift * (1 << drop)
        if scaled.denominator == 1:
            # The exact factor: what lies below the product's lowest bit changes no floor.
            found = [(int(scaled), floor(addend))]
        elif exact.type.width > _STEPPED_BITS:
            continue
        else:
            near = (f for f in _near(scaled) if f * slope > 0)
            found = [(f, a) for f in near if (a := _addend(exact, f, drop)) is not None]
        for factor, constant in found:
            bits = max((abs(factor) << exact.raw.width).bit_length(), constant.bit_length())
            fewer = best is None or nonzero_digits(factor) < nonzero_digits(best.factor)
            if bits <= _MOST_BITS and fewer:
                narrowest = drop if best is None else narrowest
                best = InputMap(exact.raw, exact.type, factor, constant, drop)
    if best is None:
        raise InputError(
            f"no product of at most {_MOST_BITS} bits takes a feature of type {exact.raw}, divided by "
            f"{float(exact.scale):.6g}, to {exact.type} without an error: give the feature or the input "
            "fewer bits, or another scaler"
        )
    return best


def _near(exact: Fraction) -> Iterator[int]:
    """Yield integers from the nearest outwards."""
    nearest = round(exact)
    yield nearest
    for away in range(1, _TRIED // 2):
        yield nearest + away
        yield nearest - away


def _addend(exact: ExactMap, factor: int, drop: int) -> int | None:
    """Return the addend with the most zeros at its end by which every step is right, ``None`` without one."""
    high = (1 << (drop + exact.type.width)) + (abs(factor) << exact.raw.width)
    low = -high
    for code, has, lacks in exact.steps:
        if has is not None:
            low = max(low, (code << drop) - factor * has)
        if lacks is not None:
            high = min(high, (code << drop) - factor * lacks - 1)
        if low > high:
            return None
    zeros = (high - low).bit_length()
    while -(-low >> zeros) << zeros > high:
        zeros -= 1
    return -(-low >> zeros) << zeros
