"""The terms of a design: what each looks like over the data, and what is lost without it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.design import Design, float_outputs
from sr2hls.flow.readability import has_tables, printed_formulas, rounded
from sr2hls.objectives import r2
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.quantised.own_formulas import own_axes
from sr2hls.report.latex import symbol
from sr2hls.report.physical import Axis, formula_text, physical_formula
from sr2hls.report.reading import TermCurve, TermReading
from sr2hls.search.joint.decimal_formula import decimal_formula
from sr2hls.search.joint.printing import shortest_form

_ROWS = 20_000
_BINS = 24
_QUANTILES = (0.1, 0.5, 0.9)
_MOST_INPUTS = 2
_MOST_PLACES = 64
_TEMPERATURES = np.geomspace(0.02, 50.0, 60)
_TAIL = 0.002


@dataclass(frozen=True)
class _Addend:
    """What an output adds up: the name of a rounded part, or a term."""

    output: int
    written: sp.Expr
    formula: sp.Expr
    shown: sp.Expr
    """Over the features, without its constant."""


def term_records(problem: Problem, design: Design, axes: Sequence[Axis]) -> tuple[TermReading, ...]:
    """Return the terms of a design, by how much the loss rises without each; tables have none.

    Args:
        problem: inputs, targets and score; terms are judged on its validation split.
        design: formulas or quantised formulas.
        axes: the features as the formulas show them.
    """
    if has_tables(design):
        return ()
    split = problem.validation.first(_ROWS)
    outputs = design.float_outputs(split.inputs)
    loss = loss_of(problem, split, outputs)
    now, score = loss(outputs), problem.score(outputs, split)
    found = []
    for addend in _addends(problem, design, axes):
        values = _values(design, addend.written, split.inputs)
        without = outputs.copy()
        without[:, addend.output] -= values - values.mean()
        shown = sp.Add(*(a for a in sp.Add.make_args(addend.shown) if a.free_symbols))
        inputs = sorted(int(s.name[1:]) for s in addend.formula.free_symbols)
        x, curves, shares = _picture(problem, design, addend, inputs, split, axes)
        found.append(
            TermReading(
                output=problem.class_names[addend.output],
                formula=formula_text(shown),
                latex=latex_of(shown),
                features=tuple(problem.feature_names[i] for i in inputs),
                loss_rise=float(loss(without) - now),
                score_drop=float(score - problem.score(without, split)),
                x=x,
                curves=curves,
                shares=shares,
            )
        )
    return tuple(sorted(found, key=lambda t: -t.loss_rise))


def latex_of(expr: sp.Expr) -> str:
    """Return a formula over the user's names as LaTeX, its constants as they are."""
    names = {s: symbol(s.name) for s in expr.free_symbols}
    return str(sp.latex(expr, symbol_names=names, mul_symbol="dot", full_prec=False))


def loss_of(problem: Problem, split: Split, outputs: FloatArray) -> Callable[[FloatArray], float]:
    """Return the loss of outputs (rows, outputs): cross-entropy, or squared error by the variance.

    Logits may be given up to a common factor, which decides nothing; the one is taken that suits ``outputs``.
    """
    if not problem.task.is_classification:
        return lambda given: 1 - r2(given, split.outputs, split.weights)
    of_rows = _binary if problem.n_outputs == 1 else _categorical
    targets = _targets(problem, split)

    def entropy(logits: FloatArray) -> float:
        return float(np.average(of_rows(logits, targets), weights=split.weights))

    best = min(_TEMPERATURES, key=lambda factor: entropy(factor * outputs))
    return lambda given: entropy(best * given)


def _targets(problem: Problem, split: Split) -> FloatArray:
    """Return the labels where there are any, else the teacher's probabilities."""
    if split.labels is not None:
        classes = np.asarray(split.labels, dtype=np.int64)[:, None]
        return np.asarray(classes == (1 if problem.n_outputs == 1 else np.arange(problem.n_outputs)), float)
    if problem.n_outputs == 1:
        return np.asarray(1 / (1 + np.exp(-split.outputs)))
    powers = np.exp(split.outputs - split.outputs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _binary(logits: FloatArray, targets: FloatArray) -> FloatArray:
    return np.asarray(np.logaddexp(0.0, logits) - targets * logits)[:, 0]


def _categorical(logits: FloatArray, targets: FloatArray) -> FloatArray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(shifted).sum(axis=1)) - (targets * shifted).sum(axis=1))


