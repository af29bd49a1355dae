"""Terms exchanged: what is worth least for its nodes and LUTs goes, what gains most by the bits comes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np
import sympy as sp

from sr2hls.data.decimal_units import DecimalUnit
from sr2hls.lut_network import SOFT, Samples
from sr2hls.quantised.candidates import Dictionary, PartCandidate
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.fit_part import FitOptions, improved
from sr2hls.quantised.input_grid import units_of
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.part import Part
from sr2hls.quantised.reader import Reader
from sr2hls.quantised.refit import refit
from sr2hls.quantised.removal import removals
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.start import of_factors, place
from sr2hls.quantised.state import QuantisedState
from sr2hls.quantised.sweep import improve, sweep
from sr2hls.search.expressions import exact_number
from sr2hls.search.joint.decimal_formula import count_own_nodes

_TAKEN_OUT = 2
_LOOKED_AT = 4
_SWEEP_EVERY = 5
_USED, _CHEAPER, _LEAST_PRICE = 0.97, 0.7, 2e-5
"""LUTs get cheaper until so many of those that there may be are used."""


def state_nodes(state: QuantisedState) -> int:
    """Return the sympy nodes of all formulas as they are printed."""
    return sum(output_nodes(state, k) for k in range(len(state.bias)))


def output_nodes(state: QuantisedState, output: int) -> int:
    """Return the sympy nodes of an output's formula as it is printed."""
    bias = state.bias[output] * 2.0 ** -state.scale.fracs[output]
    return _nodes(tuple(state.of_output(output)), bias, units_of(state.grids))


@lru_cache(maxsize=4096)
def _nodes(parts: tuple[Part, ...], bias: float, units: tuple[DecimalUnit, ...] | None) -> int:
    return count_own_nodes(sp.Add(exact_number(bias), *(p.expr() for p in parts)), units)


@dataclass(frozen=True)
class ExchangeOptions:
    """How terms are exchanged.

    Attributes:
        max_nodes: most nodes of all formulas.
        most_parts: most parts of an output.
        trials: candidates that are tried each time.
        rows: samples on which they are ranked and tried.
        judge_rows: samples on which an exchange is judged.
        exchanges: how often one is tried.
        factors: whether products may read their factors in the inputs' place.
    """

    max_nodes: int
    most_parts: int = 64
    trials: int = 4
    rows: int = 8_000
    judge_rows: int = 20_000
    exchanges: int = 30
    factors: bool = False


def grown(
    state: QuantisedState, dictionary: Dictionary, options: ExchangeOptions, fit: FitOptions,
    rng: np.random.Generator, tabu: frozenset[tuple[int, QuantisedShape]] = frozenset(),
) -> QuantisedState:  # fmt: skip
    """Return the state with the best further term, or the same state where none fits and gains.

    Args:
        state: what there is.
        dictionary: terms, on the samples that they are tried on.
        options: see there.
        fit: how the new part is fitted.
        rng: source of randomness.
        tabu: outputs and terms that are not to be tried.
    """
    room = options.max_nodes - state_nodes(state)
    rows = QuantisedRows(state, dictionary.samples, SOFT)
    best, worth = state, rows.loss() + fit.price * state_luts(state)
    tried = 0
    # A factor that is taken out of brackets saves a few nodes.
    for candidate in islice(dictionary.ranked(state, room + _TAKEN_OUT), _LOOKED_AT * options.trials):
        if (candidate.output, candidate.shape) in tabu:
            continue
        k = candidate.output
        ways = _ways(state, candidate, dictionary, options)
        fitting = [w for w in ways if output_nodes(w[0], k) - output_nodes(state, k) <= room]
        for with_part, at in fitting:
            rows.become(with_part)
            rows.become(improved(rows, at, fit, rng))
            luts = state_luts(rows.state)
            now = rows.loss() + fit.price * luts
            if now < worth and (fit.max_lut is None or luts <= fit.max_lut):
                best, worth = rows.state, now
        tried += bool(fitting)
        if tried == options.trials:
            break
    return best


def filled(
    state: QuantisedState, dictionary: Dictionary, options: ExchangeOptions, fit: FitOptions,
    rng: np.random.Generator, tabu: frozenset[tuple[int, QuantisedShape]] = frozenset(),
) -> QuantisedState:  # fmt: skip
    """Return the state with terms added as long as one fits and gains, see `grown`."""
    while True:
        larger = grown(state, dictionary, options, fit, rng, tabu)
        if larger is state:
            return state
        state = larger


