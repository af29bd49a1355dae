"""Rows of PySR's hall of fame as fronts: read, polished while there is time, scored by our own costs."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators
from sr2hls.errors import InputError
from sr2hls.search.base import SearchOptions
from sr2hls.search.expressions import expr_from_text
from sr2hls.search.front import Candidate, Front, Scalar
from sr2hls.search.halloffame import Row
from sr2hls.search.polish import Polisher
from sr2hls.search.pysr.template import compose_template, is_template
from sr2hls.search.search_objective import objective_for


@dataclass(frozen=True, slots=True)
class Found:
    """What PySR found, and the data to score it on.

    Attributes:
        X: inputs, shape (n, f).
        Y: outputs, shape (n, k).
        weights: of the rows, shape (n, k), or ``None``.
        rows: rows of each output's hall of fame.
        details: what every candidate says of its search.
        deadline: time.monotonic() after which nothing more is polished; ``None``: all is.
        combine: code of the template, where there is one.
    """

    X: FloatArray
    Y: FloatArray
    weights: FloatArray | None
    rows: tuple[tuple[Row, ...], ...]
    details: Mapping[str, Scalar]
    deadline: float | None
    combine: str | None


def fronts_of(
    found: Found, names: tuple[str, ...], cost: CostModel, options: SearchOptions, polish: bool
) -> tuple[tuple[Front, ...], tuple[str, ...]]:
    """Return a front for each output, and notes about what was left out.

    Args:
        found: rows and data.
        names: of the outputs.
        cost: scores the formulas.
        options: loss, second cost, operators.
        polish: refit, simplify and snap the formulas.

    Raises:
        InputError: a row is no formula that sr2hls knows.
    """
    fronts, notes = [], []
    raw, stopped = 0, False
    for k, name in enumerate(names):
        weights = None if found.weights is None else found.weights[:, k]
        objective = objective_for(found.Y[:, k], options.loss, weights)
        polisher = Polisher(found.X, objective, cost, options.latency, options.definitions)
        candidates: list[Candidate] = []
        # Cheapest first: what the time cuts off are the large formulas.
        for row in sorted(found.rows[k], key=lambda r: r.complexity):
            expr = _formula(row.equation, found.combine, options.definitions)
            details = {**found.details, "complexity": row.complexity, "pysr_loss": row.loss}
            late = stopped or (found.deadline is not None and time.monotonic() > found.deadline)
            if polish and not late:
                try:
                    candidates += polisher.polish(expr, "pysr", details)
                    continue
                except KeyboardInterrupt:
                    stopped = True
            raw += polish
            if math.isfinite(loss := polisher.evaluate(expr)):
                candidates.append(polisher.score(expr, loss, "pysr", details))
        if not found.rows[k]:
            notes.append(f"{name}: PySR had no formula yet")
        fronts.append(polisher.front(name, candidates))
    if stopped:
        notes.insert(0, "interrupted, the best so far is kept")
    if raw:
        notes.append(f"{raw} formulas are as PySR wrote them: there was no time left to polish them")
    return tuple(fronts), tuple(notes)


def _formula(equation: str, combine: str | None, operators: Operators) -> sympy.Expr:
    if not is_template(equation):
        return expr_from_text(equation, operators)
    if combine is None:
        raise InputError(
            f"'{equation}' is a row of a template: give its TemplateExpressionSpec as expression_spec"
        )
    return compose_template(equation, combine, operators)
