"""How a part of a formula reads one input: in uniform steps, few bits of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.program.real import quantize_real
from sr2hls.program.size import table_luts
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.factor import Factor
from sr2hls.search.expressions import exact_number

_NEAR_TIE = 1e-7
"""Share of a step, as for parts."""


@dataclass(frozen=True)
class Reader:
    """An input or a factor over it, less a constant, rounded to a type of few bits.

    The value that is read is ``low + raw · step``.

    Attributes:
        input: position of the input.
        bits: of the type; as many as the input has: the input itself is read.
        frac: fractional bits of the type, its step is 2^-frac.
        low: value of the least step.
        factor: what is read in the input's place; ``None``: the input.
    """

    input: int
    bits: int
    frac: int
    low: float
    factor: Factor | None = None

    @classmethod
    def whole(cls, position: int, type_: FixedType) -> "Reader":
        """Return the reader of all bits of an input."""
        return cls(position, type_.width, type_.frac, type_.min)

    @classmethod
    def highest(cls, position: int, type_: FixedType, bits: int) -> "Reader":
        """Return the reader of an input's highest bits, each step standing for the middle of its values."""
        dropped = type_.width - bits
        middle = type_.min + type_.step * ((1 << dropped) - 1) / 2
        return cls(position, bits, type_.frac - dropped, rounded(middle))

    @classmethod
    def first(cls, position: int, type_: FixedType, bits: int) -> "Reader":
        """Return the reader of so many bits that costs no LUT."""
        return cls.whole(position, type_) if type_.width <= bits else cls.highest(position, type_, bits)

    @property
    def step(self) -> float:
        """Distance of neighbouring values."""
        return float(2.0**-self.frac)

    @property
    def type(self) -> FixedType:
        """Type of the rounded value."""
        return FixedType(False, self.bits, self.bits - self.frac, Rounding.RND, Overflow.SAT)

    def is_whole(self, type_: FixedType) -> bool:
        """Return whether the input is read as it is."""
        return self.factor is None and self.bits == type_.width

    @property
    def key(self) -> tuple[int, int, int, float, str]:
        """What readers are put in order by."""
        return self.input, self.bits, self.frac, self.low, "" if self.factor is None else self.factor.text

    def read(self) -> sp.Expr:
        """Return what is read, before rounding, over the input's symbol."""
        return sp.Symbol(f"x{self.input}") if self.factor is None else self.factor.expr()

    def expr(self) -> sp.Expr:
        """Return what is rounded, over the input's symbol."""
        return self.read() - exact_number(self.low)

    def is_clear(self, type_: FixedType) -> bool:
        """Return whether a factor's values are all finite, and none so near a tie that noise could decide."""
        if self.factor is None:
            return True
        steps = (self.factor.values(type_) - self.low) / self.step
        return bool(np.isfinite(steps).all() and np.abs(steps - np.floor(steps) - 0.5).min() > _NEAR_TIE)

    def codes(self, type_: FixedType) -> IntArray:
        """Return the raw value for every value of the input, the least first, shape (2^width,)."""
        return _codes(self, type_)

    def values(self) -> FloatArray:
        """Return the real values that are read, shape (2^bits,)."""
        return np.asarray(self.low + np.arange(1 << self.bits) * self.step, dtype=np.float64)

    def luts(self, type_: FixedType) -> int:
        """Return how many LUTs the rounding takes; the highest bits of an input are wires."""
        return _luts(self, type_)


@lru_cache(maxsize=4096)
def _codes(reader: Reader, type_: FixedType) -> IntArray:
    if reader.is_whole(type_):
        return np.arange(1 << type_.width)
    grid = np.arange(type_.raw_min, type_.raw_max + 1) * type_.step
    read = grid if reader.factor is None else reader.factor.values(type_)
    return quantize_real(read - reader.low, reader.type)


@lru_cache(maxsize=4096)
def _luts(reader: Reader, type_: FixedType) -> int:
    return 0 if reader.is_whole(type_) else table_luts(tuple(_codes(reader, type_).tolist()))


def free_readers(position: int, type_: FixedType, most_bits: int) -> list[Reader]:
    """Return the readers of an input that cost no LUT: all its bits, or its highest."""
    narrow = [Reader.highest(position, type_, bits) for bits in range(1, min(type_.width, most_bits + 1))]
    return [*narrow, Reader.whole(position, type_)] if type_.width <= most_bits else narrow


