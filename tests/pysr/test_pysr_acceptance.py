"""The PySR engine against the real PySR, on the problems of the recorded runs. Skipped without Julia.

Every search runs in PySR's own process, so that no test can end pytest; all take less than 20 minutes
on two cores. What a search said of itself is printed, and shown where a test fails. For PySR 1.5.10, 2.0 and
2.7.2: ``pip install pysr==VERSION``, ``sr2hls doctor --install-julia``, and
``pytest -m julia --durations=0 tests/pysr``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from sr2hls.costs import (
    FoldCost,
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
    OperonSettings,
    PySREngine,
    PySRSettings,
    SearchOptions,
    julia_status,
    read_hall_of_fame,
)
from sr2hls.search.custom import with_definitions
from sr2hls.search.expressions import tree_from_text
from sr2hls.search.pysr.hall import rows_of_run
from sr2hls.search.pysr.julia import start_julia
from sr2hls.search.pysr.settings_file import load_pysr_settings

STATUS = julia_status()
pytestmark = [
    pytest.mark.julia,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not STATUS.ready, reason=f"{STATUS.reason}: run 'sr2hls doctor --install-julia'"),
]

RUNS = Path(__file__).parents[1] / "search" / "data" / "pysr_runs"
CYCLES = published_cycles()
ADDITIVE, PATH = additive_cycles(CYCLES), longest_path(CYCLES)
HEAT = SearchOptions(operators=("+", "-", "*", "/", "sin", "exp"), input_names=("x", "t"), latency=PATH)
FULL: dict[str, Any] = {"populations": 31, "max_rows": 10_000}
"""As in the recorded runs."""
QUICK = {"populations": 8, "population_size": 30, "ncycles_per_iteration": 200}


def run_data(run: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    with np.load(RUNS / run / "data.npz", allow_pickle=False) as data:
        return data["X"], data["y"], tuple(str(n) for n in data["names"])


def searched(engine: PySREngine, X: np.ndarray, y: np.ndarray, **more: Any) -> Frontier:
    """Search within limits, and print what the search said."""
    given = {"cost": ADDITIVE, "options": HEAT, "seed": 0} | more
    begun = time.monotonic()
    frontier = engine.search(X, y, **given)
    print(f"{time.monotonic() - begun:.0f} s", *frontier.notes, *map(str, frontier.select("loss")), sep="\n")
    return frontier


def heat(engine: PySREngine, rows: int = 500, **more: Any) -> Frontier:
    X, y, _ = run_data("heat_cycles")
    keep = np.random.default_rng(0).choice(len(X), rows, replace=False)
    return searched(engine, X[keep], y[keep], **more)


def text(frontier: Frontier) -> list[list[tuple[float, str]]]:
    return [[(c.loss, str(c.expr)) for c in f.candidates] for f in frontier.fronts]


def test_heat_equation_with_additive_cycles() -> None:
    X, y, _ = run_data("heat_cycles")
    frontier = searched(PySREngine(PySRSettings(niterations=40, **FULL)), X, y, cost=ADDITIVE, options=HEAT)
    assert min(c.loss for c in frontier[0].candidates) < 4e-7
    for c in frontier[0].candidates:
        assert c.cost == ADDITIVE.cost(c.expr)
        assert c.latency == PATH.cost(c.expr)


@pytest.mark.parametrize(
    "cost",
    [PATH, area(estimated_luts()), weighted("both", "LUT", [(1.0, area(estimated_luts())), (50.0, PATH)])],
    ids=["path", "area", "combined"],
)
def test_generated_julia_runs_and_agrees_with_our_cost(cost: FoldCost, tmp_path: Path) -> None:
    # Two inputs in every formula that is close: of one input, all are one table of 64 LUT.
    X = np.random.default_rng(0).uniform(-2, 2, (300, 2))
    y = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 0]) * X[:, 1] ** 2
    settings = PySRSettings(niterations=5, output_directory=str(tmp_path), run_id="run")
    frontier = searched(PySREngine(settings, complexity=cost, polish=False), X, y, cost=cost)
    unit = frontier.told["pysr"]["step"]
    (rows,) = rows_of_run(tmp_path / "run", 1)
    assert len(rows) > 2, rows
    for row in rows:
        expected = max(1, round(cost.tree_cost(tree_from_text(row.equation)) / unit))
        assert row.complexity == expected, row.equation


def test_weights(tmp_path: Path) -> None:
    X = np.random.default_rng(0).uniform(-2, 2, (300, 2))
    y = np.where(np.arange(300) < 150, X[:, 0] * X[:, 1], 7 + X[:, 0])
    weights = np.where(np.arange(300) < 150, 1.0, 1e-9)
    options = SearchOptions(operators=("+", "*"))
    frontier = searched(PySREngine(PySRSettings(niterations=5)), X, y, options=options, weights=weights)
    assert sympy.Symbol("x0") * sympy.Symbol("x1") in {c.expr for c in frontier[0].candidates}


def test_julia_tells_its_versions() -> None:
    outcome = start_julia(300)
    print(outcome)
    assert set(outcome.versions) == {"pysr", "julia", "symbolic_regression"}
    assert all(version[0].isdigit() for version in outcome.versions.values())


def test_weak_limits_and_large_data() -> None:
    """One iteration on these rows takes longer than the limit, if PySR sees them all."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 16))
    Y = np.stack([X[:, k] * X[:, k + 1] + np.sin(X[:, k + 2]) for k in range(5)], axis=1)
    begun = time.monotonic()
    options = SearchOptions(operators=("+", "-", "*", "sin", "exp"))
    frontier = searched(PySREngine(), X, Y, options=options, time_limit=20)
    assert all(front.candidates for front in frontier.fronts)
    start = float(frontier.notes[0].split(" rows, ")[1].split(" s ")[0])
    assert time.monotonic() - begun - start < 20 + 12


