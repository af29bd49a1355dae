"""The training of a quantised formula: parts and readers in turn, while LUTs get dearer until they suffice."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sr2hls.lut_network import DECISIVE, SOFT, Kind, Samples, Weights
from sr2hls.quantised.fit import FitOptions, improved
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.reread import reread
from sr2hls.quantised.rows import Rows
from sr2hls.quantised.state import State

_TEMPERATURES = np.exp(np.linspace(-0.25, 0.25, 11))


@dataclass(frozen=True)
class TrainOptions:
    """How a quantised formula is trained.

    Attributes:
        rows: samples of each sweep.
        first_price: loss that a LUT is worth in the first sweep.
        dearer: factor of each further sweep until the LUTs suffice.
        settle: sweeps after that.
        finish: sweeps in which decisions count.
        finish_rows: samples of each of them.
    """

    rows: int = 20_000
    first_price: float = 3e-5
    dearer: float = 1.5
    most_sweeps: int = 20
    settle: int = 4
    finish: int = 4
    finish_rows: int = 60_000


def trained(
    state: State, samples: Samples, max_lut: int, fit: FitOptions, options: TrainOptions,
    rng: np.random.Generator, go_on: Callable[[int, float], bool],
) -> State:  # fmt: skip
    """Return a state trained to at most a number of LUTs, as predicted."""
    price = options.first_price
    for _ in range(options.most_sweeps):
        state, loss = sweep(state, samples.batch(options.rows, rng), SOFT, replace(fit, price=price), rng)
        if not go_on(state_luts(state), loss):
            return state
        if state_luts(state) <= max_lut:
            break
        price *= options.dearer
    capped = replace(fit, price=price / 3, max_lut=max_lut)
    last: Weights = SOFT if state.scale.kind is Kind.NUMBERS else DECISIVE
    for weights, rows in [(SOFT, options.rows)] * options.settle + [(last, options.finish_rows)] * options.finish:
        state, loss = sweep(state, samples.batch(rows, rng), weights, capped, rng)
        if not go_on(state_luts(state), loss):
            break
    return state


def sweep(
    state: State, samples: Samples, weights: Weights, fit: FitOptions, rng: np.random.Generator
) -> tuple[State, float]:
    """Improve every part and every reader once; return the state and its mean loss on the samples."""
    rows = Rows(state, samples, weights)
    fit_temperature(rows)
    for part in [rows.state.parts[at] for at in rng.permutation(len(state.parts)).tolist()]:
        rows.become(improved(rows, rows.state.parts.index(part), fit, rng))
    reread(rows, fit, rng)
    return rows.state, rows.loss()


def fit_temperature(rows: Rows) -> None:
    """Fit what a step of the scores is worth to the loss; it decides nothing."""
    if rows.state.scale.kind is Kind.NUMBERS:
        return
    tried = [replace(rows.state, temperature=rows.state.temperature * float(t)) for t in _TEMPERATURES]
    soft = Rows(rows.state, rows.samples, SOFT)
    rows.become(min(tried, key=soft.loss))
