"""One formula an output, chosen together."""

import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import InputError
from sr2hls.search.front import Candidate, Front, Frontier
from sr2hls.strategies.joint_choice import joint_choices

X = np.random.default_rng(0).normal(size=(500, 2))
X0, X1 = sp.symbols("x0 x1")


def front(output: str, *formulas: tuple[sp.Expr, float]) -> Front:
    return Front(
        output, tuple(Candidate(sp.sympify(e), 1.0, cost, None, cost, "test") for e, cost in formulas)
    )


def accuracy(outputs: np.ndarray) -> float:
    return float(np.mean(outputs.argmax(axis=1) == (X[:, 1] > X[:, 0])))


def test_choices_grow_in_cost_and_score_and_end_at_the_best() -> None:
    frontier = Frontier(
        (front("a", (sp.Integer(0), 1), (X0, 5)), front("b", (sp.Integer(0), 1), (X1, 5))), ("x0", "x1")
    )
    choices = joint_choices(frontier, X, accuracy)
    assert [c.cost for c in choices] == sorted(c.cost for c in choices)
    assert [c.score for c in choices] == sorted(c.score for c in choices)
    assert choices[-1].score == 1.0
    assert choices[0].cost == 2


def test_the_output_that_matters_gets_the_cost() -> None:
    frontier = Frontier(
        (front("a", (sp.Integer(0), 1), (X0 + 0 * X1, 50)), front("b", (X1 - X0, 2), (X1 - X0 + 1e-9, 60))),
        ("x0", "x1"),
    )
    assert joint_choices(frontier, X, accuracy)[-1].cost == 3


def test_formulas_that_are_not_finite_are_passed_over_and_an_empty_front_is_named() -> None:
    frontier = Frontier((front("a", (sp.log(X0), 1), (X0, 5)),), ("x0", "x1"))
    assert joint_choices(frontier, X, lambda o: 1.0)[-1].candidates[0].expr == X0
    frontier = Frontier((front("t", (sp.log(X0), 1)),), ("x0", "x1"))
    with pytest.raises(InputError, match="no formula was found for output 't' that is finite"):
        joint_choices(frontier, X, lambda o: 1.0)
