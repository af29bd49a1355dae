"""What the joint search finds: each output is a bias and a weighted sum of terms, which outputs may share."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.search.expressions import evaluate_expr
from sr2hls.search.joint.numbers import printed_number
from sr2hls.search.joint.printing import count_nodes, shortest_form

MOST_INPUTS = 2
"""A term of a circuit of tables is a function of so many inputs at most: few bits of them address a table."""


@dataclass(frozen=True)
class Term:
    """A function of inputs: one or two, or more where no table is to be made of it.

    Attributes:
        expr: sympy expression over x0, x1, ..., the circuit's inputs by position; constants are Floats, or
            exact numbers where the form has them.

    Raises:
        InputError: the expression has no input.
    """

    expr: sp.Expr

    def __post_init__(self) -> None:
        if not self.expr.free_symbols:
            raise InputError(f"the term '{self.expr}' has no inputs: a constant is no term")

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        """Positions of the inputs, ascending."""
        return tuple(sorted(int(s.name[1:]) for s in self.expr.free_symbols))

    def evaluate(self, X: FloatArray) -> FloatArray:
        """Return the values on rows of inputs, shape (rows, inputs); the result has shape (rows,)."""
        return np.asarray(evaluate_expr(self.expr, X), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class JointModel:
    """Outputs y = bias + coefficients @ terms(x).

    Attributes:
        terms: the terms.
        coefficients: shape (outputs, terms); 0 where an output does not use a term.
        bias: shape (outputs,).

    Raises:
        InputError: the shapes do not fit.
    """

    terms: tuple[Term, ...]
    coefficients: FloatArray
    bias: FloatArray

    def __post_init__(self) -> None:
        if self.coefficients.shape != (len(self.bias), len(self.terms)):
            raise InputError(
                f"coefficients have the shape {self.coefficients.shape} for {len(self.bias)} outputs and "
                f"{len(self.terms)} terms"
            )

    def predict(self, X: FloatArray) -> FloatArray:
        """Return the outputs, shape (rows, outputs), on rows of inputs, shape (rows, inputs)."""
        if not self.terms:
            return np.tile(self.bias, (len(X), 1))
        values = np.stack([term.evaluate(X) for term in self.terms], axis=1)
        return np.asarray(values @ self.coefficients.T + self.bias, dtype=np.float64)

    def formulas(self, output_names: Sequence[str]) -> dict[str, sp.Expr]:
        """Return the formula of each output over x0, x1, ..., in the form with the fewest nodes.

        Args:
            output_names: names of the outputs, in their order.
        """
        return {name: self._formula(k) for k, name in enumerate(output_names)}

    def nodes(self) -> int:
        """Return the number of sympy nodes of all printed formulas together."""
        return sum(count_nodes(self._formula(k)) for k in range(len(self.bias)))

    def _formula(self, output: int) -> sp.Expr:
        used = zip(self.coefficients[output], self.terms, strict=True)
        parts = [printed_number(float(c)) * term.expr for c, term in used if c]
        return shortest_form(sp.Add(printed_number(float(self.bias[output])), *parts))
