"""Input names: what the user calls them, and the safe names x0, x1, ... that formulas use inside."""

import re
from collections.abc import Sequence

import sympy

from sr2hls.errors import InputError


def safe_names(count: int) -> tuple[str, ...]:
    """Names of the inputs inside sr2hls: x0, x1, ..."""
    return tuple(f"x{i}" for i in range(count))


def checked_names(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """The user's input names, or x0, x1, ... where there are none.

    Raises:
        InputError: the number of names differs from the number of columns, or a name occurs twice.
    """
    if names is None:
        return safe_names(count)
    given = tuple(str(n) for n in names)
    if len(given) != count:
        raise InputError(f"{len(given)} input names for {count} columns: give one name a column")
    twice = {n for n in given if given.count(n) > 1}
    if twice:
        raise InputError(f"input name '{sorted(twice)[0]}' occurs twice: give each column its own name")
    return given


def natural_order(names: Sequence[str]) -> tuple[str, ...]:
    """Sort names so that x2 comes before x10."""
    return tuple(sorted(names, key=lambda n: [int(p) if p.isdecimal() else p for p in re.split(r"(\d+)", n)]))


def with_names(expr: sympy.Expr, names: Sequence[str]) -> sympy.Expr:
    """Replace x0, x1, ... by the user's names, for display."""
    # There can be as many names as inputs; formulas use a few of them.
    known = {f"x{i}": name for i, name in enumerate(names)}
    return expr.xreplace({s: sympy.Symbol(known[str(s)]) for s in expr.free_symbols if str(s) in known})


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def with_safe_names(expr: sympy.Expr, names: Sequence[str]) -> sympy.Expr:
    """Replace the user's names by x0, x1, ...

    Raises:
        InputError: the expression has a variable that is none of the names.
    """
    positions = {name: i for i, name in enumerate(names)}
    unknown = sorted(str(s) for s in expr.free_symbols if str(s) not in positions)
    if unknown:
        raise InputError(f"the formula uses '{unknown[0]}', but the inputs are {_listed(names)}")
    return expr.xreplace({s: sympy.Symbol(f"x{positions[str(s)]}") for s in expr.free_symbols})