def test_same_seed_same_front() -> None:
    settings = PySRSettings(niterations=3, keyword=QUICK)
    assert text(heat(PySREngine(settings))) == text(heat(PySREngine(settings)))


def test_two_outputs() -> None:
    X, y, names = run_data("vector_field")
    options = SearchOptions(operators=("+", "-", "*", "/"), input_names=names)
    frontier = searched(
        PySREngine(PySRSettings(niterations=20, **FULL)), X, y, cost=ADDITIVE, options=options
    )
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
    frontier = searched(
        PySREngine(PySRSettings(niterations=30, maxsize=150, **FULL)), X, y, cost=cost, options=options
    )
    assert min(c.loss for c in frontier[0].candidates) < 1e-10


def test_units() -> None:
    X, y, names = run_data("units")
    settings = PySRSettings(
        niterations=30,
        **FULL,
        keyword={"dimensional_constraint_penalty": 1e5},
        fit=json.loads((RUNS / "units" / "call.json").read_text())["fit"],
    )
    options = SearchOptions(operators=("+", "-", "*", "/", "square"), input_names=names)
    frontier = searched(PySREngine(settings), X, y, cost=ADDITIVE, options=options)
    x0, x1, x2 = sympy.symbols("x0 x1 x2")
    ratio = sympy.simplify(frontier.select("loss")[0].expr / (x0 * x1 / x2**2))
    assert float(ratio) == pytest.approx(6.67, rel=1e-3)


def test_constraints_losses_and_names_that_sympy_knows_as_functions() -> None:
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
    frontier = heat(engine, options=replace(HEAT, input_names=("multiplicity", "lambda")))
    assert frontier.input_names == ("multiplicity", "lambda")
    assert frontier[0].candidates
    for candidate in frontier[0].candidates:
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


