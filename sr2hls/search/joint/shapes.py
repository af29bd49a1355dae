"""Shapes of terms: functions of inputs with constants, their values and derivatives in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.costs import Tree, tree_of
from sr2hls.errors import InputError
from sr2hls.search.expressions import evaluate, expr_from_text
from sr2hls.search.jacobian import differentiable, value_and_jacobian
from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.numbers import printed_number
from sr2hls.search.joint.printing import count_nodes

_NAMES = ("u", "v")
ARGUMENTS = tuple(sp.Symbol(name) for name in _NAMES)
"""The inputs of shapes of the dictionary; those of more inputs go on with w2, w3, ..."""
_STEP = 1e-6
_GENERIC = sp.Float(1.2345)


@dataclass(frozen=True)
class Shape:
    """A family of functions.

    Attributes:
        expr: sympy expression over the arguments u, v, w2, ... and the constants p0, p1, ...
        constants: number of constants.
    """

    expr: sp.Expr
    constants: int

    @classmethod
    def of(cls, term: Term) -> tuple["Shape", tuple[int, ...], FloatArray]:
        """Take the inputs and the FloatArray out of a term; returns its shape, inputs and constants.

        Integers and fractions belong to the shape.
        """
        floats = sorted(term.expr.atoms(sp.Float), key=sp.default_sort_key)
        swap: dict[sp.Basic, sp.Basic] = {c: sp.Symbol(f"p{k}") for k, c in enumerate(floats)}
        swap |= {sp.Symbol(f"x{i}"): sp.Symbol(_name(k)) for k, i in enumerate(term.inputs)}
        values = np.array([float(c) for c in floats], dtype=np.float64)
        return cls(term.expr.xreplace(swap), len(floats)), term.inputs, values

    @property
    def arity(self) -> int:
        """Number of inputs."""
        return sum(not s.name.startswith("p") for s in self.expr.free_symbols)

    @cached_property
    def tree(self) -> Tree:
        """The expression as a tree."""
        return tree_of(self.expr)

    @cached_property
    def nodes(self) -> int:
        """Nodes of the printed term with a coefficient."""
        values = {sp.Symbol(f"p{k}"): sp.Float(1.5 + 0.37 * k) for k in range(self.constants)}
        return count_nodes(_GENERIC * self.expr.xreplace(values))

    def evaluate(self, columns: Sequence[FloatArray], constants: FloatArray) -> FloatArray:
        """Return the values at columns of shape (rows,) each; the result has shape (rows,)."""
        return _real(evaluate(self.tree, self._named(columns, constants)), len(columns[0]))

    def derivatives(
        self, columns: Sequence[FloatArray], constants: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the values, shape (rows,), and derivatives by the constants, shape (rows, constants)."""
        rows = len(columns[0])
        if not self.constants:
            return self.evaluate(columns, constants), np.empty((rows, 0))
        if differentiable(self.tree):
            names = {f"p{k}": k for k in range(self.constants)}
            known = {_name(k): column for k, column in enumerate(columns)}
            values, slopes = value_and_jacobian(self.tree, known, names, tuple(constants), rows)
            return _real(values, rows), np.nan_to_num(slopes, nan=0.0, posinf=0.0, neginf=0.0)
        values = self.evaluate(columns, constants)
        slopes = np.empty((rows, self.constants))
        for k in range(self.constants):
            moved = constants.copy()
            moved[k] += _STEP * max(1.0, abs(constants[k]))
            slopes[:, k] = (self.evaluate(columns, moved) - values) / (moved[k] - constants[k])
        return values, slopes

    def term(self, inputs: Sequence[int], constants: Sequence[sp.Expr | float]) -> Term:
        """Return the term with these inputs and constants.

        Raises:
            InputError: with these constants it does not depend on its inputs, such as min(abs(u), -1).
        """
        return Term(self.formula(inputs, constants))

    def formula(self, inputs: Sequence[int], constants: Sequence[sp.Expr | float]) -> sp.Expr:
        """Return the formula with these inputs and constants; sympy may find that it is a constant."""
        swap: dict[sp.Basic, sp.Basic] = {
            sp.Symbol(_name(k)): sp.Symbol(f"x{i}") for k, i in enumerate(inputs)
        }
        swap |= {sp.Symbol(f"p{k}"): _number(c) for k, c in enumerate(constants)}
        return self.expr.xreplace(swap)

    def _named(self, columns: Sequence[FloatArray], constants: FloatArray) -> dict[str, FloatArray]:
        known = {_name(k): column for k, column in enumerate(columns)}
        return known | {f"p{k}": np.array([c]) for k, c in enumerate(constants)}


def make_shape(text: str | sp.Expr) -> Shape:
    """Return the shape of a formula over u, v and p0, p1, ...

    Raises:
        InputError: the formula has other variables, or constants that are not numbered from 0.
    """
    expr = sp.sympify(text) if isinstance(text, sp.Expr) else expr_from_text(text)
    names = {s.name for s in expr.free_symbols} - {str(a) for a in ARGUMENTS}
    wanted = {f"p{k}" for k in range(len(names))}
    if names != wanted or ARGUMENTS[0] not in expr.free_symbols:
        raise InputError(f"the shape '{expr}' is no formula over u, v and the constants p0, p1, ...")
    return Shape(expr, len(names))


def _name(argument: int) -> str:
    return _NAMES[argument] if argument < len(_NAMES) else f"w{argument}"


def _number(value: sp.Expr | float) -> sp.Expr:
    return value if isinstance(value, sp.Expr) else printed_number(float(value))


def _real(values: NDArray[np.floating], rows: int) -> FloatArray:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (rows,))
