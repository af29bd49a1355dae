"""What training the widths of cascades is worth: the same growth with and without it, side by side.

For each size and seed a cascade for the jets of the example is grown once as it is and once with its widths
trained and the LUTs that this frees grown again. Both are finished alike, their tables free, and synthesised
by Yosys for UltraScale+. Judged on the validation split, which growth does not see: mean cross-entropy to the
network's probabilities, and the probability that the network gives to the decided class, as a share of that
of its own decisions.

    python benchmarks/trained_widths.py [--luts 50,100,200] [--seeds 0,1,2] [--rounds 4]
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from measured_circuit import luts_and_cycles

from sr2hls.lut_network import SOFT, Layout, LutNetwork, Samples, finished, samples_of
from sr2hls.lut_network.designs import LutNetworkOptions, grown, kind_of, training_samples
from sr2hls.lut_network.to_program import network_program
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared, prepare
from sr2hls.problem import Problem
from sr2hls.progress import SilentProgress
from sr2hls.store.files import write_text

HERE = Path(__file__).resolve().parent
JETS = HERE.parent / "examples" / "jet_tagger"


@dataclass(frozen=True, slots=True)
class Row:
    """One cascade.

    Attributes:
        size: LUTs that were asked for.
        seed: of its growth.
        trained: whether its widths were trained.
        luts: after synthesis.
        loss: mean cross-entropy to the network's probabilities, validation split.
        expected: probability of the decided class, as a share of that of the network's decisions.
        seconds: of growth, on the wall.
    """

    size: int
    seed: int
    trained: bool
    luts: int
    loss: float
    expected: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--luts", type=_numbers, default="50,100,200", help="sizes, by the network's count")
    parser.add_argument("--seeds", type=_numbers, default="0,1,2")
    parser.add_argument("--rounds", type=int, default=LutNetworkOptions().grow.width_rounds)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "trained_widths.md")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trained-widths-") as scratch:
        rows = run(args.luts, args.seeds, args.rounds, Path(scratch))
    text = page(rows, args.rounds)
    write_text(args.out, text)
    print(text)


def _numbers(text: str) -> list[int]:
    return [int(item) for item in text.split(",")]


def run(sizes: Sequence[int], seeds: Sequence[int], rounds: int, work: Path) -> list[Row]:
    """Make every cascade; a line for each as it is done."""
    options = CompileOptions(checkpoint=JETS / "jet_tagger.onnx", data=JETS / "jets.npz", output=work)
    prepared = prepare(options, SilentProgress())
    rows = []
    for seed in seeds:
        samples = _samples(prepared, seed)
        for size in sizes:
            for trained in (False, True):
                how = _how(rounds if trained else 0)
                rows.append(one(prepared.problem, samples, how, size, seed))
                print(rows[-1], flush=True)
    return rows


def _how(rounds: int) -> LutNetworkOptions:
    how = LutNetworkOptions()
    return replace(how, grow=replace(how.grow, width_rounds=rounds))


def _samples(prepared: Prepared, seed: int) -> Samples:
    return training_samples(
        prepared.problem, LutNetworkOptions(), lambda copies: prepared.between(copies, seed)
    )


def one(problem: Problem, samples: Samples, how: LutNetworkOptions, size: int, seed: int) -> Row:
    """Grow, finish and synthesise one cascade."""
    began = time.perf_counter()
    found = grown(problem, samples, how, size, seed)
    seconds = time.perf_counter() - began
    assert found.network is not None
    network = finished(found.network, samples, how.grow, np.random.default_rng(seed))
    judged = Layout(network, samples_of(problem, problem.validation))
    targets = judged.samples.targets
    decided = targets[np.arange(len(targets)), judged.predictions.argmax(axis=1)]
    return Row(
        size,
        seed,
        how.grow.width_rounds > 0,
        _luts(problem, network),
        judged.loss(SOFT),
        float(decided.mean() / targets.max(axis=1).mean()),
        seconds,
    )


def _luts(problem: Problem, network: LutNetwork) -> int:
    program = network_program(network, problem.types, problem.output_names, kind_of(problem))
    return luts_and_cycles(program, problem.validation.inputs)[0]


def page(rows: Sequence[Row], rounds: int) -> str:
    """The table: means over the seeds, and every seed's change."""
    lines = [
        "# Widths of cascades, trained and not",
        "",
        f"Made by `python benchmarks/trained_widths.py --rounds {rounds}` on {time.strftime('%Y-%m-%d')}: "
        "cascades for the jets of the example, tables free,",
        f"seeds {', '.join(map(str, sorted({r.seed for r in rows})))}. LUT: Yosys, after synthesis, xcvu9p, "
        "no DSP, no BRAM. Loss: mean cross-entropy to the network's probabilities",
        "on the validation split; expected: its probability of the decided class, as a share of that "
        "of its own decisions there.",
        "Seconds are wall time on a shared machine; their ratio counts.",
        "",
        "Fewer LUTs: than cascades as grown take for the same loss, on the line through their two nearest "
        "sizes, loss against log LUT.",
        "",
        "| LUT asked for | | LUT | loss | expected | fewer LUTs | seconds of growth |",
        "|---|---|---|---|---|---|---|",
    ]
    means = {
        (size, trained): _means([r for r in rows if r.size == size and r.trained is trained])
        for size in sorted({r.size for r in rows})
        for trained in (False, True)
    }
    plain = [mean for (_, trained), mean in means.items() if not trained]
    for (size, trained), mean in means.items():
        fewer = f"{1 - mean.luts / _luts_for(mean.loss, plain):.0%}" if trained and len(plain) > 1 else ""
        lines.append(
            f"| {size} | {'trained' if trained else 'as grown'} | {mean.luts:.0f} | {mean.loss:.4f} | "
            f"{mean.expected:.4f} | {fewer} | {mean.seconds:.0f} |"
        )
    lines += ["", "Each seed, trained less as grown:", "", "| LUT asked for | seed | LUT | loss | expected |"]
    lines.append("|---|---|---|---|---|")
    for before in sorted((r for r in rows if not r.trained), key=lambda r: (r.size, r.seed)):
        (after,) = [r for r in rows if r.trained and (r.size, r.seed) == (before.size, before.seed)]
        lines.append(
            f"| {before.size} | {before.seed} | {after.luts - before.luts:+d} | "
            f"{after.loss - before.loss:+.4f} | {after.expected - before.expected:+.4f} |"
        )
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Means:
    luts: float
    loss: float
    expected: float
    seconds: float


def _means(rows: Sequence[Row]) -> _Means:
    columns = (
        [r.luts for r in rows],
        [r.loss for r in rows],
        [r.expected for r in rows],
        [r.seconds for r in rows],
    )
    return _Means(*(float(np.mean(column)) for column in columns))


def _luts_for(loss: float, plain: Sequence[_Means]) -> float:
    """LUTs that cascades as grown take for a loss."""
    a, b = sorted(sorted(plain, key=lambda m: abs(m.loss - loss))[:2], key=lambda m: m.luts)
    slope = (np.log(b.luts) - np.log(a.luts)) / (b.loss - a.loss)
    return float(np.exp(np.log(a.luts) + slope * (loss - a.loss)))


if __name__ == "__main__":
    main()
