"""Search engines side by side, each by itself: the least loss at a cost, for the same processor time.

Tasks are the recorded runs of the real PySR (heat equation, jets' logits, a vector field, the product of
gravitation) and the laws of EmpiricalBench. Every engine gets the same rows, operators and seed, clock cycles
of the published table as cost, and as many processor seconds for each output as the recorded run took (its
wall time times its cores; 10 s where there is no record). Start-up, of Julia too, does not count. Whatever an
engine returns is scored by the same costs on the same rows. Where Julia is not set up, PySR's column is read
from the recorded run (PySR 1.5.10), its constants refitted as those of all engines are, and marked so; the
records of the vector field and of gravitation counted nodes, not cycles.

    python benchmarks/engines_direct.py [--tasks heat,jets] [--engines operon,eql,pysr] [--out FILE]
"""

import argparse
import json
import math
import os
import resource
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from forms import LAWS
from numpy.typing import NDArray
from processor_time import processor_limit

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.errors import Sr2hlsError
from sr2hls.search import (
    Engine,
    EQLEngine,
    Front,
    Loss,
    OperonEngine,
    OperonSettings,
    PySREngine,
    PySRSettings,
    SearchOptions,
    julia_status,
    read_hall_of_fame,
)
from sr2hls.store.files import write_text

RUNS = Path(__file__).parents[1] / "tests" / "search" / "data" / "pysr_runs"
RESULTS = Path(__file__).parent / "results" / "engines_direct.json"
COST = additive_cycles(published_cycles())
CAPS = (10.0, 18.0, 33.0, 100.0, math.inf)
"""Clock cycles, added up, up to which the least loss is taken."""
RECORDED = {"heat": "heat_cycles", "jets": "jets", "field": "vector_field", "gravitation": "units"}
CORES = 2
"""Of the machine that the recorded runs were made on."""
LAW_S = 10.0
LAW_OPERATORS = ("+", "-", "*", "/", "square", "sqrt", "exp", "log")


@dataclass(frozen=True, slots=True)
class Task:
    """One set of data.

    Attributes:
        name: short name.
        X: inputs, shape (n, f).
        Y: outputs, shape (n, k).
        operators: names of the operators.
        cpu_s: processor seconds for each output.
        run: folder of the recorded run of PySR, or ``None``.
        loss: what is minimised.
    """

    name: str
    X: NDArray[np.float64]
    Y: NDArray[np.float64]
    operators: tuple[str, ...]
    cpu_s: float
    run: Path | None
    loss: Loss


@dataclass(frozen=True, slots=True)
class Row:
    """What an engine reached for one output.

    Attributes:
        task: name of the task.
        output: index of the output.
        engine: name of the engine.
        recorded: whether it is read from a recorded run.
        cpu_s: processor seconds that it took; ``None`` where nobody measured.
        losses: least loss at each of `CAPS`, as a share of the targets' variance; ``None``: none.
    """

    task: str
    output: int
    engine: str
    recorded: bool
    cpu_s: float | None
    losses: tuple[float | None, ...]


def recorded_task(name: str) -> Task:
    """Return the data and the call of a recorded run."""
    run = RUNS / RECORDED[name]
    call = json.loads((run / "call.json").read_text())
    with np.load(run / "data.npz", allow_pickle=False) as data:
        X, Y = data["X"].astype(float), data["y"].astype(float)
    Y = Y.reshape(len(Y), -1)
    operators = (*call["kwargs"]["binary_operators"], *call["kwargs"]["unary_operators"])
    cores = 1 if call["kwargs"].get("parallelism") == "serial" else CORES
    return Task(name, X, Y, operators, cores * call["fit_s"] / Y.shape[1], run, Loss.MSE)


def law_task(name: str) -> Task:
    """Return the data of a law of EmpiricalBench."""
    (law,) = (law for law in LAWS if law.name == name)
    X, y = law.data()
    return Task(
        name, np.asarray(X, float), np.asarray(y, float)[:, None], LAW_OPERATORS, LAW_S, None, Loss.AUTO
    )


def engine_of(name: str) -> Engine:
    """Return an engine that goes on until it is stopped, on one core."""
    if name == "operon":
        return OperonEngine(OperonSettings(restarts=1000))
    if name == "eql":
        return EQLEngine(rounds=1000)
    return PySREngine(PySRSettings(deterministic=True))


def search(task: Task, output: int, name: str) -> tuple[Front, float]:
    """Search one output with one engine; returns its front and the processor seconds it took."""
    options = SearchOptions(operators=task.operators, loss=task.loss)
    # PySR's process is not ours: on one core its wall time is about its processor time.
    limit = task.cpu_s if name == "pysr" else None
    before = _cpu()
    with processor_limit(1e9 if name == "pysr" else task.cpu_s):
        frontier = engine_of(name).search(
            task.X, task.Y[:, output], cost=COST, options=options, seed=0, time_limit=limit
        )
    return frontier[0], _cpu() - before


