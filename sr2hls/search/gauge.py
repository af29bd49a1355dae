"""Constants that a formula has twice over: a factor that could stand in front of a sum or inside of it.

``2.4/(3.1*x + 5.2*y)`` has three constants and says no more than ``0.77/(x + 1.68*y)``, which has two.
Engines fit all three, and no fit can tell them apart: none of them can then be recognised as a simple number.
"""

import math
from typing import cast

import sympy


def without_spare_constants(expr: sympy.Expr) -> sympy.Expr:
    """The same function with every constant that others can stand in for taken out; exact numbers stay.

    - numbers that are multiplied with a fitted one join it: ``0.55*E`` becomes ``1.495``
    - in a product with a fitted factor, each sum of terms with fitted coefficients gets a first term without
    - ``c*exp(a + x)`` becomes ``c'*exp(x)``, and ``c + log(a*x + b*y)`` becomes ``c' + log(x + b'*y)``
    """
    if not expr.args or not expr.has(sympy.Float):
        return expr
    rebuilt = expr.func(*(without_spare_constants(a) for a in expr.args))
    if isinstance(rebuilt, sympy.Mul):
        return _product(rebuilt)
    if isinstance(rebuilt, sympy.Add):
        return _sum(rebuilt)
    if not rebuilt.free_symbols and rebuilt.has(sympy.Float):
        return _number(rebuilt) or rebuilt
    return cast(sympy.Expr, rebuilt)


def _product(expr: sympy.Mul) -> sympy.Expr:
    numbers = [a for a in expr.args if not a.free_symbols]
    factors = [a for a in expr.args if a.free_symbols]
    scale = sympy.Mul(*numbers)
    reduced = [_reduced_factor(f) for f in factors]
    spare = sum(k is not None for k, _ in reduced)
    if not scale.has(sympy.Float) and spare < 2:
        return expr
    # Without a number in front, one of the sums has to keep the scale: it moves to the front.
    constants = [k for k, _ in reduced if k is not None]
    total = _number(sympy.Mul(scale, *constants))
    if total is None:
        total, rest = _number(scale), factors
    else:
        rest = [factor for _, factor in reduced]
    return expr if total is None else total * sympy.Mul(*rest)


def _reduced_factor(factor: sympy.Expr) -> tuple[sympy.Expr | None, sympy.Expr]:
    """A constant and the factor divided by it; ``None`` if there is no constant to take out."""
    if isinstance(factor, sympy.exp):
        shift, rest = factor.exp.as_coeff_Add()
        return (sympy.exp(shift), sympy.exp(rest)) if shift.has(sympy.Float) else (None, factor)
    base, exponent = factor.as_base_exp()
    if not exponent.is_number:
        return None, factor
    lead, rest = _leading(base)
    return (None, factor) if lead is None else (lead**exponent, rest**exponent)


def _sum(expr: sympy.Add) -> sympy.Expr:
    numbers = [a for a in expr.args if not a.free_symbols]
    if not any(n.has(sympy.Float) for n in numbers):
        return expr
    terms = []
    for term in expr.args:
        if isinstance(term, sympy.log):
            lead, rest = _leading(term.args[0])
            if lead is not None:
                numbers.append(sympy.log(lead))
                term = sympy.log(rest)
        if term.free_symbols:
            terms.append(term)
    total = _number(sympy.Add(*numbers))
    return expr if total is None else total + sympy.Add(*terms)


def _leading(base: sympy.Expr) -> tuple[sympy.Expr | None, sympy.Expr]:
    """Size of the first term's coefficient and the sum divided by it, if all coefficients are fitted."""
    if not isinstance(base, sympy.Add):
        return None, base
    terms = [t.as_coeff_Mul() for t in sorted(base.args, key=sympy.default_sort_key)]
    if not all(c.is_Float and c != 0 for c, _ in terms):
        return None, base
    lead = abs(next(c for c, t in terms if t.free_symbols))
    # An exact 1 or -1 for the first: dividing a Float by itself leaves a Float.
    first = next(k for k, (_, t) in enumerate(terms) if t.free_symbols)
    coefficients = [c / lead for c, _ in terms]
    coefficients[first] = sympy.Integer(1 if terms[first][0] > 0 else -1)
    return lead, sympy.Add(*(c * t for c, (_, t) in zip(coefficients, terms, strict=True)))


def _number(expr: sympy.Expr) -> sympy.Expr | None:
    """A number as it is if exact, else as a Float; ``None`` if double precision cannot hold it."""
    if not expr.has(sympy.Float):
        return expr
    try:
        value = float(expr)
    except (TypeError, OverflowError):
        return None
    return sympy.Float(value) if math.isfinite(value) and abs(value) > 1e-300 else None
