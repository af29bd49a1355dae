"""The training of a quantised formula: LUTs get dearer until they suffice, then terms and bits settle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from sr2hls.lut_network import DECISIVE, SOFT, LossKind, Samples
from sr2hls.quantised.exchange import ExchangeOptions, exchanged
from sr2hls.quantised.fit_part import FitOptions
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.state import QuantisedState
from sr2hls.quantised.sweep import sweep


@dataclass(frozen=True)
class TrainOptions:
    """How a quantised formula is trained.

    Attributes:
        rows: samples of each sweep.
        first_price: loss that a LUT is worth in the first sweep.
        dearer: factor of each further sweep until the LUTs suffice.
        most_sweeps: after which LUTs get no dearer.
        cheaper: price of a LUT after that, as a share; more than the LUTs that there are may never be taken.
        settle: sweeps after that.
        finish: sweeps in which decisions count.
        finish_rows: samples of each of them.
    """

    rows: int = 20_000
    first_price: float = 3e-5
    dearer: float = 1.5
    most_sweeps: int = 40
    cheaper: float = 0.3
    settle: int = 2
    finish: int = 3
    finish_rows: int = 60_000


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes:
        state: the best.
        interrupted: whether the user ended it early (Ctrl-C).
    """

    state: QuantisedState
    interrupted: bool


def trained(
    state: QuantisedState,
    samples: Samples,
    validation: Samples,
    max_lut: int,
    fit: FitOptions,
    options: TrainOptions,
    exchange: ExchangeOptions | None,
    rng: np.random.Generator,
    go_on: Callable[[int, float], bool],
) -> Trained:
    """Train a state to at most a number of LUTs, as predicted.

    Args:
        state: to start from.
        samples: what it is for.
        validation: what the last states are chosen on.
        max_lut: most LUTs.
        fit: how parts are fitted; its price is set here.
        options: see there.
        exchange: how terms are exchanged; ``None``: those of the state are kept.
        rng: source of randomness.
        go_on: told LUTs and loss now and then; it says whether to go on.
    """
    last, interrupted = SOFT if state.scale.kind is LossKind.NUMBERS else DECISIVE, False
    best, least = state, np.inf
    try:
        for found, loss, settled in _steps(state, samples, max_lut, fit, options, exchange, rng):
            # Until all is settled the latest is the best: it has the fewest LUTs, or gained from an exchange.
            now = QuantisedRows(found, validation, last).loss() if settled else np.inf
            if now <= least:
                best, least = found, now
            if not go_on(state_luts(found), loss):
                break
    except KeyboardInterrupt:
        interrupted = True
    return Trained(best, interrupted)


def _steps(
    state: QuantisedState, samples: Samples, max_lut: int, fit: FitOptions, options: TrainOptions,
    exchange: ExchangeOptions | None, rng: np.random.Generator,
) -> Iterator[tuple[QuantisedState, float, bool]]:  # fmt: skip
    """Iterate over states, each with its loss and whether it is one of the last, which differ a little."""
    price = options.first_price
    for _ in range(options.most_sweeps):
        state, loss = sweep(state, samples.batch(options.rows, rng), SOFT, replace(fit, price=price), rng)
        yield state, loss, False
        if state_luts(state) <= max_lut:
            break
        price *= options.dearer
    capped = replace(fit, price=price * options.cheaper, max_lut=max_lut)
    if exchange is not None:
        for found, loss in exchanged(state, samples, exchange, capped, rng):
            state = found
            yield state, loss, False
    last = SOFT if state.scale.kind is LossKind.NUMBERS else DECISIVE
    sweeps = [(SOFT, options.rows)] * options.settle + [(last, options.finish_rows)] * options.finish
    for number, (weights, rows) in enumerate(sweeps):
        state, loss = sweep(state, samples.batch(rows, rng), weights, capped, rng)
        yield state, loss, number >= options.settle
