"""Four costs for one search: which leads to the better designs of the jet tagger in the same time?

The embedded engine searches the five logits of the jet network once with each cost, every time with the same
operators, the same seeds and the same seconds of one core. What each search found is then priced alike: LUTs
of all five formulas together by the area model, and clock cycles of the slowest of the five. So each cost
gives two fronts: fidelity (rows of the test split on which the formulas pick the class that the network
picks) against LUTs, and against cycles. Formulas are floating point here, as found; nothing is refitted
together.

    python benchmarks/search_costs.py [--seconds 120] [--costs additive,path,area,combined] [--out r.json]
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sr2hls.costs import (
    FoldCost,
    additive_cycles,
    area,
    describe,
    estimated_luts,
    longest_path,
    published_cycles,
    weighted,
)
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.problem import Problem, Split
from sr2hls.progress import SilentProgress
from sr2hls.search import Frontier, OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.front import cost_or_none
from sr2hls.store.files import write_text
from sr2hls.strategies.joint_choice import joint_choices

EXAMPLE = Path(__file__).parents[1] / "examples" / "jet_tagger"
OPERATORS = ("+", "-", "*", "sin", "exp")
"""Those of the published flow (arXiv 2305.04099), all of them in the published table of clock cycles."""
WIDTH = "ap_fixed<12,6>"
LUTS, CYCLES = area(estimated_luts(WIDTH)), longest_path(published_cycles(WIDTH))
LUT_A_CYCLE = 40.0
"""What one cycle of latency counts in the combined cost: registers for about three values of 12 bits."""
COSTS: dict[str, FoldCost] = {
    "additive": additive_cycles(published_cycles(WIDTH)),
    "path": CYCLES,
    "area": LUTS,
    "combined": weighted("area and path", "LUT", [(1.0, LUTS), (LUT_A_CYCLE, CYCLES)]),
}
_ROWS = 1500
LUT_BUDGETS = (50, 100, 200, 400, 800, 1600, 3200)
CYCLE_BUDGETS = (1, 2, 4, 6, 8, 10, 14, 20)


@dataclass(frozen=True, slots=True)
class Point:
    """One design: a formula for each output.

    Attributes:
        luts: estimated LUTs of all formulas.
        cycles: clock cycles of the slowest formula.
        fidelity: share of the rows with the network's class.
    """

    luts: float
    cycles: float
    fidelity: float


@dataclass(frozen=True, slots=True)
class Result:
    """What one cost led to.

    Attributes:
        cost: its name.
        formulas: number of formulas on the five fronts.
        wall_s: wall time of the search.
        cpu_s: processor time of the search.
        by_luts: designs, chosen on validation rows, that trade LUTs for fidelity.
        by_cycles: the same for clock cycles.
    """

    cost: str
    formulas: int
    wall_s: float
    cpu_s: float
    by_luts: tuple[Point, ...]
    by_cycles: tuple[Point, ...]


def rescored(frontier: Frontier, model: FoldCost) -> Frontier:
    """The same formulas with the costs of another model, non-dominated ones only."""
    fronts = tuple(
        replace(
            f, candidates=tuple(replace(c, cost=cost_or_none(model, c.expr)) for c in f.candidates)
        ).pareto()
        for f in frontier.fronts
    )
    return replace(frontier, fronts=fronts, cost_model=describe(model))


def search(problem: Problem, cost: FoldCost, seconds: float, seed: int) -> tuple[Frontier, float, float]:
    """Search the outputs in turns, restart after restart, until ``seconds`` of processor time are used."""
    engine = OperonEngine(OperonSettings(restarts=1, population=100, max_rows=1000))
    X, Y = problem.train.inputs[:_ROWS], problem.train.outputs[:_ROWS]
    wall, cpu = time.perf_counter(), time.process_time()
    found: list[Frontier | None] = [None] * problem.n_outputs
    turn = 0
    while turn < problem.n_outputs or time.process_time() - cpu < seconds:
        k = turn % problem.n_outputs
        options = SearchOptions(
            operators=OPERATORS,
            max_size=30,
            input_names=tuple(problem.types),
            output_names=problem.output_names[k : k + 1],
        )
        more = engine.search(X, Y[:, k], cost=cost, options=options, seed=seed + turn)
        before = found[k]
        found[k] = more if before is None else before.merge(more)
        turn += 1
    every = [f for f in found if f is not None]
    frontier = Frontier(tuple(f[0] for f in every), every[0].input_names, every[0].cost_model)
    return frontier, time.perf_counter() - wall, time.process_time() - cpu


def fidelity(problem: Problem, split: Split, outputs: NDArray[np.float64]) -> float:
    """Share of rows with the network's class."""
    return float(np.mean(problem.decide(outputs) == problem.decide(split.outputs)))


