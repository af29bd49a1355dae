"""How the formulas of a design are shown: in the features' own units, with the exact lines beside them."""

from collections.abc import Sequence

import numpy as np
import sympy as sp

from sr2hls.design import Design, float_outputs
from sr2hls.flow.readability import has_tables, printed_formulas, readability
from sr2hls.flow.record_terms import latex_of, term_records
from sr2hls.objectives import r2
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.quantised.own_formulas import own_axes, own_formulas
from sr2hls.report.model import FormulaRecord
from sr2hls.report.physical import Axis, formula_text, physical_formula, physical_scores
from sr2hls.report.reading import ExactLine, Reading
from sr2hls.search.joint.decimal_formula import DecimalAxis, decimal_formula
from sr2hls.search.joint.printing import count_nodes
from sr2hls.search.names import safe_names, with_names


def axes_of(prepared: Prepared, names: Sequence[str]) -> list[Axis]:
    """Return how the circuit's inputs come from features of these names."""
    scaler = prepared.inputs.scaler
    rows = zip(names, scaler.offset.tolist(), scaler.scale.tolist(), strict=True)
    return [Axis(sp.Symbol(name), offset, scale) for name, offset, scale in rows]


def shown_formulas(prepared: Prepared, design: Design, names: Sequence[str]) -> dict[str, sp.Expr]:
    """Return the formula of each output, over features of these names in their own units.

    A network of tables has none: its outputs are sums of its tables' names.
    """
    if has_tables(design):
        return dict(design.proposal.formulas)
    own = own_formulas(prepared.problem, design, names)
    if own is not None:
        return own
    axes = axes_of(prepared, names)
    printed = printed_formulas(design)
    scores = prepared.problem.task.is_classification and len(printed) > 1
    made = physical_scores if scores else _one_by_one
    return dict(zip(printed, made(list(printed.values()), axes), strict=True))


def _one_by_one(formulas: Sequence[sp.Expr], axes: Sequence[Axis]) -> list[sp.Expr]:
    return [physical_formula(f, axes) for f in formulas]


def formula_records(prepared: Prepared, design: Design) -> list[FormulaRecord]:
    """Return the record of each output's formula as it is shown."""
    problem = prepared.problem
    shown = shown_formulas(prepared, design, problem.feature_names)
    return [
        FormulaRecord(
            output=title, sympy=formula_text(f), latex=latex_of(f), complexity=float(count_nodes(f))
        )
        for title, f in zip(problem.class_names, shown.values(), strict=True)
    ]


def point_formulas(prepared: Prepared, design: Design) -> dict[str, str]:
    """Return what a plot shows of a design on hover, output to text."""
    problem = prepared.problem
    if has_tables(design):
        counts = (len(_tables_of(design, f)) for f in design.proposal.formulas.values())
        return {name: f"{n} tables" for name, n in zip(problem.class_names, counts, strict=True)}
    shown = shown_formulas(prepared, design, problem.feature_names)
    return {name: formula_text(f) for name, f in zip(problem.class_names, shown.values(), strict=True)}


def _tables_of(design: Design, formula: sp.Expr) -> set[str]:
    """Return the names of all values that a formula reads, directly or through others."""
    lines = dict(design.proposal.definitions)
    found: set[str] = set()
    waiting = [s.name for s in formula.free_symbols]
    while waiting:
        name = waiting.pop()
        if name in lines and name not in found:
            found.add(name)
            waiting += [s.name for s in lines[name].free_symbols]
    return found


def reading_of(prepared: Prepared, design: Design) -> Reading:
    """Return how a design's formulas are to be read."""
    problem = prepared.problem
    found = readability(problem, design)
    exact = not has_tables(design)
    kind = "cross-entropy to the labels" if problem.validation.labels is not None else "cross-entropy"
    return Reading(
        physical=exact,
        own_constants=exact and own_formulas(problem, design, problem.feature_names) is not None,
        equal_to_the_bit=all(e.largest == 0 for e in design.errors.values()),
        agreement=_agreement(prepared, design) if exact else None,
        nodes=None if found is None else found.nodes,
        digits=None if found is None else found.digits,
        nested=None if found is None else found.nested,
        cancellation=None if found is None else found.cancellation,
        reasons=() if found is None else found.reasons,
        loss=kind if problem.task.is_classification else "squared error in shares of the variance",
        terms=term_records(problem, design, axes_of(prepared, problem.feature_names)),
        exact=_exact_lines(problem, design),
    )


def _agreement(prepared: Prepared, design: Design) -> float | None:
    """Compare the formulas as they are shown, on raw features, with the circuit on the test split."""
    problem, raw = prepared.problem, np.asarray(prepared.dataset.test.X, dtype=np.float64)
    shown = float_outputs(shown_formulas(prepared, design, safe_names(raw.shape[1])), raw)
    circuit = design.predict(problem.test.inputs)
    if not np.isfinite(shown).all():
        return None
    if problem.task.is_classification:
        return float(np.mean(problem.decide(shown) == problem.decide(circuit)))
    return r2(shown, circuit)


def _exact_lines(problem: Problem, design: Design) -> tuple[ExactLine, ...]:
    proposal = design.proposal
    called = dict(zip(problem.output_names, problem.class_names, strict=True))
    axes = own_axes(problem, problem.feature_names)

    def written(expr: sp.Expr) -> sp.Expr:
        if any(s in axes for s in expr.free_symbols):
            others = {s: DecimalAxis(s, 0) for s in expr.free_symbols if s not in axes}
            return decimal_formula(expr, axes | others)
        return with_names(expr, problem.feature_names)

    return tuple(
        ExactLine(
            name=called.get(name, name),
            formula=formula_text(written(expr)),
            type=None if name not in design.value_types else str(design.value_types[name]),
        )
        for name, expr in (*proposal.definitions, *proposal.formulas.items())
        if sp.Symbol(name) not in axes
    )
