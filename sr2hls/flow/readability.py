"""The formulas of a design as they are printed, and how readable they are."""

import numpy as np
import sympy as sp

from sr2hls.design import Design
from sr2hls.problem import Problem
from sr2hls.quantised.own_formulas import own_formulas, summed
from sr2hls.search.joint import Readability, measure_readability
from sr2hls.search.joint.printing import shortest_form

DIGITS = 3
_ROWS = 4_000


def has_tables(design: Design) -> bool:
    """Return whether a design is a network of tables: their polynomials are no formulas that people read."""
    return bool(design.proposal.definitions) and not design.value_types


def printed_formulas(design: Design) -> dict[str, sp.Expr]:
    """Return the formulas over the circuit's inputs, in their shortest form with three digits."""
    return {name: shortest_form(rounded(summed(f))) for name, f in design.proposal.inlined().items()}


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
    if has_tables(design):
        return None  # first, since writing their definitions into the formulas takes sympy seconds
    if design.value_types and any(e.largest for e in design.errors.values()):
        return None  # its tables have moved from the formulas
    # Constants alone have no value to be rounded.
    if not design.value_types and any(f.free_symbols for f in design.proposal.inlined().values()):
        return None
    found = readability(problem, design)
    return found.nodes if found is not None and found.is_readable else None
