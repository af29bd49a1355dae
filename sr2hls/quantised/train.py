"""The training of a quantised formula: LUTs get dearer until they suffice, then terms and bits settle."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sr2hls.lut_network import DECISIVE, SOFT, Kind, Samples
from sr2hls.quantised.exchange import ExchangeOptions, exchanged
from sr2hls.quantised.fit import FitOptions
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.state import State
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


def trained(
    state: State, samples: Samples, max_lut: int, fit: FitOptions, options: TrainOptions,
    exchange: ExchangeOptions | None, rng: np.random.Generator, go_on: Callable[[int, float], bool],
) -> State:  # fmt: skip
    """Return a state trained to at most a number of LUTs, as predicted.

    Args:
        state: to start from.
        samples: what it is for.
        max_lut: most LUTs.
        fit: how parts are fitted; its price is set here.
        options: see there.
        exchange: how terms are exchanged; ``None``: those of the state are kept.
        rng: source of randomness.
        go_on: told LUTs and loss now and then; it says whether to go on.
    """
    price = options.first_price
    for _ in range(options.most_sweeps):
        state, loss = sweep(state, samples.batch(options.rows, rng), SOFT, replace(fit, price=price), rng)
        if not go_on(state_luts(state), loss):
            return state
        if state_luts(state) <= max_lut:
            break
        price *= options.dearer
    capped = replace(fit, price=price * options.cheaper, max_lut=max_lut)
    if exchange is not None:
        state = exchanged(state, samples, exchange, capped, rng, go_on)
    last = SOFT if state.scale.kind is Kind.NUMBERS else DECISIVE
    sweeps = [(SOFT, options.rows)] * options.settle + [(last, options.finish_rows)] * options.finish
    for weights, rows in sweeps:
        state, loss = sweep(state, samples.batch(rows, rng), weights, capped, rng)
        if not go_on(state_luts(state), loss):
            break
    return state
