"""The readable design from the network to the report: to the bit, in the features' units, term by term."""

import re

import numpy as np
import pytest
from attrs import evolve

from sr2hls.design import float_outputs
from sr2hls.errors import BudgetError
from sr2hls.flow.compile import compile_network
from sr2hls.flow.implement import Result
from sr2hls.flow.record_reading import shown_formulas
from sr2hls.flow.record_terms import loss_of
from sr2hls.options import CompileOptions, StrategyName
from sr2hls.prepare import Prepared, prepare
from sr2hls.progress import SilentProgress
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
