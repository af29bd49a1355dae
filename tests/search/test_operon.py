"""The embedded engine on problems whose answer is known."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pyoperon
import pytest
import sympy

from sr2hls.costs import Operators, additive_cycles, longest_path, node_count, published_cycles
from sr2hls.costs.tree import Tree, const, var
from sr2hls.errors import InputError
from sr2hls.search import Frontier, Loss, OperonEngine, OperonSettings, SearchOptions, SearchProgress
from sr2hls.search.expressions import evaluate
from sr2hls.search.operon_run import OperonRun, run_operon
from sr2hls.search.operon_tree import node_names, tree_of_nodes

COST = additive_cycles(published_cycles())
RUNS = Path(__file__).parent / "data" / "pysr_runs"
RNG = np.random.default_rng(7)
X = RNG.uniform(-2, 2, (200, 2))
SMALL = OperonSettings(population=80, generations=12, restarts=2)
ARITHMETIC = SearchOptions(operators=("+", "-", "*", "/"), max_size=15)


def search(
    y: np.ndarray, options: SearchOptions = ARITHMETIC, settings: OperonSettings = SMALL, **more: object
) -> Frontier:
    return OperonEngine(settings).search(X, y, cost=COST, options=options, **more)  # type: ignore[arg-type]


def losses_and_costs(frontier: Frontier) -> list[list[tuple[float, float | None, str]]]:
    return [[(c.loss, c.cost, str(c.expr)) for c in front.candidates] for front in frontier.fronts]


def test_exact_form_of_the_vector_field() -> None:
    with np.load(RUNS / "vector_field" / "data.npz", allow_pickle=False) as data:
        inputs, outputs = data["X"], data["y"]
    start = time.perf_counter()
    frontier = OperonEngine().search(inputs, outputs, cost=COST, options=ARITHMETIC, seed=1)
    seconds = time.perf_counter() - start
    x0, x1 = sympy.symbols("x0 x1")
    found = [c.expr for c in frontier.select("loss")]
    assert sympy.simplify(found[0] - x1 / (x1 + 1)) == 0
    assert sympy.simplify(found[1] + x0 / (x0 + 1)) == 0
    assert seconds < 60, "10 s on a machine of its own"


def test_same_seed_same_front_and_another_seed_another() -> None:
    y = np.sin(X[:, 0]) * X[:, 1]
    first, again, other = (losses_and_costs(search(y, seed=s)) for s in (4, 4, 5))
    assert first == again
    assert first != other


def test_front_does_not_depend_on_the_number_of_processes() -> None:
    y = X[:, 0] * X[:, 1] + 0.3
    one = losses_and_costs(search(y, settings=OperonSettings(60, 6, 2, round_size=2, jobs=1)))
    two = losses_and_costs(search(y, settings=OperonSettings(60, 6, 2, round_size=2, jobs=2)))
    assert one == two


def test_costs_and_latencies_are_those_of_the_models() -> None:
    latency = longest_path(published_cycles())
    options = SearchOptions(operators=("+", "-", "*", "sin"), max_size=12, latency=latency)
    frontier = search(np.sin(X[:, 0]) + X[:, 1] ** 2, options)
    assert frontier.cost_model["origin"] == "published"
    for c in frontier[0].candidates:
        assert c.cost == COST.cost(c.expr)
        assert c.latency == latency.cost(c.expr)
        assert c.loss == pytest.approx(
            np.mean((c.predict(X) - np.sin(X[:, 0]) - X[:, 1] ** 2) ** 2), rel=1e-6, abs=1e-28
        )


def test_stops_early_when_the_form_is_exact() -> None:
    frontier = search(X[:, 0] * X[:, 1], settings=OperonSettings(100, 200, 50))
    assert any("stopped at loss" in note for note in frontier.notes)
    assert frontier.select("loss")[0].expr == sympy.Symbol("x0") * sympy.Symbol("x1")


def test_stops_at_the_target_loss() -> None:
    options = SearchOptions(operators=("+", "-", "*"), target_loss=10.0)
    frontier = search(np.exp(X[:, 0]), options, OperonSettings(100, 5000, 50))
    assert any("stopped at loss" in note for note in frontier.notes)


def test_time_limit_is_kept_and_told() -> None:
    start = time.perf_counter()
    y = RNG.standard_normal(200)
    frontier = search(y, settings=OperonSettings(200, 100_000, 1), time_limit=1.0)
    assert time.perf_counter() - start < 10
    assert any("stopped by the time limit" in note for note in frontier.notes)
    assert len(frontier[0]) > 0


def test_ctrl_c_keeps_the_best_so_far() -> None:
    seen: list[SearchProgress] = []

    def progress(report: SearchProgress) -> None:
        seen.append(report)
        if len(seen) == 4:
            os.kill(os.getpid(), signal.SIGINT)

    y = np.column_stack([np.sin(3 * X[:, 0]) * X[:, 1] + RNG.standard_normal(200), X[:, 0]])
    start = time.perf_counter()
    frontier = search(y, settings=OperonSettings(100, 100_000, 3), progress=progress)
    assert time.perf_counter() - start < 30
    assert any("interrupted" in note for note in frontier.notes)
    assert len(frontier[0]) > 1
    assert [len(f) for f in frontier.fronts][1] == 0, "the second output was not begun"
    assert threading.active_count() < 5


def test_large_and_small_numbers_are_scaled_and_told() -> None:
    inputs = np.column_stack([10 ** RNG.uniform(20, 30, 60), 10 ** RNG.uniform(8, 12, 60)])
    y = 6.67e-11 * inputs[:, 0] / inputs[:, 1] ** 2
    options = SearchOptions(operators=("+", "-", "*", "/"), input_names=("mass", "r"), loss=Loss.AUTO)
    frontier = OperonEngine(OperonSettings(restarts=2)).search(
        inputs, y, cost=node_count(Operators()), options=options, seed=2
    )
    assert any("mass/1e+25" in note and "log of the target" in note for note in frontier.notes)
    x0, x1 = sympy.symbols("x0 x1")
    ratio = sympy.simplify(frontier.select("evidence")[0].expr * x1**2 / x0)
    assert float(ratio) == pytest.approx(6.67e-11, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"operators": ("+", "erf")}, "the embedded engine .* has no operator 'erf': .* engine 'pysr'"),
        ({"operators": ("+", "atan")}, "cost model 'additive cycles' has no cost for operator 'atan'"),
        ({"operators": ("+", "sine")}, "unknown operator 'sine'"),
        ({"operators": ()}, "no operators"),
        ({"operators": ("+",), "max_size": 0}, "max_size and max_depth have to be at least 1"),
        ({"operators": ("+",), "input_names": ("a",)}, "1 input names for 2 columns"),
        ({"operators": ("+",), "input_names": ("a", "a")}, "input name 'a' occurs twice"),
        ({"operators": ("+",), "output_names": ("a", "b")}, "2 output names for 1 outputs"),
    ],
)
def test_options_that_cannot_work(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        search(X[:, 0], SearchOptions(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        (X, X[:5, 0], r"y has shape \(5,\) for 200 rows of X"),
        (X[:, 0], X[:, 0], r"X has shape \(200,\)"),
        (
            np.where(X > 1.99, np.nan, X) if (X > 1.99).any() else X * np.nan,
            X[:, 0],
            "X has .* rows with NaN",
        ),
        (X, np.full(200, np.inf), "y has 200 rows with NaN or infinite values, first row 0"),
    ],
)
def test_data_that_cannot_work(inputs: np.ndarray, outputs: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        OperonEngine(SMALL).search(inputs, outputs, cost=COST, options=ARITHMETIC)


def test_settings_that_cannot_work() -> None:
    with pytest.raises(InputError, match="Operon setting population is 0"):
        OperonSettings(population=0)


def test_errors_in_callbacks_are_not_swallowed() -> None:
    run = OperonRun(X, X[:, 0], COST, None, ("+", "*"), Operators(), 10, 5, SMALL, 1)

    def broken(generation: int) -> None:
        raise ValueError("from the callback")

    with pytest.raises(ValueError, match="from the callback"):
        run_operon(run, broken)


def test_trees_mean_what_operon_computes() -> None:
    """Our tree of Operon's nodes, evaluated by us, is Operon's own evaluation, hidden coefficients too."""
    run = OperonRun(
        X, X[:, 0] - X[:, 1], COST, None, ("+", "-", "*", "/", "sin", "exp"), Operators(), 25, 8, SMALL, 3
    )
    result = run_operon(run)
    columns = {"x0": X[:, 0], "x1": X[:, 1]}
    compared = 0
    for tree, loss in zip(result.trees, result.losses, strict=True):
        value = evaluate(tree, columns, dtype=np.float32)
        ours = float(np.mean((value - (X[:, 0] - X[:, 1]).astype(np.float32)) ** 2))
        if np.isfinite(ours):
            assert ours == pytest.approx(loss, rel=1e-3, abs=1e-12)
            compared += 1
    assert compared >= 3


def test_hidden_coefficients_are_products() -> None:
    def variable(value: float) -> object:
        node = pyoperon.Node(pyoperon.NodeType.Variable, 11)
        node.Value = value
        return node

    nodes = [variable(2.5), variable(1.0), pyoperon.Node.Sub()]
    tree = tree_of_nodes(nodes, {11: "x0"}, node_names(Operators()))
    assert tree == Tree("-", (var("x0"), Tree("*", (const(2.5), var("x0")))))
    assert COST.tree_cost(tree) == 2 + 3
