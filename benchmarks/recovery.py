"""Whether a search found the formula that made the data: by value beyond the data and by form."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy
from numpy.typing import NDArray

from sr2hls.search.expressions import evaluate_expr

TEST_ERROR = 1e-10
"""Largest mean squared error beyond the training range, relative to the variance there."""
_CLOSE = 1e-5


@dataclass(frozen=True, slots=True)
class Recovery:
    """Verdict on a formula.

    Attributes:
        test_error: mean squared error on the test data divided by the variance of the truth; infinite where
            the formula has no value.
        same_value: whether that is at most `TEST_ERROR`.
        same_form: whether the formula, its constants snapped to exact numbers within 1e-5, equals the truth
            algebraically.
    """

    test_error: float
    same_value: bool
    same_form: bool

    @property
    def recovered(self) -> bool:
        """Both by value and by form."""
        return self.same_value and self.same_form


def recovery(found: sympy.Expr, truth: sympy.Expr, X_test: NDArray[np.float64]) -> Recovery:
    """Compare a formula with the one that made the data.

    Args:
        found: formula over x0, x1, ...
        truth: the true formula, with exact constants.
        X_test: inputs beyond the training range, shape (n, f).
    """
    target = evaluate_expr(truth, X_test)
    value = evaluate_expr(found, X_test)
    with np.errstate(all="ignore"):
        error = float(np.mean((value - target) ** 2)) / (float(np.var(target)) or 1.0)
    error = error if math.isfinite(error) else math.inf
    same_value = error <= TEST_ERROR
    # The algebra is slow on large formulas, and cannot change the verdict on one that is off in value.
    return Recovery(error, same_value, same_value and same_form(found, truth))


def same_form(found: sympy.Expr, truth: sympy.Expr) -> bool:
    """Whether two formulas are algebraically equal once constants are snapped to exact numbers."""
    snapped = _snap(found)
    if snapped.has(sympy.Float):
        return False
    for form in (snapped - truth, sympy.expand(snapped - truth)):
        if form == 0 or sympy.simplify(form) == 0:
            return True
    return bool(sympy.simplify((snapped - truth).rewrite(sympy.exp)) == 0)


def _snap(expr: sympy.Expr) -> sympy.Expr:
    exact: dict[sympy.Float, sympy.Expr] = {}
    for number in sympy.expand(expr).atoms(sympy.Float) | expr.atoms(sympy.Float):
        value = float(number)
        if abs(value) < 1e-7:
            exact[number] = sympy.Integer(0)
            continue
        near = (n for n in _exact_numbers(value) if abs(float(n) - value) <= _CLOSE * abs(value))
        exact[number] = next(near, number)
    return expr.xreplace(exact)


def _exact_numbers(value: float) -> Iterator[sympy.Expr]:
    """Fractions with denominators up to 64, then such multiples of π, then square roots of such fractions.

    Square roots come with shifted angles: sin(2x) = 2(sin(x + π/4) + √½)(sin(x + π/4) - √½).
    """
    for unit in (sympy.Integer(1), sympy.pi):
        yield _fraction(value / float(unit)) * unit
    yield sympy.sign(value) * sympy.sqrt(_fraction(value**2))


def _fraction(value: float) -> sympy.Rational:
    fraction = Fraction(value).limit_denominator(64)
    return sympy.Rational(fraction.numerator, fraction.denominator)
