"""Engines as proposers of the joint search: the least loss of readable formulas, for equal processor time.

Each task is searched by the joint search with the dictionary of shapes alone, and with the dictionary and one
engine that proposes terms: Operon, EQL, PySR. All get the same rows, operators and seed, no price but nodes,
and the same processor seconds after start-up (imports, compiled code, Julia): the joint search and the engine
together, half of them at most for the engine. Losses are shares of the loss of constants, on validation rows
(every fourth), except for the laws of EmpiricalBench, which have few rows: all of them count, one seed, and
their published noise. A search that has nothing more to try ends earlier.

Tasks: `jets` (five logits of a network, 2,000 rows, divergence of the classes' probabilities), `heat` (a
network's solution of the heat equation), `product` (two classes told apart by a*b + 0.7*c^2 - d and noise)
and nine laws. Where Julia is not set up, PySR's terms are those of the recorded run of PySR 1.5.10 on the
same rows, marked so: it had more time (36 s for `heat`, 154 s on two cores for `jets`) and saw the outputs
themselves, not the working responses; no run of it is recorded for `product` and the laws.

    python benchmarks/engines.py [--tasks heat,jets] [--engines operon,pysr] [--out engines.json]
"""

import argparse
import json
import math
import os
import resource
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from forms import LAWS, Law, is_right
from numpy.typing import NDArray
from processor_time import processor_limit

from sr2hls.costs import Operators, node_count
from sr2hls.search import PySREngine, PySRSettings, SearchOptions, julia_status, read_hall_of_fame
from sr2hls.search.base import SearchProgress
from sr2hls.search.joint import (
    JointData,
    JointFront,
    JointLoss,
    JointOptions,
    Proposer,
    WholeFormula,
    classification_loss,
    eql_proposer,
    operon_proposer,
    pysr_proposer,
    regression_loss,
    search_jointly,
)
from sr2hls.search.joint.engines import EngineProposer, PySRProposer, formulas_of
from sr2hls.store.files import write_text

Floats = NDArray[np.float64]
RUNS = Path(__file__).parents[1] / "tests" / "search" / "data" / "pysr_runs"
RESULTS = Path(__file__).parent / "results" / "engines.json"
RECORDED = {"heat": "heat_cycles", "jets": "jets"}
OPERATORS = ("+", "-", "*", "/", "sin", "exp")
"""Of the recorded run on the heat equation."""
LAW_OPERATORS = ("+", "-", "*", "/", "square", "sqrt", "exp", "log")
ENGINES = ("dictionary", "operon", "eql", "pysr")
CAPS = (10, 20, 40, 80, math.inf)
"""Nodes of all formulas together up to which the least loss is taken."""
MOST_NODES = 150
CPU_S, LAW_S = 30.0, 10.0
ENGINE_SHARE = 0.5
WARM_S = 20.0
"""Of a first search that does not count: an interrupt in the middle of an import breaks it."""


@dataclass(frozen=True, eq=False)
class Task:
    """One set of data.

    Attributes:
        name: short name.
        X: inputs, shape (rows, inputs).
        loss: on all rows; its second dimension is the number of outputs.
        operators: names of the operators that engines may use.
        cpu_s: processor seconds.
        split: whether every fourth row is kept for validation.
        run: folder of the recorded run of PySR, or ``None``.
        law: the law that is looked for, or ``None``.
    """

    name: str
    X: Floats
    loss: JointLoss
    operators: tuple[str, ...]
    cpu_s: float = CPU_S
    split: bool = True
    run: Path | None = None
    law: Law | None = None

    @cached_property
    def data(self) -> JointData:
        """What the joint search sees; models are judged by the loss on the validation rows."""
        rows = np.arange(len(self.X))
        kept = rows[rows % 4 == 3] if self.split else rows
        seen = rows[rows % 4 != 3] if self.split else rows
        judge = self.loss.part(kept)
        return JointData(
            self.X[seen], self.loss.part(seen), self.X[kept], judge, lambda out: -judge.value(out)
        )


@dataclass(frozen=True, slots=True)
class Row:
    """What the joint search reached on a task.

    Attributes:
        task: name of the task.
        engine: who proposed terms besides the dictionary.
        recorded: whether its terms are those of a recorded run.
        cpu_s: processor seconds that the search took, without those of a recorded run.
        losses: least loss at each of `CAPS`, as a share of that of constants; ``None``: no model.
        law: whether the law is on the front; ``None``: there is none to be found.
    """

    task: str
    engine: str
    recorded: bool
    cpu_s: float
    losses: tuple[float | None, ...]
    law: bool | None


def task_of(name: str) -> Task:
    """Return a task by its name."""
    if name == "product":
        return _product()
    if name in RECORDED:
        run = RUNS / RECORDED[name]
        with np.load(run / "data.npz", allow_pickle=False) as file:
            X, Y = file["X"].astype(float), file["y"].astype(float)
        loss = classification_loss(Y, None) if name == "jets" else regression_loss(Y.reshape(len(Y), -1))
        return Task(name, X, loss, OPERATORS, run=run)
    (law,) = (law for law in LAWS if law.name == name)
    X, y = law.data()
    return Task(name, X, regression_loss(y[:, None]), LAW_OPERATORS, LAW_S, split=False, law=law)


