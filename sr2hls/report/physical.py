"""Formulas over the features in their own units: the affine scaler goes into the constants.

With ``x = (X - offset) / scale`` a line ``a·x + b`` is ``a/scale · (X - place)``. Products, powers,
|·|, sign, max and min give their factor to the term's coefficient, so that a threshold on a mass is a mass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, prod

import sympy as sp

_DIGITS = 3
_EXACT_PLACE = 0.01
"""A place has more than three digits where these would move it by more than this share of its scale."""


@dataclass(frozen=True)
class Axis:
    """How an input of the circuit comes from a feature: ``(feature - offset) / scale``.

    Attributes:
        symbol: the feature in the formulas that are made.
        offset: in units of the feature.
        scale: in units of the feature, not 0.
    """

    symbol: sp.Symbol
    offset: float
    scale: float


@dataclass(frozen=True)
class _Scaled:
    """``factor · expr``; where ``line`` is set, ``expr`` is a symbol less a place."""

    factor: float
    expr: sp.Expr
    line: tuple[sp.Symbol, float] | None = None

    def shown(self) -> sp.Expr:
        """Return the product with a rounded factor, which sympy is kept from multiplying out."""
        factor = _number(self.factor)
        if self.expr == 1:
            return factor
        if factor == 1 or factor == 0:
            return factor * self.expr
        return sp.Mul(factor, self.expr, evaluate=not self.expr.is_Add)


def physical_formula(expr: sp.Expr, axes: Sequence[Axis]) -> sp.Expr:
    """Return a formula over features, with constants of three digits.

    Args:
        expr: over x0, x1, ..., the circuit's inputs.
        axes: of each input.
    """
    addends, constant = _parts([_scaled(a, axes) for a in sp.Add.make_args(expr)])
    return sp.Add(*addends, _number(constant))


def physical_scores(formulas: Sequence[sp.Expr], axes: Sequence[Axis]) -> list[sp.Expr]:
    """Return the scores of classes; a constant that all have in common decides nothing and is left out."""
    parts = [_parts([_scaled(a, axes) for a in sp.Add.make_args(f)]) for f in formulas]
    common = sorted(constant for _, constant in parts)[len(parts) // 2]
    return [sp.Add(*addends, _number(constant - common)) for addends, constant in parts]


def formula_text(expr: sp.Expr) -> str:
    """Return a formula as text; constants have no trailing zeros."""
    return str(sp.sstr(expr, full_prec=False))


def _scaled(expr: sp.Expr, axes: Sequence[Axis]) -> _Scaled:
    match expr:
        case sp.Symbol():
            axis = axes[int(expr.name[1:])]
            return _line(1 / axis.scale, axis.symbol, axis.offset)
        case _ if not expr.free_symbols:
            return _Scaled(float(expr), sp.Integer(1))
        case sp.Add():
            return _bracket([_scaled(a, axes) for a in expr.args])
        case sp.Mul():
            found = [_scaled(a, axes) for a in expr.args]
            others = [f for f in found if f.expr != 1]
            factor = prod(f.factor for f in found)
            if len(others) == 1:
                return _Scaled(factor, others[0].expr, others[0].line)
            return _Scaled(factor, sp.Mul(*(f.expr for f in others)))
        case sp.Pow() if expr.exp.is_Integer:
            base = _scaled(expr.base, axes)
            return _Scaled(base.factor ** int(expr.exp), base.expr**expr.exp)
        case sp.Pow() if expr.exp.is_Number and (base := _scaled(expr.base, axes)).factor > 0:
            return _Scaled(base.factor ** float(expr.exp), base.expr**expr.exp)
        case sp.Abs():
            inner = _scaled(expr.args[0], axes)
            return _Scaled(abs(inner.factor), sp.Abs(inner.expr, evaluate=False))
        case sp.sign():
            inner = _scaled(expr.args[0], axes)
            return _Scaled(-1.0 if inner.factor < 0 else 1.0, sp.sign(inner.expr, evaluate=False))
        case sp.exp():
            # sympy would take the constant out, with all its digits.
            addends, constant = _parts([_scaled(a, axes) for a in sp.Add.make_args(expr.args[0])])
            return _Scaled(exp(constant), sp.exp(sp.Add(*addends)))
        case sp.Max() | sp.Min():
            return _extreme(expr, [_scaled(a, axes) for a in expr.args])
    return _Scaled(1.0, expr.func(*(_scaled(a, axes).shown() for a in expr.args)))


def _line(factor: float, symbol: sp.Symbol, place: float) -> _Scaled:
    unit = abs(1 / factor)
    shown = 0.0 if abs(place) < _EXACT_PLACE * unit / 2 else _place(place, unit)
    return _Scaled(factor, symbol - _exact(shown) if shown else symbol, (symbol, place))


def _bracket(parts: Sequence[_Scaled]) -> _Scaled:
    """Return a sum inside of a formula: a line, or a sum whose first factor is taken out."""
    constant = sum(p.factor for p in parts if p.expr == 1)
    others = [p for p in parts if p.expr != 1]
    if len(others) == 1:
        (only,) = others
        if only.line is not None:
            symbol, place = only.line
            return _line(only.factor, symbol, place - constant / only.factor)
        return _Scaled(only.factor, only.expr + _number(constant / only.factor))
    addends, constant = _parts(parts)
    return _Scaled(1.0, sp.Add(*addends, _number(constant)))


def _parts(parts: Sequence[_Scaled]) -> tuple[list[sp.Expr], float]:
    """Return the addends of a sum and its constant, into which the places of lines go."""
    constant, addends = 0.0, []
    for part in parts:
        if part.expr == 1:
            constant += part.factor
        elif part.line is not None:
            symbol, place = part.line
            constant -= part.factor * place
            addends.append(_number(part.factor) * symbol)
        else:
            addends.append(part.shown())
    return addends, constant


def _extreme(expr: sp.Expr, parts: Sequence[_Scaled]) -> _Scaled:
    """Return max or min with a factor taken out; a negative one makes the one the other."""
    factor = next(p.factor for p in parts if p.expr != 1)
    inside = [_Scaled(p.factor / factor, p.expr, p.line).shown() for p in parts]
    is_max = isinstance(expr, sp.Max) == (factor > 0)
    return _Scaled(factor, (sp.Max if is_max else sp.Min)(*inside))


def _number(value: float) -> sp.Expr:
    return _exact(float(f"{value:.{_DIGITS}g}"))


def _exact(value: float) -> sp.Expr:
    return sp.Integer(int(value)) if value == int(value) and abs(value) < 1e6 else sp.Float(value)


def _place(value: float, unit: float) -> float:
    near = (float(f"{value:.{digits}g}") for digits in range(_DIGITS, 17))
    return next((v for v in near if abs(v - value) <= _EXACT_PLACE * unit), value)
