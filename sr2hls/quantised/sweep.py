"""One sweep over a quantised formula: every part and every reader in turn."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sr2hls.lut_network import SOFT, LossKind, Samples, Weights
from sr2hls.quantised.fit_part import FitOptions, improved
from sr2hls.quantised.part import Part
from sr2hls.quantised.refit import refit
from sr2hls.quantised.reread import reread
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.state import QuantisedState

_TEMPERATURES = np.exp(np.linspace(-0.25, 0.25, 11))


def sweep(
    state: QuantisedState, samples: Samples, weights: Weights, fit: FitOptions, rng: np.random.Generator
) -> tuple[QuantisedState, float]:
    """Improve every part and every reader once; return the state and its mean loss on the samples."""
    rows = QuantisedRows(state, samples, weights)
    fit_temperature(rows)
    refit(rows)
    improve(rows, rows.state.parts, fit, rng)
    reread(rows, fit, rng)
    refit(rows)
    return rows.state, rows.loss()


def improve(rows: QuantisedRows, parts: Sequence[Part], fit: FitOptions, rng: np.random.Generator) -> None:
    """Improve some parts once, in random order."""
    for at in rng.permutation(len(parts)).tolist():
        rows.become(improved(rows, rows.state.parts.index(parts[at]), fit, rng))


def fit_temperature(rows: QuantisedRows) -> None:
    """Fit what a step of the scores is worth to the loss; it decides nothing."""
    if rows.state.scale.kind is LossKind.NUMBERS:
        return
    tried = [replace(rows.state, temperature=rows.state.temperature * float(t)) for t in _TEMPERATURES]
    soft = QuantisedRows(rows.state, rows.samples, SOFT)
    rows.become(min(tried, key=soft.loss))
