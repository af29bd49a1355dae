"""How much faster the fast counts of LUTs are than the measured model, and how far off they are.

    python benchmarks/count_speed.py [--repeats 7]

All counts see the same designs, side by side in one process: the 65 programs that the model is judged on
(`benchmarks/data/cost_model`), random LUT networks, and models of a short search on the example's jets. Times
are medians of repeated CPU times of one call. The model needs a program, so the time of making the program is
in its time where the count does not have one.
"""

import argparse
import csv
import gzip
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from sr2hls.lut_network import LossKind
from sr2hls.lut_network.table_network import LutNetwork
from sr2hls.lut_network.to_program import network_program
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.program.passes import optimize
from sr2hls.program.predict import program_model
from sr2hls.program.program import Program
from sr2hls.program.serialize import from_dict
from sr2hls.program.size import estimate_luts
from sr2hls.program.types import FixedType
from sr2hls.progress import SilentProgress
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.start import started
from sr2hls.quantised.to_design import design_of
from sr2hls.search.joint import JointOptions
from sr2hls.search.joint.joint_front import estimate_luts as estimate_model
from sr2hls.search.joint.problem import search_problem
from sr2hls.store.files import write_text

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "benchmarks" / "data" / "cost_model"
JETS = ROOT / "examples" / "jet_tagger"
OUT = ROOT / "benchmarks" / "results" / "count_speed.md"
PART_BITS = 5
STEP = 0.25


@dataclass(frozen=True)
class Pair:
    """A fast count of a design, and the model's count of the same."""

    fast: Callable[[], float]
    model: Callable[[], float]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="calls of each count; the median is taken")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    states, models = searched()
    kinds = {
        "`program.size.estimate_luts`, of passes": judged(),
        "`LutNetwork.luts`, of growth and pruning": networks(),
        "`quantised.luts.state_luts`, of training in bits": states,
        "`joint_front.estimate_luts`, of the joint search": models,
    }
    lines = [row(name, pairs, args.repeats) for name, pairs in kinds.items()]
    write_text(args.out, PAGE + "\n".join(lines) + "\n")
    print("\n".join(lines))


PAGE = """# Fast counts of LUTs beside the measured model

Written by `benchmarks/count_speed.py`. Each fast count and the model see the same designs in one process.
Where a count has no program, the time of the model includes that of making the program. Times: CPU time of
one call, median over the designs; their ratios are what matters.

| count | designs | its time, µs | the model's, µs | times as fast | count / model, least to most | median |
|---|---:|---:|---:|---:|---|---:|
"""


def row(name: str, pairs: Sequence[Pair], repeats: int) -> str:
    """Return a line of the table."""
    fast = [seconds(p.fast, repeats) for p in pairs]
    model = [seconds(p.model, repeats) for p in pairs]
    faster = statistics.median(m / f for f, m in zip(fast, model, strict=True))
    ratios = [p.fast() / p.model() for p in pairs]
    times = f"{1e6 * statistics.median(fast):,.0f} | {1e6 * statistics.median(model):,.0f} | {faster:,.0f}"
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} | {statistics.median(ratios):.2f}"
    return f"| {name} | {len(pairs)} | {times} | {spread} |"


def seconds(count: Callable[[], float], repeats: int) -> float:
    """Return the median CPU time of a call, after one that is not counted."""
    count()
    found = []
    for _ in range(repeats):
        began = time.process_time_ns()
        count()
        found.append((time.process_time_ns() - began) / 1e9)
    return max(statistics.median(found), 1e-9)


def judged() -> list[Pair]:
    """Return the programs that the model is judged on."""
    with (DATA / "figures.csv").open(encoding="utf-8", newline="") as lines:
        names = {r["name"] for r in csv.DictReader(lines) if r["part"] == "judge" and r["lut"]}
    with gzip.open(DATA / "programs.jsonl.gz", "rt", encoding="utf-8") as lines:
        programs = [from_dict(e["program"]) for e in map(json.loads, lines) if e["name"] in names]
    return [Pair(partial(estimate_luts, p), partial(program_model().luts, p)) for p in programs]


def networks() -> list[Pair]:
    """Return random LUT networks of eight inputs and three outputs."""
    types = {f"x{k}": FixedType(False, 5, 5) for k in range(8)}

    def program(network: LutNetwork) -> Program:
        return optimize(network_program(network, types, ("a", "b", "c"), LossKind.CLASSES))

    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        network = LutNetwork([5] * 8, 3)
        for _ in range(3):
            terms = []
            for k in rng.permutation(8)[: int(rng.integers(3, 9))]:
                bits = int(rng.integers(2, 6))
                terms.append(network.add([int(k)], bits, rng.integers(0, 1 << bits, 32)))
            network.outputs.append(network.add(terms, network.sum_bits(terms), None))
        found.append(Pair(network.luts, lambda n=network: program_model().luts(program(n))))
    return found


def searched() -> tuple[list[Pair], list[Pair]]:
    """Return the models of a short search on the jets, as states of the training in bits and as models."""
    options = CompileOptions(checkpoint=JETS / "jet_tagger.onnx", data=JETS / "jets.npz", output=Path())
    problem = prepare(options, SilentProgress()).problem
    front = search_problem(
        problem, JointOptions(rows=6_000, max_nodes=120, most_pairs=60, models=8, beams=(1.0,)), seed=0
    )
    states, models = [], []
    for scored in front.models:
        if scored.nodes < 20:
            continue
        state = started(scored.model, problem, LossKind.CLASSES, STEP, PART_BITS)

        def measured(state=state) -> float:
            return program_model().luts(design_of(state, problem).program)

        states.append(Pair(partial(state_luts, state), measured))
        models.append(Pair(partial(estimate_model, scored.model), measured))
    return states, models


if __name__ == "__main__":
    main()