def _product() -> Task:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(10_000, 6))
    score = X[:, 0] * X[:, 1] + 0.7 * X[:, 2] ** 2 - X[:, 3] + 0.3 * rng.normal(size=len(X))
    labels = score > np.median(score)
    loss = classification_loss(np.zeros((len(X), 1)), labels, teacher_share=0.0)
    return Task("product", X, loss, OPERATORS)


@dataclass(frozen=True)
class Limited:
    """An engine in Python that is stopped, as Ctrl-C does, when its processor time is over.

    Attributes:
        engine: the engine.
        budget: processor seconds that are left to it, one number.
    """

    engine: EngineProposer
    budget: list[float]

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    def propose(self, X: Floats, responses: Floats, weights: Floats, seed: int) -> Sequence[WholeFormula]:
        """See `Proposer`; each output may take an equal share of half of what is left."""
        found: list[WholeFormula] = []
        outputs = responses.shape[1]
        share = self.budget[0] / 2 / outputs
        for k in range(outputs):
            if share < 0.1:
                break
            before = cpu()
            try:
                with processor_limit(share):
                    formulas = self.engine.propose(X, responses[:, [k]], weights[:, [k]], seed + k)
                found += [replace(formula, output=k) for formula in formulas]
            except KeyboardInterrupt:
                print(f"{self.name}: nothing in {share:.1f} s", flush=True)
            self.budget[0] -= cpu() - before
        return found


@dataclass(frozen=True)
class RunningPySR:
    """PySR in its own process, on one core, so that its seconds are processor seconds.

    Attributes:
        engine: PySR.
        budget: seconds that are left to it, one number; the start of Julia is not counted.
        start_s: seconds that Julia takes to compile a fit, in every process anew; they are not counted.
    """

    engine: PySRProposer
    budget: list[float]
    start_s: float
    name: str = "pysr"

    def propose(self, X: Floats, responses: Floats, weights: Floats, seed: int) -> Sequence[WholeFormula]:
        """See `Proposer`; it may take half of what is left."""
        share = self.budget[0] / 2
        if share < 2:
            return ()
        self.budget[0] -= share
        return replace(self.engine, time_limit=share + self.start_s).propose(X, responses, weights, seed)


@dataclass(frozen=True)
class RecordedPySR:
    """The formulas of a recorded run, whatever is asked for.

    Attributes:
        run: its folder.
    """

    run: Path
    name: str = "pysr"

    def propose(self, X: Floats, responses: Floats, weights: Floats, seed: int) -> Sequence[WholeFormula]:
        """See `Proposer`."""
        with np.load(self.run / "data.npz", allow_pickle=False) as file:
            names = tuple(str(n) for n in file["names"])
        found = read_hall_of_fame(self.run, cost=node_count(Operators()), input_names=names)
        return [f for k, front in enumerate(found.fronts) for f in formulas_of(front, k)]


@cache
def fit_start_s() -> float:
    """Seconds of a fit of one iteration on few rows: all of it is what Julia compiles in every process."""
    X = np.linspace(1, 2, 20)[:, None]
    settings = PySRSettings(niterations=1, populations=1, deterministic=True)
    found = PySREngine(settings, polish=False).search(
        X, X[:, 0], cost=node_count(Operators()), options=SearchOptions(operators=OPERATORS)
    )
    return float(found.notes[0].rpartition(" s of search")[0].rpartition(" ")[2])


