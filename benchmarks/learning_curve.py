"""Accuracy of LUT networks against the number of training jets.

Distilling needs no labels: the example's fixed network answers for every jet. For each number of jets and
each size a LUT network with free tables is grown, finished on all its rows and synthesised by Yosys for
UltraScale+. Further jets come from files that `examples/jet_tagger/generate.py` makes; their split says what
they are used for: 0 training, 2 test. Nothing is chosen by the test jets. A row that is there is not made
again.

    python examples/jet_tagger/generate.py --jets 6000 --seed 201 --out jets_a.npz     (and so on)
    python benchmarks/learning_curve.py --more jets_a.npz jets_b.npz [--jets 28200,60000,88299]
"""

import argparse
import json
import math
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from measured_circuit import luts_and_cycles
from readable_bits import more_rows

from sr2hls.arrays import FloatArray
from sr2hls.data.between import rows_between
from sr2hls.lut_network import finished
from sr2hls.lut_network.designs import LutNetworkOptions, grown, kind_of, training_samples
from sr2hls.lut_network.to_program import network_program
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared, prepare
from sr2hls.problem import Problem, Split
from sr2hls.program.interpreter import Interpreter
from sr2hls.progress import SilentProgress
from sr2hls.store.files import write_text

HERE = Path(__file__).resolve().parent
JETS = HERE.parent / "examples" / "jet_tagger"


@dataclass(frozen=True, slots=True)
class Row:
    """One LUT network.

    Attributes:
        jets: training jets.
        rows: samples that it learnt from, those between the jets included.
        size: LUTs that were asked for.
        luts: LUT1 to LUT6 cells after synthesis.
        cycles: register stages at 5 ns.
        train: accuracy on the training jets.
        validation: accuracy on the example's validation split.
        test: accuracy on the example's test split.
        further: accuracy on the further test jets.
        cpu_s: CPU seconds of growing and finishing.
        peak_mb: peak memory of the process so far, MB.
    """

    jets: int
    rows: int
    size: int
    luts: int
    cycles: int
    train: float
    validation: float
    test: float
    further: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--more", type=Path, nargs="+", required=True, help="files of further jets")
    parser.add_argument("--jets", type=_numbers, default="28200,60000,88299")
    parser.add_argument("--luts", type=_numbers, default="41,93,156,245,400")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "learning_curve.md")
    args = parser.parse_args()
    record = args.out.with_suffix(".json")
    rows = [Row(**r) for r in json.loads(record.read_text())["rows"]] if record.is_file() else []
    with tempfile.TemporaryDirectory(prefix="learning-curve-") as scratch:
        options = CompileOptions(
            checkpoint=JETS / "jet_tagger.onnx", data=JETS / "jets.npz", output=Path(scratch)
        )
        prepared = prepare(options, SilentProgress())
        further = more_rows(args.more, prepared, 2)
        raw = training_rows(args.more, prepared)
        for jets in args.jets:
            problem = with_rows(prepared, raw[:jets])
            for size in args.luts:
                if any((r.jets, r.size) == (len(problem.train), size) for r in rows):
                    continue
                rows.append(one(problem, prepared, raw[:jets], further, size, args.seed))
                print(rows[-1], flush=True)
                write_text(record, json.dumps({"rows": [asdict(r) for r in rows]}, indent=1) + "\n")
    text = page(rows, prepared.problem, further, args.seed)
    write_text(args.out, text)
    print(text)


def _numbers(text: str) -> list[int]:
    return [int(item) for item in text.split(",")]


def training_rows(paths: Sequence[Path], prepared: Prepared) -> FloatArray:
    """Return the features of the example's training jets and of the further ones, shape (jets, features)."""
    files = [np.load(path) for path in paths]
    more = [np.asarray(f["X"], dtype=np.float64)[np.asarray(f["split"]) == 0] for f in files]
    return np.concatenate([prepared.dataset.train.X.astype(np.float64), *more])


def with_rows(prepared: Prepared, raw: FloatArray) -> Problem:
    """Return the problem with training jets of shape (jets, features), which have no labels."""
    train = Split(prepared.inputs.values(raw), prepared.teacher.predict(raw), None)
    return replace(prepared.problem, train=train)


def answered_between(prepared: Prepared, raw: FloatArray, seed: int, copies: int) -> Split:
    """Return rows between jets of shape (jets, features), so many for each, with the network's answers."""
    made = rows_between(raw, copies, np.random.default_rng([seed, 0]))
    return Split(prepared.inputs.values(made), prepared.teacher.predict(made), None)


def one(problem: Problem, prepared: Prepared, raw: FloatArray, further: Split, size: int, seed: int) -> Row:
    """Grow, finish and synthesise one LUT network; ``raw`` has shape (jets, features)."""
    began = time.process_time()
    how = LutNetworkOptions()
    samples = training_samples(problem, how, partial(answered_between, prepared, raw, seed))
    found = grown(problem, samples, how, size, seed)
    assert found.network is not None
    every = replace(how.growing(size), finish_rows=len(samples.targets))
    network = finished(found.network, samples, every, np.random.default_rng(seed))
    took = time.process_time() - began
    program = network_program(network, problem.types, problem.output_names, kind_of(problem))
    luts, cycles = luts_and_cycles(program, problem.validation.inputs)
    interpreter = Interpreter(program)

    def accuracy(split: Split) -> float:
        return problem.score(interpreter.predict(split.inputs), split)

    learnt = prepared.problem.train
    return Row(
        len(problem.train),
        len(samples.targets),
        size,
        luts,
        cycles,
        accuracy(learnt),
        accuracy(problem.validation),
        accuracy(problem.test),
        accuracy(further),
        round(took, 1),
        round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    )


def page(rows: Sequence[Row], problem: Problem, further: Split, seed: int) -> str:
    """The table, with standard errors of both test sets."""
    teacher = {"test": problem.teacher_score(problem.test), "further": problem.teacher_score(further)}
    errors = {
        name: math.sqrt(score * (1 - score) / len(split))
        for (name, score), split in zip(teacher.items(), (problem.test, further), strict=True)
    }
    lines = [
        "# Accuracy against the number of training jets",
        "",
        f"Made by `python benchmarks/learning_curve.py --more FILES` on {time.strftime('%Y-%m-%d')}: LUT "
        f"networks with free tables, seed {seed}.",
        f"The network has {teacher['test']:.4f} on the {len(problem.test):,} test jets of the example (one "
        f"standard error {errors['test']:.4f}) and {teacher['further']:.4f} on {len(further):,}",
        f"further test jets (one standard error {errors['further']:.4f}). Train: accuracy on the example's "
        f"{len(problem.train):,} training jets. LUT: Yosys, after synthesis,",
        "xcup, no DSP, no BRAM; measured. Cycles: register stages at 5 ns. CPU s: growing and finishing, one "
        "thread. Rows: jets and points between them,",
        "all answered by the network. Peak memory: of the whole process.",
        "",
        "| jets | rows | LUT asked for | LUT | cycles | train | validation | test | further test | of the "
        "network's | CPU s | peak MB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in sorted(rows, key=lambda r: (r.size, r.jets)):
        lines.append(
            f"| {r.jets:,} | {r.rows:,} | {r.size} | {r.luts} | {r.cycles} | {r.train:.4f} "
            f"| {r.validation:.4f} | {r.test:.4f} | {r.further:.4f} | {r.further / teacher['further']:.3f} "
            f"| {r.cpu_s:.0f} | {r.peak_mb:,.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