def exchanged(
    state: QuantisedState,
    samples: Samples,
    options: ExchangeOptions,
    fit: FitOptions,
    rng: np.random.Generator,
) -> Iterator[tuple[QuantisedState, float]]:
    """Iterate over states with terms exchanged as long as that pays, judged on samples of their own.

    Args:
        state: what there is.
        samples: what it is for.
        options: see there.
        fit: how parts are fitted; LUTs have its price.
        rng: source of randomness.

    Yields:
        The best state so far after each trial, and its loss with the price of its LUTs.
    """
    judge = samples.batch(options.judge_rows, rng)
    dictionary = Dictionary(samples.batch(options.rows, rng), state.grids)

    def worth(state: QuantisedState) -> float:
        return QuantisedRows(state, judge, SOFT).loss() + fit.price * state_luts(state)

    while True:
        state = filled(state, dictionary, options, fit, rng)
        if fit.max_lut is None or state_luts(state) >= _USED * fit.max_lut or fit.price < _LEAST_PRICE:
            break
        # LUTs that nobody else wants cost nothing.
        fit = replace(fit, price=_CHEAPER * fit.price)
        rows = QuantisedRows(state, samples.batch(2 * options.rows, rng), SOFT)
        improve(rows, state.parts, fit, rng)
        refit(rows)
        state = rows.state
    best = worth(state)
    yield state, best
    refused: set[tuple[Part, tuple[QuantisedShape, ...]]] = set()
    for number in range(options.exchanges):
        ranked = removals(QuantisedRows(state, judge, SOFT), fit.price)
        gone = next((r for r in ranked if (r.part, r.shapes) not in refused), None)
        if gone is None:
            break
        refused.add((gone.part, gone.shapes))
        tabu = frozenset((gone.part.output, s) for s in gone.shapes if not s.n_constants)
        found = filled(gone.state, dictionary, options, fit, rng, tabu)
        rows = QuantisedRows(found, samples.batch(2 * options.rows, rng), SOFT)
        touched = {p.output for p in set(found.parts) ^ set(state.parts)}
        improve(rows, [p for p in found.parts if p.output in touched], fit, rng)
        refit(rows)
        found = rows.state
        now = worth(found)
        if now < best:
            state, best = found, now
        if number % _SWEEP_EVERY == _SWEEP_EVERY - 1:
            found, _ = sweep(state, samples.batch(2 * options.rows, rng), SOFT, fit, rng)
            now = worth(found)
            if now < best:
                state, best = found, now
        yield state, best


def _ways(
    state: QuantisedState, candidate: PartCandidate, dictionary: Dictionary, options: ExchangeOptions
) -> Iterator[tuple[QuantisedState, int]]:
    """Iterate over states with a candidate, and where its part is: its inputs are read, or its factors."""
    plain = _added(state, candidate, options.most_parts)
    if plain is not None:
        yield plain
    if not options.factors or len(state.of_output(candidate.output)) >= options.most_parts:
        return
    written = candidate.shape.written(candidate.constants)
    product = of_factors(written, state.grids, dictionary.counts)
    if product is not None:
        shape, number, readers = product
        if any(p.readers == readers for p in state.of_output(candidate.output)):
            return
        size = state.scale.factor(candidate.output, state.temperature) * candidate.coefficient * number
        yield _placed(state, candidate.output, shape, (rounded(size),), readers)


def _added(
    state: QuantisedState, candidate: PartCandidate, most_parts: int
) -> tuple[QuantisedState, int] | None:
    """Return the state with a candidate in a part of its own or of its inputs, and where that part is.

    Nothing is returned where the term is there already, or the output has all the parts that it may have.
    """
    shape = candidate.shape
    k = candidate.output
    coefficient = state.scale.factor(k, state.temperature) * candidate.coefficient
    constants = tuple(rounded(c) for c in (coefficient, *candidate.constants))
    for at, part in enumerate(state.parts):
        if part.output == k and part.inputs == shape.inputs and not part.reads_factors:
            if shape in part.shapes:
                return None
            joined = replace(part, shapes=(*part.shapes, shape), constants=(*part.constants, *constants))
            return state.with_part(at, joined), at
    if len(state.of_output(k)) >= most_parts:
        return None
    readers = tuple(_reader(state, i, len(shape.inputs)) for i in shape.inputs)
    return _placed(state, k, shape, constants, readers)


def _placed(
    state: QuantisedState,
    k: int,
    shape: QuantisedShape,
    constants: tuple[float, ...],
    readers: tuple[Reader, ...],
) -> tuple[QuantisedState, int]:
    """Return the state with a further part of an output, and where it is."""
    part, low = place(Part(k, (shape,), constants, 0.0, readers, 1, state.scale.fracs[k]), 3)
    grown_state = replace(state, parts=(*state.parts, part)).with_bias(k, low)
    return grown_state, len(state.parts)


def _reader(state: QuantisedState, position: int, n_inputs: int) -> Reader:
    """Return a reader that is there already, or a free one."""
    most = 5 if n_inputs == 1 else 3
    known = [r for r in state.readers() if r.input == position and r.factor is None and r.bits <= most]
    if known:
        return max(known, key=lambda r: r.bits)
    return Reader.first(position, state.grids[position], most)
