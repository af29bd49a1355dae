"""Readable formulas of the examples: accuracy against nodes, estimated LUTs, and seconds of the joint search.

    python benchmarks/readable_fronts.py jets --max-nodes 350 --output benchmarks/results/readable_jets.json
    python benchmarks/readable_fronts.py page benchmarks/results/readable_[dj]*.json > readable_fronts.md

Models are chosen on the validation split; every model of the front is reported on the test split. LUTs
are estimated (sums of tables of few bits); cycles are those of the
published table for the formulas as they stand.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.problem import Problem
from sr2hls.progress import SilentProgress
from sr2hls.search.base import SearchProgress
from sr2hls.search.joint import JointOptions, Scored, operon_proposer, search_jointly
from sr2hls.search.joint.problem import joint_data
from sr2hls.search.names import with_names
from sr2hls.strategies.few_rows import with_rows_between

EXAMPLES = Path(__file__).parent.parent / "examples"
PROBLEMS = {
    "jets": ("jet_tagger/jet_tagger.onnx", "jet_tagger/jets.npz"),
    "digits": ("digits/digits.onnx", "digits/digits.npz"),
    "dimuons": ("dimuon_mass/dimuon_mass.onnx", "dimuon_mass/dimuons.npz"),
}
BUDGETS = (60, 100, 200, 350)
SHOWN = 100
"""Formulas are shown of the longest model of at most so many nodes."""


def load(name: str, checkpoint: Path | None, data: Path | None) -> Problem:
    """Prepare a problem as ``compile`` does."""
    network, rows = PROBLEMS.get(name, ("", ""))
    options = CompileOptions(
        checkpoint=checkpoint or EXAMPLES / network, data=data or EXAMPLES / rows, output=Path("unused")
    )
    return with_rows_between(prepare(options, SilentProgress()), 0)


def row(scored: Scored, problem: Problem) -> dict[str, object]:
    """What is reported of a model."""
    outputs = scored.model.predict(problem.test.inputs)
    formulas = scored.model.formulas(problem.class_names)
    score, teacher = problem.score(outputs, problem.test), problem.teacher_score(problem.test)
    return {
        "nodes": scored.nodes,
        "terms": int((scored.model.coefficients != 0).sum()),
        "validation": scored.score,
        "test": score,
        "of_teacher": score / teacher,
        "fidelity": problem.fidelity(outputs, problem.test),
        "luts_estimated": scored.luts,
        "cycles_published": scored.cycles,
        "path_published": scored.path,
        "not_readable": scored.readability.reasons,
        "formulas": {k: str(with_names(f, problem.feature_names)) for k, f in formulas.items()},
    }


COLUMNS = ("nodes", "terms", "validation", "test", "of the network", "LUT, estimated", "cycles", "readable")


def print_page(results: Sequence[Path]) -> None:
    """Print what was measured as Markdown."""
    print("# Readable formulas\n")
    print("Made by `benchmarks/readable_fronts.py`, which says what the columns are.")
    print("Nothing was chosen on the test split. Cycles are added up over all operators.")
    for path in results:
        result = json.loads(path.read_text(encoding="utf-8"))
        print(f"\n## {result['problem']}, a LUT is worth {result['lut_price']:g} nodes\n")
        print(
            f"{result['rows']:,} training rows, with those between; the network has "
            f"{result['teacher_test']:.4f} on test."
        )
        print(f"{spent(result)}.\n")
        print(table_row(COLUMNS))
        print(table_row(["---"] * len(COLUMNS)))
        for m in result["front"]:
            scores = [f"{m['validation']:.4f}", f"{m['test']:.4f}", f"{m['of_teacher']:.3f}"]
            cycles = "–" if m["cycles_published"] is None else f"{m['cycles_published']:.0f}"
            readable = "no" if m["not_readable"] else "yes"
            print(
                table_row([m["nodes"], m["terms"], *scores, f"{m['luts_estimated']:.0f}", cycles, readable])
            )
        shown = [m for m in result["front"] if m["nodes"] <= SHOWN][-1]
        print(
            f"\nThe formulas of {shown['nodes']} nodes, over the circuit's inputs as `compile` scales them:\n"
        )
        print("```text")
        for name, formula in shown["formulas"].items():
            print(f"{name} = {formula}")
        print("```")


def spent(result: Mapping[str, object]) -> str:
    """Say how long the search took."""
    clock = f"{result['seconds']:.0f} s on the clock of a busy machine"
    used = result["cpu_seconds"]
    return f"The search took {clock}" + ("" if used is None else f", {used:.0f} s of CPU time on one core")


def table_row(cells: Iterable[object]) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Run the search and write the front, or print a page of what was written."""
    if sys.argv[1:2] == ["page"]:
        print_page([Path(name) for name in sys.argv[2:]])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help=f"one of {', '.join(PROBLEMS)}, or a name for --checkpoint and --data")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--max-nodes", type=int, default=350)
    parser.add_argument("--lut-price", type=float, default=JointOptions().lut_price)
    parser.add_argument("--beams", type=float, nargs="+", default=JointOptions().beams)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--time", type=float, help="seconds for the search")
    parser.add_argument("--operon", action="store_true", help="let Operon propose terms as well")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    problem = load(args.name, args.checkpoint, args.data)
    began, used = time.monotonic(), time.process_time()

    def show(progress: SearchProgress) -> None:
        print(
            f"{time.process_time() - used:7.1f} s  loss {progress.loss:.5f}  {progress.message}", flush=True
        )

    options = JointOptions(
        max_nodes=args.max_nodes,
        lut_price=args.lut_price,
        time_limit=args.time,
        beams=tuple(args.beams),
        jobs=args.jobs,
        proposers=(operon_proposer(),) if args.operon else (),
    )
    front = search_jointly(joint_data(problem), options, seed=args.seed, progress=show)
    result = {
        "problem": args.name,
        "rows": len(problem.train),
        "teacher_test": problem.teacher_score(problem.test),
        "seconds": time.monotonic() - began,
        # What worker processes used is not known here.
        "cpu_seconds": time.process_time() - used if args.jobs == 1 else None,
        "lut_price": args.lut_price,
        "seed": args.seed,
        "front": [row(scored, problem) for scored in front.models],
    }
    if args.output is not None:
        args.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("| budget | nodes | terms | test | of the teacher | LUT, estimated | readable |")
    print("|---|---|---|---|---|---|---|")
    for budget in BUDGETS:
        best = row(front.best(max_nodes=budget), problem)
        print(
            f"| {budget} | {best['nodes']} | {best['terms']} | {best['test']:.4f} | {best['of_teacher']:.4f} "
            f"| {best['luts_estimated']:.0f} | {'no' if best['not_readable'] else 'yes'} |"
        )
    print(spent(result))


if __name__ == "__main__":
    main()
