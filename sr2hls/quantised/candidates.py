"""Terms that may join a quantised formula, ranked by what the loss's second-order model says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, permutations

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.lut_network import SOFT, Samples
from sr2hls.lut_network.samples_and_loss import gradient
from sr2hls.quantised.digits import rounded_array
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.start import counted
from sr2hls.quantised.state import QuantisedState
from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.printing import count_nodes

_QUANTILES = np.linspace(0.06, 0.94, 9)
_STEEPNESS = (1.0, 3.0)
_PAIR_QUANTILES = (0.15, 0.35, 0.65, 0.85)
_MOST_PAIR_INPUTS, _MOST_KINK_INPUTS = 24, 16
"""Products are made of so many inputs at most, those with the largest spread in their range."""


@dataclass(frozen=True)
class PartCandidate:
    """A term for an output.

    Attributes:
        output: position of the output.
        shape: of the term.
        constants: of the shape.
        coefficient: that the second-order model gives it, in units of the loss's predictions.
    """

    output: int
    shape: QuantisedShape
    constants: tuple[float, ...]
    coefficient: float


class Dictionary:
    """Shapes that are cheap to read and to build, on some samples.

    They are lines, products, products with a kink, squares, kinks, steps and bumps.

    Attributes:
        samples: the samples.
        counts: how often each value of each input occurs, shape (2^width,) each.
    """

    def __init__(self, samples: Samples, grids: Sequence[InputGrid]) -> None:
        self.samples = samples
        self.counts = counted(samples, grids)
        inputs = np.stack(
            [g.values()[samples.indices[:, i]] for i, g in enumerate(grids)],
            axis=1,
        )
        spans = np.array([g.max - g.min for g in grids])
        order = np.argsort(-inputs.std(axis=0) / spans, kind="stable")
        used = [i for i in order.tolist() if np.ptp(inputs[:, i]) > 0]
        self._terms: list[tuple[QuantisedShape, tuple[float, ...]]] = []
        values, nodes = [], []
        moved = [i for i in used[:_MOST_KINK_INPUTS] if grids[i].zero]
        found_shapes = [
            *_of_one(used, inputs),
            *_products(used[:_MOST_PAIR_INPUTS], inputs),
            *_centred_products(moved, used[:_MOST_KINK_INPUTS], inputs),
        ]
        for shape, constants in found_shapes:
            self._terms += [(shape, tuple(c)) for c in constants.tolist()]
            found = shape.evaluate({i: inputs[:, i] for i in shape.inputs}, constants)
            values.append(found.astype(np.float32))
            nodes += [2 + count_nodes(shape.expr) - shape.expr.is_Mul] * len(constants)
        self._nodes = np.array(nodes)
        self._values = np.concatenate(values)
        self._squares = self._values**2

    def ranked(self, state: QuantisedState, nodes: int) -> Iterator[PartCandidate]:
        """Iterate over terms of few nodes for each output, by what they would gain, the best first.

        With the term comes a constant. The gain is (Σ g·φ)² / 2Σ h·φ² of the centred term, with g and h the
        loss's gradient and curvature (see `sr2hls.lut_network.slope`), divided by the root of its nodes.

        Args:
            state: that the term would join.
            nodes: most that it may have.
        """
        w = self.samples.row_weights[:, None]
        g, h = (w * s for s in gradient(QuantisedRows(state, self.samples, SOFT).predictions(), self.samples))
        sum_g, sum_h = g.sum(axis=0), np.maximum(h.sum(axis=0), 1e-9)
        with_g, with_h = self._values @ g.astype(np.float32), self._values @ h.astype(np.float32)
        slope = with_g - with_h * sum_g / sum_h
        curvature = np.maximum(self._squares @ h.astype(np.float32) - with_h**2 / sum_h, 1e-6)
        ranks = slope**2 / curvature / np.sqrt(self._nodes)[:, None]
        ranks[self._nodes > nodes] = 0.0
        for at in np.argsort(-ranks, axis=None, kind="stable")[: np.count_nonzero(ranks)].tolist():
            t, k = divmod(at, ranks.shape[1])
            shape, constants = self._terms[t]
            yield PartCandidate(k, shape, constants, float(slope[t, k] / curvature[t, k]))


def _of_one(used: Sequence[int], inputs: FloatArray) -> Iterator[tuple[QuantisedShape, FloatArray]]:
    for position in used:
        x, values = sp.Symbol(f"x{position}"), inputs[:, position]
        spread, places = max(float(values.std()), 1e-9), np.unique(np.quantile(values, _QUANTILES))
        yield QuantisedShape.of(Term(x))[0], np.zeros((1, 0))
        yield QuantisedShape.of(Term(sp.Abs(x + 0.5)))[0], rounded_array(-places[:, None])
        steep = np.array([[a, -a * place] for a in np.divide(_STEEPNESS, spread) for place in places])
        # The constants in the order in which `QuantisedShape.of` finds them.
        for expr in (sp.tanh(2.5 * x + 0.5), sp.exp(-((2.5 * x + 0.5) ** 2))):
            shape, example = QuantisedShape.of(Term(expr))
            yield shape, rounded_array(steep if example == (2.5, 0.5) else steep[:, ::-1])


def _products(used: Sequence[int], inputs: FloatArray) -> Iterator[tuple[QuantisedShape, FloatArray]]:
    for i, j in combinations_with_replacement(used, 2):
        yield QuantisedShape.of(Term(sp.Symbol(f"x{i}") * sp.Symbol(f"x{j}")))[0], np.zeros((1, 0))
    for i, j in permutations(used[:_MOST_KINK_INPUTS], 2):
        places = np.unique(np.quantile(inputs[:, i], _PAIR_QUANTILES))
        kink = sp.Symbol(f"x{j}") * sp.Abs(sp.Symbol(f"x{i}") + 0.5)
        yield QuantisedShape.of(Term(kink))[0], rounded_array(-places[:, None])


def _centred_products(
    moved: Sequence[int], used: Sequence[int], inputs: FloatArray
) -> Iterator[tuple[QuantisedShape, FloatArray]]:
    """Iterate over products with an input less its median, where 0 is not in the middle of its values."""
    for i in moved:
        median = np.array([[-float(np.median(inputs[:, i]))]])
        for j in used:
            if i != j:
                shape = QuantisedShape.of(Term((sp.Symbol(f"x{i}") + 0.5) * sp.Symbol(f"x{j}")))[0]
                yield shape, rounded_array(median)
