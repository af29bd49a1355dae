"""The joint search as a search engine: what an engine finds, and the dictionary, on one front."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import sympy as sp

from sr2hls.costs import Operators, additive_cycles, node_count, published_cycles
from sr2hls.search import Frontier, Loss, OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.joint import JointEngine

RNG = np.random.default_rng(0)
X = RNG.uniform(1, 5, (120, 3))
SMALL = OperonEngine(OperonSettings(population=100, generations=15, restarts=2))
NODES = node_count(Operators())


@dataclass
class Counted:
    """An engine that counts its calls."""

    engine: OperonEngine = SMALL
    name: str = "operon"
    fingerprint: str = "counted"
    found: list[Frontier] = field(default_factory=list)

    def search(self, *data: Any, **more: Any) -> Frontier:
        self.found.append(self.engine.search(*data, **more))
        return self.found[-1]


def options(*operators: str, **more: Any) -> SearchOptions:
    return SearchOptions(operators=operators or ("+", "-", "*", "/", "exp"), max_size=15, **more)


@pytest.mark.parametrize("loss", [Loss.MSE, Loss.LOG])
def test_the_front_is_at_least_that_of_the_engine(loss: Loss) -> None:
    y = 3.7 * X[:, 0] * X[:, 1] ** 2 / X[:, 2] * np.exp(0.02 * RNG.normal(size=120))
    engine = Counted()
    front = JointEngine(engine).search(X, y, cost=NODES, options=options(loss=loss), seed=1)[0]
    (alone,) = engine.found
    for candidate in alone[0].candidates:
        within = [c.loss for c in front.candidates if c.cost <= candidate.cost]
        assert min(within) <= candidate.loss * 1.005
    assert {c.engine for c in front.candidates} >= {"operon"}
    assert front.rows == 120


def test_the_dictionary_alone_is_enough_where_it_reaches_the_target() -> None:
    y = 2.5 * X[:, 0] * X[:, 1] - 0.75
    engine = Counted()
    joint = JointEngine(engine)
    front = joint.search(X, y, cost=NODES, options=options(target_loss=1e-9), seed=1)[0]
    assert not engine.found
    assert front.select("loss").loss < 1e-9 and front.select("loss").engine == "joint"
    joint.search(X, y * X[:, 2] ** 2, cost=NODES, options=options(target_loss=1e-9), seed=1)
    assert len(engine.found) == 1


def test_no_formula_has_an_operator_that_was_not_asked_for() -> None:
    y = np.abs(X[:, 0] - 2) + np.tanh(X[:, 1])
    cycles = additive_cycles(published_cycles())
    front = JointEngine(SMALL).search(X, y, cost=cycles, options=options("+", "*"), seed=1)[0]
    assert len(front) > 2
    assert not any(c.expr.atoms(sp.Function) for c in front.candidates)


def test_without_sums_there_are_only_the_formulas_of_the_engine() -> None:
    front = JointEngine(SMALL).search(X, X[:, 0] * X[:, 1], cost=NODES, options=options("*"), seed=1)[0]
    assert {c.engine for c in front.candidates} == {"operon"}
    assert str(front.select("loss").expr) == "x0*x1"


def test_outputs_are_searched_one_after_the_other_and_the_seed_decides() -> None:
    Y = np.stack([X[:, 0] + X[:, 1], X[:, 2] ** 2], axis=1)
    named = options(input_names=("a", "b", "c"), output_names=("sum", "square"))
    found = [JointEngine(SMALL).search(X, Y, cost=NODES, options=named, seed=2) for _ in range(2)]
    assert [front.output for front in found[0].fronts] == ["sum", "square"]
    assert [f.select("loss").loss < 1e-12 for f in found[0].fronts] == [True, True]
    assert found[0].to_dict() == found[1].to_dict()
