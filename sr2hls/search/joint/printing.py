"""Formulas as they are printed: the number of their nodes, and the form of a sum that has the fewest."""

from collections import Counter
from collections.abc import Sequence

import sympy as sp

_MOST_TRIED = 6
"""Common factors of which every order is tried; their orders are many more than can be tried for eight."""


def count_nodes(expr: sp.Expr) -> int:
    """Return the number of nodes of an expression as sympy holds it (``preorder_traversal``)."""
    return sum(1 for _ in sp.preorder_traversal(expr))


def shortest_form(expr: sp.Expr) -> sp.Expr:
    """Return an equal form with fewer nodes: factors that several addends have are taken out of them.

    The factor that saves most is taken out first, then the next, inside the bracket as well. Addends that
    have no factor in common do not matter to each other, so that each group of those that have is done by
    itself. Nothing is expanded and no number is worked out, so that the constants stay as they are.
    """
    return _shortest(expr, in_sum=False)


def _shortest(expr: sp.Expr, *, in_sum: bool) -> sp.Expr:
    """Return the shortest form; a sum that becomes a part of another one has no node of its own."""
    if not isinstance(expr, sp.Add):
        return expr
    groups = _groups(expr.args)
    if len(groups) > 1:
        return sp.Add(*(_shortest(sp.Add(*group), in_sum=True) for group in groups))
    factors = _common_factors(expr.args)
    if len(factors) > _MOST_TRIED:
        factors = [max(factors, key=lambda f: _saved(expr.args, f))]
    best, nodes = expr, count_nodes(expr) - in_sum
    for factor in factors:
        inside = [a / factor for a in expr.args if factor in sp.Mul.make_args(a)]
        rest = [a for a in expr.args if factor not in sp.Mul.make_args(a)]
        bracket = _shortest(sp.Add(*inside), in_sum=False)
        form = sp.Mul(factor, bracket, evaluate=bracket.is_number)
        if rest:
            form = _shortest(sp.Add(*rest), in_sum=True) + form
        found = count_nodes(form) - (in_sum and form.is_Add)
        if found < nodes:
            best, nodes = form, found
    return best


def _saved(addends: Sequence[sp.Expr], factor: sp.Expr) -> int:
    """Return about how many nodes are saved where a factor is taken out, before anything else is."""
    return count_nodes(factor) * (sum(factor in sp.Mul.make_args(a) for a in addends) - 1)


def _groups(addends: Sequence[sp.Expr]) -> list[list[sp.Expr]]:
    """Split addends so that those of different groups have no factor in common; loners are one group."""
    common = set(_common_factors(addends))
    groups: list[tuple[set[sp.Expr], list[sp.Expr]]] = []
    alone: list[sp.Expr] = []
    for addend in addends:
        factors = common.intersection(sp.Mul.make_args(addend))
        if not factors:
            alone.append(addend)
            continue
        joined = (factors, [addend])
        for group in [g for g in groups if g[0] & factors]:
            groups.remove(group)
            joined = (group[0] | joined[0], group[1] + joined[1])
        groups.append(joined)
    found = [members for _, members in groups]
    return [*found, alone] if alone else found


def _common_factors(addends: Sequence[sp.Expr]) -> list[sp.Expr]:
    """Factors with inputs that two or more addends have, the most frequent first."""
    counts = Counter(
        factor for addend in addends for factor in sp.Mul.make_args(addend) if factor.free_symbols
    )
    return [f for f, n in sorted(counts.items(), key=lambda i: (-i[1], sp.default_sort_key(i[0]))) if n > 1]
