"""Growing a cascade: term after term, each time the one that gains most for its LUTs."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sr2hls.search.cascade.attach import add_term, first_term
from sr2hls.search.cascade.descent import Layout, improve, sweep
from sr2hls.search.cascade.network import Network
from sr2hls.search.cascade.objective import DECISIVE, SOFT, Kind, Samples
from sr2hls.search.cascade.terms import Slope, Term, propose


@dataclass(frozen=True, slots=True)
class GrowOptions:
    """How a cascade grows.

    Attributes:
        code_bits: width of the tables of one input that terms share. Two of them fill a LUT6.
        index_bits: most bits that a term reads.
        score_bits: width of a class's score, or of a number.
        term_bits: width of a term of a score; score and term together fill a LUT6.
        scout_rows: samples on which terms are ranked.
        trial_rows: samples on which the best are tried.
        rows: samples on which tables are improved after each term.
        trials: terms that are tried each time.
        nearby: how many nodes deep a new term's neighbourhood is.
        sweep_every: terms after which all tables are improved.
        finish_rows: samples of each sweep of `finished`.
        finish_sweeps: most sweeps of `finished`.
        reluctance: what an entry has to gain to be changed.
    """

    code_bits: int = 3
    index_bits: int = 6
    score_bits: int = 4
    term_bits: int = 2
    scout_rows: int = 20_000
    trial_rows: int = 8_000
    rows: int = 30_000
    trials: int = 4
    nearby: int = 4
    sweep_every: int = 6
    finish_rows: int = 60_000
    finish_sweeps: int = 6
    reluctance: float = 0.0


@dataclass(frozen=True)
class Step:
    """One step of growth.

    Attributes:
        network: the cascade, not to be changed.
        term: what was added last.
        loss: mean loss on a batch of samples.
    """

    network: Network
    term: Term
    loss: float


def grow(
    samples: Samples,
    input_bits: tuple[int, ...],
    options: GrowOptions,
    rng: np.random.Generator,
    start: Network | None = None,
) -> Iterator[Step]:
    """Grow a cascade without end; the caller stops when it has enough.

    Args:
        samples: what to learn.
        input_bits: width of each input.
        options: see there.
        rng: source of randomness; the same samples, start and state give the same cascade.
        start: a cascade to go on from.
    """
    if start is None:
        network, term = _begin(samples, input_bits, options, rng)
        sweep(network, samples.batch(options.rows, rng), SOFT, rng)
        yield Step(network.copy(), term, _loss(network, samples, options, rng))
    else:
        network = start.copy()
    count = 0
    while True:
        found = _next(network, samples, options, rng)
        if found is None:
            return
        network, term = found
        count += 1
        if count % options.sweep_every == 0:
            sweep(network, samples.batch(options.rows, rng), SOFT, rng, options.reluctance)
        for _ in range(2):
            _improve_nearby(network, term, samples.batch(options.rows, rng), options, rng)
        yield Step(network.copy(), term, _loss(network, samples, options, rng))


def finished(
    network: Network,
    samples: Samples,
    options: GrowOptions,
    rng: np.random.Generator,
    deadline: float | None = None,
    report: Callable[[float], None] | None = None,
) -> Network:
    """Return the cascade with its tables improved for what counts in the end: decisions, or numbers.

    Args:
        network: a cascade; it is not changed.
        samples: what to learn.
        options: see there.
        rng: source of randomness.
        deadline: of `time.monotonic`, after which no sweep begins.
        report: called with the loss after each sweep.
    """
    result = network.copy()
    weights = SOFT if samples.kind is Kind.NUMBERS else DECISIVE
    for _ in range(options.finish_sweeps):
        if deadline is not None and time.monotonic() > deadline:
            break
        loss = sweep(result, samples.batch(options.finish_rows, rng), weights, rng, options.reluctance)
        if report is not None:
            report(loss)
    return result


def _begin(
    samples: Samples, input_bits: tuple[int, ...], options: GrowOptions, rng: np.random.Generator
) -> tuple[Network, Term]:
    scouts = samples.batch(options.scout_rows, rng)
    inputs_only = Network(input_bits, samples.targets.shape[1])
    layout = Layout(inputs_only, scouts)
    start = scouts.targets.mean(axis=0)
    if samples.kind is Kind.CLASSES:
        start = np.log(np.maximum(start, 1e-9))
    elif samples.kind is Kind.LOGIT:
        start = np.log(np.maximum(start, 1e-9) / np.maximum(1 - start, 1e-9))
    slope = Slope.of(np.broadcast_to(start, scouts.targets.shape).astype(np.float64), scouts)
    # Every output needs a first function, so that no LUT count an output decides here.
    term = max(_proposals(layout, slope, options, together=True), key=lambda t: t.gain)
    network = Network(input_bits, samples.targets.shape[1])
    first_term(network, term, scouts, options.score_bits)
    return network, term


def _next(
    network: Network, samples: Samples, options: GrowOptions, rng: np.random.Generator
) -> tuple[Network, Term] | None:
    layout = Layout(network, samples.batch(options.scout_rows, rng))
    slope = Slope.of(layout.predictions, layout.samples)
    trial = samples.batch(options.trial_rows, rng)
    before = Layout(network, trial).loss(SOFT)
    best: tuple[float, Network, Term] | None = None
    for term in _distinct(_proposals(layout, slope, options), options.trials):
        candidate = network.copy()
        layout.network = candidate
        new = add_term(layout, term, slope, options.term_bits)
        after = _polished(candidate, new, trial, options)
        worth = (before - after) / max(1, candidate.luts() - network.luts())
        if best is None or worth > best[0]:
            best = worth, candidate, term
    return None if best is None else best[1:]


def _proposals(layout: Layout, slope: Slope, options: GrowOptions, together: bool = False) -> list[Term]:
    numbers = layout.samples.kind is Kind.NUMBERS
    an_output = options.score_bits + (options.score_bits // 2 if numbers else options.term_bits)
    return propose(
        layout,
        slope,
        code_bits=options.code_bits,
        index_bits=options.index_bits,
        luts_an_output=an_output,
        together=together,
    )


def _distinct(terms: list[Term], count: int) -> list[Term]:
    """Return the first terms that differ in more than their outputs."""
    found: dict[object, Term] = {}
    for term in terms:
        found.setdefault(term.key, term)
        if len(found) == count:
            break
    return list(found.values())


def _polished(network: Network, new: list[int], trial: Samples, options: GrowOptions) -> float:
    layout = Layout(network, trial)
    improve(layout, [*new, *_children(network, new), *new], SOFT, options.reluctance)
    return layout.loss(SOFT)


def _children(network: Network, numbers: list[int]) -> list[int]:
    found = {c for n in numbers for c in network.nodes[n].children if c >= network.n_inputs}
    return sorted(found - set(numbers))


def _improve_nearby(
    network: Network, term: Term, samples: Samples, options: GrowOptions, rng: np.random.Generator
) -> None:
    front = {network.outputs[k] for k in term.outputs}
    near: set[int] = set()
    for _ in range(options.nearby):
        near |= front
        front = {c for n in front for c in network.nodes[n].children if c >= network.n_inputs} - near
    layout = Layout(network, samples)
    layout.fit_scale()
    improve(layout, rng.permutation(sorted(near)).tolist(), SOFT, options.reluctance)


def _loss(network: Network, samples: Samples, options: GrowOptions, rng: np.random.Generator) -> float:
    return Layout(network, samples.batch(options.trial_rows, rng)).loss(SOFT)
