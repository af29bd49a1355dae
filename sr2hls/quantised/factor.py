"""A function of one input that a product reads in the input's place."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.search.joint.joint_model import Term

_MOVES = (-0.1, -0.03, 0.03, 0.1)
"""Shares by which a constant is moved."""


@dataclass(frozen=True)
class Factor:
    """A function of one input.

    Few bits of its value tell more than as many bits of the input: they are where the function varies.

    Attributes:
        shape: of the function.
        constants: of the shape.
    """

    shape: QuantisedShape
    constants: tuple[float, ...]

    @classmethod
    def of(cls, expr: sp.Expr) -> "Factor":
        """Take an expression over one input apart; its constants get three digits."""
        shape, constants = QuantisedShape.of(Term(expr))
        return cls(shape, tuple(rounded(c) for c in constants))

    @cached_property
    def text(self) -> str:
        """The expression as text, by which factors are put in order."""
        return str(self.expr())

    def expr(self) -> sp.Expr:
        """Return the expression over the input's symbol."""
        return self.shape.written(self.constants)

    def values(self, grid: InputGrid) -> FloatArray:
        """Return the value for each value of the input, the least first, shape (2^width,)."""
        return _values(self, grid)

    def neighbours(self) -> Iterator["Factor"]:
        """Iterate over factors with one constant moved a little."""
        for k, constant in enumerate(self.constants):
            for move in _MOVES:
                moved = rounded(constant + move * (abs(constant) + 0.1))
                yield replace(self, constants=(*self.constants[:k], moved, *self.constants[k + 1 :]))


@lru_cache(maxsize=4096)
def _values(factor: Factor, grid: InputGrid) -> FloatArray:
    with np.errstate(all="ignore"):
        found = factor.shape.evaluate({factor.shape.inputs[0]: grid.values()}, np.array([factor.constants]))
    return np.ascontiguousarray(found[0])


def factors_of(expr: sp.Expr) -> tuple[tuple[sp.Expr, ...], float] | None:
    """Return a product's factors over one input each, in the order of inputs, and its number.

    Nothing is returned where it is no product of functions of one input each, of two different ones, or where
    both are the inputs themselves.
    """
    number, rest = expr.as_coeff_Mul()
    apart: dict[sp.Symbol, sp.Expr] = {}
    for factor in sp.Mul.make_args(rest):
        if len(factor.free_symbols) != 1:
            return None
        (symbol,) = factor.free_symbols
        apart[symbol] = apart.get(symbol, sp.Integer(1)) * factor
    if len(apart) != 2 or all(f.is_Symbol for f in apart.values()):
        return None
    return tuple(apart[s] for s in sorted(apart, key=lambda s: int(s.name[1:]))), float(number)
