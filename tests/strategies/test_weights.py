"""Weights of rows and classes reach every strategy: what a heavy class decides comes out better."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from attrs import evolve

from sr2hls.lut_network.designs import LutNetworkOptions, designs_of, grown, training_samples
from sr2hls.options import CompileOptions, Effort, EngineName, Tables
from sr2hls.prepare import prepare
from sr2hls.problem import Problem, Split
from sr2hls.program.types import FixedType
from sr2hls.progress import SilentProgress
from sr2hls.search.expressions import evaluate_expr
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.pysr import PySREngine
from sr2hls.strategies import fronts
from sr2hls.strategies.additive import Additive
from sr2hls.strategies.base import Context, Unkept
from sr2hls.strategies.budgets import refit_together
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 2)
RNG = np.random.default_rng(0)


def part(rows: int) -> tuple[Split, np.ndarray]:
    """Rows of two classes that part at 1 or at -1, which no input tells; and which of them part at 1."""
    X = RNG.integers(TYPE.raw_min, TYPE.raw_max + 1, (rows, 2)) * TYPE.step
    above = RNG.random(rows) < 0.5
    logits = 4 * (X[:, :1] - np.where(above, 1.0, -1.0)[:, None])
    return Split(X, logits, (logits[:, 0] > 0).astype(np.int64)), above


(TRAIN, ABOVE), (HELD, COUNTED) = part(3000), part(2000)
HEAVY = np.where(ABOVE, 5.0, 0.0)


def problem(weights: np.ndarray | None) -> Problem:
    return Problem(
        Task.LOGITS, {f"x{k}": TYPE for k in range(2)}, ("y",), ("a", "b"), ("y",),
        replace(TRAIN, weights=weights), HELD, HELD,
    )  # fmt: skip


def right(outputs: np.ndarray) -> float:
    """Share of the rows that count that are decided as the teacher does."""
    return float(np.mean((outputs > 0) == (HELD.outputs[:, 0] > 0), where=COUNTED))


def gains(decide: Callable[[Problem], np.ndarray]) -> None:
    light, heavy = (right(decide(problem(weights))) for weights in (None, HEAVY))
    assert heavy > 0.9
    assert heavy > light + 0.1


def context(given: Problem, options: CompileOptions) -> Context:
    prepared: Any = SimpleNamespace(problem=given)
    return Context(prepared, options, Unkept(), SilentProgress())


def of_formula(expr: sp.Expr) -> np.ndarray:
    return evaluate_expr(expr, HELD.inputs)


def test_rows_are_drawn_as_often_as_they_weigh() -> None:
    split = Split(
        np.arange(5.0)[:, None], np.arange(5.0)[:, None], np.arange(5), np.array([0, 3, 0.5, 1.5, 0])
    )
    drawn = [split.drawn(seed) for seed in range(200)]
    counts = np.array([np.bincount(d.labels, minlength=5) for d in drawn])  # type: ignore[arg-type]
    assert all(d.weights is None and len(d) == 5 for d in drawn)
    assert np.allclose(counts.mean(axis=0), [0, 3, 0.5, 1.5, 0], atol=0.1)
    assert counts[:, 1].tolist() == [3] * 200
    assert TRAIN.drawn(3) is TRAIN


def test_the_last_fit_of_all_formulas() -> None:
    x0 = sp.Symbol("x0")
    gains(lambda p: of_formula(refit_together({"y": 2.0 * x0 - 0.5}, p, Effort.HIGH)["y"]))


def test_the_additive_model(small: CompileOptions) -> None:
    options = evolve(small, engine=EngineName.OPERON, jobs=1)
    gains(lambda p: Additive(context(p, options))._models[0].predict(_indices(HELD.inputs))[:, 0])


def test_fronts(small: CompileOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = OperonEngine(OperonSettings(population=40, generations=5, restarts=1, max_rows=600))
    monkeypatch.setattr(fronts, "choose_engine", lambda *_, **__: (engine, "quick"))

    def found(given: Problem) -> np.ndarray:
        frontier = fronts.Frontier.from_dict(fronts.Fronts(context(given, small))._search(given).frontier)
        return of_formula(min(frontier[0].candidates, key=lambda c: (c.complexity > 5, c.loss)).expr)

    gains(found)


def test_pysr_takes_the_weights_themselves() -> None:
    class Recorded(PySREngine):
        def search(self, X: Any, y: Any, *, weights: Any = None, **_: Any) -> Any:
            return len(X), weights

    rows, search = fronts._weighed(Recorded(), problem(HEAVY).train, 0)
    count, weights = search(rows.inputs, rows.outputs)  # type: ignore[misc]
    assert count == len(weights) == np.count_nonzero(HEAVY)
    assert weights.mean() == pytest.approx(1)


def test_lut_networks() -> None:
    few = LutNetworkOptions.of_effort("low")
    how = replace(
        few,
        grow=replace(few.grow, trials=1, width_rounds=0, finish_sweeps=1),
        symbolic=replace(few.symbolic, rows=3000, passes=1),
    )

    def found(given: Problem) -> np.ndarray:
        samples = training_samples(given, how, None, seed=1)
        network = grown(given, samples, how, 6, 0).network
        assert network is not None
        (design,) = designs_of(given, network, samples, how, (Tables.SYMBOLIC,), 0)
        return design.predict(HELD.inputs)[:, 0]

    gains(found)


def test_a_class_weighs_from_the_command_to_the_rows_that_are_learnt(small: CompileOptions) -> None:
    heavy = prepare(evolve(small, class_weights=(("2", 20.0),)), SilentProgress()).problem
    light = prepare(small, SilentProgress()).problem
    shares = [float(np.mean(np.asarray(p.train.drawn(0).labels) == 2)) for p in (light, heavy)]
    assert shares[1] > 2 * shares[0]


def _indices(inputs: np.ndarray) -> np.ndarray:
    return np.rint(inputs / TYPE.step).astype(np.int64) - TYPE.raw_min
