"""Limits that no value reaches: max(u, -0.07) of an input that is never negative is the input."""

from collections.abc import Mapping

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.costs import tree_of
from sr2hls.search.expressions import evaluate


def without_idle_limits(expr: sp.Expr, values: Mapping[str, FloatArray]) -> sp.Expr:
    """Return an expression without the constants in max and min that never decide.

    Args:
        expr: over some inputs.
        values: of each input for every combination that is read, shape (combinations,).
    """
    if not expr.args:
        return expr
    expr = expr.func(*(without_idle_limits(a, values) for a in expr.args))
    if not isinstance(expr, sp.Max | sp.Min):
        return expr
    limits = [a for a in expr.args if a.is_number]
    others = [a for a in expr.args if not a.is_number]
    if not limits or not others:
        return expr
    left = expr.func(*others)
    with np.errstate(all="ignore"):
        reached = np.asarray(evaluate(tree_of(left), values), dtype=np.float64)
    limit = float(limits[0])
    idle = (reached >= limit).all() if isinstance(expr, sp.Max) else (reached <= limit).all()
    return left if idle else expr
