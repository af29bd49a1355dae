"""What a LUT network of the jets would gain for a LUT by further levels, beside what it grows by today.

    python benchmarks/second_level.py --luts 41,93,156,245,400

A LUT network is grown as `sr2hls compile` does. Then terms of several kinds are judged by the second-order
model that growth ranks by, on the same rows, with the same count of LUTs:

- ``pairs``: today's, of one or two learned values of at most three bits, five or six bits together;
- ``triples``: of three learned values of one or two bits, five or six bits together;
- ``sums``: of a sum of some terms, in two or three bits of its own best staircase, and a learned value or
  another sum: a second layer. The staircase is counted as a table of the sum's bits.

Gains are upper bounds: no widths are trained and nothing is tried on other rows, for all kinds alike.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.lut_network import Layout, LutNetwork, Samples
from sr2hls.lut_network.derivatives import Derivatives
from sr2hls.lut_network.designs import LutNetworkOptions, grown, training_samples
from sr2hls.lut_network.indices import propose_indices, staircase
from sr2hls.lut_network.propose_terms import Capacity
from sr2hls.lut_network.table_network import LUT_INPUTS
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress
from sr2hls.store.files import write_text

HERE = Path(__file__).resolve().parent
JETS = HERE.parent / "examples" / "jet_tagger"
KINDS = ("pairs", "triples", "sums")
_INDEX_BITS = (LUT_INPUTS - 1, LUT_INPUTS)
_TERM_BITS = 4
_FIRST_TERMS = 8
"""A sum of so many terms is made in one cycle, so that a table of it ends in the second."""


@dataclass(frozen=True)
class Value:
    """A value of few bits that a term may read.

    Attributes:
        values: of the samples, shape (samples,).
        bits: its width.
        source: input or sum that it is a function of.
        luts: what it costs.
    """

    values: IntArray
    bits: int
    source: str
    luts: int


def learned(layout: Layout, derivatives: Derivatives) -> list[Value]:
    """Return what terms may read today, those that gain most alone first."""
    pool = propose_indices(layout, derivatives, 3, LUT_INPUTS, 200)
    return [Value(q.values(layout), q.bits, f"input {q.source}", q.luts) for q in pool]


def of_sums(layout: Layout, derivatives: Derivatives) -> list[Value]:
    """Return staircases of sums of each output's first terms, and of differences of two such sums."""
    network, outputs = layout.network, layout.network.outputs
    sums = [sum(layout.of(c) for c in network.nodes[o].children[:_FIRST_TERMS]) for o in outputs]
    named = [(f"sum {k}", np.asarray(s)) for k, s in enumerate(sums)]
    named += [
        (f"sums {i} - {j}", np.asarray(sums[i] - sums[j])) for i, j in combinations(range(len(sums)), 2)
    ]
    found = []
    for name, values in named:
        from_0 = values - values.min()
        width = int(from_0.max()).bit_length()
        for bits in (2, 3):
            entries = staircase(from_0, width, bits, derivatives)
            luts = bits * max(1, 1 << (width - LUT_INPUTS)) if width > LUT_INPUTS else bits
            found.append(Value(entries[from_0], bits, name, luts))
    return found


def choices(kind: str, values: Sequence[Value], sums: Sequence[Value]) -> Iterator[tuple[Value, ...]]:
    """Iterate over what terms of a kind may read."""
    first, small = values[:64], [v for v in values if v.bits <= 2][:30]
    if kind == "pairs":
        yield from ((v,) for v in first if v.bits in _INDEX_BITS)
    parts = {
        "pairs": combinations(first, 2),
        "triples": combinations(small, 3),
        "sums": ((a, b) for n, a in enumerate(sums) for b in (*sums[:n], *values[:24])),
    }[kind]
    for read in parts:
        if len({v.source for v in read}) == len(read) and sum(v.bits for v in read) in _INDEX_BITS:
            yield read


def best_term(layout: Layout, derivatives: Derivatives, kind: str, values: Sequence[Value],
              sums: Sequence[Value]) -> tuple[float, float, str]:  # fmt: skip
    """Return gain for a LUT, LUTs, and what it reads, of the best term of a kind."""
    capacity = Capacity(1, False, 0.3)
    widths = np.arange(1, _TERM_BITS + 1)
    best = (0.0, 0.0, "nothing")
    for read in choices(kind, values, sums):
        head, rest = read[0], read[1:]
        parts = [(head.values, head.bits)]
        if rest:
            joined, bits = rest[0].values, rest[0].bits
            for v in rest[1:]:
                joined, bits = (joined << v.bits) | v.values, bits + v.bits
            parts.append((joined, bits))
        gains, _ = derivatives.rounded_gains(parts, layout.network.scale, _TERM_BITS)
        shared = sum(v.luts for v in read)
        cost = capacity.cost(widths, sum(v.bits for v in read) == LUT_INPUTS)
        single = gains.max(axis=0)  # one output
        every = np.sort(gains, axis=0)[::-1].cumsum(axis=0)  # the outputs that gain most, alike in bits
        for count in range(1, len(every) + 1):
            luts = shared + count * cost
            ratio = (single if count == 1 else every[count - 1]) / luts
            k = int(ratio.argmax())
            if ratio[k] > best[0]:
                best = float(ratio[k]), float(luts[k]), ", ".join(f"{v.source} ({v.bits} bits)" for v in read)
    return best


def row(network: LutNetwork, samples: Samples) -> str:
    """Return a line of the table."""
    layout = Layout(network, samples)
    derivatives = Derivatives.of(layout.predictions, samples)
    values, sums = learned(layout, derivatives), of_sums(layout, derivatives)
    cells = [f"{network.luts()}"]
    for kind in KINDS:
        gain, luts, read = best_term(layout, derivatives, kind, values, sums)
        cells.append(f"{1e5 * gain:.1f} ({luts:.1f} LUT: {read})")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Grow, judge, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--luts", default="41,93,156,245,400")
    parser.add_argument("--effort", default="medium")
    parser.add_argument("--rows", type=int, default=40_000, help="samples on which terms are judged")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "second_level.md")
    args = parser.parse_args()
    options = CompileOptions(
        checkpoint=JETS / "jet_tagger.onnx",
        data=JETS / "jets.npz",
        output=Path(tempfile.gettempdir()) / "unused",
    )
    prepared = prepare(options, SilentProgress())
    how = LutNetworkOptions.of_effort(args.effort)
    samples = training_samples(prepared.problem, how, lambda copies: prepared.between(copies, args.seed))
    judged = samples.batch(args.rows, np.random.default_rng(args.seed))
    lines = [
        "# What further levels of a LUT network would gain",
        "",
        f"Made by `python benchmarks/second_level.py --luts {args.luts} --effort {args.effort}` on "
        f"{time.strftime('%Y-%m-%d')}, which says",
        "what the kinds are: the best term of each, in 10⁻⁵ of the cross-entropy for a LUT (estimated by the "
        "second-order model).",
        "",
        "| LUT | pairs | triples | sums |",
        "|---|---|---|---|",
    ]
    for size in map(int, args.luts.split(",")):
        found = grown(prepared.problem, samples, how, size, args.seed)
        assert found.network is not None
        lines.append(row(found.network, judged))
        print(lines[-1], flush=True)
    write_text(args.out, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
