"""Readable formulas as circuits: designs trained through their bits within budgets of nodes, LUTs and cycles.

    python benchmarks/readable_fronts.py jets --lut-price 1 --beams 1 --max-nodes 300 \\
        --output benchmarks/results/readable_jets_lut.json
    python benchmarks/readable_bits.py jets --models benchmarks/results/readable_jets_lut.json \\
        --budgets 100:60:1 200:120:1 350:250:2 --output benchmarks/results/readable_bits_jets.json
    python benchmarks/readable_bits.py page benchmarks/results/readable_bits_*.json

A design starts from the model with the best validation score that its nodes allow. The seed is chosen on the
validation split. LUTs are predicted by `sr2hls.quantised.luts` and measured by Yosys' synthesis; cycles are
register stages of the Verilog at 5 ns. Training rows and as many between them, for which the network answers,
are learnt, as `compile` does. ``--more`` takes files of further rows of the same features, as
`examples/jet_tagger/generate.py` writes them: the network answers for their training part, which is learnt
in place of rows between (not with ``--between``), and their test part is a second test split.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sympy as sp
from readable_fronts import EXAMPLES, PROBLEMS, table_row

from sr2hls.circuit import build_circuit
from sr2hls.design import Design
from sr2hls.flow.readability import printed_formulas, readability
from sr2hls.options import CompileOptions, Synthesis
from sr2hls.prepare import Prepared, prepare
from sr2hls.problem import Problem, Split, to_logits
from sr2hls.progress import SilentProgress
from sr2hls.quantised import QuantisedOptions, train_quantised
from sr2hls.quantised.designs import learnt_samples
from sr2hls.search.joint import JointModel, model_of
from sr2hls.search.names import with_names, with_safe_names
from sr2hls.strategies.readable import AIM
from sr2hls.target import Target


def models_of(path: Path, problem: Problem) -> list[tuple[int, float, JointModel]]:
    """Return nodes, validation score and model of each row that `readable.py` wrote."""
    names = {name: sp.Symbol(name) for name in problem.feature_names}
    found = []
    for row in json.loads(path.read_text(encoding="utf-8"))["front"]:
        formulas = [sp.sympify(text, locals=names) for text in row["formulas"].values()]
        model = model_of([with_safe_names(f, problem.feature_names) for f in formulas])
        found.append((row["nodes"], row["validation"], model))
    return found


def more_rows(paths: Sequence[Path], prepared: Prepared, split: int) -> Split:
    """Return rows of one split (0 train, 2 test) of some files, with the network's answers."""
    files = [np.load(path) for path in paths]
    rows = [np.asarray(f["split"]) == split for f in files]
    raw = np.concatenate([np.asarray(f["X"], dtype=np.float64)[r] for f, r in zip(files, rows, strict=True)])
    labels = np.concatenate([np.asarray(f["y"], dtype=np.int64)[r] for f, r in zip(files, rows, strict=True)])
    outputs = to_logits(prepared.problem.task, prepared.teacher.predict(raw))
    return Split(prepared.inputs.values(raw), outputs, labels)


def scores(problem: Problem, design: Design, splits: dict[str, Split]) -> dict[str, object]:
    """Return score, share of the network's and standard error on some splits."""
    found: dict[str, object] = {}
    for name, split in splits.items():
        score, teacher = problem.score(design.predict(split.inputs), split), problem.teacher_score(split)
        error = math.sqrt(score * (1 - score) / len(split)) if problem.task.is_classification else None
        found[name] = {"score": score, "standard_error": error, "of_teacher": score / teacher}
    return found


def measured(problem: Problem, design: Design) -> dict[str, object]:
    """Synthesise a design; its Verilog is held against its program."""
    with tempfile.TemporaryDirectory() as folder:
        circuit = build_circuit(
            design.program,
            Path(folder),
            problem.test.inputs,
            target=Target(),
            synthesis=Synthesis.YOSYS,
            progress=SilentProgress(),
            backend=None,
            simulated=False,
        )
    assert circuit.hardware is not None and circuit.hardware.lut is not None
    return {
        "lut_yosys": circuit.hardware.lut.value,
        "cycles": circuit.rtl.latency_cycles,
        "stage_ns_estimated": circuit.rtl.stage_delay.value,
    }


def trained(prepared: Prepared, models: list[tuple[int, float, JointModel]], budget: str,
            args: argparse.Namespace, more: Split | None) -> tuple[Design, dict[str, object]]:  # fmt: skip
    """Return the best design of several seeds for a budget ``nodes:LUT:cycles``, and what it took."""
    problem = prepared.problem
    nodes, lut, cycles = map(int, budget.split(":"))
    nodes_of_model, _, model = max((m for m in models if m[0] <= nodes), key=lambda m: m[1])
    options = QuantisedOptions(exchanges=args.exchanges)
    samples = learnt_samples(problem, problem.train, options.teacher_share)
    further = prepared.between(1, 0) if more is None or args.between else more
    samples = samples.joined(learnt_samples(problem, further, options.teacher_share))
    began, found, predicted = time.process_time(), [], [0]

    def told(luts: int, loss: float) -> bool:
        predicted[0] = luts
        print(f"  {budget} {time.process_time() - began:6.0f} s {luts} LUT, loss {loss:.4f}", flush=True)
        return args.time is None or time.monotonic() - started < args.time

    started = time.monotonic()
    for seed in range(args.seeds):
        design = train_quantised(
            model,
            problem,
            max_lut=int(AIM * lut),
            max_nodes=nodes,
            max_cycles=cycles,
            seed=seed,
            samples=samples,
            options=options,
            go_on=told,
        )
        score = problem.score(design.predict(problem.validation.inputs), problem.validation)
        found.append((score, -seed, predicted[0], design))
    score, seed, luts, design = max(found, key=lambda f: f[:2])
    return design, {
        "budget": {"nodes": nodes, "lut": lut, "cycles": cycles},
        "model_nodes": nodes_of_model,
        "seed": -seed,
        "seeds": args.seeds,
        "lut_predicted": luts,
        "cpu_seconds": time.process_time() - began,
        "notes": design.notes,
    }


