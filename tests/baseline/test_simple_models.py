"""Simple models on the rows of a problem."""

import numpy as np
import pytest

from sr2hls.baseline.simple_models import SimpleModel, simple_models
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.teacher.task import Task

RNG = np.random.default_rng(0)


def problem(task: Task, outputs: np.ndarray, inputs: np.ndarray, labels: np.ndarray | None) -> Problem:
    def part(rows: slice) -> Split:
        return Split(inputs[rows], outputs[rows], None if labels is None else labels[rows])

    n = inputs.shape[1]
    types = {f"x{k}": FixedType(True, 6, 3) for k in range(n)}
    names = tuple(f"y{k}" for k in range(outputs.shape[1]))
    features = tuple(f"f{k}" for k in range(n))
    parts = part(slice(0, 2000)), part(slice(2000, 2500)), part(slice(2500, 3000))
    return Problem(task, types, names, features, names, *parts)


def models(found: Problem) -> tuple[SimpleModel, ...]:
    return simple_models(found)[1]


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("labelled", [False, True])
def test_a_product_needs_the_quadratic_model(outputs: int, labelled: bool) -> None:
    inputs = RNG.normal(size=(3000, 4))
    logit = inputs[:, 0] * inputs[:, 1] + 0.7 * inputs[:, 2] ** 2 - inputs[:, 3]
    logits = logit[:, None] if outputs == 1 else np.c_[-logit, logit]
    found = problem(Task.LOGITS, logits, inputs, (logit > 0).astype(np.int64) if labelled else None)
    rows, (linear, quadratic, trees) = simple_models(found)
    assert rows == 2000
    assert [m.name for m in (linear, quadratic, trees)] == ["linear", "quadratic", "boosted trees"]
    assert linear.score < 0.85 < trees.score
    assert quadratic.score > 0.97
    assert quadratic.fidelity == quadratic.score


def test_classes_that_no_row_is_of() -> None:
    inputs = RNG.normal(size=(3000, 2))
    logits = np.c_[inputs[:, 0], np.full(3000, -9.0), -inputs[:, 0], inputs[:, 1]]
    assert min(m.score for m in models(problem(Task.LOGITS, logits, inputs, None))) > 0.9
    constant = np.tile([1.0, 0.0], (3000, 1))
    assert models(problem(Task.LOGITS, constant, inputs, None)) == ()


def test_regressions_and_many_inputs() -> None:
    inputs = RNG.normal(size=(3000, 61))
    outputs = np.c_[inputs[:, 0] - inputs[:, 5], inputs[:, 1]]
    found = models(problem(Task.REGRESSION, outputs, inputs, None))
    assert [m.name for m in found] == ["linear", "boosted trees"]
    assert found[0].score > 0.9999


def test_rows_in_the_order_of_their_classes_are_drawn_at_random() -> None:
    inputs = np.sort(RNG.uniform(-3, 3, (9000, 1)), axis=0)
    split = Split(inputs, inputs, (inputs[:, 0] > 0).astype(np.int64))
    types = {"x0": FixedType(True, 6, 3)}
    found = Problem(Task.LOGITS, types, ("y0",), ("a",), ("y0",), split, split, split)
    rows, (linear, *_) = simple_models(found)
    assert rows == 5000
    assert linear.score > 0.99
