"""How the joint search scales: CPU seconds of one look at all candidates, and of one Newton step, by size.

    python benchmarks/readable_scale.py

Both are to grow in proportion to the rows. Pairs of inputs beyond 300 are screened by a cheaper look.
"""

import time
from collections.abc import Callable

import numpy as np

from sr2hls.search.joint.dictionary import mixed_entries, one_input_entries
from sr2hls.search.joint.loss import classification_loss
from sr2hls.search.joint.price import Prices
from sr2hls.search.joint.refit import assemble
from sr2hls.search.joint.scanner import Scanner
from sr2hls.search.joint.shapes import make_shape
from sr2hls.search.joint.state import Atom, Columns, State
from sr2hls.search.joint.template import Template

MOST_PAIRS = 300
TERMS = 3
"""Terms of each output."""


def seconds(work: Callable[[], object]) -> float:
    """CPU time of some work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def measure(rows: int, inputs: int, outputs: int) -> tuple[float, float]:
    """Seconds of a look at all candidates and of a Newton system."""
    generator = np.random.default_rng(0)
    X = np.round(generator.uniform(-1, 1, (rows, inputs)) * 32) / 32
    logits = 3 * X[:, :outputs] * X[:, outputs : 2 * outputs]
    loss, data = classification_loss(logits, None), Columns(X)
    state = State.empty(loss.start())
    for output in range(outputs):
        for k in range(TERMS):
            inputs_of = (int(generator.integers(inputs)),)
            state = state.added(Atom(make_shape("max(u, p0)"), inputs_of, np.array([0.1 * k])), output, 0.5)
    slopes = loss.slopes(data.outputs(state))
    step = seconds(lambda: assemble(state, data, slopes))
    prices, everything = Prices(), Template.everything(inputs)
    scanner = Scanner(data, one_input_entries(), mixed_entries(), everything, prices, MOST_PAIRS)
    scanner.candidates(state, slopes)
    return seconds(lambda: scanner.candidates(state, slopes)), step


def main() -> None:
    """Print a table."""
    print("| rows | inputs | outputs | look at all candidates, s | Newton system, s |")
    print("|---|---|---|---|---|")
    for rows, inputs, outputs in (
        (10_000, 16, 5),
        (40_000, 16, 5),
        (10_000, 100, 20),
        (40_000, 100, 20),
    ):
        look, step = measure(rows, inputs, outputs)
        print(f"| {rows:,} | {inputs} | {outputs} | {look:.2f} | {step:.2f} |", flush=True)


if __name__ == "__main__":
    main()
