"""The readable design from the network to the report: to the bit, in the features' units, term by term."""

import re
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from attrs import evolve

from sr2hls.costs import tree_of
from sr2hls.data import InputFormat
from sr2hls.design import float_outputs
from sr2hls.errors import BudgetError
from sr2hls.flow.compile import compile_network
from sr2hls.flow.implement import Result
from sr2hls.flow.record_reading import shown_formulas
from sr2hls.flow.record_terms import loss_of
from sr2hls.options import CompileOptions, StrategyName
from sr2hls.prepare import Prepared, prepare
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.progress import SilentProgress
from sr2hls.report.readable_text import readability_text
from sr2hls.search.expressions import evaluate
from sr2hls.search.names import safe_names


@pytest.fixture(scope="module")
def options(small: CompileOptions, tmp_path_factory: pytest.TempPathFactory) -> CompileOptions:
    return evolve(
        small, output=tmp_path_factory.mktemp("readable"), strategies=(StrategyName.READABLE,), engine="auto",
        synthesis="estimate", baseline=False, max_lut=60, jobs=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def prepared(options: CompileOptions) -> Prepared:
    return prepare(options, SilentProgress())


@pytest.fixture(scope="module")
def result(options: CompileOptions) -> Result:
    return compile_network(options)


def test_the_report_is_of_the_circuit_to_the_bit(result: Result, prepared: Prepared) -> None:
    reading = result.report.reading
    assert reading is not None and reading.equal_to_the_bit and reading.physical and not reading.reasons
    assert all(e.differences == 0 for e in result.report.verification.executors)
    rounded = {line.name for line in reading.exact if line.type}
    called = dict(zip(prepared.problem.output_names, prepared.problem.class_names, strict=True))
    assert rounded == {called.get(name, name) for name in result.design.value_types} and len(rounded) > 2
    chosen = next(d for d in result.report.designs if d.chosen)
    assert chosen.nodes == reading.nodes and chosen.lut is not None and chosen.lut.value <= 66


def test_decimal_units_print_the_circuits_own_constants(options: CompileOptions, tmp_path: Path) -> None:
    made = evolve(options, output=tmp_path / "gev", scaler="decimal", effort="low")
    result, X = compile_network(made), np.asarray(prepare(made, SilentProgress()).dataset.test.X, dtype=float)
    reading = result.report.reading
    assert reading is not None and reading.own_constants and reading.equal_to_the_bit and not reading.reasons
    assert "nodes over the scaled" not in readability_text(reading)
    # The printed lines over features on the grid of the inputs, rounded as their types say, are the circuit.
    inputs = InputFormat.load(tmp_path / "gev" / "inputs.json")
    snapped, features = inputs.snap(X), list(inputs.names.display)
    columns = {f"x{k}": snapped[:, k] for k in range(len(features))}
    named = {sp.Symbol(n): sp.Symbol(f"x{k}") for k, n in enumerate(features)}
    rounded, exact = dict(columns), dict(columns)
    for line in reading.exact:
        expr = sp.sympify(line.formula, locals={n: sp.Symbol(n) for n in (*features, *rounded)}).xreplace(
            named
        )
        rounded[line.name] = _evaluated(expr, rounded, line.type)
        exact[line.name] = _evaluated(expr, exact, None)
    classes = [f.output for f in result.report.formulas]
    assert np.array_equal(np.stack([rounded[c] for c in classes], axis=1), result.predict(X))
    for formula in result.report.formulas:
        shown = sp.sympify(formula.sympy, locals={n: sp.Symbol(n) for n in features}).xreplace(named)
        assert np.allclose(_evaluated(shown, columns, None), exact[formula.output], rtol=1e-9, atol=1e-9)


def _evaluated(expr: sp.Expr, columns: dict[str, np.ndarray], type_: str | None) -> np.ndarray:
    values = np.broadcast_to(evaluate(tree_of(expr), columns), len(next(iter(columns.values()))))
    if type_ is None:
        return values
    match = re.fullmatch(r"ap_(u?)fixed<(\d+),(-?\d+),RND,SAT>", type_)
    assert match is not None
    signed, width, integer = not match[1], int(match[2]), int(match[3])
    found = FixedType(signed, width, integer, Rounding.RND, Overflow.SAT)
    return quantize_real(values, found) * found.step


def test_formulas_over_raw_features_decide_as_the_circuit(result: Result, prepared: Prepared) -> None:
    X = np.asarray(prepared.dataset.test.X, dtype=np.float64)
    outputs = float_outputs(shown_formulas(prepared, result.design, safe_names(X.shape[1])), X)
    same = np.mean(outputs.argmax(axis=1) == result.predict(X).argmax(axis=1))
    assert same > 0.85
    assert result.report.reading is not None and result.report.reading.agreement == same
    for formula in result.report.formulas:
        digits = [n.replace(".", "").strip("0") for n in re.findall(r"(?<![\w.])[\d.]+", formula.sympy)]
        assert max(map(len, digits), default=0) <= 4


def test_terms_come_in_the_order_of_what_is_lost_without_them(result: Result, prepared: Prepared) -> None:
    reading = result.report.reading
    assert reading is not None
    worths = [t.loss_rise for t in reading.terms]
    assert worths == sorted(worths, reverse=True) and worths[0] > 0.1
    first = reading.terms[0]
    assert first.score_drop > 0.05 and len(first.x) > 20
    assert sum(first.shares) == pytest.approx(1.0, abs=0.02)
    # By hand: the output without its most valuable part.
    problem, design = prepared.problem, result.design
    split = problem.validation
    outputs = design.float_outputs(split.inputs)
    loss, k = loss_of(problem, split, outputs), problem.class_names.index(first.output)
    rises = []
    for symbol in design.proposal.formulas[problem.output_names[k]].free_symbols:
        lines = design.proposal.definitions
        values = float_outputs({"t": symbol}, split.inputs, lines, design.value_types)[:, 0]
        without = outputs.copy()
        without[:, k] -= values - values.mean()
        rises.append(loss(without) - loss(outputs))
    assert max(rises) == pytest.approx(first.loss_rise)


def test_the_curve_of_the_circuit_follows_that_of_the_formula(result: Result) -> None:
    assert result.report.reading is not None
    for term in result.report.reading.terms:
        for curve in term.curves:
            formula, circuit = np.array(curve.formula), np.array(curve.circuit)
            assert formula.shape == circuit.shape == (len(term.x),)
            assert np.corrcoef(formula, circuit)[0, 1] > 0.8 or np.ptp(formula) == 0


def test_a_limit_of_nodes_that_no_design_meets_is_told(options: CompileOptions) -> None:
    few = evolve(options, max_nodes=1, output=options.output.with_name("few"))
    with pytest.raises(
        BudgetError, match=r"no design meets max_nodes 1: the shortest readable one has \d+; raise it"
    ):
        compile_network(few)
