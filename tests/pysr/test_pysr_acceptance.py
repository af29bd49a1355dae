"""The PySR engine against the real PySR, on the problems of the recorded runs. Skipped without Julia."""

import json
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import sympy

from sr2hls.costs import (
    Operators,
    additive_cycles,
    area,
    custom_operator,
    estimated_luts,
    longest_path,
    published_cycles,
    weighted,
)
from sr2hls.errors import UnsafeFileError
from sr2hls.search import (
    Frontier,
    OperonEngine,
    PySREngine,
    PySRSettings,
    SearchOptions,
    julia_status,
    read_hall_of_fame,
)
from sr2hls.search.custom import with_definitions

STATUS = julia_status()
pytestmark = [
    pytest.mark.julia,
    pytest.mark.slow,
    pytest.mark.skipif(not STATUS.ready, reason=f"{STATUS.reason}: run 'sr2hls doctor --install-julia'"),
]

RUNS = Path(__file__).parents[1] / "search" / "data" / "pysr_runs"
CYCLES = published_cycles()
ADDITIVE, PATH = additive_cycles(CYCLES), longest_path(CYCLES)
HEAT = SearchOptions(operators=("+", "-", "*", "/", "sin", "exp"), input_names=("x", "t"), latency=PATH)
QUICK = {"populations": 8, "population_size": 30, "ncycles_per_iteration": 200}


def run_data(run: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    with np.load(RUNS / run / "data.npz", allow_pickle=False) as data:
        return data["X"], data["y"], tuple(str(n) for n in data["names"])


def heat(
    engine: PySREngine, cost: object = ADDITIVE, options: SearchOptions = HEAT, rows: int = 500
) -> Frontier:
    X, y, _ = run_data("heat_cycles")
    keep = np.random.default_rng(0).choice(len(X), rows, replace=False)
    return engine.search(X[keep], y[keep], cost=cost, options=options, seed=0)  # type: ignore[arg-type]


def text(frontier: Frontier) -> list[list[tuple[float, str]]]:
    return [[(c.loss, str(c.expr)) for c in f.candidates] for f in frontier.fronts]


def test_heat_equation_with_additive_cycles() -> None:
    X, y, _ = run_data("heat_cycles")
    frontier = PySREngine(PySRSettings(niterations=40)).search(X, y, cost=ADDITIVE, options=HEAT, seed=0)
    assert min(c.loss for c in frontier[0].candidates) < 4e-7
    for c in frontier[0].candidates:
        assert c.cost == ADDITIVE.cost(c.expr)
        assert c.latency == PATH.cost(c.expr)


@pytest.mark.parametrize(
    "cost",
    [PATH, area(estimated_luts()), weighted("both", "LUT", [(1.0, area(estimated_luts())), (50.0, PATH)])],
    ids=["path", "area", "combined"],
)
def test_generated_julia_runs_and_agrees_with_our_cost(cost: object) -> None:
    engine = PySREngine(PySRSettings(niterations=3, keyword=QUICK), polish=False)
    frontier = heat(engine, cost)
    from sr2hls.search.expressions import tree_from_text

    rows = engine.model.equations_
    unit = next(iter(frontier[0].candidates)).details["unit"]
    assert len(rows) > 2
    for _, row in rows.iterrows():
        tree = tree_from_text(row["equation"])
        assert row["complexity"] == max(1, round(cost.tree_cost(tree) / unit))  # type: ignore[attr-defined]


def test_same_seed_same_front() -> None:
    settings = PySRSettings(niterations=3, keyword=QUICK)
    assert text(heat(PySREngine(settings))) == text(heat(PySREngine(settings)))


def test_two_outputs() -> None:
    X, y, names = run_data("vector_field")
    options = SearchOptions(operators=("+", "-", "*", "/"), input_names=names)
    frontier = PySREngine(PySRSettings(niterations=20)).search(X, y, cost=ADDITIVE, options=options, seed=0)
    x0, x1 = sympy.symbols("x0 x1")
    found = [c.expr for c in frontier.select("loss")]
    assert sympy.simplify(found[0] - x1 / (x1 + 1)) == 0
    assert sympy.simplify(found[1] + x0 / (x0 + 1)) == 0


def test_own_operators() -> None:
    X, y, names = run_data("custom_ops")
    operators = Operators().extend(
        [
            custom_operator("sc", {"definition": "sin(x)*cos(x)"}),
            custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"}),
        ]
    )
    cost = additive_cycles(with_definitions(CYCLES, operators))
    options = SearchOptions(
        operators=("+", "-", "*", "sc", "lorentz"), definitions=operators, input_names=names
    )
    frontier = PySREngine(PySRSettings(niterations=30, maxsize=150)).search(
        X, y, cost=cost, options=options, seed=0
    )
    assert min(c.loss for c in frontier[0].candidates) < 1e-10


def test_units() -> None:
    X, y, names = run_data("units")
    settings = PySRSettings(
        niterations=30,
        keyword={"dimensional_constraint_penalty": 1e5},
        fit=json.loads((RUNS / "units" / "call.json").read_text())["fit"],
    )
    options = SearchOptions(operators=("+", "-", "*", "/", "square"), input_names=names)
    frontier = PySREngine(settings).search(X, y, cost=ADDITIVE, options=options, seed=0)
    x0, x1, x2 = sympy.symbols("x0 x1 x2")
    ratio = sympy.simplify(frontier.select("loss")[0].expr / (x0 * x1 / x2**2))
    assert float(ratio) == pytest.approx(6.67, rel=1e-3)


def test_names_that_sympy_knows_as_functions() -> None:
    X, y, _ = run_data("units")
    options = SearchOptions(operators=("+", "*"), input_names=("multiplicity", "E", "lambda"))
    frontier = PySREngine(PySRSettings(niterations=2, keyword=QUICK)).search(
        X, y, cost=ADDITIVE, options=options
    )
    assert frontier.input_names == ("multiplicity", "E", "lambda")


def test_constraints_losses_and_structures() -> None:
    engine = PySREngine(
        PySRSettings(
            niterations=3,
            keyword={
                **QUICK,
                "nested_constraints": {"sin": {"sin": 0, "exp": 0}, "exp": {"exp": 0, "sin": 0}},
                "constraints": {"/": (-1, 9)},
                "elementwise_loss": "L1DistLoss()",
                "batching": True,
                "batch_size": 50,
            },
        ),
        polish=False,
    )
    for candidate in heat(engine)[0].candidates:
        assert not any(s.args[0].has(sympy.sin, sympy.exp) for s in candidate.expr.atoms(sympy.sin))


def test_custom_objective() -> None:
    objective = """
    function half(tree, dataset::Dataset{T,L}, options)::L where {T,L}
        prediction, flag = eval_tree_array(tree, dataset.X, options)
        !flag && return L(Inf)
        return sum((prediction .- dataset.y) .^ 2) / dataset.n / 2
    end
    """
    engine = PySREngine(
        PySRSettings(niterations=3, keyword={**QUICK, "loss_function": objective}), polish=False
    )
    X, y, _ = run_data("heat_cycles")
    for c in heat(engine, rows=len(X))[0].candidates:
        mse = float(np.mean((c.predict(X) - y.ravel()) ** 2))
        assert c.details["pysr_loss"] == pytest.approx(mse / 2, rel=1e-3)


def test_template() -> None:
    _ = PySREngine()  # nothing is imported before Julia is known to be there
    from pysr import TemplateExpressionSpec

    spec = TemplateExpressionSpec(
        expressions=["f", "g"], variable_names=["x0", "x1"], combine="f(x0) * g(x1)"
    )
    frontier = heat(PySREngine(PySRSettings(niterations=15, keyword={"expression_spec": spec})))
    assert min(c.loss for c in frontier[0].candidates) < 1e-4


def test_feature_selection() -> None:
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (300, 12))
    options = SearchOptions(operators=("+", "*"))
    settings = PySRSettings(niterations=10, keyword={"select_k_features": 2})
    frontier = PySREngine(settings).search(X, X[:, 3] * X[:, 10], cost=ADDITIVE, options=options, seed=0)
    assert frontier.select("loss")[0].expr == sympy.Symbol("x3") * sympy.Symbol("x10")


