"""All constants moved at once: the loss falls, never rises, and the derivatives are those of the entries."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from sr2hls.lut_network import DECISIVE, SOFT, LossKind, samples_of
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.part import Part
from sr2hls.quantised.reader import Reader
from sr2hls.quantised.refit import _slopes, refit
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.start import started
from sr2hls.quantised.state import QuantisedState
from sr2hls.search.joint.joint_model import JointModel, Term
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 1, Rounding.RND, Overflow.SAT)
X = sp.symbols("x0 x1")


def problem(task: Task, outputs: int) -> Problem:
    rng = np.random.default_rng(0)
    x = rng.integers(-32, 32, size=(2000, 2)) / 32
    values = np.stack([3 * x[:, 0] + 2 * x[:, 1] ** 2, 4 * x[:, 0] * x[:, 1], -2 * x[:, 1]], axis=1)[
        :, :outputs
    ]
    labels = None if not task.is_classification else task.decide(values)
    split = Split(x, values, labels)
    names = tuple(f"y{k}" for k in range(outputs))
    return Problem(task, {f"x{k}": TYPE for k in range(2)}, names, ("p", "q"), names, split, split, split)


def start(task: Task, kind: LossKind, outputs: int, factor: float) -> tuple[Problem, QuantisedState]:
    terms = tuple(Term(e) for e in (X[0], X[1] ** 2, X[0] * X[1], X[1]))
    coefficients = factor * np.array([[3.0, 2, 0, 0], [0, 0, 4, 0], [0, 0, 0, -2]])[:outputs]
    wanted = problem(task, outputs)
    return wanted, started(JointModel(terms, coefficients, np.zeros(outputs)), wanted, kind, 0.125, 8)


@pytest.mark.parametrize(
    ("task", "kind", "outputs"),
    [
        (Task.LOGITS, LossKind.CLASSES, 3),
        (Task.LOGITS, LossKind.LOGIT, 1),
        (Task.REGRESSION, LossKind.NUMBERS, 2),
    ],
)
@pytest.mark.parametrize("factor", [1.3, 2.0])
def test_wrong_constants_are_mended_together(task: Task, kind: LossKind, outputs: int, factor: float) -> None:
    wanted, state = start(task, kind, outputs, factor)
    _, right = start(task, kind, outputs, 1.0)
    samples = samples_of(wanted, wanted.train)
    rows, least = QuantisedRows(state, samples, SOFT), QuantisedRows(right, samples, SOFT).loss()
    before = rows.loss() - least
    refit(rows)
    assert rows.loss() - least < 0.25 * before
    assert rows.loss() == pytest.approx(QuantisedRows(rows.state, samples, SOFT).loss())
    assert [(p.bits, p.readers) for p in rows.state.parts] == [(p.bits, p.readers) for p in state.parts]
    assert all(p.is_clear() for p in rows.state.parts)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_never_rises(seed: int) -> None:
    wanted, state = start(Task.LOGITS, LossKind.CLASSES, 3, 0.5)
    rng = np.random.default_rng(seed)
    parts = tuple(
        replace(p, constants=tuple(float(f"{c * rng.uniform(0.2, 3):.3g}") for c in p.constants), bits=3)
        for p in state.parts
    )
    rows = QuantisedRows(replace(state, parts=parts), samples_of(wanted, wanted.train), DECISIVE)
    before = rows.loss()
    refit(rows)
    assert rows.loss() <= before


def test_slopes_are_derivatives_and_saturated_entries_stand_still() -> None:
    shape, inner = QuantisedShape.of(Term(sp.tanh(2.5 * X[0] - 0.3)))
    reader = Reader.whole(0, InputGrid(TYPE))
    part = Part(0, (shape,), (3.0, *inner), 1.0, (reader,), 5, 2)
    x, (a, b) = reader.values(), inner if inner[0] > 0 else inner[::-1]
    value = 3 * np.tanh(a * x + b) + 1
    inside = (value * 4 > -0.5) & (value * 4 < 31.5)
    assert 10 < inside.sum() < len(x)
    slopes = _slopes(part)
    np.testing.assert_allclose(slopes[:, 0], np.tanh(a * x + b) * inside, atol=1e-9)
    np.testing.assert_allclose(slopes[:, -1], inside)
    by_place = 3 / np.cosh(a * x + b) ** 2 * inside
    np.testing.assert_allclose(slopes[:, 1 + inner.index(b)], by_place, atol=1e-4)
