"""The formulas of a design as they are printed, and how readable they are."""

from collections.abc import Sequence

import numpy as np
import sympy as sp

from sr2hls.design import Design, feature_name
from sr2hls.problem import Problem
from sr2hls.search.expressions import exact_number
from sr2hls.search.joint import Readability, measure_readability
from sr2hls.search.joint.decimal_formula import DecimalAxis, decimal_axes, decimal_formula
from sr2hls.search.joint.printing import shortest_form

DIGITS = 3
_ROWS = 4_000
_NOISE = 1e-12


def has_tables(design: Design) -> bool:
    """Return whether a design is a network of tables: their polynomials are no formulas that people read."""
    return bool(design.proposal.definitions) and not design.value_types


def own_axes(problem: Problem, names: Sequence[str]) -> dict[sp.Symbol, DecimalAxis]:
    """Return how variables of formulas come from features of these names; none without decimal units."""
    units = problem.units or ()
    variables = [feature_name(k) if unit.zero else f"x{k}" for k, unit in enumerate(units)]
    return decimal_axes(units, variables, names) if units else {}


def own_formulas(problem: Problem, design: Design, names: Sequence[str]) -> dict[str, sp.Expr] | None:
    """Return the formulas over features of these names in their own units, with the circuit's own constants.

    ``None`` where they are over the circuit's inputs: then constants have to be rounded on the way.
    """
    axes = own_axes(problem, names)
    formulas = design.proposal.inlined(but={s.name for s in axes})
    if not axes or any(not f.free_symbols <= axes.keys() for f in formulas.values()):
        return None
    return {name: decimal_formula(_decimal(_summed(f)), axes) for name, f in formulas.items()}


def printed_formulas(design: Design) -> dict[str, sp.Expr]:
    """Return the formulas over the circuit's inputs, in their shortest form with three digits."""
    return {name: shortest_form(rounded(_summed(f))) for name, f in design.proposal.inlined().items()}


def _summed(formula: sp.Expr) -> sp.Expr:
    """Return a formula without a constant that is only the rounding of floating-point sums."""
    constant, rest = formula.as_coeff_Add()
    return rest if abs(constant) < _NOISE and rest.free_symbols else formula


def _decimal(formula: sp.Expr) -> sp.Expr:
    """Return a formula whose sums of decimal constants have no rounding of floating-point numbers."""
    return formula.xreplace({c: exact_number(float(f"{float(c):.12g}")) for c in formula.atoms(sp.Float)})


def rounded(expr: sp.Expr, digits: int = DIGITS) -> sp.Expr:
    """Return an expression whose constants have so many significant digits."""
    return expr.xreplace({c: sp.Float(f"{float(c):.{digits}g}") for c in expr.atoms(sp.Float)})


def readability(problem: Problem, design: Design) -> Readability | None:
    """Return how readable the printed formulas are, measured on validation rows; of tables, ``None``.

    They are those over the features where these have decimal units, else those over the circuit's inputs.
    """
    if has_tables(design):
        return None
    rows = problem.validation.first(_ROWS).inputs
    own = own_formulas(problem, design, problem.feature_names)
    if own is not None:
        features = [u.place + u.own(rows[:, k]) * u.scale for k, u in enumerate(problem.units or ())]
        return measure_readability(own, np.stack(features, axis=1), problem.feature_names)
    return measure_readability(printed_formulas(design), rows, tuple(problem.types))


def readable_nodes(problem: Problem, design: Design) -> int | None:
    """Return the nodes of formulas that can be read and are computed to the bit, else ``None``."""
    # Constants alone have no value to be rounded.
    if not design.value_types and any(f.free_symbols for f in design.proposal.inlined().values()):
        return None
    found = readability(problem, design)
    return found.nodes if found is not None and found.is_readable else None
