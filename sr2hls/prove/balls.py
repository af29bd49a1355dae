"""Formulas in ball arithmetic: an enclosure of the exact value, with as many bits as a decision takes.

Arb (python-flint) proves its enclosures. Constants are the numbers that the formula holds, exactly: a decimal
one the double that it reads as, a rational or pi itself.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from sr2hls.errors import VerificationError
from sr2hls.program.quantize import quantize_raw
from sr2hls.program.types import FixedType

PRECISIONS = (80, 320, 1280, 5120)
"""Bits that are tried in turn."""
Ball = Any
"""An `arb`; python-flint has no types for mypy."""
BallOf = Callable[[Mapping[str, Ball]], Ball]


def solver_name() -> str:
    """Return what encloses values, with its version."""
    return f"Arb of python-flint {version('python-flint')}"


class UndecidedError(Exception):
    """A comparison that more bits may settle."""


_METHODS: dict[type[sp.Function], str] = {
    sp.sin: "sin", sp.cos: "cos", sp.tan: "tan", sp.asin: "asin", sp.acos: "acos", sp.atan: "atan",
    sp.sinh: "sinh", sp.cosh: "cosh", sp.tanh: "tanh", sp.asinh: "asinh", sp.acosh: "acosh",
    sp.atanh: "atanh", sp.exp: "exp", sp.log: "log", sp.floor: "floor", sp.ceiling: "ceil", sp.erf: "erf",
    sp.erfc: "erfc", sp.gamma: "gamma", sp.sec: "sec", sp.csc: "csc", sp.cot: "cot", sp.sech: "sech",
    sp.csch: "csch", sp.coth: "coth", sp.sinc: "sinc", sp.LambertW: "lambertw", sp.Abs: "__abs__",
}  # fmt: skip
_CERTAIN: dict[type[Relational], tuple[str, str]] = {
    sp.StrictLessThan: ("__lt__", "__ge__"),
    sp.LessThan: ("__le__", "__gt__"),
    sp.StrictGreaterThan: ("__gt__", "__le__"),
    sp.GreaterThan: ("__ge__", "__lt__"),
    sp.Equality: ("__eq__", "__ne__"),
    sp.Unequality: ("__ne__", "__eq__"),
}
"""For each relation, what says that it certainly holds, and that it certainly does not."""


def dyadic(number: sp.Expr) -> tuple[int, int] | None:
    """Return raw value and fractional bits of a number in binary, None where it has no end in binary."""
    if isinstance(number, sp.Float):
        sign, mantissa, exponent, _ = number._mpf_
        return int(-mantissa if sign else mantissa), -int(exponent)
    if isinstance(number, sp.Rational) and number.q & (number.q - 1) == 0:
        return int(number.p), int(number.q).bit_length() - 1
    return None


def ball(raw: int, frac: int) -> Ball:
    """Return the number ``raw · 2^-frac``."""
    return arb((raw, -frac))


def compiled(expr: sp.Basic) -> BallOf:
    """Return a function from the balls of a formula's symbols to that of its value; not finite without one.

    It works at the precision of the moment (see `settled`) and raises `UndecidedError` where that is too
    small.

    Raises:
        VerificationError: a function has no enclosure.
    """
    if isinstance(expr, sp.Symbol):
        name = str(expr)
        return lambda at: at[name]
    if isinstance(expr, BooleanTrue | BooleanFalse):
        truth = bool(expr)
        return lambda at: truth
    if isinstance(expr, sp.Number):
        found = dyadic(expr)
        if found is not None:
            raw, frac = found
            return lambda at: ball(raw, frac)
        if isinstance(expr, sp.Rational):
            p, q = int(expr.p), int(expr.q)
            return lambda at: arb(p) / arb(q)
    if expr is sp.pi:
        return lambda at: arb.pi()
    if expr is sp.E:
        return lambda at: arb.const_e()
    args = [compiled(arg) for arg in expr.args if not isinstance(expr, sp.Piecewise)]
    match expr:
        case sp.Add():
            return lambda at: sum((f(at) for f in args), arb(0))
        case sp.Mul():
            return lambda at: _product(f(at) for f in args)
        case sp.Pow():
            return _power(expr, args)
        case sp.Min() | sp.Max():
            pick = "min" if isinstance(expr, sp.Min) else "max"
            return lambda at: _folded(pick, [f(at) for f in args])
        case sp.Piecewise():
            return _piecewise(expr)
        case sp.And():
            return lambda at: all(f(at) for f in args)
        case sp.Or():
            return lambda at: any(f(at) for f in args)
        case sp.Not():
            return lambda at: not args[0](at)
        case sp.sign():
            return lambda at: _sign(args[0](at))
        case sp.Heaviside():
            return lambda at: (_sign(args[0](at)) + 1) / 2
        case sp.Mod():
            return lambda at: args[0](at) - args[1](at) * (args[0](at) / args[1](at)).floor()
    if type(expr) in _CERTAIN:
        certain, never = _CERTAIN[type(expr)]
        return lambda at: _related(args[0](at), args[1](at), certain, never)
    method = _METHODS.get(type(expr))
    if method is None or len(args) != 1:
        raise VerificationError(f"'{type(expr).__name__}' has no enclosure in ball arithmetic")
    return lambda at: getattr(args[0](at), method)()


def _product(factors: Any) -> Ball:
    total = arb(1)
    for factor in factors:
        total = total * factor
    return total


def _folded(pick: str, balls: list[Ball]) -> Ball:
    best = balls[0]
    for other in balls[1:]:
        best = getattr(best, pick)(other)
    return best


def _power(expr: sp.Pow, args: list[BallOf]) -> BallOf:
    base, exponent = args
    if isinstance(expr.exp, sp.Integer):
        n = int(expr.exp)
        return lambda at: base(at) ** n
    if expr.exp == sp.S.Half:
        return lambda at: base(at).sqrt()
    return lambda at: base(at) ** exponent(at)


def _piecewise(expr: sp.Piecewise) -> BallOf:
    cases = [(compiled(value), compiled(condition)) for value, condition in expr.args]

    def choose(at: Mapping[str, Ball]) -> Ball:
        return next((value(at) for value, condition in cases if condition(at)), arb.nan())

    return choose


def _related(a: Ball, b: Ball, certain: str, never: str) -> bool:
    if getattr(a, certain)(b):
        return True
    if getattr(a, never)(b):
        return False
    raise UndecidedError


def _sign(a: Ball) -> Ball:
    if a.is_zero():
        return arb(0)
    if a > 0 or a < 0:
        return arb(1 if a > 0 else -1)
    raise UndecidedError


def settled(take: Callable[[], int | None]) -> tuple[int | None, int]:
    """Return what is found with the fewest bits that settle it, and the bits; None where none does."""
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            try:
                found = take()
            except UndecidedError:
                continue
        if found is not None:
            return found, precision
    return None, PRECISIONS[-1]


def rounded(value: Ball, type_: FixedType) -> int | None:
    """Return a value's raw value in a type, None where its ball leaves more than one, or it has no value."""
    if not value.is_finite():
        return None
    if value.is_exact():
        return _quantised(value, type_)
    if not value.rad() * arb(2) ** (type_.frac + 1) < 1:
        return None
    low, high = (_quantised(end, type_) for end in (value.lower(), value.upper()))
    return low if low == high else None


def _quantised(value: Ball, type_: FixedType) -> int:
    mantissa, exponent = value.man_exp()
    return quantize_raw(int(mantissa), -int(exponent), type_)
