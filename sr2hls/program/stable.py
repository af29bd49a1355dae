"""Formulas whose parts overflow although they do not: exponentials are divided by the largest of them.

log(exp(a) + exp(b)) is m + log(exp(a - m) + exp(b - m)) with m = max(a, b), and a quotient by such a sum
keeps its value when both of its sides are divided by exp(m) (Blanchard, Higham and Higham, "Accurately
computing the log-sum-exp and softmax functions", IMA J. Numer. Anal. 41, 2021).
"""

import sympy as sp


def stable_form(expr: sp.Expr) -> sp.Expr:
    """Return an expression of equal value that fixed point can follow.

    Logarithms of and quotients by sums of exponentials do not overflow, and powers with a variable exponent
    have their value where the base is 0.
    """
    if not isinstance(expr, sp.Expr):
        return expr
    if expr.has(sp.exp):
        expr = expr.replace(_is_log_of_sum, _safe_log)
        # Whole products first: what is above the sum has to take part.
        for kind in (sp.Mul, sp.Pow):
            expr = expr.replace(lambda e, kind=kind: isinstance(e, kind) and _is_quotient(e), _safe_quotient)
    return expr.replace(_is_free_power, _safe_power)


def _is_free_power(expr: sp.Basic) -> bool:
    return isinstance(expr, sp.Pow) and bool(expr.base.free_symbols and expr.exp.free_symbols)


def _safe_power(expr: sp.Pow) -> sp.Expr:
    # The root is 0 at 0, and has no value below, as the power.
    return sp.Piecewise((sp.exp(expr.exp * sp.log(expr.base)), expr.base > 0), (sp.sqrt(expr.base), True))


def _is_log_of_sum(expr: sp.Basic) -> bool:
    return isinstance(expr, sp.log) and _exponents(expr.args[0]) is not None


def _safe_log(expr: sp.log) -> sp.Expr:
    largest = _exponents(expr.args[0])
    return largest + sp.log(_divided(expr.args[0], largest))


def _is_quotient(expr: sp.Basic) -> bool:
    return any(_is_inverse(f) for f in sp.Mul.make_args(expr))


def _safe_quotient(expr: sp.Expr) -> sp.Expr:
    factors = sp.Mul.make_args(expr)
    inverse = next(f for f in factors if _is_inverse(f))
    rest = sp.Mul(*(f for f in factors if f is not inverse))
    largest = _exponents(inverse.base)
    above = _divided(rest, -inverse.exp * largest)
    return above * sp.Pow(_divided(inverse.base, largest), inverse.exp)


def _is_inverse(factor: sp.Basic) -> bool:
    return (
        isinstance(factor, sp.Pow)
        and factor.base is not sp.E
        and bool(factor.exp.is_number and factor.exp.is_negative)
        and _exponents(factor.base) is not None
    )


def _exponents(expr: sp.Basic) -> sp.Expr | None:
    """Return the largest exponent of a sum of exponentials (0 for its other terms), if it is one."""
    if not isinstance(expr, sp.Add):
        return None
    found = [_exponent(term) for term in expr.args]
    if not any(e.free_symbols for e in found) or expr.has(sp.Max):
        return None
    return sp.Max(*found)


def _exponent(term: sp.Basic) -> sp.Expr:
    return sp.Add(*(f.args[0] for f in sp.Mul.make_args(term) if isinstance(f, sp.exp)))


def _divided(expr: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """Return an expression divided by the exponential of an exponent, term by term."""
    terms = []
    for term in sp.Add.make_args(expr):
        factors = sp.Mul.make_args(term)
        others = sp.Mul(*(f for f in factors if not isinstance(f, sp.exp)))
        terms.append(others * sp.exp(sp.Add(_exponent(term), -exponent)))
    return sp.Add(*terms)
