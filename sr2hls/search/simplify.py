"""Cheaper ways to write a formula that has exactly the same value."""

import sympy

from sr2hls.costs import CostModel
from sr2hls.search.front import cost_or_none

_LARGE = 40  # operations; sympy's rational simplification takes seconds beyond


def simplified(expr: sympy.Expr, cost: CostModel) -> sympy.Expr:
    """The cheapest of a few equivalent forms: as it is, fractions cancelled, signs out of denominators.

    Fractions are cancelled only if all numbers are exact: with rounded ones the result would differ.
    """
    forms = [positive_denominators(expr)]
    if not expr.has(sympy.Float) and expr.is_rational_function() and expr.count_ops() <= _LARGE:
        forms.append(positive_denominators(sympy.cancel(expr)))
        forms.append(positive_denominators(_evaluated(sympy.factor(expr))))
    return min(forms, key=lambda f: (_order(cost, f), f.count_ops()))


def _evaluated(expr: sympy.Expr) -> sympy.Expr:
    """Build products anew: `factor` leaves (x + y)/2 as no parser would give it back."""
    return expr.replace(lambda e: e.is_Mul, lambda e: e.func(*e.args))


def _order(cost: CostModel, expr: sympy.Expr) -> float:
    value = cost_or_none(cost, expr)
    return float("inf") if value is None else value


def positive_denominators(expr: sympy.Expr) -> sympy.Expr:
    """Write -a/(-b - 1) as a/(b + 1)."""

    def negative(e: sympy.Basic) -> bool:
        return (
            isinstance(e, sympy.Pow)
            and isinstance(e.base, sympy.Add)
            and e.exp.is_Integer
            and bool(e.exp.is_negative)
            and all(term.could_extract_minus_sign() for term in e.base.args)
        )

    def flip(e: sympy.Pow) -> sympy.Expr:
        return sympy.Integer(-1) ** e.exp * sympy.Add(*(-t for t in e.base.args)) ** e.exp

    return expr.replace(negative, flip)