def cpu() -> float:
    """Processor seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def proposers_of(task: Task, engine: str, budget: list[float]) -> tuple[Proposer, ...] | None:
    """Return the proposers besides the dictionary; ``None`` where there is neither Julia nor a record."""
    if engine == "dictionary":
        return ()
    if engine == "operon":
        return (Limited(operon_proposer(operators=task.operators), budget),)
    if engine == "eql":
        return (Limited(eql_proposer(), budget),)
    if julia_status().ready:
        settings = PySRSettings(niterations=10_000_000, deterministic=True)
        return (RunningPySR(pysr_proposer(settings, operators=task.operators), budget, fit_start_s()),)
    return None if task.run is None else (RecordedPySR(task.run),)


def search(task: Task, engine: str, cpu_s: float) -> tuple[JointFront, float] | None:
    """Search a task for so many processor seconds; returns the front and the seconds that it took."""
    budget = [ENGINE_SHARE * cpu_s]
    proposers = proposers_of(task, engine, budget)
    if proposers is None:
        return None
    begun, spent = cpu(), budget[0]
    asked_of_julia = bool(proposers) and isinstance(proposers[0], RunningPySR)

    def over(_: SearchProgress) -> None:
        elsewhere = spent - budget[0] if asked_of_julia else 0.0
        if cpu() - begun + elsewhere > cpu_s:
            raise KeyboardInterrupt

    options = JointOptions(max_nodes=MOST_NODES, lut_price=0.0, beams=(1.0,), proposers=proposers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # terms that overflow are left out
        front = search_jointly(task.data, options, seed=0, progress=over)
    return front, cpu() - begun + (spent - budget[0] if asked_of_julia else 0.0)


def row_of(task: Task, engine: str) -> Row | None:
    """Return what is reached on a task with an engine."""
    found = search(task, engine, task.cpu_s)
    if found is None:
        return None
    front, seconds = found
    judge = task.data.validation_loss
    constants = judge.value(np.tile(judge.start(), (judge.shape[0], 1)))
    scores = [(m.nodes, m.loss / constants) for m in front.models]
    losses = tuple(min((loss for nodes, loss in scores if nodes <= cap), default=None) for cap in CAPS)
    law = task.law
    right = None if law is None else any(is_right(m.model.formulas(["y"])["y"], law) for m in front.models)
    recorded = engine == "pysr" and not julia_status().ready
    return Row(task.name, engine, recorded, seconds, losses, right)


def table(rows: list[Row]) -> str:
    """Return the results as Markdown."""
    by = {(r.task, r.engine): r for r in rows}
    recorded = {r.engine for r in rows if r.recorded}
    heads = [f"{e} (recorded, 1.5.10)" if e in recorded else e for e in ENGINES]
    lines = [
        "# Engines as proposers of the joint search, for equal processor time",
        "",
        "`python benchmarks/engines.py`",
        "",
        *(__doc__ or "").split("\n    python ")[0].split("\n\n", 1)[1].rstrip().splitlines(),
        "",
        f"| task | CPU s | nodes ≤ | {' | '.join(heads)} |",
        "|---|---|---|" + "---|" * len(ENGINES),
    ]
    for task in dict.fromkeys(r.task for r in rows):
        cells = [by.get((task, engine)) for engine in ENGINES]
        seconds = " / ".join("–" if c is None else f"{c.cpu_s:.0f}" for c in cells)
        for k, cap in enumerate(CAPS):
            limit = "any" if math.isinf(cap) else f"{cap:.0f}"
            shown = " | ".join(_cell(c, k) for c in cells)
            lines.append(f"| {task} | {seconds if k == 0 else ''} | {limit} | {shown} |")
    missing = [
        f"{e} on {t}" for t in dict.fromkeys(r.task for r in rows) for e in ENGINES[:3] if (t, e) not in by
    ]
    if missing:
        lines += ["", f"Not run: {', '.join(missing)}."]
    laws = [r for r in rows if r.law is not None]
    if laws:
        lines += ["", "Laws whose form is on the front:", ""]
        for engine in ENGINES:
            mine = [r for r in laws if r.engine == engine]
            if mine:
                names = ", ".join(r.task for r in mine if r.law) or "none"
                lines.append(f"- {engine}: {sum(bool(r.law) for r in mine)} of {len(mine)} ({names})")
    return "\n".join([*lines, "", *_verdict(by), ""])


def _cell(row: Row | None, k: int) -> str:
    value = None if row is None else row.losses[k]
    return "–" if value is None else f"{value:.2g}"


def _verdict(by: dict[tuple[str, str], Row]) -> list[str]:
    """Say how often each engine is closer than the dictionary alone, or farther, by more than 2 %."""
    lines = []
    for engine in ENGINES[1:]:
        pairs = [
            (a, b)
            for (task, name), row in by.items()
            if name == engine and (task, "dictionary") in by
            for a, b in zip(row.losses, by[task, "dictionary"].losses, strict=True)
            if a is not None and b is not None
        ]
        if pairs:
            closer = sum(a < b / 1.02 for a, b in pairs)
            farther = sum(a > b * 1.02 for a, b in pairs)
            lines.append(
                f"- With {engine} the loss is smaller than with the dictionary alone at {closer} of "
                f"{len(pairs)} places, larger at {farther} (by more than 2 %)."
            )
    return lines


def main() -> None:
    """Run what is asked for and not kept yet; keep every result as soon as it is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", default=",".join(["heat", "product", "jets", *(law.name for law in LAWS)]))
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    kept = json.loads(args.out.read_text())["rows"] if args.out.is_file() else []
    rows = [Row(**{**r, "losses": tuple(r["losses"])}) for r in kept]
    for engine in args.engines.split(","):
        started = False
        for name in args.tasks.split(","):
            if any((r.task, r.engine) == (name, engine) for r in rows):
                continue
            if not started:  # what is imported and compiled the first time is not the search's
                search(task_of("heat"), engine, WARM_S)
                started = True
            row = row_of(task_of(name), engine)
            if row is None:
                continue
            rows.append(row)
            print(row, flush=True)
            write_text(args.out, json.dumps({"rows": [asdict(r) for r in rows]}, indent=1))
            write_text(args.out.with_suffix(".md"), table(rows))


if __name__ == "__main__":
    main()
