"""EmpiricalBench (arXiv 2305.01582): how often the search finds nine laws of science in their data.

Each run gets the data of one law, one seed, the same operators, the same settings and at most 60 seconds.
The search is that of `sr2hls search`: the joint search with the whole formulas of the embedded engine, or,
for comparison, that engine alone (`--alone`). The formula that counts is the one that sr2hls chooses from the
front by itself (`Choice.EVIDENCE`), and it counts only if it is the law up to its constants
(`forms.is_right`). The search scales data over many decades by itself; the notes of each run, kept in the
results, say how.

    python benchmarks/empirical_bench.py [--laws kepler,newton] [--seeds 5] [--jobs 2] [--out results.json]
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil
from forms import LAWS, Law, is_right

from sr2hls.costs import Operators, node_count
from sr2hls.search import Loss, OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.base import Engine
from sr2hls.search.expressions import text_of
from sr2hls.search.joint import JointEngine
from sr2hls.store.files import write_text

OPERATORS = ("+", "-", "*", "/", "square", "sqrt", "exp", "log")
PUBLISHED = {"PySR": 35, "DSR": 22, "Operon": 9, "QLattice": 5, "EQL": 0}
"""Of 45, arXiv 2305.01582, table 2; an hour on 8 cores for each run."""


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of one run.

    Attributes:
        law: name of the law.
        seed: seed of the search.
        right: whether the chosen formula is the law.
        on_front: whether the law is anywhere on the front.
        formula: the chosen formula.
        wall_s: wall time.
        cpu_s: processor time, of all processes.
        notes: what the search says about scaling and stopping.
    """

    law: str
    seed: int
    right: bool
    on_front: bool
    formula: str
    wall_s: float
    cpu_s: float
    notes: tuple[str, ...]


def run(law: Law, seed: int, engine: Engine, time_limit: float | None) -> Result:
    """Search one law with one seed."""
    X, y = law.data()
    options = SearchOptions(operators=OPERATORS, max_size=20, loss=Loss.AUTO, input_names=law.inputs)
    cpu, wall = _cpu(), time.perf_counter()
    frontier = engine.search(
        X, y, cost=node_count(Operators()), options=options, seed=seed, time_limit=time_limit
    )
    cpu, wall = _cpu() - cpu, time.perf_counter() - wall
    chosen = frontier[0].select("evidence")
    return Result(
        law.name,
        seed,
        is_right(chosen.expr, law),
        any(is_right(c.expr, law) for c in frontier[0].candidates),
        text_of(chosen.display(law.inputs)),
        wall,
        cpu,
        frontier.notes,
    )


def _cpu() -> float:
    """Processor seconds of this process and the workers it has."""
    total = 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def table(results: list[Result]) -> str:
    """Markdown table of all results."""
    lines = [
        "| law | chosen is right | on the front | PySR, published | CPU s, median | wall s, median |",
        "|---|---|---|---|---|---|",
    ]
    for law in LAWS:
        mine = [r for r in results if r.law == law.name]
        if mine:
            cells = (
                law.name,
                f"{sum(r.right for r in mine)}/{len(mine)}",
                f"{sum(r.on_front for r in mine)}/{len(mine)}",
                f"{law.published}/5",
                f"{median(r.cpu_s for r in mine):.1f}",
                f"{median(r.wall_s for r in mine):.1f}",
            )
            lines.append("| " + " | ".join(cells) + " |")
    right, front = sum(r.right for r in results), sum(r.on_front for r in results)
    published = ", ".join(f"{name} {count}" for name, count in PUBLISHED.items())
    lines.append(f"| all | {right}/{len(results)} | {front}/{len(results)} | {PUBLISHED['PySR']}/45 | | |")
    return "\n".join([*lines, "", f"Published, of 45: {published}."])


def main() -> None:
    """Run what is not in the results file yet, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--laws", default=",".join(law.name for law in LAWS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--restarts", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=1, help="processes for the restarts of one run")
    parser.add_argument("--alone", action="store_true", help="the embedded engine without the joint search")
    parser.add_argument("--time-limit", type=float, default=60.0, help="seconds a run; 0: none")
    parser.add_argument(
        "--out", type=Path, help="results, written after each run; runs in it are not repeated"
    )
    args = parser.parse_args()
    names = args.laws.split(",")
    embedded = OperonEngine(OperonSettings(restarts=args.restarts, round_size=args.jobs, jobs=args.jobs))
    engine: Engine = embedded if args.alone else JointEngine(embedded)
    results: list[Result] = []
    if args.out is not None and args.out.is_file():
        results = [Result(**{**r, "notes": tuple(r["notes"])}) for r in json.loads(args.out.read_text())]
    for seed in range(args.seeds):
        for law in LAWS:
            if law.name not in names or any((r.law, r.seed) == (law.name, seed) for r in results):
                continue
            result = run(law, seed, engine, args.time_limit or None)
            results.append(result)
            mark = "right" if result.right else "on the front" if result.on_front else "wrong"
            times = f"{result.cpu_s:.1f} CPU s, {result.wall_s:.1f} s"
            print(f"{law.name} {seed}: {mark}, {times}: {result.formula}", flush=True)
            if args.out is not None:
                write_text(args.out, json.dumps([asdict(r) for r in results], indent=1))
    print(table(results))


if __name__ == "__main__":
    main()
