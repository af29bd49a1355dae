"""Is a formula of the form that the heat equation has?"""

import sympy as sp

X, T = sp.symbols("x0 x1")


def heat_form(expr: sp.Expr) -> tuple[str, float] | None:
    """Recognise sin(a x) (b + c t), ``linear``, and b sin(a x) exp(c t), ``exponential``.

    Args:
        expr: over x0 = x and x1 = t.

    Returns:
        The name of the form and a > 0; ``None`` for every other formula.
    """
    sines = expr.atoms(sp.sin)
    if len(sines) != 1:
        return None
    sine = sines.pop()
    a = sp.simplify(sine.args[0] / X)
    rest = sp.simplify(expr / sine)
    if a.free_symbols or X in rest.free_symbols or T not in rest.free_symbols:
        return None
    if rest.is_polynomial(T) and sp.degree(rest, T) == 1:
        return "linear", abs(float(a))
    rate = sp.simplify(sp.diff(rest, T) / rest)
    if not rate.free_symbols:
        return "exponential", abs(float(a))
    return None
