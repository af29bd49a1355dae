"""Terms that may join a quantised formula, ranked by what the loss's second-order model says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.lut_network.objective import gradient
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.rows import Rows
from sr2hls.search.joint.model import Term
from sr2hls.search.joint.printing import count_nodes

FloatArray = NDArray[np.float64]

_QUANTILES = np.linspace(0.06, 0.94, 9)
_STEEPNESS = (1.0, 3.0)
_MOST_PAIR_INPUTS = 24
"""Products are made of so many inputs at most, those that gain most alone."""


@dataclass(frozen=True)
class Candidate:
    """A term for an output.

    Attributes:
        output: position of the output.
        term: the term.
        coefficient: that the second-order model gives it.
        gain: of the loss, a sample's mean, for the root of the term's nodes.
    """

    output: int
    term: Term
    coefficient: float
    gain: float


class Dictionary:
    """Shapes that are cheap to read and to build, on some rows of inputs.

    Attributes:
        terms: lines, products, squares, kinks, steps and bumps.
        nodes: that each adds to a formula with its coefficient.
    """

    def __init__(self, inputs: FloatArray, used: tuple[int, ...]) -> None:
        singles = [t for i in used for t in _of_one(i, inputs[:, i])]
        pairs = [
            Term(sp.Symbol(f"x{i}") * sp.Symbol(f"x{j}"))
            for i, j in combinations_with_replacement(used[:_MOST_PAIR_INPUTS], 2)
        ]
        self.terms = (*singles, *pairs)
        self.nodes = np.array([2 + count_nodes(t.expr) - t.expr.is_Mul for t in self.terms], dtype=np.float64)

    def ranked(self, rows: Rows, inputs: FloatArray) -> list[Candidate]:
        """Return what each term would gain for each output, the best first.

        With the term comes a constant. The gain is (Σ g·φ)² / 2Σ h·φ² of the centred term, with g and h the
        loss's gradient and curvature (see `sr2hls.lut_network.slope`).

        Args:
            rows: the state and its samples.
            inputs: of the same samples, shape (samples, inputs).
        """
        g, h = gradient(rows.predictions(), rows.samples)
        values = np.stack([t.evaluate(inputs) for t in self.terms], axis=1)
        sum_g, sum_h = g.sum(axis=0), np.maximum(h.sum(axis=0), 1e-9)
        with_g, with_h = values.T @ g, values.T @ h
        slope = with_g - with_h * sum_g / sum_h
        curvature = np.maximum((values**2).T @ h - with_h**2 / sum_h, 1e-9)
        gains = slope**2 / (2 * curvature * len(inputs))
        ranks = gains / np.sqrt(self.nodes)[:, None]
        order = np.argsort(-ranks, axis=None, kind="stable")
        found = zip(*np.unravel_index(order, ranks.shape), strict=True)
        return [
            Candidate(int(k), self.terms[t], float(slope[t, k] / curvature[t, k]), float(ranks[t, k]))
            for t, k in found
        ]


def _of_one(position: int, values: FloatArray) -> Iterator[Term]:
    x = sp.Symbol(f"x{position}")
    yield Term(x)
    spread = max(float(values.std()), 1e-9)
    for at in sorted({rounded(v) for v in np.quantile(values, _QUANTILES).tolist()}):
        yield Term(sp.Abs(x - sp.Float(at)))
        for steepness in _STEEPNESS:
            a = rounded(steepness / spread)
            inner = sp.Float(a) * x - sp.Float(rounded(a * at))
            yield Term(sp.tanh(inner))
            yield Term(sp.exp(-(inner**2)))
