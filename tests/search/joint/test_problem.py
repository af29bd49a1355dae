from dataclasses import replace

import numpy as np
import pytest

from sr2hls.objectives import Objective
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.search.joint import JointOptions, SelectionSteps
from sr2hls.search.joint.joint_front import thin_out
from sr2hls.search.joint.joint_state import JointState
from sr2hls.search.joint.problem import joint_data, search_problem
from sr2hls.search.joint.select_terms import SelectionPoint
from sr2hls.teacher.task import Task

RNG = np.random.default_rng(0)
INPUTS = np.round(RNG.uniform(-1, 1, (900, 2)) * 32) / 32


def problem(task: Task, outputs: np.ndarray, labels: np.ndarray | None) -> Problem:
    parts = [
        Split(INPUTS[s], outputs[s], None if labels is None else labels[s])
        for s in (slice(0, 500), slice(500, 700), slice(700, None))
    ]
    names = tuple(f"y{k}" for k in range(outputs.shape[1]))
    types = {"x0": FixedType(True, 6, 1), "x1": FixedType(True, 6, 1)}
    return Problem(task, types, names, ("mass", "tau"), names, *parts)


def test_a_classification_is_judged_by_labels_and_fitted_to_both() -> None:
    logits = np.stack([4 * INPUTS[:, 0], np.zeros(900)], axis=1)
    labels = (INPUTS[:, 0] < 0).astype(np.int64)
    data = joint_data(problem(Task.LOGITS, logits, labels), teacher_share=0.25)
    assert data.score(logits[500:700]) == np.mean(logits[500:700].argmax(axis=1) == labels[500:700])
    at_teacher = np.abs(data.loss.slopes(logits[:500]).gradient).max()
    assert at_teacher > 0
    pure = joint_data(problem(Task.LOGITS, logits, labels), teacher_share=1.0)
    assert pure.loss.value(logits[:500]) == pytest.approx(0, abs=1e-12)


def test_a_regression_is_fitted_to_the_teacher() -> None:
    outputs = 3 * INPUTS[:, :1] + 1
    front = search_problem(
        problem(Task.REGRESSION, outputs, None),
        JointOptions(max_nodes=8, models=3, beams=(1.0,), steps=SelectionSteps(tried=2, swaps=1)),
    )
    assert front.models[-1].score == pytest.approx(1.0)
    assert str(front.models[-1].model.formulas(["y0"])["y0"]) == "3*x0 + 1"


def test_points_are_thinned_out_over_their_costs() -> None:
    state = JointState.empty(np.zeros(1))
    points = [SelectionPoint(state, 1 / cost, float(cost), cost) for cost in range(1, 101)]
    worse = [SelectionPoint(state, 2.0, 50.5, 50)]
    kept = thin_out([*worse, *points], 10)
    assert len(kept) <= 11
    assert kept[-1] is points[-1]
    assert worse[0] not in kept
    costs = [p.cost for p in kept]
    assert costs == sorted(costs)


def test_rows_count_by_their_weights() -> None:
    first = np.arange(len(INPUTS)) % 3 == 0
    outputs = np.where(first, 3 * INPUTS[:, 0], -5 * INPUTS[:, 1])[:, None]
    plain = problem(Task.REGRESSION, outputs, None)
    weights = first.astype(np.float64)
    weighed = replace(
        plain,
        train=replace(plain.train, weights=weights[:500]),
        validation=replace(plain.validation, weights=weights[500:700]),
    )
    options = JointOptions(max_nodes=8, models=3, beams=(1.0,), steps=SelectionSteps(tried=2, swaps=1))
    front = search_problem(weighed, options)
    assert str(front.models[-1].model.formulas(["y0"])["y0"]) == "3*x0"
    assert front.models[-1].loss == pytest.approx(0, abs=1e-9)
    assert "x1" in str(search_problem(plain, options).models[-1].model.formulas(["y0"])["y0"])


def test_the_absolute_error_is_fitted_where_it_is_the_objective() -> None:
    outputs = 3 * INPUTS[:, :1]
    outputs[::5] += 40.0
    wanted = problem(Task.REGRESSION, outputs, None)
    options = JointOptions(max_nodes=8, models=3, beams=(1.0,), steps=SelectionSteps(tried=2, swaps=1))
    front = search_problem(replace(wanted, objective=Objective("mae")), options)
    errors = np.abs(front.models[-1].model.predict(INPUTS) - outputs)
    assert np.median(errors) < 0.05
    squared = np.abs(search_problem(wanted, options).models[-1].model.predict(INPUTS) - outputs)
    assert np.median(squared) > 1


def test_rows_without_a_label_count_as_the_teacher_says() -> None:
    logits = np.stack([4 * INPUTS[:, 0], np.zeros(900)], axis=1)
    labels = np.where(np.arange(900) < 300, INPUTS[:, 0] < 0, -1).astype(np.int64)
    slopes = joint_data(problem(Task.LOGITS, logits, labels), teacher_share=0.25).loss.slopes(logits[:500])
    assert np.abs(slopes.gradient[300:]).max() < 1e-12 < np.abs(slopes.gradient[:300]).max()
