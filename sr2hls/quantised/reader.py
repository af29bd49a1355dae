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
from sr2hls.quantised.input_grid import InputGrid
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
    def whole(cls, position: int, grid: InputGrid) -> "Reader":
        """Return the reader of all bits of an input."""
        return cls(position, grid.width, grid.frac, grid.min)

    @classmethod
    def highest(cls, position: int, grid: InputGrid, bits: int) -> "Reader":
        """Return the reader of an input's highest bits, each step standing for the middle of its values."""
        dropped = grid.width - bits
        middle = grid.min + grid.step * ((1 << dropped) - 1) / 2
        return cls(position, bits, grid.frac - dropped, rounded(middle))

    @classmethod
    def first(cls, position: int, grid: InputGrid, bits: int) -> "Reader":
        """Return the reader of so many bits that costs no LUT."""
        return cls.whole(position, grid) if grid.width <= bits else cls.highest(position, grid, bits)

    @property
    def step(self) -> float:
        """Distance of neighbouring values."""
        return float(2.0**-self.frac)

    @property
    def type(self) -> FixedType:
        """Type of the rounded value."""
        return FixedType(False, self.bits, self.bits - self.frac, Rounding.RND, Overflow.SAT)

    def is_whole(self, grid: InputGrid) -> bool:
        """Return whether the input is read as it is."""
        return self.factor is None and self.bits == grid.width

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

    def is_clear(self, grid: InputGrid) -> bool:
        """Return whether what is read varies, and a factor's values are all finite and none is near a tie."""
        if self.factor is None:
            return bool(np.ptp(self.codes(grid)) > 0)
        steps = (self.factor.values(grid) - self.low) / self.step
        if not np.isfinite(steps).all() or np.abs(steps - np.floor(steps) - 0.5).min() <= _NEAR_TIE:
            return False
        return bool(np.ptp(self.codes(grid)) > 0)

    def codes(self, grid: InputGrid) -> IntArray:
        """Return the raw value for every value of the input, the least first, shape (2^width,)."""
        return _codes(self, grid)

    def values(self) -> FloatArray:
        """Return the real values that are read, shape (2^bits,)."""
        return np.asarray(self.low + np.arange(1 << self.bits) * self.step, dtype=np.float64)

    def luts(self, grid: InputGrid) -> int:
        """Return how many LUTs the rounding takes; the highest bits of an input are wires."""
        return _luts(self, grid)


@lru_cache(maxsize=4096)
def _codes(reader: Reader, grid: InputGrid) -> IntArray:
    if reader.is_whole(grid):
        return np.arange(1 << grid.width)
    read = grid.values() if reader.factor is None else reader.factor.values(grid)
    return quantize_real(read - reader.low, reader.type)


@lru_cache(maxsize=4096)
def _luts(reader: Reader, grid: InputGrid) -> int:
    return 0 if reader.is_whole(grid) else table_luts(tuple(_codes(reader, grid).tolist()))


def free_readers(position: int, grid: InputGrid, most_bits: int) -> list[Reader]:
    """Return the readers of an input that cost no LUT: all its bits, or its highest."""
    narrow = [Reader.highest(position, grid, bits) for bits in range(1, min(grid.width, most_bits + 1))]
    return [*narrow, Reader.whole(position, grid)] if grid.width <= most_bits else narrow


@lru_cache(maxsize=1024)
def new_readers(position: int, grid: InputGrid, most_bits: int) -> tuple[Reader, ...]:
    """Return the readers of 2 bits and more whose steps lie anywhere in the input's range."""
    return tuple(_anywhere(position, grid, most_bits))


def _anywhere(position: int, grid: InputGrid, most_bits: int) -> Iterator[Reader]:
    for bits in range(2, min(most_bits, grid.width - 1) + 1):
        for dropped in range(grid.width - bits):
            span, hop = 1 << (bits + dropped), max(1, 1 << dropped >> 1)
            for start in range(0, (1 << grid.width) - span + 1, hop):
                yield _placed(position, bits, dropped, grid.min + start * grid.step, grid)


def neighbours(reader: Reader, grid: InputGrid, most_bits: int) -> Iterator[Reader]:
    """Iterate over readers that differ a little: steps moved, wider or narrower, a bit more or less."""
    if reader.factor is None:
        found = _of_input(reader, grid, most_bits)
    else:
        found = _of_factor(reader, reader.factor, grid, most_bits)
    # One whose steps have left the input's range would be a constant table, which no design may have.
    yield from (r for r in found if r.is_clear(grid))


def _of_input(reader: Reader, grid: InputGrid, most_bits: int) -> Iterator[Reader]:
    dropped = grid.frac - reader.frac
    first = reader.low - (reader.step - grid.step) / 2
    for hops in (-4, -2, -1, 1, 2, 4):
        yield _placed(reader.input, reader.bits, dropped, first + hops * grid.step, grid)
    for bits, wider in ((0, 1), (0, -1), (-1, 1), (-1, 0), (1, -1), (1, 0)):
        new_bits, new_dropped = reader.bits + bits, dropped + wider
        if not 1 <= new_bits <= min(most_bits, grid.width - 1) or new_dropped < 0:
            continue
        span = reader.step * (1 << reader.bits)
        new_span = grid.step * (1 << (new_bits + new_dropped))
        for share in (0.0, 0.5, 1.0):
            if new_span != span or share == 0.0:
                yield _placed(reader.input, new_bits, new_dropped, first + share * (span - new_span), grid)


def _placed(position: int, bits: int, dropped: int, first: float, grid: InputGrid) -> Reader:
    """Return the reader whose steps begin at a value of the input, each in the middle of what it stands for.

    Rounding is never at a tie then: ties lie between two values of the input.
    """
    step = grid.step
    first = grid.min + step * float(np.rint((first - grid.min) / step))
    return Reader(position, bits, grid.frac - dropped, rounded(first + step * ((1 << dropped) - 1) / 2))


def _of_factor(reader: Reader, factor: Factor, grid: InputGrid, most_bits: int) -> Iterator[Reader]:
    for share in (-1.0, -0.5, -0.25, 0.25, 0.5, 1.0):
        yield replace(reader, low=rounded(reader.low + share * reader.step))
    span = reader.step * ((1 << reader.bits) - 1)
    for bits, frac in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1)):
        if 1 <= reader.bits + bits <= min(most_bits, grid.width - 1):
            other = replace(reader, bits=reader.bits + bits, frac=reader.frac + frac)
            rest = span - other.step * ((1 << other.bits) - 1)
            for share in (0.0, 0.5, 1.0):
                yield replace(other, low=rounded(reader.low + share * rest))
    for changed in factor.neighbours():
        yield replace(reader, factor=changed)


def factor_reader(
    position: int, factor: Factor, grid: InputGrid, most_bits: int, counts: FloatArray
) -> Reader | None:
    """Return the reader of a factor with the least squared error; none where it has no value.

    Args:
        position: of the input.
        factor: a function of it.
        grid: of the input.
        most_bits: of the reader.
        counts: how often each value of the input occurs, the least first, shape (2^width,).
    """
    values = factor.values(grid)
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
            if not reader.is_clear(grid):
                continue
            error = float(counts @ (reader.values()[reader.codes(grid)] - values) ** 2)
            if error < least:
                best, least = reader, error
    return best