def _cpu() -> float:
    own, children = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def rows_of(task: Task, engine: str) -> Iterator[Row]:
    """Yield what an engine reaches for each output of a task."""
    if engine == "pysr" and not julia_status().ready:
        if task.run is not None:
            data = (task.X, task.Y)
            names = tuple(str(n) for n in np.load(task.run / "data.npz", allow_pickle=False)["names"])
            found = read_hall_of_fame(task.run, cost=COST, input_names=names, data=data, polish=True)
            for k, front in enumerate(found.fronts):
                yield Row(task.name, k, engine, True, task.cpu_s, _losses(task, k, front))
        return
    for k in range(task.Y.shape[1]):
        try:
            front, cpu = search(task, k, engine)
        except (Sr2hlsError, KeyboardInterrupt) as error:
            print(f"{task.name}, output {k}, {engine}: {error!r}", flush=True)
            yield Row(task.name, k, engine, False, None, (None,) * len(CAPS))
            continue
        yield Row(task.name, k, engine, False, cpu, _losses(task, k, front))


def _losses(task: Task, output: int, front: Front) -> tuple[float | None, ...]:
    y = task.Y[:, output]
    scores = []
    for c in front.candidates:
        with np.errstate(all="ignore"):
            residual = np.broadcast_to(c.predict(task.X), y.shape) - y
            if c.cost is not None and np.isfinite(residual).all():
                scores.append((c.cost, float(np.mean(residual**2) / np.var(y))))
    return tuple(min((loss for cost, loss in scores if cost <= cap), default=None) for cap in CAPS)


def table(rows: list[Row]) -> str:
    """Return the results as Markdown."""
    engines = list(dict.fromkeys(r.engine for r in rows))
    recorded = {r.engine for r in rows if r.recorded}
    heads = [f"{e} (recorded, 1.5.10)" if e in recorded else e for e in engines]
    lines = [
        "# Engines for the same processor time, each by itself",
        "",
        "`python benchmarks/engines_direct.py`",
        "",
        *(__doc__ or "").split("\n\n")[1].splitlines(),
        "",
        "Losses are mean squared errors as a share of the variance of the targets. One seed, one core.",
        "",
        f"| task | s | cycles ≤ | {' | '.join(heads)} |",
        "|---|---|---|" + "---|" * len(engines),
    ]
    by = {(r.task, r.output, r.engine): r for r in rows}
    for task, output in dict.fromkeys((r.task, r.output) for r in rows):
        for k, cap in enumerate(CAPS):
            cells = [by.get((task, output, e)) for e in engines]
            seconds = max((c.cpu_s or 0.0 for c in cells if c is not None), default=0.0)
            shown = " | ".join(_cell(c, k) for c in cells)
            limit = "any" if math.isinf(cap) else f"{cap:.0f}"
            lines.append(f"| {task} {output} | {seconds:.0f} | {limit} | {shown} |")
    return "\n".join([*lines, "", *_verdict(by, engines), ""])


def _cell(row: Row | None, k: int) -> str:
    value = None if row is None else row.losses[k]
    return "–" if value is None else f"{value:.2g}"


def _verdict(by: dict[tuple[str, int, str], Row], engines: list[str]) -> list[str]:
    if "pysr" not in engines or "operon" not in engines:
        return []
    pairs = [
        (row.losses[k], by[task, output, "pysr"].losses[k])
        for (task, output, engine), row in by.items()
        if engine == "operon" and (task, output, "pysr") in by
        for k in range(len(CAPS))
    ]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    won = sum(a <= max(1.01 * b, 1e-12) for a, b in known)
    return [
        f"Operon is as close as PySR or closer at {won} of the {len(known)} places where both have a formula."
    ]


def main() -> None:
    """Run what is asked for; keep every result as soon as it is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", default=",".join([*RECORDED, *(law.name for law in LAWS)]))
    parser.add_argument("--engines", default="operon,pysr,eql")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    kept = json.loads(args.out.read_text())["rows"] if args.out.is_file() else []
    rows = [Row(**{**r, "losses": tuple(r["losses"])}) for r in kept]
    for engine in args.engines.split(","):
        for name in args.tasks.split(","):
            task = recorded_task(name) if name in RECORDED else law_task(name)
            if sum((r.task, r.engine) == (name, engine) for r in rows) == task.Y.shape[1]:
                continue
            for row in rows_of(task, engine):
                rows = [r for r in rows if (r.task, r.output, r.engine) != (row.task, row.output, row.engine)]
                rows.append(row)
                print(row, flush=True)
                write_text(args.out, json.dumps({"rows": [asdict(r) for r in rows]}, indent=1))
                write_text(args.out.with_suffix(".md"), table(rows))


if __name__ == "__main__":
    main()
