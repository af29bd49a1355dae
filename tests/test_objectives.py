"""Objectives by name: their values by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, roc_auc_score

from sr2hls.errors import InputError
from sr2hls.objectives import Objective, parse_objective, r2
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.teacher.task import Task

RNG = np.random.default_rng(0)


def test_efficiency_at_a_rate_by_hand() -> None:
    """Ten rows of background, four of signal; one tenth of background may pass."""
    classes = np.array([0] * 10 + [1] * 4)
    outputs = np.array([*range(10), 8.5, 9.5, 8, 3], dtype=float)[:, None]
    objective = Objective("efficiency", 0.1)
    assert objective.score(outputs, outputs, classes) == 0.5  # above 8: two of four, and 9 of background
    assert Objective("efficiency", 0.05).score(outputs, outputs, classes) == 0.25
    assert Objective("efficiency", 0.25).score(outputs, outputs, classes) == 0.75
    two = np.c_[np.zeros(14), outputs[:, 0]]
    assert objective.score(two, two, classes) == 0.5
    assert objective.score(np.zeros((14, 1)), outputs, classes) == 0.0, "a constant passes nothing"


def test_a_rare_signal_is_not_won_by_a_constant() -> None:
    classes = (RNG.random(20_000) < 0.03).astype(int)
    good, constant = (classes * 3 + RNG.normal(size=20_000))[:, None], np.full((20_000, 1), -1.0)
    accuracy, auc = Objective("accuracy"), Objective("auc")
    assert accuracy.score(constant, good, classes) > 0.96
    assert auc.score(constant, good, classes) == 0.5
    assert auc.score(good, good, classes) == pytest.approx(roc_auc_score(classes, good[:, 0]))
    assert Objective("efficiency", 0.01).score(good, good, classes) > 0.6


def test_the_networks_decisions_stand_in_for_labels() -> None:
    teacher = RNG.normal(size=(500, 3))
    assert Objective("accuracy").score(teacher, teacher) == 1.0
    assert Objective("auc").score(teacher * 2, teacher) > 0.9
    assert Objective("auc").score(RNG.normal(size=(500, 3)), teacher) == pytest.approx(0.5, abs=0.1)


def test_numbers() -> None:
    wanted = RNG.normal(size=(400, 2))
    outputs = wanted + 0.1 * RNG.normal(size=(400, 2))
    assert Objective("r2").score(outputs, wanted) == r2(outputs, wanted)
    medians = np.broadcast_to(np.median(wanted, axis=0), wanted.shape)
    errors = mean_absolute_error(wanted, outputs, multioutput="raw_values")
    spreads = mean_absolute_error(wanted, medians, multioutput="raw_values")
    assert Objective("mae").score(outputs, wanted) == pytest.approx(1 - np.mean(errors / spreads))


@pytest.mark.parametrize("text", ["accuracy", "auc", "efficiency@0.01"])
def test_names_are_read_back(text: str) -> None:
    assert str(parse_objective(text, Task.LOGITS, 2)) == text


@pytest.mark.parametrize(
    ("text", "task", "outputs", "message"),
    [
        ("speed", Task.LOGITS, 2, "--objective is 'speed': give accuracy, auc, efficiency@RATE for a class"),
        ("auc@0.1", Task.LOGITS, 2, "--objective is 'auc@0.1': give accuracy"),
        ("efficiency", Task.LOGITS, 2, "--objective is 'efficiency': give accuracy"),
        ("efficiency@2", Task.LOGITS, 1, "give a rate between 0 and 1, e.g. efficiency@0.01"),
        ("efficiency@x", Task.LOGITS, 1, "give a rate between 0 and 1"),
        ("efficiency@nan", Task.LOGITS, 1, "give a rate between 0 and 1"),
        ("efficiency@0.1", Task.LOGITS, 5, "needs signal and background, but the network has 5 classes"),
        ("auc", Task.REGRESSION, 1, "but the task is a regression: give r2 or mae"),
        ("mae", Task.PROBABILITIES, 1, "but the task is a classification: give accuracy or auc or eff"),
    ],
)
def test_refusals(text: str, task: Task, outputs: int, message: str) -> None:
    with pytest.raises(InputError) as error:
        parse_objective(text, task, outputs)
    assert message in str(error.value)


def test_a_problem_is_judged_by_its_objective() -> None:
    inputs = RNG.normal(size=(300, 1))
    split = Split(inputs, inputs, (inputs[:, 0] > 1.5).astype(np.int64))
    types = {"x0": FixedType(True, 6, 3)}
    plain = Problem(Task.LOGITS, types, ("y0",), ("a",), ("signal",), split, split, split)
    judged = Problem(
        Task.LOGITS, types, ("y0",), ("a",), ("signal",), split, split, split, Objective("efficiency", 0.01)
    )
    assert plain.score(inputs, split) < 0.7
    assert judged.score(inputs, split) == 1.0


@pytest.mark.parametrize("name", ["accuracy", "auc", "efficiency@0.2", "r2", "mae"])
def test_a_weight_counts_as_so_many_rows(name: str) -> None:
    rng = np.random.default_rng(3)
    task = Task.REGRESSION if name in ("r2", "mae") else Task.LOGITS
    outputs = rng.normal(size=(60, 1 if task is Task.REGRESSION else 2))
    teacher = outputs + rng.normal(size=outputs.shape)
    labels = rng.integers(0, 2, 60)
    counts = rng.integers(0, 4, 60)
    rows = np.repeat(np.arange(60), counts)
    objective = parse_objective(name, task, outputs.shape[1])
    weighted = objective.score(outputs, teacher, labels, counts.astype(np.float64))
    assert weighted == pytest.approx(objective.score(outputs[rows], teacher[rows], labels[rows]))
    assert weighted != pytest.approx(objective.score(outputs, teacher, labels))
