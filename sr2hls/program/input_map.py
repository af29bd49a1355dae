"""A raw feature to the circuit's input in fixed point: scale, offset, rounding, saturation.

The definition is ``(feature - offset) / scale`` in exact rational numbers, rounded to nearest (ties towards
plus infinity) and saturated: a staircase over the raw values. Two circuits give it exactly. One is
``floor((factor · raw + addend) / 2^drop)``, saturated: a shift where the scale is a power of two, else a
product with a constant. The other cuts the raw value into pieces of few bits, looks each up in a table and
adds, which takes half the LUTs of a product. `fit_map` takes the one that should take fewer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise
from math import ceil, floor

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.errors import InputError
from sr2hls.program.size import ABSORBED_BITS, nonzero_digits
from sr2hls.program.types import FixedType

_LUT_BITS = 6
_MOST_BITS = 56
"""Of a product: with the addend it stays below the 64 bits that are computed exactly."""
_STEPPED_BITS = 14
"""Inputs of more bits have too many steps to look at each: they need a factor that is exact."""
_WIDER = 6
"""Bits more than the fewest that are tried for a factor with fewer digits."""
_FEW_DIGITS = 2
"""Digits of a factor up to which a product takes fewer LUTs than tables do."""
_MOST_TABLED = 20
"""Raw bits up to which every raw value is looked at."""
_FRACTIONS = 16
"""Bits below the input's lowest that sums of tables are tried with."""
_TRIED = 64
"""Factors of one width that are tried, from the exact one outwards."""


