"""How a part of a formula reads one input: in uniform steps, few bits of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.program.real import quantize_real
from sr2hls.program.size import table_luts
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.search.expressions import exact_number


@dataclass(frozen=True, order=True)
class Reader:
    """An input, less a constant, rounded to a type of few bits.

    The value that is read is ``low + raw · step``.

    Attributes:
        input: position of the input.
        bits: of the type; as many as the input has: the input itself is read.
        frac: fractional bits of the type, its step is 2^-frac.
        low: value of the least step.
    """

    input: int
    bits: int
    frac: int
    low: float

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
        return self.bits == grid.width

    def expr(self) -> sp.Expr:
        """Return what is rounded, over the input's symbol."""
        return sp.Symbol(f"x{self.input}") - exact_number(self.low)

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
    return quantize_real(grid.values() - reader.low, reader.type)


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
