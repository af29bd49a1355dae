"""g after f: formulas put into formulas."""

from collections.abc import Sequence

import sympy as sp

from sr2hls.errors import InputError
from sr2hls.search.names import safe_names


def compose(outer: Sequence[sp.Expr], inner: Sequence[sp.Expr]) -> tuple[sp.Expr, ...]:
    """Return g∘f: the formulas of ``outer`` with x0, x1, ... replaced by those of ``inner``.

    Nothing is simplified beyond what sympy does by itself.

    Args:
        outer: formulas of g over x0, x1, ..., the outputs of f.
        inner: formulas of f over x0, x1, ..., the inputs.

    Raises:
        InputError: g uses an output that f does not have.
    """
    names = safe_names(len(inner))
    for formula in outer:
        missing = sorted(str(s) for s in formula.free_symbols if str(s) not in names)
        if missing:
            raise InputError(
                f"the outer formula uses '{missing[0]}', but there are {len(inner)} inner formulas"
            )
    # xreplace is simultaneous: the x0 of f is not the x0 of g.
    values = {sp.Symbol(name): sp.sympify(f) for name, f in zip(names, inner, strict=True)}
    return tuple(sp.sympify(formula).xreplace(values) for formula in outer)
