"""The 13 benchmark functions of arXiv 1912.04825: recovered trials and extrapolation error of the engines.

python benchmarks/eql_benchmark.py                      # the whole table, both engines
python benchmarks/eql_benchmark.py --trials 2 --functions x^3 e^x --engines eql

Every trial is kept in the JSON file as soon as it is done; a run that was interrupted goes on from there.
Several runs may fill one file at the same time, for instance one a core with different functions.
"""

import argparse
import datetime
import fcntl
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import sympy
import torch
from recovery import recovery

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.search.base import Engine, SearchOptions
from sr2hls.search.eql import EQLEngine
from sr2hls.search.eql.training import SparsifyOptions
from sr2hls.search.expressions import evaluate_expr, text_of
from sr2hls.search.operon import OperonEngine

_X, _Y, _Z = sympy.symbols("x0 x1 x2")
FUNCTIONS: dict[str, tuple[int, sympy.Expr]] = {
    "x": (1, _X),
    "x^2": (1, _X**2),
    "x^3": (1, _X**3),
    "sin(2πx)": (1, sympy.sin(2 * sympy.pi * _X)),
    "e^x": (1, sympy.exp(_X)),
    "xy": (2, _X * _Y),
    "sin(2πx)+sin(4πy)": (2, sympy.sin(2 * sympy.pi * _X) + sympy.sin(4 * sympy.pi * _Y)),
    "0.5xy+0.5z": (3, _X * _Y / 2 + _Z / 2),
    "x^2+y-2z": (3, _X**2 + _Y - 2 * _Z),
    "e^(-x^2)": (1, sympy.exp(-(_X**2))),
    "1/(1+e^(-10x))": (1, 1 / (1 + sympy.exp(-10 * _X))),
    "x^2+sin(2πy)": (2, _X**2 + sympy.sin(2 * sympy.pi * _Y)),
    "(x+yz)^3": (3, (_X + _Y * _Z) ** 3),
}
_EQL_OPERATORS = ("+", "-", "*", "sin", "exp", "sigmoid")
# Operon has no sigmoid; a quotient lets it write one.
ENGINES: dict[str, tuple[Callable[[str], Engine], tuple[str, ...]]] = {
    "eql": (lambda function: EQLEngine(), _EQL_OPERATORS),
    "eql-single": (lambda function: _single(function), _EQL_OPERATORS),
    "operon": (lambda function: OperonEngine(), ("+", "-", "*", "/", "square", "sin", "exp")),
}
TRAIN_ROWS, TEST_ROWS = 256, 1000


def _single(function: str) -> Engine:
    """One network a trial, as deep as in the paper: what its trials are, for comparison."""
    depth = 3 if function == "(x+yz)^3" else 2
    return EQLEngine(depths=(depth,), rounds=1, restarts=1, first_stage=SparsifyOptions(steps=3000))


@dataclass(frozen=True, slots=True)
class Trial:
    """One search: seed, verdict, time."""

    function: str
    engine: str
    seed: int
    recovered: bool
    same_value: bool
    test_error: float
    train_loss: float
    seconds: float
    cpu_seconds: float
    formula: str
    notes: tuple[str, ...]


def run_trial(function: str, engine: str, seed: int) -> Trial:
    """Search on 256 points in [-1, 1], judge on 1,000 in [-2, 2]."""
    torch.set_num_threads(1)
    count, truth = FUNCTIONS[function]
    random = np.random.default_rng([seed, list(FUNCTIONS).index(function)])
    X = random.uniform(-1, 1, (TRAIN_ROWS, count))
    X_test = random.uniform(-2, 2, (TEST_ROWS, count))
    make, operators = ENGINES[engine]
    options = SearchOptions(operators=operators)
    begin, cpu = time.perf_counter(), time.process_time()
    frontier = make(function).search(
        X, evaluate_expr(truth, X), cost=additive_cycles(published_cycles()), options=options, seed=seed
    )
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    best = frontier[0].select()
    verdict = recovery(best.expr, truth, X_test)
    return Trial(
        function, engine, seed, verdict.recovered, verdict.same_value, verdict.test_error, best.loss,
        round(seconds, 2), round(cpu, 2), text_of(best.expr), frontier.notes,
    )  # fmt: skip


