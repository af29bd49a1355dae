"""Alternate growing and pruning: LUTs of bits that gain little go to terms that gain more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sr2hls.lut_network.descent import Layout, sweep
from sr2hls.lut_network.grow import GrowOptions, grow
from sr2hls.lut_network.samples_and_loss import SOFT, Samples
from sr2hls.lut_network.table_network import LutNetwork
from sr2hls.lut_network.widths import WidthOptions, fit_widths

_BEFORE = 0.85
"""λ, the loss added for each LUT, is what each of the last 15 % of the LUTs gained."""
_DEARER = 1.25
"""λ grows by this factor when the widths chosen with it take more LUTs than allowed."""


@dataclass(frozen=True)
class Grown:
    """A LUT network of a size.

    Attributes:
        network: the LUT network; ``None``: not even the smallest is so small.
        smallest: LUTs of the smallest that there is; 0 if nothing is gained by any.
        ended: whether growth ended by itself: nothing more is gained by a larger one.
    """

    network: LutNetwork | None
    smallest: int
    ended: bool


def grown_to(
    luts: int, samples: Samples, input_bits: tuple[int, ...], options: GrowOptions,
    rng: np.random.Generator, go_on: Callable[[int, float], bool],
) -> Grown:  # fmt: skip
    """Return a LUT network of at most a number of LUTs: grown, its widths trained, and grown again, in turn.

    What gains less for its LUTs than the last terms did is given up, whether a term or a bit of one, and
    what it cost goes to other terms.

    Args:
        luts: most LUTs, by the network's own count.
        samples: what to learn.
        input_bits: width of each input.
        options: see there.
        rng: source of randomness; the same state gives the same LUT network.
        go_on: told LUTs and loss after each term and each training of widths; it says whether to go on.
    """
    grower = _Grower(luts, samples, input_bits, options, rng, go_on)
    first = grower.run(None)
    if not first.steps:
        return Grown(None, first.smallest, first.ended)
    holdout = samples.batch(options.rows, rng)
    best = first.steps[-1]
    least = _loss(best, holdout)
    widths = WidthOptions(
        _lut_lambda(first.steps, holdout), options.most_term_bits(samples.kind), options.quantised_bits
    )
    network, ended = best, first.ended
    for _ in range(options.width_rounds):
        if not go_on(network.luts(), least):
            break
        network = fit_widths(network, samples.batch(options.rows, rng), SOFT, widths, rng)
        sweep(network, samples.batch(options.rows, rng), SOFT, rng, options.move_lambda, scale=False)
        again = grower.run(network)
        network, ended = (again.steps[-1] if again.steps else network), again.ended
        loss = _loss(network, holdout)
        if network.luts() > luts:
            widths = replace(widths, lut_lambda=_DEARER * widths.lut_lambda)
        elif loss < least:
            best, least = network, loss
    return Grown(best, first.smallest, ended)


def _lut_lambda(steps: Sequence[LutNetwork], holdout: Samples) -> float:
    """What the last LUTs gained, each."""
    last = steps[-1]
    earlier = [n for n in steps if n.luts() <= _BEFORE * last.luts()]
    if not earlier:
        return 0.0
    gain = _loss(earlier[-1], holdout) - _loss(last, holdout)
    return max(0.0, gain) / (last.luts() - earlier[-1].luts())


@dataclass(frozen=True)
class _GrownSteps:
    steps: list[LutNetwork]
    smallest: int
    ended: bool


@dataclass(frozen=True)
class _Grower:
    luts: int
    samples: Samples
    input_bits: tuple[int, ...]
    options: GrowOptions
    rng: np.random.Generator
    go_on: Callable[[int, float], bool]

    def run(self, start: LutNetwork | None) -> _GrownSteps:
        """Grow as long as there are LUTs for it."""
        steps: list[LutNetwork] = []
        smallest = 0
        for step in grow(self.samples, self.input_bits, self.options, self.rng, start):
            size = step.network.luts()
            smallest = smallest or size
            if size > self.luts:
                return _GrownSteps(steps, smallest, False)
            steps.append(step.network)
            if not self.go_on(size, step.loss):
                return _GrownSteps(steps, smallest, False)
        return _GrownSteps(steps, smallest, True)


def _loss(network: LutNetwork, samples: Samples) -> float:
    return Layout(network, samples).loss(SOFT)
