"""The engine behind the protocol, on short searches."""

import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

from sr2hls.costs import additive_cycles, area, estimated_luts, published_cycles
from sr2hls.costs.measured_tables import area_model
from sr2hls.errors import InputError
from sr2hls.search import choose_engine
from sr2hls.search.base import Engine, SearchOptions, SearchProgress
from sr2hls.search.eql import EQLEngine
from sr2hls.search.eql import eql_engine as engine_module
from sr2hls.search.eql.training import SparsifyOptions
from sr2hls.search.front import Frontier
from sr2hls.search.search_objective import Loss

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from recovery import recovery

COST = additive_cycles(published_cycles())
x, y, z = sympy.symbols("x0 x1 x2")
OPERATORS = SearchOptions(operators=("+", "-", "*", "sin", "exp"))


def _engine(**more: object) -> EQLEngine:
    options = {"restarts": 12, "rounds": 2, "depths": (1,), "first_stage": SparsifyOptions(steps=300), **more}
    return EQLEngine(**options)  # type: ignore[arg-type]


def _data(count: int, rows: int = 200) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (rows, count))


@pytest.mark.slow
@pytest.mark.parametrize("gated", [False, True])
def test_recovers_formulas_of_two_outputs(gated: bool) -> None:
    X = _data(3)
    truths = (x * y / 2 + z / 2, sympy.sin(2 * sympy.pi * x) + y**2)
    Y = np.column_stack([X[:, 0] * X[:, 1] / 2 + X[:, 2] / 2, np.sin(2 * np.pi * X[:, 0]) + X[:, 1] ** 2])
    engine: Engine = _engine(gated=gated)
    frontier = engine.search(X, Y, cost=COST, options=OPERATORS, seed=1)
    X_test = 2 * _data(3)
    for front, truth in zip(frontier.fronts, truths, strict=True):
        best = front.select()
        assert recovery(best.expr, truth, X_test).recovered, best
        assert best.engine == "eql" and best.cost == COST.cost(best.expr)
        costs = [c.cost for c in front.candidates]
        assert costs == sorted(costs) and len(costs) > 1
    assert any("target loss reached" in note for note in frontier.notes)
    assert Frontier.from_dict(frontier.to_dict()) == frontier


def test_same_seed_same_front() -> None:
    X = _data(2, 80)
    target = np.tanh(X[:, 0] * X[:, 1]) + 0.1 * X[:, 0]  # no exact formula: the whole path matters
    engine = _engine(rounds=1, restarts=4, first_stage=SparsifyOptions(steps=100))
    first, again = (engine.search(X, target, cost=COST, options=OPERATORS, seed=3) for _ in range(2))
    assert first == again
    assert first != engine.search(X, target, cost=COST, options=OPERATORS, seed=4)


@pytest.mark.slow
def test_units_of_the_data_do_not_matter() -> None:
    X = _data(2)
    frontier = _engine().search(
        X * [1e-6, 3e4], 5e7 * X[:, 0] * X[:, 1], cost=COST, options=OPERATORS, seed=0
    )
    best = frontier[0].select().expr
    assert best.coeff(x * y) == pytest.approx(5e7 / (1e-6 * 3e4), rel=1e-6)


@pytest.mark.slow
def test_noise_is_not_fitted_exactly_and_the_form_is_there() -> None:
    X = _data(1, 300)
    noise = 0.05 * np.random.default_rng(1).normal(size=300)
    frontier = _engine(rounds=1, restarts=24).search(
        X, X[:, 0] ** 2 + noise, cost=COST, options=OPERATORS, seed=0
    )
    losses = {c.expr.as_poly(x).degree(): c.loss for c in frontier[0].candidates if c.expr.is_polynomial(x)}
    assert losses[2] == pytest.approx(0.0025, rel=0.2)


def test_time_limit_and_progress() -> None:
    seen: list[SearchProgress] = []
    X = _data(2)
    frontier = _engine(rounds=50, restarts=6).search(
        X,
        np.abs(X[:, 0]) + X[:, 1],
        cost=COST,
        options=OPERATORS,
        seed=0,
        time_limit=3.0,
        progress=seen.append,
    )
    assert any("time limit reached" in note for note in frontier.notes)
    assert len(frontier[0]) > 0
    fractions = [p.fraction for p in seen]
    assert len(fractions) > 3 and fractions == sorted(fractions) and fractions[-1] <= 1


