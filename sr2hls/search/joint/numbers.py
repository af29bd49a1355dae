"""Short numbers: what a constant may be rounded to, and how a number is printed."""

import math
from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

MOST_DIGITS = 3
_DENOMINATORS = (3, 6)
"""Fractions with these have no short decimal form."""
_MOST_NUMERATOR = 12
_PI = {
    float(factor) * math.pi: sp.Rational(factor.numerator, factor.denominator) * sp.pi
    for factor in (Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4))
}
_FRACTIONS = {
    p / q: sp.Rational(p, q)
    for q in _DENOMINATORS
    for p in range(1, _MOST_NUMERATOR + 1)
    if math.gcd(p, q) == 1
}
_EXACT: dict[float, sp.Expr] = _PI | _FRACTIONS
_NEAR = 0.005
"""Exact forms are tried for numbers that are nearer to them than this share."""


def printed_number(value: float) -> sp.Expr:
    """Return an Integer, a multiple of π or a simple fraction if the double is exactly that, else a Float."""
    if value in _EXACT:
        return _EXACT[value]
    if -value in _EXACT:
        return -_EXACT[-value]
    if math.isfinite(value) and value == int(value) and abs(value) < 1e6:
        return sp.Integer(int(value))
    return sp.Float(value)


def short_numbers(value: float, *, inside: bool = False, digits: int | None = MOST_DIGITS) -> Iterator[float]:
    """Yield numbers near a value, the shortest first: one digit, two digits, exact forms, all digits.

    Args:
        value: the number.
        inside: whether it is inside a function, where multiples of π are natural.
        digits: of the last number; ``None``: the value itself, after one of three digits.
    """
    if value == 0 or not math.isfinite(value):
        yield value
        return
    yield _rounded(value, 1)
    yield _rounded(value, 2)
    exact = _EXACT if inside else _FRACTIONS
    near = [e for e in exact if abs(e - abs(value)) < _NEAR * abs(value)]
    yield from (math.copysign(e, value) for e in sorted(near, key=lambda e: abs(e - abs(value))))
    yield _rounded(value, digits or MOST_DIGITS)
    if digits is None:
        yield value


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")