@lru_cache(maxsize=1024)
def new_readers(position: int, type_: FixedType, most_bits: int) -> tuple[Reader, ...]:
    """Return the readers of 2 bits and more whose steps lie anywhere in the input's range."""
    return tuple(_anywhere(position, type_, most_bits))


def _anywhere(position: int, type_: FixedType, most_bits: int) -> Iterator[Reader]:
    for bits in range(2, min(most_bits, type_.width - 1) + 1):
        for dropped in range(type_.width - bits):
            span, hop = 1 << (bits + dropped), max(1, 1 << dropped >> 1)
            for start in range(0, (1 << type_.width) - span + 1, hop):
                yield _placed(position, bits, dropped, type_.min + start * type_.step, type_)


def neighbours(reader: Reader, type_: FixedType, most_bits: int) -> Iterator[Reader]:
    """Iterate over readers that differ a little: steps moved, wider or narrower, a bit more or less."""
    if reader.factor is not None:
        yield from (r for r in _of_factor(reader, reader.factor, type_, most_bits) if r.is_clear(type_))
        return
    dropped = type_.frac - reader.frac
    first = reader.low - (reader.step - type_.step) / 2
    for hops in (-4, -2, -1, 1, 2, 4):
        yield _placed(reader.input, reader.bits, dropped, first + hops * type_.step, type_)
    for bits, wider in ((0, 1), (0, -1), (-1, 1), (-1, 0), (1, -1), (1, 0)):
        new_bits, new_dropped = reader.bits + bits, dropped + wider
        if not 1 <= new_bits <= min(most_bits, type_.width - 1) or new_dropped < 0:
            continue
        span = reader.step * (1 << reader.bits)
        new_span = type_.step * (1 << (new_bits + new_dropped))
        for share in (0.0, 0.5, 1.0):
            if new_span != span or share == 0.0:
                yield _placed(reader.input, new_bits, new_dropped, first + share * (span - new_span), type_)


def _placed(position: int, bits: int, dropped: int, first: float, type_: FixedType) -> Reader:
    """Return the reader whose steps begin at a value of the input, each in the middle of what it stands for.

    Rounding is never at a tie then: ties lie between two values of the input.
    """
    grid = type_.step
    first = grid * float(np.rint(first / grid))
    return Reader(position, bits, type_.frac - dropped, rounded(first + grid * ((1 << dropped) - 1) / 2))


def _of_factor(reader: Reader, factor: Factor, type_: FixedType, most_bits: int) -> Iterator[Reader]:
    for share in (-1.0, -0.5, -0.25, 0.25, 0.5, 1.0):
        yield replace(reader, low=rounded(reader.low + share * reader.step))
    span = reader.step * ((1 << reader.bits) - 1)
    for bits, frac in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1)):
        if 1 <= reader.bits + bits <= min(most_bits, type_.width - 1):
            other = replace(reader, bits=reader.bits + bits, frac=reader.frac + frac)
            rest = span - other.step * ((1 << other.bits) - 1)
            for share in (0.0, 0.5, 1.0):
                yield replace(other, low=rounded(reader.low + share * rest))
    for changed in factor.neighbours():
        yield replace(reader, factor=changed)


def factor_reader(
    position: int, factor: Factor, type_: FixedType, most_bits: int, counts: FloatArray
) -> Reader | None:
    """Return the reader of a factor with the least squared error; none where it has no value.

    Args:
        position: of the input.
        factor: a function of it.
        type_: of the input.
        most_bits: of the reader.
        counts: how often each value of the input occurs, the least first, shape (2^width,).
    """
    values = factor.values(type_)
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return None
    levels = np.unique(values)
    bits = 1 if len(levels) == 2 else most_bits
    order = np.argsort(values)
    share = np.cumsum(counts[order]) / counts.sum()
    low, high = values[order][np.searchsorted(share, (0.005, 0.995)).clip(0, len(order) - 1)]
    width = max(high - low, np.diff(levels).min()) / ((1 << bits) - 1)
    best, least = None, np.inf
    for frac in (int(np.floor(-np.log2(width))), int(np.ceil(-np.log2(width)))):
        step = 2.0**-frac
        room = high - low - step * ((1 << bits) - 1)
        for start in (low, low + step / 4, low - step / 4, low + room / 2, low + room):
            reader = Reader(position, bits, frac, rounded(start), factor)
            if not reader.is_clear(type_):
                continue
            error = float(counts @ (reader.values()[reader.codes(type_)] - values) ** 2)
            if error < least:
                best, least = reader, error
    return best
