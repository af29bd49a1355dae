"""Scores of whatever tries to do what the teacher does."""

from dataclasses import replace

import numpy as np
import pytest

from sr2hls.errors import InputError
from sr2hls.objectives import r2
from sr2hls.problem import Problem, Split, to_logits
from sr2hls.program.types import FixedType
from sr2hls.teacher.task import Task

RNG = np.random.default_rng(0)


def problem(task: Task, outputs: np.ndarray, labels: np.ndarray | None) -> Problem:
    split = Split(RNG.normal(size=(len(outputs), 2)), outputs, labels)
    names = tuple(f"y{k}" for k in range(outputs.shape[1]))
    types = {"x0": FixedType(True, 6, 1), "x1": FixedType(True, 6, 1)}
    return Problem(task, types, names, ("a", "b"), names, split, split, split)


def test_accuracy_where_there_are_labels_else_agreement() -> None:
    outputs = RNG.normal(size=(100, 3))
    labels = (outputs.argmax(axis=1) + (np.arange(100) < 30)) % 3
    with_labels, without = problem(Task.LOGITS, outputs, labels), problem(Task.LOGITS, outputs, None)
    assert with_labels.score(outputs, with_labels.test) == pytest.approx(0.7)
    assert with_labels.fidelity(outputs, with_labels.test) == 1.0
    assert without.score(outputs, without.test) == 1.0
    assert without.score(-outputs, without.test) < 0.5


def test_one_output_decides_by_its_sign() -> None:
    outputs = np.array([[-1.0], [2.0]])
    assert problem(Task.PROBABILITIES, outputs, None).decide(outputs).tolist() == [0, 1]


def test_regression_is_scored_by_r2_against_the_teacher() -> None:
    outputs = RNG.normal(size=(200, 2))
    regression = problem(Task.REGRESSION, outputs, None)
    assert regression.score(outputs, regression.test) == 1.0
    assert regression.score(np.tile(outputs.mean(axis=0), (200, 1)), regression.test) == pytest.approx(0.0)
    with pytest.raises(InputError, match="the task is regression"):
        regression.decide(outputs)


def test_shapes_have_to_fit() -> None:
    with pytest.raises(InputError, match="outputs have the shape"):
        r2(np.zeros((3, 1)), np.zeros((3, 2)))


def test_probabilities_become_logits_that_decide_alike() -> None:
    logits = RNG.normal(size=(50, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = to_logits(Task.PROBABILITIES, p)
    assert np.allclose(found - found[:, :1], logits - logits[:, :1])
    assert np.isfinite(to_logits(Task.PROBABILITIES, np.array([[1.0, 0.0]]))).all()
    assert to_logits(Task.LOGITS, logits) is logits
    single = to_logits(Task.PROBABILITIES, np.array([[0.25]]))
    assert single[0, 0] == pytest.approx(np.log(1 / 3))


def test_rows_count_by_their_weights_in_the_score() -> None:
    outputs = RNG.normal(size=(40, 2))
    plain = problem(Task.LOGITS, outputs, RNG.integers(0, 2, 40))
    counts = RNG.integers(0, 3, 40)
    weighed = replace(plain.test, weights=counts.astype(np.float64))
    rows = np.repeat(np.arange(40), counts)
    assert plain.test.labels is not None
    right = plain.decide(outputs) == plain.test.labels
    assert plain.score(outputs, weighed) == pytest.approx(np.mean(right[rows]))
    assert replace(plain, test=weighed).score_name == "weighted accuracy"
    assert plain.fidelity(-outputs, weighed) == 0.0
    assert np.array_equal(weighed.first(7).weights, counts[:7])