def _addends(problem: Problem, design: Design, axes: Sequence[Axis]) -> Iterator[_Addend]:
    proposal, own = design.proposal, own_axes(problem, problem.feature_names)

    def shown(written: sp.Expr, formula: sp.Expr) -> sp.Expr:
        inlined = replace(proposal, formulas={"": written}).inlined(but={s.name for s in own})[""]
        if own and inlined.free_symbols <= own.keys():
            return decimal_formula(inlined, own)
        return physical_formula(shortest_form(rounded(formula)), axes)

    if not design.value_types:
        for k, formula in enumerate(printed_formulas(design).values()):
            yield from (_Addend(k, a, a, shown(a, a)) for a in sp.Add.make_args(formula) if a.free_symbols)
        return
    known: dict[sp.Symbol, sp.Expr] = {}
    for name, expr in proposal.definitions:
        known[sp.Symbol(name)] = expr.xreplace(known)
    for k, formula in enumerate(proposal.formulas.values()):
        for addend in formula.as_ordered_terms():
            inlined = addend.xreplace(known)
            if inlined.free_symbols:
                # Its constant belongs to the output's.
                formula = inlined - inlined.as_coeff_Add()[0]
                yield _Addend(k, addend, formula, shown(addend, formula))


def _values(design: Design, written: sp.Expr, inputs: FloatArray) -> FloatArray:
    return float_outputs({"term": written}, inputs, design.proposal.definitions, design.value_types)[:, 0]


def _picture(
    problem: Problem,
    design: Design,
    addend: _Addend,
    inputs: Sequence[int],
    split: Split,
    axes: Sequence[Axis],
) -> tuple[tuple[float, ...], tuple[TermCurve, ...], tuple[float, ...]]:
    """Return places, curves and the distribution of a term of one or two inputs."""
    if len(inputs) > _MOST_INPUTS:
        return (), (), ()
    first = inputs[0]
    column = split.inputs[:, first]
    places = _places(list(problem.types.values())[first], column)
    rows = np.tile(np.median(split.inputs, axis=0), (len(places), 1))
    rows[:, first] = places
    curves = []
    for quantile in _QUANTILES if len(inputs) > 1 else (None,):
        label = ""
        if quantile is not None:
            at = np.quantile(split.inputs[:, inputs[1]], quantile, method="nearest")
            rows[:, inputs[1]] = at
            second = axes[inputs[1]]
            label = f"{problem.feature_names[inputs[1]]} = {at * second.scale + second.offset:.3g}"
        formula = float_outputs({"term": addend.formula}, rows)[:, 0]
        circuit: tuple[float, ...] = ()
        if design.value_types:
            shift = float(np.mean(_values(design, addend.written, split.inputs)))
            shift -= float(np.mean(float_outputs({"term": addend.formula}, split.inputs)))
            circuit = _short(_values(design, addend.written, rows) - shift)
        curves.append(TermCurve(label=label, formula=_short(formula), circuit=circuit))
    counts, _ = np.histogram(column, _BINS, (float(places[0]), float(places[-1])))
    shares = counts / max(1, len(column))
    return _short(places * axes[first].scale + axes[first].offset), tuple(curves), _short(shares)


def _places(type_: FixedType, column: FloatArray) -> FloatArray:
    """Return values of an input from one end of the data to the other, at most 64 of them."""
    low, high = np.quantile(column, [_TAIL, 1 - _TAIL], method="nearest")
    raw = np.arange(round(low / type_.step), max(round(high / type_.step), round(low / type_.step) + 1) + 1)
    return np.asarray(raw[:: max(1, -(-len(raw) // _MOST_PLACES))] * type_.step, dtype=np.float64)


def _short(values: FloatArray) -> tuple[float, ...]:
    return tuple(float(f"{v:.5g}") for v in np.nan_to_num(values).tolist())
