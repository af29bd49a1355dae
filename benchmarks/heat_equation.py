"""Heat equation (recorded network output, 2,500 points): the embedded engine and the joint search, and PySR.

First the time to a mean squared error below 4e-7, one process: the embedded engine alone, with the additive
clock cycles as cost, and the joint search with that engine, as `sr2hls search` has it; a first search of
each, which compiles, is left out. Then the fronts side by side: the joint search, the embedded engine alone,
and both recorded runs of PySR 1.5.10 (with additive cycles as complexity, and with the longest path), as
recorded and with their constants refitted. Every formula is scored by the same cost model.

    python benchmarks/heat_equation.py [--seeds 5] [--times-only]
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sr2hls.costs import CostModel, additive_cycles, longest_path, published_cycles
from sr2hls.search import Front, OperonEngine, OperonSettings, SearchOptions, read_hall_of_fame
from sr2hls.search.base import Engine
from sr2hls.search.front import Candidate
from sr2hls.search.joint import JointEngine

Floats = NDArray[np.float64]
RUNS = Path(__file__).parents[1] / "tests" / "search" / "data" / "pysr_runs"
RUN = RUNS / "heat_cycles"
TARGET = 4e-7


def main() -> None:
    """Print the times and the table of both fronts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--times-only", action="store_true", help="without the fronts")
    args = parser.parse_args()
    with np.load(RUN / "data.npz", allow_pickle=False) as data:
        X, y, names = data["X"], data["y"].ravel(), tuple(str(n) for n in data["names"])
    cost, latency = additive_cycles(published_cycles("ap_fixed<16,6>")), longest_path(published_cycles())
    options = SearchOptions(operators=("+", "-", "*", "/", "sin", "exp"), max_size=20, input_names=names)
    quick = OperonEngine(OperonSettings(max_rows=500))
    stop = replace(options, target_loss=TARGET, latency=latency)
    for name, engine in (("embedded engine", quick), ("joint search", JointEngine(quick))):
        engine.search(X, y, cost=cost, options=stop, seed=args.seeds)
        print(times(name, [timed(engine, X, y, cost, stop, seed) for seed in range(args.seeds)], names))
    pysr_s = json.loads((RUN / "call.json").read_text())["fit_s"]
    print(f"recorded PySR 1.5.10, on another day and machine: {pysr_s} s\n")
    if args.times_only:
        return

    embedded = OperonEngine(OperonSettings(restarts=6))
    fronts = {
        "joint": JointEngine(embedded).search(X, y, cost=cost, options=options, seed=0)[0],
        "embedded": embedded.search(X, y, cost=cost, options=options, seed=0)[0],
    }
    for run, short in (("heat_cycles", "additive"), ("depth_mapping", "longest path")):
        for polish, how in ((False, "as recorded"), (True, "refitted")):
            found = read_hall_of_fame(RUNS / run, cost=cost, input_names=names, data=(X, y), polish=polish)
            fronts[f"PySR {short}, {how}"] = found[0].pareto()
    print(side_by_side(fronts, names))


@dataclass(frozen=True, slots=True)
class Timed:
    """A search until the target loss.

    Attributes:
        wall_s: seconds.
        cpu_s: processor seconds.
        best: the cheapest formula with the target loss, or ``None``.
    """

    wall_s: float
    cpu_s: float
    best: Candidate | None


def timed(engine: Engine, X: Floats, y: Floats, cost: CostModel, options: SearchOptions, seed: int) -> Timed:
    """Search until the target loss is reached."""
    wall, cpu = time.perf_counter(), time.process_time()
    front = engine.search(X, y, cost=cost, options=options, seed=seed)[0]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    reached = [c for c in front.candidates if c.loss < TARGET]
    return Timed(wall, cpu, min(reached, key=lambda c: c.cost or 0.0, default=None))


def times(name: str, runs: list[Timed], names: tuple[str, ...]) -> str:
    """Say how long each search took, and what it found."""
    lines = []
    for seed, run in enumerate(runs):
        best = run.best
        found = (
            "not reached"
            if best is None
            else f"{best.cost:g} cycles, loss {best.loss:.3g}, by {best.engine}: {best.display(names)}"
        )
        lines.append(f"{name}, seed {seed}: {run.wall_s:.2f} s ({run.cpu_s:.2f} CPU s), {found}")
    walls, cpus = median(r.wall_s for r in runs), median(r.cpu_s for r in runs)
    return "\n".join([*lines, f"{name}: median {walls:.2f} s, {cpus:.2f} CPU s"])


def side_by_side(fronts: dict[str, Front], names: tuple[str, ...]) -> str:
    """Markdown table: the least loss of each front up to each number of cycles; formulas are the first's."""
    lines = [f"| cycles | {' | '.join(fronts)} | formula, joint |", "|---" * (len(fronts) + 2) + "|"]
    costs = {c.cost for front in fronts.values() for c in front.candidates if c.cost is not None}
    last: list[str] = []
    for cycles in sorted(costs):
        row = []
        for front in fronts.values():
            below = [c for c in front.candidates if c.cost is not None and c.cost <= cycles]
            row.append(min(below, key=lambda c: c.loss) if below else None)
        losses = [f"{c.loss:.3g}" if c else "" for c in row]
        if losses == last:
            continue
        last = losses
        first = row[0]
        formula = f"`{first.display(names)}`" if first is not None and first.cost == cycles else ""
        lines.append(f"| {cycles:g} | {' | '.join(losses)} | {formula} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
