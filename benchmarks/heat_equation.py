"""Heat equation (recorded network output, 2,500 points): the embedded engine and the joint search, and PySR.

First the time to a mean squared error below 4e-7, one process: the embedded engine with the additive clock
cycles as cost, median of the seeds, and the joint search of readable formulas with its dictionary (it draws
nothing by chance here, so that it is timed as often, and the first time, which compiles, is left out). Then
the fronts side by side: the embedded engine, and both recorded runs of PySR 1.5.10 (with additive cycles as
complexity, and with the longest path), as recorded and with their constants refitted. Every formula is scored
by the same cost model.

    python benchmarks/heat_equation.py [--seeds 5] [--times-only]
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sr2hls.costs import additive_cycles, longest_path, published_cycles
from sr2hls.search import Front, OperonEngine, OperonSettings, SearchOptions, read_hall_of_fame
from sr2hls.search.base import SearchProgress
from sr2hls.search.joint import JointData, JointOptions, regression_loss, search_jointly

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
    walls, cpus = [], []
    for seed in range(args.seeds):
        stop = SearchOptions(
            operators=options.operators, max_size=20, input_names=names, target_loss=TARGET, latency=latency
        )
        wall, cpu = time.perf_counter(), time.process_time()
        front = quick.search(X, y, cost=cost, options=stop, seed=seed)[0]
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        best = min(
            (c for c in front.candidates if c.loss < TARGET), key=lambda c: c.cost or 0.0, default=None
        )
        found = (
            "not reached"
            if best is None
            else f"{best.cost:g} cycles, loss {best.loss:.3g}: {best.display(names)}"
        )
        print(f"seed {seed}: {walls[-1]:.2f} s ({cpus[-1]:.2f} CPU s), {found}", flush=True)
    print(joint_times(X, y, args.seeds))
    pysr_s = json.loads((RUN / "call.json").read_text())["fit_s"]
    print(f"median {median(walls):.2f} s, {median(cpus):.2f} CPU s; recorded PySR 1.5.10: {pysr_s} s\n")
    if args.times_only:
        return

    ours = OperonEngine(OperonSettings(restarts=6)).search(X, y, cost=cost, options=options, seed=0)
    fronts = {"embedded": ours[0]}
    for run, short in (("heat_cycles", "additive"), ("depth_mapping", "longest path")):
        for polish, how in ((False, "as recorded"), (True, "refitted")):
            found = read_hall_of_fame(RUNS / run, cost=cost, input_names=names, data=(X, y), polish=polish)
            fronts[f"PySR {short}, {how}"] = found[0].pareto()
    print(side_by_side(fronts, names))


def joint_times(X: Floats, y: Floats, repeats: int) -> str:
    """Time the joint search until a model of the path has the target loss."""
    target = y[:, None]
    loss = regression_loss(target)
    data = JointData(X, loss, X, loss, lambda outputs: -float(np.mean((outputs - target) ** 2)))
    cpus: list[float] = []
    for _ in range(repeats + 1):
        began, reached = time.process_time(), []

        def look(progress: SearchProgress, began: float = began, reached: list[float] = reached) -> None:
            # The loss is half of the squared error in units of the variance.
            if 2 * progress.loss * float(np.var(y)) < TARGET:
                reached.append(time.process_time() - began)
                raise KeyboardInterrupt

        front = search_jointly(data, JointOptions(max_nodes=60, beams=(1.0,), models=2), progress=look)
        cpus += reached[:1]
    best = max(front.models, key=lambda m: m.score)
    formula = best.model.formulas(["u"])["u"]
    times = ", ".join(f"{cpu:.2f}" for cpu in cpus[1:])
    return (
        f"joint search: {times} CPU s, median {median(cpus[1:]):.2f}; {best.nodes} nodes, loss "
        f"{-best.score:.3g}: {formula}"
    )


def side_by_side(fronts: dict[str, Front], names: tuple[str, ...]) -> str:
    """Markdown table: the least loss of each front up to each number of cycles; formulas are the first's."""
    lines = [f"| cycles | {' | '.join(fronts)} | formula, embedded |", "|---" * (len(fronts) + 2) + "|"]
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