def test_template(tmp_path: Path) -> None:
    template = tmp_path / "template.toml"
    template.write_text(
        "niterations = 15\n[template]\nexpressions = ['f', 'g']\nvariable_names = ['x0', 'x1']\n"
        "combine = 'f(x0) * g(x1)'\n"
    )
    frontier = heat(PySREngine(load_pysr_settings(template)))
    assert min(c.loss for c in frontier[0].candidates) < 1e-4


def test_feature_selection() -> None:
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (300, 12))
    options = SearchOptions(operators=("+", "*"))
    settings = PySRSettings(niterations=10, keyword={"select_k_features": 2})
    frontier = searched(PySREngine(settings), X, X[:, 3] * X[:, 10], options=options)
    assert frontier.select("loss")[0].expr == sympy.Symbol("x3") * sympy.Symbol("x10")


def test_run_directory_warm_start_and_resuming(tmp_path: Path) -> None:
    quick = PySRSettings(niterations=2, keyword=QUICK, output_directory=str(tmp_path), run_id="first")
    first = PySREngine(replace(quick, warm_start=True))
    before = min(c.loss for c in heat(first)[0].candidates)
    assert len(read_hall_of_fame(tmp_path / "first", cost=ADDITIVE)[0]) > 1
    after = min(c.loss for c in heat(first)[0].candidates)
    assert after <= before * 1.001, "the second search goes on from the first"
    assert [p.name for p in tmp_path.iterdir()] == ["first"]
    with pytest.raises(UnsafeFileError):
        heat(PySREngine(PySRSettings(resume_from=str(tmp_path / "first"))))
    (tmp_path / "first").rename(tmp_path / "moved")
    again = PySRSettings(niterations=1, keyword=QUICK, resume_from=str(tmp_path / "moved"), trust_pickle=True)
    assert min(c.loss for c in heat(PySREngine(again))[0].candidates) <= before * 1.001


def test_processes() -> None:
    settings = PySRSettings(
        niterations=2, deterministic=False, keyword={**QUICK, "parallelism": "multiprocessing", "procs": 2}
    )
    # Each of Julia's worker processes compiles anew, which a slow machine takes minutes for.
    assert len(heat(PySREngine(settings), time_limit=180)[0]) > 1


def test_the_time_limit_of_a_parallel_search() -> None:
    X, y, _ = run_data("heat_cycles")
    begun = time.monotonic()
    frontier = searched(PySREngine(), X, y, time_limit=10)
    start = float(frontier.notes[0].split(" rows, ")[1].split(" s ")[0])
    assert time.monotonic() - begun - start < 10 + 12
    assert len(frontier[0]) > 1


def test_ctrl_c_of_the_command_line(tmp_path: Path) -> None:
    X, y, _ = run_data("heat_cycles")
    np.savez(tmp_path / "data.npz", X=X, y=y.ravel())
    runs = tmp_path / "runs"
    (tmp_path / "pysr.toml").write_text(f"output_directory = '{runs}'\nniterations = 100000\n")
    words = ["search", "data.npz", "-o", "out", "--engines", "pysr", "--pysr", "pysr.toml"]
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "sr2hls", *words],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        for _ in range(300):
            if list(runs.glob("*/hall_of_fame.csv")) or process.poll() is not None:
                break
            time.sleep(1)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[0].decode()
    finally:
        process.kill()
        print(process.communicate()[0])  # shown where it did not end
    assert process.returncode == 130, said
    assert Frontier.load(tmp_path / "out" / "search.json")[0].candidates, said
    assert "signal (2)" not in said and not list((tmp_path / "tmp").glob("sr2hls_pysr_*"))


def test_fronts_of_both_engines_merge() -> None:
    X, y, _ = run_data("heat_cycles")
    operon = OperonEngine(OperonSettings(restarts=1, max_rows=500))
    found = operon.search(X, y, cost=ADDITIVE, options=HEAT, seed=1, time_limit=60)
    merged = found.merge(heat(PySREngine(PySRSettings(niterations=3, keyword=QUICK)), rows=len(X)))
    assert {c.engine for c in merged[0].candidates} <= {"operon", "pysr"}
