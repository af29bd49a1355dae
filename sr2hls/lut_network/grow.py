"""Growing a LUT network: term after term, each time the one that gains most for its LUTs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from sr2hls.lut_network.attach import add_term, empty_sums
from sr2hls.lut_network.derivatives import Derivatives
from sr2hls.lut_network.descent import Layout, improve, sweep
from sr2hls.lut_network.propose_terms import Capacity, TableTerm, propose
from sr2hls.lut_network.samples_and_loss import DECISIVE, SOFT, LossKind, Samples
from sr2hls.lut_network.table_network import LutNetwork

_GAIN_OF_A_CYCLE = 0.5
"""A further cycle is taken when no term within the present ones gains so much of what the best gains."""


@dataclass(frozen=True, slots=True)
class GrowOptions:
    """How a LUT network grows.

    Attributes:
        quantised_bits: most bits of the tables of one input that terms share.
        index_bits: most bits that a term reads; with one less it costs no LUTs besides its adder's.
        term_bits: most bits of a term.
        step: of a score or a logit while it grows. The fewer LUTs there are, the larger it should be.
        number_bits: of a number's range.
        most_cycles: in which a sum may be made, 5 ns each; ``None`` for any number.
        scout_rows: samples on which terms are ranked.
        trial_rows: samples on which the best are tried.
        rows: samples on which tables are improved after each term.
        trials: terms that are tried each time.
        sweep_every: terms after which all tables are improved.
        width_rounds: how often widths are trained, and what that frees grown again.
        finish_rows: samples of each sweep of `finished`.
        settle_sweeps: sweeps of `finished` before decisions count.
        finish_sweeps: most sweeps of `finished` after them.
        move_lambda: what an entry has to gain to be changed.
    """

    quantised_bits: int = 3
    index_bits: int = 6
    term_bits: int = 4
    step: float = 0.5
    number_bits: int = 8
    most_cycles: int | None = None
    scout_rows: int = 20_000
    trial_rows: int = 8_000
    rows: int = 30_000
    trials: int = 3
    sweep_every: int = 6
    width_rounds: int = 4
    finish_rows: int = 60_000
    settle_sweeps: int = 2
    finish_sweeps: int = 4
    move_lambda: float = 0.0

    def most_term_bits(self, kind: LossKind) -> int:
        """Return the most bits of a term of outputs of some kind."""
        return self.number_bits if kind is LossKind.NUMBERS else self.term_bits


@dataclass(frozen=True)
class GrowthStep:
    """One step of growth.

    Attributes:
        network: the LUT network, not to be changed.
        term: what was added last.
        loss: mean loss on a batch of samples.
    """

    network: LutNetwork
    term: TableTerm
    loss: float


def grow(
    samples: Samples,
    input_bits: tuple[int, ...],
    options: GrowOptions,
    rng: np.random.Generator,
    start: LutNetwork | None = None,
) -> Iterator[GrowthStep]:
    """Grow a LUT network without end; the caller stops when it has enough.

    Every output has a term in what is yielded.

    Args:
        samples: what to learn.
        input_bits: width of each input.
        options: see there.
        rng: source of randomness; the same samples, start and state give the same LUT network.
        start: a LUT network to go on from.
    """
    if start is None:
        network = empty_sums(input_bits, samples, options.step, options.number_bits)
    else:
        network = start.copy()
    for number in count(1):
        found = _next(network, samples, options, rng)
        if found is None:
            return
        network, term = found
        if number % options.sweep_every == 0:
            sweep(network, samples.batch(options.rows, rng), SOFT, rng, options.move_lambda, scale=False)
        else:
            _improve_nearby(network, term, samples.batch(options.rows, rng), options, rng)
        if all(network.nodes[o].children for o in network.outputs):
            yield GrowthStep(network.copy(), term, _loss(network, samples, options, rng))


def finished(
    network: LutNetwork,
    samples: Samples,
    options: GrowOptions,
    rng: np.random.Generator,
    deadline: float | None = None,
    report: Callable[[float], None] | None = None,
) -> LutNetwork:
    """Return the LUT network with its tables improved for what counts in the end: decisions, or numbers.

    Args:
        network: a LUT network; it is not changed.
        samples: what to learn.
        options: see there.
        rng: source of randomness.
        deadline: of `time.monotonic`, after which no sweep begins.
        report: called with the loss after each sweep.
    """
    result = network.copy()
    last = SOFT if samples.kind is LossKind.NUMBERS else DECISIVE
    for weights in [SOFT] * options.settle_sweeps + [last] * options.finish_sweeps:
        if deadline is not None and time.monotonic() > deadline:
            break
        loss = sweep(result, samples.batch(options.finish_rows, rng), weights, rng, options.move_lambda)
        if report is not None:
            report(loss)
    return result


def _next(
    network: LutNetwork, samples: Samples, options: GrowOptions, rng: np.random.Generator
) -> tuple[LutNetwork, TableTerm] | None:
    layout = Layout(network, samples.batch(options.scout_rows, rng))
    derivatives = Derivatives.of(layout.predictions, layout.samples)
    trial = samples.batch(options.trial_rows, rng)
    before = Layout(network, trial).loss(SOFT)
    best: tuple[float, LutNetwork, TableTerm] | None = None
    for term in _distinct(_proposals(layout, derivatives, options), options.trials):
        candidate = network.copy()
        layout.network = candidate
        new = add_term(layout, term, derivatives)
        after = _polished(candidate, new, trial, options)
        gain_per_lut = (before - after) / term.luts
        if best is None or gain_per_lut > best[0]:
            best = gain_per_lut, candidate, term
    return None if best is None else best[1:]


def _proposals(layout: Layout, derivatives: Derivatives, options: GrowOptions) -> list[TableTerm]:
    network = layout.network
    outputs = range(len(network.outputs))
    empty = [not network.nodes[o].children for o in network.outputs]
    found: list[list[TableTerm]] = []
    for cycles in count(1) if options.most_cycles is None else range(1, options.most_cycles + 1):
        capacities = [Capacity.of(network, k, cycles) for k in outputs]
        if any(empty):
            capacities = [
                capacity if none else Capacity(0, False, 0.0)
                for capacity, none in zip(capacities, empty, strict=True)
            ]
        if all(capacity.terms < 1 for capacity in capacities):
            continue
        found.append(
            propose(
                layout,
                derivatives,
                capacities,
                quantised_bits=options.quantised_bits,
                index_bits=options.index_bits,
                term_bits=options.most_term_bits(layout.samples.kind),
            )
        )
        if any(empty) or not found[0] or all(capacity.terms > 0 for capacity in capacities):
            break
    if not found:
        return []
    gain_per_lut = [terms[0].gain / terms[0].luts if terms else 0.0 for terms in found]
    return found[0] if gain_per_lut[0] >= _GAIN_OF_A_CYCLE * gain_per_lut[-1] else found[-1]


def _distinct(terms: list[TableTerm], number: int) -> list[TableTerm]:
    """Return the first terms that differ in more than their outputs."""
    found: dict[object, TableTerm] = {}
    for term in terms:
        found.setdefault(term.key, term)
        if len(found) == number:
            break
    return list(found.values())


def _polished(network: LutNetwork, new: list[int], trial: Samples, options: GrowOptions) -> float:
    layout = Layout(network, trial)
    improve(layout, [*new, *_children(network, new), *new], SOFT, options.move_lambda)
    return layout.loss(SOFT)


def _children(network: LutNetwork, numbers: list[int]) -> list[int]:
    found = {c for n in numbers for c in network.nodes[n].children if c >= network.n_inputs}
    return sorted(found - set(numbers))


def _improve_nearby(
    network: LutNetwork, term: TableTerm, samples: Samples, options: GrowOptions, rng: np.random.Generator
) -> None:
    """Improve the newest tables and those of the same outputs that read one of their inputs."""
    sources = {quantised.source for quantised in term.indices}
    near: set[int] = set()
    for part in term.parts:
        for table in network.nodes[network.outputs[part.output]].children:
            read = network.nodes[table].children
            if sources & {network.source(c) for c in read}:
                near |= {table, *(c for c in read if c >= network.n_inputs)}
    layout = Layout(network, samples)
    layout.fit_offsets(SOFT)
    improve(layout, rng.permutation(sorted(near)).tolist(), SOFT, options.move_lambda)


def _loss(network: LutNetwork, samples: Samples, options: GrowOptions, rng: np.random.Generator) -> float:
    return Layout(network, samples.batch(options.trial_rows, rng)).loss(SOFT)
