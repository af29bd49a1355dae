"""Cascades of few-bit tables: what is learned, what is written, what is read back."""

import json

import numpy as np
import pytest

from sr2hls.problem import Problem, Split
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.refine.cascade import CascadeDesign, Tables, distil
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 1, Rounding.RND, Overflow.SAT)


def three_classes() -> Problem:
    rng = np.random.default_rng(0)
    parts = []
    for rows in (3000, 1000, 1000):
        X = rng.integers(-32, 32, size=(rows, 4)) / 32
        logits = 4 * np.stack([X[:, 0] + X[:, 1] ** 2, 1.5 * X[:, 1] * X[:, 2], X[:, 2]], axis=1)
        parts.append(Split(X, logits, logits.argmax(axis=1)))
    names = ("a", "b", "c")
    return Problem(
        Task.LOGITS,
        {f"x{k}": TYPE for k in range(4)},
        ("y0", "y1", "y2"),
        ("p", "q", "r", "s"),
        names,
        *parts,
    )


@pytest.fixture(scope="module")
def problem() -> Problem:
    return three_classes()


@pytest.fixture(scope="module")
def design(problem: Problem) -> CascadeDesign:
    return distil(problem, max_luts=60, effort="low", tables=Tables.FREE, time_s=10)


def test_it_decides_as_the_teacher_within_its_size(problem: Problem, design: CascadeDesign) -> None:
    assert design.luts <= 60
    assert problem.fidelity(design.predict(problem.test.inputs), problem.test) > 0.85


def test_its_program_is_it(problem: Problem, design: CascadeDesign) -> None:
    outputs = Interpreter(design.program).predict(problem.test.inputs)
    assert np.array_equal(outputs.argmax(axis=1), design.predict(problem.test.inputs).argmax(axis=1))


def test_it_survives_json(problem: Problem, design: CascadeDesign) -> None:
    again = CascadeDesign.from_json(json.loads(json.dumps(design.to_json())), problem)
    assert again.program == design.program
