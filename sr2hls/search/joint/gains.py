"""What a term would gain: one Newton step of its coefficient while the model's other constants follow.

For an output with gradient g and curvature h (diagonal of the Hessian) a term φ gains
(Σ φ g)² / (2 (Σ φ² h − v·A⁻¹v)), with A the Hessian of the constants that the output has already and
v the mixed sums with them. Sums over rows are made in bins, so the cost is linear in rows and in candidates.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.joint_state import Atom, InputColumns, JointState
from sr2hls.search.joint.loss import Slopes
from sr2hls.search.joint.shapes import Shape

Singles = NDArray[np.float32]

_NOTHING = 1e-6
_SPANNED = 1e-3
"""A term with less than this share of its curvature left is a sum of terms that are there."""
PER_OUTPUT = 2
"""So many candidates of the same inputs and output are kept: no step tries more of them."""


@dataclass(frozen=True, eq=False)
class TermCandidate:
    """A term that an output could get.

    Attributes:
        atom: the term.
        output: the output.
        gain: by how much the loss falls by the quadratic model.
        cost: of the term, in nodes.
    """

    atom: Atom
    output: int
    gain: float
    cost: float

    @property
    def worth(self) -> float:
        """Gain for cost."""
        return self.gain / self.cost


PlacePrice = Callable[[tuple[int, ...], int], float]


class Price(Protocol):
    """What terms cost, in nodes."""

    def of_shape(self, shape: Shape) -> float:
        """Return the cost of a term of this shape by itself."""

    def of_place(self, state: JointState) -> PlacePrice:
        """Return what one more term costs by its inputs and output, whatever its shape."""


@dataclass(frozen=True, eq=False)
class GainContext:
    """Weights of all rows: gradient, curvature, and curvature times the columns of the constants.

    Attributes:
        weights: shape (rows, columns), gradients of the outputs, curvatures, the constants' columns.
        owned: for each output, its columns among the constants'.
        inverses: for each output, the inverse of A.
    """

    weights: Singles
    owned: tuple[NDArray[np.intp], ...]
    inverses: tuple[Singles, ...]

    def curvatures(self, sums: Singles) -> Singles:
        """Return the sums of the curvatures among those of all columns."""
        outputs = len(self.owned)
        return sums[..., outputs : 2 * outputs]

    @classmethod
    def of(cls, state: JointState, data: InputColumns, slopes: Slopes) -> "GainContext":
        """Weigh the rows for a model whose loss has these slopes."""
        outputs = len(state.bias)
        columns = [slopes.gradient, slopes.curvature]
        owned, inverses = [], []
        worked = [data.derivatives(atom) for atom in state.atoms]
        links = list(state.link_parameters())
        place = 2 * outputs
        for output in range(outputs):
            mine = [np.ones(len(data))]
            for owner, atom, _, constants in links:
                if owner == output:
                    values, derivatives = worked[atom]
                    mine.append(values)
                    mine += [derivatives[:, k] for k in range(len(constants))]
            jacobian = np.stack(mine, axis=1)
            # Constants that change nothing, such as the place of a step, have no part in it.
            size = np.sqrt(slopes.curvature[:, output] @ jacobian**2)
            alive = size > _NOTHING * size.max()
            jacobian, scale = jacobian[:, alive], size[alive]
            weighted = slopes.curvature[:, output, None] * jacobian
            scaled = (jacobian.T @ weighted) / np.outer(scale, scale) + 1e-6 * np.eye(len(scale))
            inverses.append((np.linalg.inv(scaled) / np.outer(scale, scale)).astype(np.float32))
            columns.append(weighted)
            owned.append(np.arange(place, place + len(scale)))
            place += len(scale)
        return cls(np.hstack(columns).astype(np.float32), tuple(owned), tuple(inverses))


def rate_terms(
    terms: Sequence[Term], state: JointState, data: InputColumns, slopes: Slopes, price: Price
) -> list[TermCandidate]:
    """Return terms that somebody proposed as candidates of every output, rated on all rows."""
    atoms = [Atom.of(term) for term in terms]
    values = [data.values(atom) for atom in atoms]
    usable = [k for k, v in enumerate(values) if np.all(np.isfinite(v))]
    if not usable:
        return []
    context, place_price = GainContext.of(state, data, slopes), price.of_place(state)
    rows = np.stack([values[k] for k in usable]).astype(np.float32)
    linear, square = rows @ context.weights, rows**2 @ context.curvatures(context.weights)
    costs = np.array(
        [
            [price.of_shape(atoms[k].shape) + place_price(atoms[k].inputs, output) for k in usable]
            for output in range(len(state.bias))
        ]
    )
    return [TermCandidate(atoms[usable[k]], *rest) for k, rest in best_of(linear, square, costs, context)]


Rating = tuple[int, float, float]
"""Output, gain and cost of a term."""


def costs_of(
    costs: FloatArray, price: PlacePrice, inputs: tuple[int, ...], context: GainContext
) -> FloatArray:
    """Costs of terms on the same inputs in each output, shape (outputs, terms)."""
    places = np.array([price(inputs, output) for output in range(len(context.owned))])
    return np.asarray(costs + places[:, None])


def best_of(
    linear: Singles, square: Singles, costs: FloatArray, context: GainContext
) -> Iterator[tuple[int, Rating]]:
    """For each output the terms with the most gain for their cost: index, and output, gain, cost.

    Costs have shape (terms,).
    """
    for output, (owned, inverse) in enumerate(zip(context.owned, context.inverses, strict=True)):
        mixed = linear[:, owned]
        whole = square[:, output]
        left = whole - np.einsum("ij,ij->i", mixed @ inverse, mixed)
        usable = left > _SPANNED * whole
        gain = np.where(usable, linear[:, output] ** 2 / np.where(usable, 2 * left, 1.0), 0.0)
        worth = gain / costs[output]
        count = min(PER_OUTPUT, len(worth))
        for k in np.argpartition(-worth, count - 1)[:count]:
            if gain[k] > 0:
                yield int(k), (output, float(gain[k]), float(costs[output][k]))
