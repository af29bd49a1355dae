"""A term's function apart from its constants, which are trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.costs import Tree, tree_of
from sr2hls.search.expressions import evaluate, exact_number
from sr2hls.search.joint.joint_model import Term


@dataclass(frozen=True)
class QuantisedShape:
    """A function of one or two inputs and of some constants.

    Attributes:
        expr: sympy expression over x0, x1, ... and the constants c0, c1, ...
        inputs: positions of the inputs, ascending.
        n_constants: how many constants there are.
        tree: the expression as `sr2hls.search.expressions.evaluate` takes it.
    """

    expr: sp.Expr
    inputs: tuple[int, ...]
    n_constants: int
    tree: Tree

    @classmethod
    def of(cls, term: Term) -> tuple["QuantisedShape", tuple[float, ...]]:
        """Return a term's shape and its constants; exponents and signs stay as they are."""
        found: list[float] = []
        expr = _parametrised(term.expr, found)
        return cls(expr, term.inputs, len(found), tree_of(expr)), tuple(found)

    def evaluate(self, values: Mapping[int, FloatArray], constants: FloatArray) -> FloatArray:
        """Return the function's values for several sets of constants.

        Args:
            values: of each input, shape (points,).
            constants: shape (sets, constants).

        Returns:
            Shape (sets, points); not finite where the function is not.
        """
        points = max(len(v) for v in values.values())
        columns = {f"x{i}": np.broadcast_to(v, (1, points)) for i, v in values.items()}
        for k in range(self.n_constants):
            columns[f"c{k}"] = constants[:, k : k + 1]
        result = np.asarray(evaluate(self.tree, columns), dtype=np.float64)
        return np.asarray(np.broadcast_to(result, (len(constants), points)))

    def written(self, constants: Sequence[float]) -> sp.Expr:
        """Return the expression with numbers for its constants."""
        return self.expr.xreplace({sp.Symbol(f"c{k}"): exact_number(c) for k, c in enumerate(constants)})


def _parametrised(expr: sp.Expr, found: list[float]) -> sp.Expr:
    if expr.is_Number:
        if expr in (sp.Integer(1), sp.Integer(-1)):
            return expr
        found.append(float(expr))
        return sp.Symbol(f"c{len(found) - 1}")
    if isinstance(expr, sp.Pow):
        return sp.Pow(_parametrised(expr.base, found), expr.exp)
    if not expr.args:
        return expr
    return expr.func(*(_parametrised(a, found) for a in expr.args))
