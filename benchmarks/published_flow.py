"""The published flow of arXiv 2305.04099: one type for everything, functions as tables of 1,024 entries.

Formulas are written operation by operation as they stand. Every input, constant, product, sum and function
has the type ap_fixed<16,6> (TRN, WRAP: the defaults of ap_fixed); no width is chosen, nothing is merged into
tables and no pass runs. A function is a table of 1,024 entries over [-8, 8), a step of 1/64 as in the public
logs of that paper's authors; its index truncates and stays at the ends, as in hls4ml's `nnet_math.h`.

In two points the flow is treated better than C++ would: entries outside of the type saturate (exp(4) would
wrap), and every product is cut to 16 bits at once, where C++ carries all bits to the end of a sum.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.builder import Builder
from sr2hls.program.functions import UNARY, apply_unary
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding

EVERYWHERE = FixedType(True, 16, 6)
INPUT = EVERYWHERE.with_modes(Rounding.RND, Overflow.SAT)
INDEX = FixedType(True, 10, 4, Rounding.TRN, Overflow.SAT)
"""1,024 entries over [-8, 8)."""
_ENTRY = EVERYWHERE.with_modes(Rounding.TRN, Overflow.SAT)
_MOST_FACTORS = 8
"""Powers up to here are written as products."""


def published_program(formulas: Mapping[str, sp.Expr], inputs: Sequence[str]) -> Program:
    """Return the program of formulas in the published flow.

    Args:
        formulas: output name to formula.
        inputs: names of the inputs, in the order of the circuit's.

    Raises:
        LoweringError: a formula has a construct that the flow does not have.
    """
    writer = _Writer(Builder(dict.fromkeys(inputs, INPUT)), {})
    outputs = {name: writer.value(sp.sympify(formula)) for name, formula in formulas.items()}
    # An output that is an input alone would keep the input's modes.
    outputs = {name: writer.build.cast(value, EVERYWHERE) for name, value in outputs.items()}
    return writer.build.program(outputs)


@dataclass(frozen=True)
class _Writer:
    build: Builder
    known: dict[sp.Basic, int]

    def value(self, expr: sp.Basic) -> int:
        if expr not in self.known:
            self.known[expr] = self._write(expr)
        return self.known[expr]

    def _write(self, expr: sp.Basic) -> int:
        if isinstance(expr, sp.Symbol):
            return self.build[expr.name]
        if expr.is_number:
            return self._constant(expr)
        if isinstance(expr, sp.Add):
            return self._sum(expr)
        if isinstance(expr, sp.Mul):
            return self._product(expr)
        if isinstance(expr, sp.Pow):
            return self._power(expr)
        if isinstance(expr, sp.Abs):
            return self.build.abs(self.value(expr.args[0]), EVERYWHERE, str(expr))
        if isinstance(expr, sp.Max | sp.Min):
            write = self.build.max if isinstance(expr, sp.Max) else self.build.min
            return _paired([self.value(a) for a in expr.args], lambda a, b: write(a, b, EVERYWHERE))
        if type(expr) in UNARY:
            return self._table(expr.args[0], partial(apply_unary, type(expr)), str(expr))
        raise LoweringError(f"'{expr}' has no form in the published flow: it has + - * and functions")

    def _constant(self, expr: sp.Basic) -> int:
        number = float(expr)
        if not EVERYWHERE.min <= number <= EVERYWHERE.max:
            raise LoweringError(f"the constant {number:g} does not fit into {EVERYWHERE}: it would wrap")
        raw = int(quantize_real(np.array([number]), EVERYWHERE)[0])
        return self.build.constant(raw, EVERYWHERE.frac, EVERYWHERE, str(expr))

    def _sum(self, expr: sp.Add) -> int:
        # Sums wrap, so that their order changes nothing: those of what is added less those of what is taken.
        taken = [-a for a in expr.args if _negative(a)]
        added = [a for a in expr.args if not _negative(a)]
        add = partial(self.build.add, type_=EVERYWHERE, origin=str(expr))
        plus = _paired([self.value(a) for a in added], add) if added else None
        minus = _paired([self.value(a) for a in taken], add) if taken else None
        if minus is None:
            assert plus is not None
            return plus
        if plus is None:
            return self.build.neg(minus, EVERYWHERE, str(expr))
        return self.build.sub(plus, minus, EVERYWHERE, str(expr))

    def _product(self, expr: sp.Mul) -> int:
        if _negative(expr) and expr.args[0] == -1:
            return self.build.neg(self.value(-expr), EVERYWHERE, str(expr))
        multiply = partial(self.build.mul, type_=EVERYWHERE, origin=str(expr))
        return _paired([self.value(a) for a in expr.args], multiply)

    def _power(self, expr: sp.Pow) -> int:
        base, exponent = expr.args
        if exponent.is_Integer and 2 <= int(exponent) <= _MOST_FACTORS:
            multiply = partial(self.build.mul, type_=EVERYWHERE, origin=str(expr))
            return _paired([self.value(base)] * int(exponent), multiply)
        if exponent.is_number:
            return self._table(base, lambda x: np.power(x, float(exponent)), str(expr))
        raise LoweringError(f"'{expr}' has no form in the published flow: its exponent is no number")

    def _table(self, argument: sp.Basic, function: Callable[[FloatArray], FloatArray], origin: str) -> int:
        index = self.build.cast(self.value(argument), INDEX, str(argument))
        codes = np.arange(1 << INDEX.width)
        raws = np.where(codes > INDEX.raw_max, codes - (1 << INDEX.width), codes)
        with np.errstate(all="ignore"):
            real = function(np.asarray(raws * INDEX.step, dtype=np.float64))
        # Where the function has no value (1/0, log of a negative number) any entry is as good as another.
        real = np.nan_to_num(real, nan=0.0, posinf=EVERYWHERE.max, neginf=EVERYWHERE.min)
        return self.build.table([index], quantize_real(real, _ENTRY), EVERYWHERE, origin)


def _negative(expr: sp.Basic) -> bool:
    return bool(isinstance(expr, sp.Mul) and expr.args[0].is_number and expr.args[0] < 0)


def _paired(values: list[int], combine: Callable[[int, int], int]) -> int:
    """Combine values as a balanced tree."""
    while len(values) > 1:
        rest = values[len(values) // 2 * 2 :]
        values = [combine(a, b) for a, b in zip(values[::2], values[1::2], strict=False)] + rest
    return values[0]
