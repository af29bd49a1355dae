"""A part of an output's formula: terms over the same one or two inputs, together one rounded value."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.quantised.reader import Reader
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.search.expressions import exact_number

_NEAR_TIE = 1e-7
"""Share of a step: far above the rounding of doubles, far below what constants of three digits do."""
NUDGES = (0.0, 0.06, -0.06)
"""Parts of a step by which an offset may move so that no value is rounded at a tie."""


@dataclass(frozen=True)
class Part:
    """``offset + Σ coefficient · shape``, rounded to an unsigned type.

    Attributes:
        output: position of the output that adds it up.
        shapes: of the terms.
        constants: of the terms, one after the other: a coefficient and the shape's own constants.
        offset: in units of the output.
        readers: of its inputs, ascending; the first is in the highest bits of its table's index.
        bits: of the type.
        frac: fractional bits of the type: those of the output.
    """

    output: int
    shapes: tuple[QuantisedShape, ...]
    constants: tuple[float, ...]
    offset: float
    readers: tuple[Reader, ...]
    bits: int
    frac: int

    @property
    def inputs(self) -> tuple[int, ...]:
        """Positions of the inputs, ascending."""
        return tuple(sorted({i for shape in self.shapes for i in shape.inputs}))

    @property
    def reads_factors(self) -> bool:
        """Whether a factor is read in an input's place."""
        return any(r.factor is not None for r in self.readers)

    @property
    def index_bits(self) -> int:
        """Bits that its table reads."""
        return sum(r.bits for r in self.readers)

    @property
    def type(self) -> FixedType:
        """Type that states its rounding."""
        return FixedType(False, self.bits, self.bits - self.frac, Rounding.RND, Overflow.SAT)

    def expr(self) -> sp.Expr:
        """Return the formula over the inputs, before rounding."""
        factors = {sp.Symbol(f"x{r.input}"): r.read() for r in self.readers if r.factor is not None}
        return self.read_expr().xreplace(factors)

    def read_expr(self) -> sp.Expr:
        """Return the formula over what is read, before rounding; the inputs' symbols stand for it."""
        terms, at = [exact_number(self.offset)], 0
        for shape in self.shapes:
            own = self.constants[at + 1 : at + 1 + shape.n_constants]
            terms.append(exact_number(self.constants[at]) * shape.written(own))
            at += 1 + shape.n_constants
        return sp.Add(*terms)

    def entries(self) -> IntArray:
        """Return the raw values of its table, in the order of its readers' raw values."""
        return quantize_real(self._values(), self.type)

    def is_finite(self) -> bool:
        """Return whether the formula has a value for everything that its inputs can be."""
        with np.errstate(all="ignore"):
            return bool(np.isfinite(self._values()).all())

    def is_clear(self) -> bool:
        """Return whether no value is so near a tie that the order of evaluation could decide its rounding."""
        steps = self._values() * 2.0**self.frac
        from_tie = np.abs(steps - np.floor(steps) - 0.5)
        return bool(from_tie.min() > _NEAR_TIE)

    def _values(self) -> FloatArray:
        values = sums(self.shapes, self.readers, np.array([self.constants]))[0] + self.offset
        return np.asarray(values, dtype=np.float64)


def grid(readers: Sequence[Reader]) -> dict[int, FloatArray]:
    """Return the values of each input for every index of a table."""
    rows = np.array(list(product(*(r.values() for r in readers))), dtype=np.float64)
    return {r.input: rows[:, k] for k, r in enumerate(readers)}


def sums(shapes: Sequence[QuantisedShape], readers: Sequence[Reader], constants: FloatArray) -> FloatArray:
    """Return ``Σ coefficient · shape`` for sets of constants, shape (sets, indices)."""
    values = grid(readers)
    total = np.zeros((len(constants), 1 << sum(r.bits for r in readers)))
    at = 0
    for shape in shapes:
        own = constants[:, at + 1 : at + 1 + shape.n_constants]
        total += constants[:, at : at + 1] * shape.evaluate({i: values[i] for i in shape.inputs}, own)
        at += 1 + shape.n_constants
    return total