@dataclass(frozen=True)
class ProductMap:
    """The raw value of a feature times a constant.

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
class MapPiece:
    """Some bits of a raw value and their table.

    Attributes:
        low: lowest of the bits.
        width: how many there are.
        values: what is added for each value of the bits as an unsigned number.
    """

    low: int
    width: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class TableMap:
    """The sum of tables over the pieces of a raw value.

    Attributes:
        raw: type in which the feature arrives.
        type: type of the circuit's input; rounds and saturates.
        pieces: of the raw value, the lowest first; together they are all of its bits.
        drop: bits of the sum that are dropped.
    """

    raw: FixedType
    type: FixedType
    pieces: tuple[MapPiece, ...]
    drop: int

    def codes(self, raw: IntArray) -> IntArray:
        """Return the raw values of the input, any shape, for raw values of the feature."""
        bits = np.asarray(raw, dtype=np.int64)
        total = np.zeros(bits.shape, dtype=np.int64)
        for piece in self.pieces:
            total += np.array(piece.values)[(bits >> piece.low) & ((1 << piece.width) - 1)]
        return np.asarray(np.clip(total >> self.drop, self.type.raw_min, self.type.raw_max), dtype=np.int64)


InputMap = ProductMap | TableMap


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

    def codes(self, raw: IntArray) -> IntArray:
        """Return the raw values of the input, any shape, for raw values of the feature."""
        found = np.full(np.shape(raw), self.type.raw_min, dtype=np.int64)
        up = self.scale > 0
        for code, has, _ in self.steps:
            if has is not None:
                found[raw >= has if up else raw <= has] = code
        return found

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
    """Return a circuit that gives what the exact map gives, for every raw value.

    Raises:
        InputError: none does.
    """
    product = _product(exact)
    if product is not None and nonzero_digits(product.factor) <= _FEW_DIGITS:
        return product
    found = _tables(exact) or product
    if found is None:
        raise InputError(
            f"neither tables nor a product of at most {_MOST_BITS} bits take a feature of type {exact.raw}, "
            f"divided by {float(exact.scale):.6g}, to {exact.type} without an error: give the feature or the "
            "input fewer bits, or another scaler"
        )
    return found


def _product(exact: ExactMap) -> ProductMap | None:
    """Return a product whose factor has the fewest digits other than 0 (in canonical signed digits, so many
    adders), then the fewest bits; ``None`` where none of the widths that are tried is exact."""
    slope = Fraction(2) ** (exact.type.frac - exact.raw.frac) / exact.scale
    shift = exact.offset / exact.scale * Fraction(2) ** exact.type.frac - Fraction(1, 2)
    best: ProductMap | None = None
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
                best = ProductMap(exact.raw, exact.type, factor, constant, drop)
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


def _tables(exact: ExactMap) -> TableMap | None:
    """Return a sum of tables with the fewest bits, ``None`` where none is exact.

    The lower pieces are lines of the map's slope, rounded. What the highest one may add then lies between two
    bounds for each of its values; where the line of the map leaves the input's range, it stays beside it.
    """
    width = exact.raw.width
    if width > _MOST_TABLED or exact.type.width > _STEPPED_BITS:
        return None
    raw = np.arange(1 << width)
    signed = np.where(raw > exact.raw.raw_max, raw - (1 << width), raw) if exact.raw.signed else raw
    codes = exact.codes(signed)
    *lower, (top_low, top_width) = _cut(width)
    slope = float(Fraction(2) ** (exact.type.frac - exact.raw.frac) / exact.scale)
    for drop in range(_FRACTIONS + 1):
        pieces = [_line(low, n, slope * 2.0 ** (low + drop)) for low, n in lower]
        below = np.zeros(1, dtype=np.int64)
        for piece in pieces:
            below = (np.array(piece.values)[:, None] + below[None, :]).ravel()
        top = _top(exact.type, codes.reshape(1 << top_width, -1), below, drop)
        if top is not None:
            whole = (*pieces, MapPiece(top_low, top_width, tuple(top.tolist())))
            return TableMap(exact.raw, exact.type, whole, drop)
    return None


def _cut(width: int) -> list[tuple[int, int]]:
    """Return the pieces, lowest bit and width, the lowest first.

    A table of six bits is a LUT an output bit, one of five is part of the adder behind it; a piece more is an
    adder more.
    """
    if width <= _LUT_BITS:
        return [(0, width)]
    if width <= 2 * _LUT_BITS:
        low = min(width - 1, _LUT_BITS if width == 2 * _LUT_BITS else ABSORBED_BITS)
        return [(0, low), (low, width - low)]
    rest = width - _LUT_BITS
    count = -(-rest // ABSORBED_BITS)
    edges = [round(k * rest / count) for k in range(count + 1)]
    return [*((a, b - a) for a, b in pairwise(edges)), (rest, _LUT_BITS)]


def _line(low: int, width: int, slope: float) -> MapPiece:
    """Return a piece whose table is a line through 0, moved up to have no value below 0."""
    values = np.floor(slope * np.arange(1 << width) + 0.5).astype(np.int64)
    return MapPiece(low, width, tuple((values - values.min()).tolist()))


def _top(type_: FixedType, codes: IntArray, below: IntArray, drop: int) -> IntArray | None:
    """Return what the highest piece adds, ``None`` where no table gives every code.

    Args:
        type_: of the input.
        codes: of each raw value, shape (values of the highest piece, values of the lower bits).
        below: what the lower pieces add, shape (values of the lower bits,), none below 0.
        drop: bits of the sum that are dropped.
    """
    free = 1 << 60
    least = np.where(codes > type_.raw_min, (codes << drop) - below, -free).max(axis=1)
    most = np.where(codes < type_.raw_max, ((codes + 1) << drop) - 1 - below, free).min(axis=1)
    if (least > most).any():
        return None
    # Where nothing holds a value back on one side, it need not leave the input's range there.
    first = np.minimum(most, type_.raw_min << drop)
    last = np.maximum(least, ((type_.raw_max + 1) << drop) - 1 - below.max())
    middle = (least + most) >> 1
    found = np.where(least == -free, first, np.where(most == free, last, middle))
    return np.asarray(found, dtype=np.int64)
