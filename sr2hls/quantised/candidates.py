"""Terms that may join a quantised formula, ranked by what the loss's second-order model says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.lut_network import SOFT, Samples
from sr2hls.lut_network.objective import gradient
from sr2hls.program.types import FixedType
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.rows import Rows
from sr2hls.quantised.state import State
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
    """

    output: int
    term: Term
    coefficient: float


class Dictionary:
    """Shapes that are cheap to read and to build, on some samples.

    Attributes:
        samples: the samples.
        terms: lines, products, squares, kinks, steps and bumps.
        nodes: that each adds to a formula with its coefficient, if nothing is taken out of brackets.
    """

    def __init__(self, samples: Samples, types: Sequence[FixedType]) -> None:
        self.samples = samples
        inputs = np.stack(
            [t.step * (t.raw_min + samples.codes[:, i]) for i, t in enumerate(types)], axis=1
        ).astype(np.float64)
        used = np.flatnonzero(np.ptp(inputs, axis=0) > 0).tolist()
        singles = [t for i in used for t in _of_one(i, inputs[:, i])]
        pairs = [
            Term(sp.Symbol(f"x{i}") * sp.Symbol(f"x{j}"))
            for i, j in combinations_with_replacement(used[:_MOST_PAIR_INPUTS], 2)
        ]
        self.terms = (*singles, *pairs)
        self.nodes = tuple(2 + count_nodes(t.expr) - t.expr.is_Mul for t in self.terms)
        self._values = np.stack([t.evaluate(inputs) for t in self.terms], axis=1).astype(np.float32)
        self._squares = self._values**2

    def ranked(self, state: State, nodes: int) -> list[Candidate]:
        """Return what each term of few nodes would gain for each output, the best first.

        With the term comes a constant. The gain is (Σ g·φ)² / 2Σ h·φ² of the centred term, with g and h the
        loss's gradient and curvature (see `sr2hls.lut_network.slope`).

        Args:
            state: that the term would join.
            nodes: most that it may have.
        """
        g, h = gradient(Rows(state, self.samples, SOFT).predictions(), self.samples)
        sum_g, sum_h = g.sum(axis=0), np.maximum(h.sum(axis=0), 1e-9)
        with_g, with_h = self._values.T @ g.astype(np.float32), self._values.T @ h.astype(np.float32)
        slope = with_g - with_h * sum_g / sum_h
        curvature = np.maximum(self._squares.T @ h.astype(np.float32) - with_h**2 / sum_h, 1e-6)
        sizes = np.array(self.nodes)
        ranks = slope**2 / (2 * curvature * len(self.samples)) / np.sqrt(sizes)[:, None]
        ranks[sizes > nodes] = 0.0
        order = np.argsort(-ranks, axis=None, kind="stable")[: np.count_nonzero(ranks)]
        found = zip(*np.unravel_index(order, ranks.shape), strict=True)
        return [Candidate(int(k), self.terms[t], float(slope[t, k] / curvature[t, k])) for t, k in found]


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