def designs(problem: Problem, frontier: Frontier, cost: FoldCost) -> tuple[Point, ...]:
    """Designs that trade a cost for fidelity: chosen on validation rows, measured on test rows."""
    valid = problem.validation
    if cost is LUTS:
        choices = joint_choices(
            rescored(frontier, LUTS), valid.inputs, lambda outputs: fidelity(problem, valid, outputs)
        )
        found = [c.candidates for c in choices]
    else:
        # The slowest formula counts: under each bound every output takes its best formula.
        counted = rescored(frontier, CYCLES)
        bounds = sorted({c.cost for f in counted.fronts for c in f.candidates if c.cost is not None})
        found = []
        for bound in bounds:
            below = [
                [c for c in f.candidates if c.cost is not None and c.cost <= bound] for f in counted.fronts
            ]
            if all(below):
                found.append(tuple(min(b, key=lambda c: c.loss) for b in below))
    points = []
    for chosen in found:
        outputs = np.stack([c.predict(problem.test.inputs) for c in chosen], axis=1)
        points.append(
            Point(
                sum(LUTS.cost(c.expr) for c in chosen),
                max(CYCLES.cost(c.expr) for c in chosen),
                fidelity(problem, problem.test, outputs),
            )
        )
    return tuple(points)


def table(results: Sequence[Result], rows: int) -> str:
    """Two Markdown tables: the best fidelity within each budget, for each cost."""
    names = [r.cost for r in results]
    lines = [
        "| cost of the search | formulas | wall s | CPU s |\n|---|---|---|---|\n"
        + "\n".join(f"| {r.cost} | {r.formulas} | {r.wall_s:.0f} | {r.cpu_s:.0f} |" for r in results)
    ]
    for title, budgets, field in (("LUT", LUT_BUDGETS, "luts"), ("cycles", CYCLE_BUDGETS, "cycles")):
        lines += [
            "",
            f"| at most {title} (estimated) | {' | '.join(names)} |",
            "|---" * (len(names) + 1) + "|",
        ]
        for budget in budgets:
            cells = []
            for r in results:
                points = [*r.by_luts, *r.by_cycles]
                best = max((p.fidelity for p in points if getattr(p, field) <= budget), default=None)
                cells.append("" if best is None else f"{best:.3f}")
            lines.append(f"| {budget} | {' | '.join(cells)} |")
    noise = 0.5 / np.sqrt(rows)
    return "\n".join(
        [*lines, "", f"{rows} test rows: one standard error of a fidelity is at most {noise:.4f}."]
    )


def main() -> None:
    """Search with each cost and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--costs", default=",".join(COSTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--out", type=Path, help="results as JSON; costs that are in it are not searched again"
    )
    args = parser.parse_args()
    problem = prepare(
        CompileOptions(
            checkpoint=EXAMPLE / "jet_tagger.onnx", data=EXAMPLE / "jets.npz", output=Path(), input_bits=6
        ),
        SilentProgress(),
    ).problem
    results: list[Result] = []
    if args.out is not None and args.out.is_file():
        results = [_result(r) for r in json.loads(args.out.read_text())]
    for name in args.costs.split(","):
        if any(r.cost == name for r in results):
            continue
        frontier, wall, cpu = search(problem, COSTS[name], args.seconds, args.seed)
        formulas = sum(len(f) for f in frontier.fronts)
        by_luts, by_cycles = (designs(problem, frontier, c) for c in (LUTS, CYCLES))
        results.append(Result(name, formulas, wall, cpu, by_luts, by_cycles))
        print(f"{name}: {formulas} formulas, {wall:.0f} s", flush=True)
        if args.out is not None:
            write_text(args.out, json.dumps([asdict(r) for r in results], indent=1))
    print(table(results, len(problem.test)))


def _result(data: dict[str, object]) -> Result:
    points = {k: tuple(Point(**p) for p in data[k]) for k in ("by_luts", "by_cycles")}  # type: ignore[attr-defined]
    return Result(**{**data, **points})  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
