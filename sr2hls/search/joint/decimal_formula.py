"""Formulas over features in decimal units, as formulas over the features: only decimal points move.

With ``u = (feature - place) / 10^k`` every constant of a formula over u keeps its digits, so that what is
printed over the features is what the circuit computes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sympy as sp

from sr2hls.data.decimal_units import DecimalUnit
from sr2hls.search.joint.printing import count_nodes, shortest_form


@dataclass(frozen=True)
class DecimalAxis:
    """How a formula's variable comes from a feature: ``(feature - place) / 10^exponent``.

    Attributes:
        symbol: the feature in the formulas that are made.
        exponent: of ten.
        place: in units of the feature.
    """

    symbol: sp.Symbol
    exponent: int
    place: float = 0.0


@dataclass(frozen=True)
class _Shifted:
    """``10^exponent · expr``."""

    exponent: int
    expr: sp.Expr

    def shown(self) -> sp.Expr:
        """Return the product, with the power of ten in the expression's constant."""
        return self.by(self.exponent)

    def by(self, exponent: int) -> sp.Expr:
        """Return the expression times ten to another exponent."""
        if exponent == 0:
            return self.expr
        number, rest = self.expr.as_coeff_Mul()
        factor = _moved(number, exponent)
        if rest == 1:
            return factor
        return sp.Mul(factor, rest, evaluate=not rest.is_Add)


def decimal_axes(
    units: Sequence[DecimalUnit], variables: Sequence[str], names: Sequence[str]
) -> dict[sp.Symbol, DecimalAxis]:
    """Return how variables of formulas come from features of these names."""
    return {
        sp.Symbol(variable): DecimalAxis(sp.Symbol(name), unit.exponent, unit.place)
        for unit, variable, name in zip(units, variables, names, strict=True)
    }


def count_own_nodes(expr: sp.Expr, units: Sequence[DecimalUnit] | None) -> int:
    """Return the nodes of a formula over x0, x1, ... as it is printed, over the features in their units."""
    if units is None:
        return count_nodes(shortest_form(expr))
    names = [f"x{k}" for k in range(len(units))]
    return count_nodes(decimal_formula(expr, decimal_axes(units, names, names)))


def decimal_formula(expr: sp.Expr, axes: Mapping[sp.Symbol, DecimalAxis]) -> sp.Expr:
    """Return a formula over features, in its shortest form that has the constants of the one that is given.

    Args:
        expr: over variables in decimal units.
        axes: of each variable.
    """
    total = sp.Add(*(_shifted(a, axes).shown() for a in sp.Add.make_args(expr)))
    form = shortest_form(total)
    # Where factors are taken out, sympy adds numbers in the bracket up: they would get more digits.
    return form if form.atoms(sp.Float) <= total.atoms(sp.Float) else total


def _shifted(expr: sp.Expr, axes: Mapping[sp.Symbol, DecimalAxis]) -> _Shifted:
    match expr:
        case sp.Symbol():
            axis = axes[expr]
            line = axis.symbol - _number(Decimal(repr(axis.place))) if axis.place else axis.symbol
            return _Shifted(-axis.exponent, line)
        case _ if not expr.free_symbols:
            return _Shifted(0, expr)
        case sp.Add():
            return _sum(expr, [_shifted(a, axes) for a in expr.args])
        case sp.Mul():
            found = [_shifted(a, axes) for a in expr.args]
            return _Shifted(sum(f.exponent for f in found), sp.Mul(*(f.expr for f in found)))
        case sp.Pow() if expr.exp.is_Number:
            base = _shifted(expr.base, axes)
            exponent = base.exponent * expr.exp
            if exponent.is_Integer:
                return _Shifted(int(exponent), base.expr**expr.exp)
            return _Shifted(0, base.shown() ** expr.exp)
        case sp.Abs():
            inner = _shifted(expr.args[0], axes)
            return _Shifted(inner.exponent, sp.Abs(inner.expr, evaluate=False))
        case sp.sign():
            return _Shifted(0, sp.sign(_shifted(expr.args[0], axes).expr, evaluate=False))
        case sp.Max() | sp.Min():
            return _sum(expr, [_shifted(a, axes) for a in expr.args])
    return _Shifted(0, expr.func(*(_shifted(a, axes).shown() for a in expr.args)))


def _sum(expr: sp.Expr, parts: Sequence[_Shifted]) -> _Shifted:
    """Return a sum, max or min; a power of ten that would stand alone before a variable is taken out."""
    bare = [p.exponent for p in parts if p.expr.free_symbols and p.expr.as_coeff_Mul()[0] == 1]
    exponent = bare[0] if bare else 0
    return _Shifted(exponent, expr.func(*(p.by(p.exponent - exponent) for p in parts)))


def _moved(number: sp.Expr, exponent: int) -> sp.Expr:
    """Return a number with its decimal point moved."""
    if isinstance(number, sp.Integer):
        return _number(Decimal(int(number)).scaleb(exponent))
    if isinstance(number, sp.Float):
        return _number(Decimal(repr(float(number))).scaleb(exponent))
    return number * sp.Integer(10) ** exponent


def _number(value: Decimal) -> sp.Expr:
    return (
        sp.Integer(int(value)) if value == int(value) and abs(value) < 1_000_000 else sp.Float(float(value))
    )