def report(problem: Problem, design: Design, splits: dict[str, Split]) -> dict[str, object]:
    """Return what is reported of a design."""
    found = readability(problem, design)
    assert found is not None
    same = np.array_equal(design.predict(problem.test.inputs), design.float_outputs(problem.test.inputs))
    formulas = zip(problem.class_names, printed_formulas(design).values(), strict=True)
    return {
        "nodes": found.nodes,
        "not_readable": found.reasons,
        "equal_to_the_bit": same,
        "scores": scores(problem, design, splits),
        **measured(problem, design),
        "formulas": {k: str(with_names(f, problem.feature_names)) for k, f in formulas},
    }


COLUMNS = ("budget", "nodes", "validation", "test", "further test", "LUT, predicted", "LUT, Yosys", "cycles",
           "CPU s", "readable")  # fmt: skip


def print_page(results: Sequence[Path]) -> None:
    """Print what was measured as Markdown."""
    print("# Readable formulas as circuits\n")
    print(
        "Made by `benchmarks/readable_bits.py`, which says what the columns are. Nothing was chosen on a test"
    )
    print("split. Each score is given as a share of the network's, with the standard error of one split.")
    for path in results:
        result = json.loads(path.read_text(encoding="utf-8"))
        print(f"\n## {result['problem']}\n\n`{result['command']}`\n")
        print(f"{result['rows']:,} training rows; the network has {result['teacher_test']:.4f} on test.\n")
        print(table_row(COLUMNS))
        print(table_row(["---"] * len(COLUMNS)))
        for d in result["designs"]:
            budget = "{nodes} nodes, {lut} LUT, {cycles} cycle(s)".format(**d["budget"])
            shares = [_share(d["scores"].get(name)) for name in ("validation", "test", "further")]
            luts = [d["lut_predicted"], f"{d['lut_yosys']:.0f}", d["cycles"], f"{d['cpu_seconds']:.0f}"]
            readable = "no" if d["not_readable"] or not d["equal_to_the_bit"] else "yes"
            print(table_row([budget, d["nodes"], *shares, *luts, readable]))
        first = result["designs"][0]
        print(f"\nThe formulas of {first['nodes']} nodes, over the circuit's inputs:\n\n```text")
        for name, formula in first["formulas"].items():
            print(f"{name} = {formula}")
        print("```")


def _share(score: dict[str, float] | None) -> str:
    if score is None:
        return "–"
    error = score["standard_error"]
    ratio = score["of_teacher"]
    return f"{ratio:.4f}" if error is None else f"{ratio:.4f} ± {error * ratio / score['score']:.4f}"


def main() -> None:
    """Train and write the designs, or print a page of what was written."""
    if sys.argv[1:2] == ["page"]:
        print_page([Path(name) for name in sys.argv[2:]])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(PROBLEMS))
    parser.add_argument("--models", type=Path, required=True, help="written by readable.py")
    parser.add_argument("--budgets", nargs="+", required=True, help="NODES:LUT:CYCLES")
    parser.add_argument("--more", type=Path, nargs="+", default=[], help="files of further rows")
    parser.add_argument("--between", action="store_true", help="learn rows between all the same")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--exchanges", type=int, default=40)
    parser.add_argument("--time", type=float, help="seconds after which a training ends")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    network, rows = PROBLEMS[args.name]
    options = CompileOptions(checkpoint=EXAMPLES / network, data=EXAMPLES / rows, output=Path("unused"))
    prepared = prepare(options, SilentProgress())
    problem = prepared.problem
    splits = {"validation": problem.validation, "test": problem.test}
    more = None
    if args.more:
        more, splits["further"] = (more_rows(args.more, prepared, split) for split in (0, 2))
    models = models_of(args.models, problem)
    designs = []
    for budget in args.budgets:
        design, took = trained(prepared, models, budget, args, more)
        designs.append({**took, **report(problem, design, splits)})
        print(json.dumps({k: v for k, v in designs[-1].items() if k != "formulas"}), flush=True)
    result = {
        "problem": args.name,
        "command": " ".join(["python", *(Path(a).name if Path(a).is_absolute() else a for a in sys.argv)]),
        "rows": len(problem.train) + len(problem.train if more is None or args.between else more),
        "teacher_test": problem.teacher_score(problem.test),
        "designs": designs,
    }
    if args.output is not None:
        args.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
