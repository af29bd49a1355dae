"""The formulas of a trained design over the features in their own units, with the circuit's own constants."""

from collections.abc import Sequence

import sympy as sp

from sr2hls.design import Design, feature_name
from sr2hls.problem import Problem
from sr2hls.search.expressions import exact_number
from sr2hls.search.joint.decimal_formula import DecimalAxis, decimal_axes, decimal_formula

_NOISE = 1e-12


def own_axes(problem: Problem, names: Sequence[str]) -> dict[sp.Symbol, DecimalAxis]:
    """Return how variables of formulas come from features of these names; none without decimal units."""
    units = problem.units or ()
    variables = [feature_name(k) if unit.zero else f"x{k}" for k, unit in enumerate(units)]
    return decimal_axes(units, variables, names) if units else {}


def own_formulas(problem: Problem, design: Design, names: Sequence[str]) -> dict[str, sp.Expr] | None:
    """Return the formulas over features of these names in their own units, with the circuit's own constants.

    ``None`` where they are not trained over features in decimal units: then constants have to be rounded on
    the way.
    """
    axes = own_axes(problem, names)
    formulas = design.proposal.inlined(but={s.name for s in axes})
    if (
        not axes
        or not design.value_types
        or any(not f.free_symbols <= axes.keys() for f in formulas.values())
    ):
        return None
    return {name: decimal_formula(_decimal(summed(f)), axes) for name, f in formulas.items()}


def summed(formula: sp.Expr) -> sp.Expr:
    """Return a formula without a constant that is only the rounding of floating-point sums."""
    constant, rest = formula.as_coeff_Add()
    return rest if abs(constant) < _NOISE and rest.free_symbols else formula


def _decimal(formula: sp.Expr) -> sp.Expr:
    """Return a formula whose sums of decimal constants have no rounding of floating-point numbers."""
    return formula.xreplace({c: exact_number(float(f"{float(c):.12g}")) for c in formula.atoms(sp.Float)})