def test_interrupt_keeps_the_best_so_far() -> None:
    def stop(progress: SearchProgress) -> None:
        if progress.message.startswith("round 2"):
            raise KeyboardInterrupt

    X = _data(2)
    frontier = _engine(rounds=50, restarts=6).search(
        X, np.abs(X[:, 0]) + X[:, 1], cost=COST, options=OPERATORS, seed=0, progress=stop
    )
    assert any("interrupted" in note for note in frontier.notes) and len(frontier[0]) > 0


@pytest.mark.slow
def test_costs_of_the_target_shape_the_penalty() -> None:
    X = _data(2)
    model = area(estimated_luts("ap_fixed<12,4>"))
    frontier = _engine(rounds=1).search(X, X[:, 0] * X[:, 1], cost=model, options=OPERATORS, seed=0)
    assert frontier.cost_model["unit"] == "LUT"
    assert recovery(frontier[0].select().expr, x * y, 2 * X).recovered


@pytest.mark.parametrize("target", [{"sparsity": 0.8}, {"max_cost": 300.0}])
def test_pruned_while_it_trains_to_a_sparsity_or_a_budget_of_luts(
    target: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[tuple[float, float]] = []
    train = engine_module.sparsify

    def spied(network, x, y, options, generator, callback, pruner):  # type: ignore[no-untyped-def]
        first = float(pruner.current_cost().max())
        error = train(network, x, y, options, generator, callback, pruner)
        reached.append((first, float(pruner.current_cost().max())))
        return error

    monkeypatch.setattr(engine_module, "sparsify", spied)
    X = _data(2)
    model = area(estimated_luts("ap_fixed<8,3>"))
    engine = _engine(rounds=1, first_stage=SparsifyOptions(steps=200), **target)
    frontier = engine.search(X, X[:, 0] * X[:, 1], cost=model, options=OPERATORS, seed=0)
    ((first, last),) = reached
    assert last <= target.get("max_cost", 0.2 * first) < first
    assert recovery(frontier[0].select().expr, x * y, 2 * X).recovered


def test_reached_as_every_engine_with_the_costs_of_a_compilation() -> None:
    engine, _ = choose_engine("eql", eql=_engine(rounds=1, restarts=6))
    X = np.round(_data(2, 120) * 16) / 16
    options = SearchOptions(operators=("+", "-", "*", "tanh", "exp"), max_size=30)
    cost = area_model("estimated", "ap_fixed<8,4>")
    frontier = engine.search(X, np.tanh(X[:, 0]) * X[:, 1], cost=cost, options=options, seed=0)
    assert len(frontier[0]) > 1 and frontier.cost_model["unit"] == "LUT"
    losses = [c.loss for c in frontier[0].candidates]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.1 * losses[0]


def test_errors() -> None:
    X = _data(2)
    with pytest.raises(InputError, match="engine eql minimises the mean squared error"):
        _engine().search(X, X[:, 0], cost=COST, options=SearchOptions(loss=Loss.LOG))
    with pytest.raises(InputError, match="NaN or infinite"):
        _engine().search(X, np.full(200, np.nan), cost=COST, options=OPERATORS)
    with pytest.raises(InputError, match="validation is 1"):
        EQLEngine(validation=1.0)
    with pytest.raises(InputError, match="a sparsity or to a max_cost: give one of them"):
        EQLEngine(sparsity=0.5, max_cost=100.0)
    with pytest.raises(InputError, match="have to be at least 1"):
        EQLEngine(restarts=0)


@pytest.mark.slow
@pytest.mark.parametrize("truth", [x**3, sympy.exp(-(x**2)), 1 / (1 + sympy.exp(-10 * x))])
def test_benchmark_functions(truth: sympy.Expr) -> None:
    X = _data(1, 256)
    target = np.array([float(truth.subs(x, v)) for v in X[:, 0]])
    options = SearchOptions(operators=("+", "-", "*", "sin", "exp", "sigmoid"))
    frontier = EQLEngine().search(X, target, cost=COST, options=options, seed=0)
    assert recovery(frontier[0].select().expr, truth, 2 * X).recovered