def table(trials: list[Trial]) -> str:
    """Markdown: recovered trials, median normalised extrapolation error and CPU time for each engine."""
    engines = [e for e in ENGINES if any(t.engine == e for t in trials)]
    head = ["function"]
    for engine in engines:
        head += [f"{engine}: recovered", "median RMSE/σ on [-2, 2]", "median CPU s"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for function in FUNCTIONS:
        row = [f"`{function}`"]
        for engine in engines:
            own = [t for t in trials if t.function == function and t.engine == engine]
            if not own:
                row += ["", "", ""]
                continue
            error = statistics.median(t.test_error for t in own) ** 0.5
            row += [
                f"{sum(t.recovered for t in own)}/{len(own)}",
                f"{error:.1e}",
                f"{statistics.median(t.cpu_seconds for t in own):.1f}",
            ]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def summary(trials: list[Trial]) -> str:
    """How many functions each engine recovers in at least half of its trials, and what all trials took."""
    lines: list[str] = []
    for engine in (e for e in ENGINES if any(t.engine == e for t in trials)):
        own = [t for t in trials if t.engine == engine]
        recovered = 0
        for function in FUNCTIONS:
            found = [t.recovered for t in own if t.function == function]
            recovered += bool(found) and 2 * sum(found) >= len(found)
        lines.append(
            f"`{engine}`: {recovered} of {len(FUNCTIONS)} functions recovered in at least half of the "
            f"trials; {len(own)} trials, {sum(t.cpu_seconds for t in own) / 60:.1f} CPU minutes."
        )
    # A trial has one thread, so two cores take half of the sum when nothing else runs.
    seconds = sum(t.seconds for t in trials)
    cpu = sum(t.cpu_seconds for t in trials)
    lines.append(
        f"All trials: {cpu / 60:.1f} CPU minutes, {cpu / 120:.1f} on each of two cores; by the clock, beside "
        f"whatever else ran on the machine, {seconds / 120:.1f} on each. Last run {datetime.date.today()}."
    )
    return "\n\n".join(lines) + "\n"


def main() -> None:
    """Run the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--functions", nargs="+", choices=list(FUNCTIONS), default=list(FUNCTIONS))
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=["eql", "operon"])
    parser.add_argument("--jobs", type=int, default=2, help="processes, one thread each")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "eql_benchmark.json")
    args = parser.parse_args()
    done = _read(args.out)
    known = {(t.function, t.engine, t.seed) for t in done}
    tasks = [
        (f, e, s)
        for s in range(args.first_seed, args.first_seed + args.trials)
        for e in args.engines
        for f in args.functions
        if (f, e, s) not in known
    ]
    with ProcessPoolExecutor(args.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run_trial, *task) for task in tasks]):
            trial = future.result()
            done = _keep(args.out, trial)
            print(
                f"{trial.engine:7} {trial.function:20} seed {trial.seed:2} "
                f"{'recovered' if trial.recovered else 'no':9} test {trial.test_error:.1e} "
                f"{trial.cpu_seconds:6.1f} CPU s  {trial.formula[:80]}",
                flush=True,
            )
    if not tasks:
        return
    text = f"{table(done)}\n{summary(done)}"
    _write(args.out.with_suffix(".md"), f"{_HEAD}\n{text}")
    print(text)


_HEAD = """# The 13 benchmark functions of arXiv 1912.04825

    python benchmarks/eql_benchmark.py

256 points in [-1, 1] to train, 1,000 in [-2, 2] to test, another draw of both in each trial; no noise. A
trial counts as recovered if the formula that the engine would choose itself has at most 1e-10 of the
variance as error on the test points and, its constants snapped to exact numbers within 1e-5, is
algebraically equal to the truth. Both engines see the same data and have their default settings; `operon` has
`+ - * / square sin exp`, as it has no sigmoid; `eql` has `+ - * sin exp sigmoid`.
"""


def _order(trial: Trial) -> tuple[str, int, int]:
    return trial.engine, list(FUNCTIONS).index(trial.function), trial.seed


def _read(path: Path) -> list[Trial]:
    if not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Trial(**{**row, "notes": tuple(row["notes"])}) for row in rows]


def _keep(path: Path, trial: Trial) -> list[Trial]:
    """Add a trial to the file; all that is there now, in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The folder is locked, because the file is replaced.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        trials = sorted([*_read(path), trial], key=_order)
        _write(path, json.dumps([asdict(t) for t in trials], indent=1))
    finally:
        os.close(folder)
    return trials


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(path.suffix + ".part")
    beside.write_text(content, encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    main()
