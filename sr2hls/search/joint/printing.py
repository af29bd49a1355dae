"""Formulas as they are printed: the number of their nodes, and the form of a sum that has the fewest."""

from collections import Counter

import sympy as sp


def count_nodes(expr: sp.Expr) -> int:
    """Return the number of nodes of an expression as sympy holds it (``preorder_traversal``)."""
    return sum(1 for _ in sp.preorder_traversal(expr))


def shortest_form(expr: sp.Expr) -> sp.Expr:
    """Return an equal form with fewer nodes: factors that several addends have are taken out of them.

    The factor that saves most is taken out first, then the next, inside the bracket as well. Nothing is
    expanded and no number is worked out, so that the constants stay as they are.
    """
    best = expr
    if isinstance(expr, sp.Add):
        for factor in _common_factors(expr):
            inside = [a / factor for a in expr.args if factor in sp.Mul.make_args(a)]
            rest = [a for a in expr.args if factor not in sp.Mul.make_args(a)]
            bracket = shortest_form(sp.Add(*inside))
            form = shortest_form(sp.Add(*rest)) + sp.Mul(factor, bracket, evaluate=bracket.is_number)
            if count_nodes(form) < count_nodes(best):
                best = form
    return best


def _common_factors(total: sp.Add) -> list[sp.Expr]:
    """Factors with inputs that two or more addends have, the most frequent first."""
    counts = Counter(
        factor for addend in total.args for factor in sp.Mul.make_args(addend) if factor.free_symbols
    )
    return [f for f, n in sorted(counts.items(), key=lambda i: (-i[1], sp.default_sort_key(i[0]))) if n > 1]
