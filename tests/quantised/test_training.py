"""Training through the bits: scores, one logit, numbers; budgets, seeds, terms that come and go."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import sympy as sp

from sr2hls.data.decimal_units import DecimalUnit
from sr2hls.design import check_design
from sr2hls.errors import InputError
from sr2hls.flow.readability import readability
from sr2hls.lut_network import SOFT, LossKind, samples_of
from sr2hls.problem import Problem, Split
from sr2hls.program.size import estimate_luts
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove.formula import prove_formulas
from sr2hls.quantised import QuantisedOptions, train_quantised
from sr2hls.quantised.exchange import state_nodes
from sr2hls.quantised.own_formulas import own_formulas
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.start import started
from sr2hls.quantised.train import TrainOptions
from sr2hls.search.joint.joint_model import JointModel, Term
from sr2hls.search.joint.printing import count_nodes
from sr2hls.search.joint.problem import joint_data
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 1, Rounding.RND, Overflow.SAT)
X = sp.symbols("x0 x1 x2 x3")
QUICK = QuantisedOptions(TrainOptions(rows=2000, most_sweeps=4, settle=1, finish=1, finish_rows=2000))


def problem(task: Task, outputs: int) -> Problem:
    rng = np.random.default_rng(0)
    parts = []
    for rows in (3000, 1000, 1000):
        x = rng.integers(-32, 32, size=(rows, 4)) / 32
        columns = [x[:, 0] + x[:, 1] ** 2, 1.5 * x[:, 1] * x[:, 2], x[:, 2]]
        values = 4 * np.stack(columns[:outputs], axis=1)
        labels = None if not task.is_classification else task.decide(values)
        parts.append(Split(x, values, labels))
    names = tuple(f"y{k}" for k in range(outputs))
    return Problem(task, {f"x{k}": TYPE for k in range(4)}, names, ("p", "q", "r", "s"), names, *parts)


def in_gev(wanted: Problem) -> Problem:
    """Return a problem whose inputs come from features in decimal units that are far from being centred."""
    units = tuple(DecimalUnit(k - 1, 1.0 + 0.25 * k) for k in range(4))
    return replace(wanted, feature_names=("mass", "c1", "ntrk", "pt"), units=units)


def model(outputs: int) -> JointModel:
    terms = tuple(Term(e) for e in (X[0], X[1] ** 2, X[1] * X[2], X[2]))
    coefficients = np.array([[4.0, 4, 0, 0], [0, 0, 6, 0], [0, 0, 0, 4]])[:outputs]
    return JointModel(terms, coefficients, np.zeros(outputs))


def test_scores_decide_as_the_teacher_within_the_budget() -> None:
    wanted = problem(Task.LOGITS, 3)
    design = train_quantised(model(3), wanted, max_lut=30, seed=0, options=QUICK)
    assert wanted.score(design.predict(wanted.test.inputs), wanted.test) > 0.9
    assert estimate_luts(design.program) <= 40
    check_design(design, wanted.train.inputs)


def test_a_class_may_have_a_constant_score() -> None:
    wanted, found = problem(Task.LOGITS, 3), model(3)
    constant = JointModel(found.terms, found.coefficients * [[1], [0], [1]], found.bias)
    design = train_quantised(constant, wanted, max_lut=30, seed=0, options=QUICK)
    assert not design.proposal.formulas["y1"].free_symbols
    check_design(design, wanted.train.inputs)


def test_one_logit_decides_by_its_sign() -> None:
    wanted = problem(Task.LOGITS, 1)
    design = train_quantised(model(1), wanted, max_lut=12, seed=0, options=QUICK)
    assert wanted.score(design.predict(wanted.test.inputs), wanted.test) > 0.93


def test_numbers_come_out_in_the_teachers_units() -> None:
    wanted = problem(Task.REGRESSION, 2)
    design = train_quantised(model(2), wanted, max_lut=None, seed=0, options=QUICK)
    assert wanted.score(design.predict(wanted.test.inputs), wanted.test) > 0.98


def test_over_features_in_decimal_units_what_is_printed_is_trained() -> None:
    wanted = in_gev(problem(Task.LOGITS, 3))
    terms = tuple(Term(e) for e in (X[0], (X[1] - 1.25) ** 2, X[1] * X[2], X[2]))
    seen = JointModel(terms, model(3).coefficients, np.zeros(3))
    design = train_quantised(seen, wanted, max_lut=30, seed=0, options=QUICK)
    assert wanted.score(design.predict(wanted.test.inputs), wanted.test) > 0.85
    shown = own_formulas(wanted, design, wanted.feature_names)
    assert shown is not None
    found = readability(wanted, design)
    assert found is not None and found.digits <= 3 and not found.unknown
    assert found.nodes == sum(map(count_nodes, shown.values()))
    check_design(design, wanted.train.inputs)
    assert prove_formulas(design, 60.0).proven


def test_a_feature_that_may_be_0_gets_no_logarithm() -> None:
    wanted = replace(problem(Task.LOGITS, 3), units=tuple(DecimalUnit(0, 1.0) for _ in range(4)))
    bounds = joint_data(wanted).bounds
    assert bounds is not None and np.array_equal(bounds[0], [0.0, 1.96875])


def test_a_budget_of_luts_is_met_and_costs_some_of_the_score() -> None:
    wanted = problem(Task.REGRESSION, 2)
    options = replace(QUICK, train=replace(QUICK.train, most_sweeps=40))
    sizes, scores = [], []
    for budget in (None, 10):
        told: list[int] = []
        design = train_quantised(
            model(2),
            wanted,
            max_lut=budget,
            seed=0,
            options=options,
            go_on=lambda n, _, t=told: not t.append(n),
        )
        sizes.append(told[-1])
        scores.append(wanted.score(design.predict(wanted.test.inputs), wanted.test))
    assert sizes[1] <= 10 < sizes[0]
    assert 0.2 < scores[1] < scores[0]


def test_an_interrupt_gives_the_best_so_far_with_a_note() -> None:
    wanted = problem(Task.LOGITS, 3)
    told: list[int] = []

    def interrupted(luts: int, loss: float) -> bool:
        told.append(luts)
        if len(told) == 2:
            raise KeyboardInterrupt
        return True

    design = train_quantised(model(3), wanted, max_lut=5, seed=0, options=QUICK, go_on=interrupted)
    assert wanted.score(design.predict(wanted.test.inputs), wanted.test) > 0.8
    assert "was interrupted" in design.notes[0]
    assert design.notes[1] == f"about {told[1]} LUTs are predicted, more than the 5 that were asked for"


def test_one_cycle_allows_eight_parts_of_an_output() -> None:
    wanted = problem(Task.LOGITS, 3)
    # Every output has ten parts, over the ten pairs of inputs and the inputs alone.
    terms = [*(Term(a * b) for a, b in combinations(X, 2)), *(Term(a) for a in X)]
    many = JointModel(tuple(terms), np.full((3, len(terms)), 0.3), np.zeros(3))
    for cycles, most in ((1, 8), (None, 10)):
        short = replace(QUICK, train=replace(QUICK.train, most_sweeps=1, settle=0, finish=0))
        design = train_quantised(many, wanted, max_lut=None, max_cycles=cycles, seed=0, options=short)
        parts = [
            sum(s.name.startswith("t") for s in f.free_symbols) for f in design.proposal.formulas.values()
        ]
        assert max(parts) <= most


def test_the_same_seed_gives_the_same_design() -> None:
    wanted = problem(Task.LOGITS, 3)
    first, again = (train_quantised(model(3), wanted, max_lut=20, seed=3, options=QUICK) for _ in range(2))
    assert first.program == again.program and first.proposal.definitions == again.proposal.definitions


def test_a_missing_term_is_found_and_a_useless_one_goes() -> None:
    wanted = problem(Task.LOGITS, 3)
    # The product of the second output is not there; the fourth input means nothing.
    poor = JointModel(
        (Term(X[0]), Term(X[1] ** 2), Term(X[3]), Term(X[2])),
        np.array([[4.0, 4, 0, 0], [0, 0, 1, 0], [0, 0, 0, 4]]),
        np.zeros(3),
    )
    options = replace(QUICK, exchanges=4)
    design = train_quantised(poor, wanted, max_lut=30, seed=0, max_nodes=20, options=options)
    assert wanted.score(design.predict(wanted.test.inputs), wanted.test) > 0.88
    assert design.proposal.inlined()["y1"].has(X[1]) and design.proposal.inlined()["y1"].has(X[2])


def test_a_state_to_start_from_is_near_the_model_and_has_its_nodes() -> None:
    wanted = problem(Task.LOGITS, 3)
    state = started(model(3), wanted, LossKind.CLASSES, 0.125, 8)
    rows = QuantisedRows(state, samples_of(wanted, wanted.train), SOFT)
    error = rows.predictions() - model(3).predict(wanted.train.inputs)
    assert error.std(axis=0).max() < 0.4
    assert state_nodes(state) <= model(3).nodes() + 3


def test_wide_inputs_are_refused() -> None:
    wanted = problem(Task.LOGITS, 3)
    wide = replace(wanted, types={f"x{k}": FixedType(True, 12, 1) for k in range(4)})
    with pytest.raises(InputError, match=r"an input has 12 bits: .* at most 8; give --input-bits"):
        train_quantised(model(3), wide, max_lut=20, seed=0)