def test_run_directory_warm_start_and_resuming(tmp_path: Path) -> None:
    first = PySREngine(
        PySRSettings(
            niterations=2, keyword=QUICK, output_directory=str(tmp_path), run_id="first", warm_start=True
        )
    )
    before = min(c.loss for c in heat(first)[0].candidates)
    assert len(read_hall_of_fame(tmp_path / "first", cost=ADDITIVE)[0]) > 1
    after = min(c.loss for c in heat(first)[0].candidates)
    assert after <= before * 1.001, "the second search goes on from the first"
    with pytest.raises(UnsafeFileError):
        heat(PySREngine(PySRSettings(resume_from=str(tmp_path / "first"))))
    resumed = PySREngine(
        PySRSettings(niterations=1, keyword=QUICK, resume_from=str(tmp_path / "first"), trust_pickle=True)
    )
    assert min(c.loss for c in heat(resumed)[0].candidates) <= before * 1.001


def test_processes() -> None:
    settings = PySRSettings(
        niterations=2, deterministic=False, keyword={**QUICK, "parallelism": "multiprocessing", "procs": 2}
    )
    assert len(heat(PySREngine(settings))[0]) > 1


def test_time_limit_and_ctrl_c() -> None:
    X, y, _ = run_data("heat_cycles")
    engine = PySREngine(PySRSettings(niterations=100_000, deterministic=False))
    frontier = engine.search(X, y, cost=ADDITIVE, options=HEAT, time_limit=10)
    assert len(frontier[0]) > 1
    timer = threading.Timer(20, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    frontier = engine.search(X, y, cost=ADDITIVE, options=HEAT, time_limit=120)
    timer.cancel()
    assert len(frontier[0]) > 1


def test_fronts_of_both_engines_merge() -> None:
    X, y, _ = run_data("heat_cycles")
    operon = OperonEngine().search(X, y, cost=ADDITIVE, options=HEAT, seed=1)
    merged = operon.merge(heat(PySREngine(PySRSettings(niterations=3, keyword=QUICK)), rows=len(X)))
    assert {c.engine for c in merged[0].candidates} <= {"operon", "pysr"}
