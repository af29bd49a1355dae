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

from sr2hls.search.joint.bins import Bins, pair_sums, single_sums, tables
from sr2hls.search.joint.dictionary import Entry, MixedEntry, Range, product_shape
from sr2hls.search.joint.loss import Slopes
from sr2hls.search.joint.model import Term
from sr2hls.search.joint.pairs import ROWS, promising_pairs
from sr2hls.search.joint.shapes import Shape
from sr2hls.search.joint.state import Atom, Columns, State
from sr2hls.search.joint.template import Template

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

SINGLE_BINS, PAIR_BINS = 64, 32
_NOTHING = 1e-6
_COEFFICIENT = 2
"""Nodes of a coefficient and of its product."""
_SPANNED = 1e-3
"""A term with less than this share of its curvature left is a sum of terms that are there."""
_SCREENED = 20
"""After so many scans the pairs of inputs are chosen anew, where there are too many."""
_PER_OUTPUT = 3
"""So many candidates of one pair of inputs and one output are kept."""


@dataclass(frozen=True, eq=False)
class Candidate:
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

    def of_place(self, state: State) -> PlacePrice:
        """Return what one more term costs by its inputs and output, whatever its shape."""


@dataclass(frozen=True, eq=False)
class Context:
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
    def of(cls, state: State, data: Columns, slopes: Slopes) -> "Context":
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


@dataclass(frozen=True, eq=False)
class _Choices:
    """Terms on the same inputs.

    Attributes:
        terms: their shapes and constants.
        costs: of the shapes, shape (terms,).
        values: at the bins, shape (terms, bins) or (terms, bins of u, bins of v).
    """

    terms: tuple[tuple[Shape, Floats], ...]
    costs: Floats
    values: Singles

    @classmethod
    def of(cls, terms: Sequence[tuple[Shape, Floats]], values: Sequence[Floats], price: Price) -> "_Choices":
        costs = np.array([price.of_shape(shape) for shape, _ in terms])
        return cls(tuple(terms), costs, tables(values) if values else np.empty((0, 0, 0), dtype=np.float32))


class Scanner:
    """The dictionary on the inputs of a data set."""

    def __init__(
        self,
        data: Columns,
        entries: Sequence[Entry],
        mixed: Sequence[MixedEntry],
        template: Template,
        price: Price,
        most_pairs: int,
    ) -> None:
        self._data, self._price = data, price
        self._ranges = [Range.of(c) for c in data.X.T]
        varying = [i for i, c in enumerate(data.X.T) if np.ptp(c) > 0]
        self._fine = {i: Bins.of(data.X[:, i], SINGLE_BINS) for i in varying}
        self._coarse = {i: Bins.of(data.X[:, i], PAIR_BINS) for i in varying}
        self._entries, self._mixed = tuple(entries), tuple(mixed)
        self._columns = {i: data.X[:, i] for i in varying}
        self._all_pairs = [p for p in template.pairs if set(varying).issuperset(p)]
        self._most_pairs, self._scans = most_pairs, 0
        self._pairs: list[tuple[int, int]] = []
        singles = [i for i in template.singles if i in self._fine]
        self._single = {i: self._one_input(i, self._fine[i], products=False) for i in singles}
        self._factors = {i: self._one_input(i, self._coarse[i], products=True) for i in varying}
        # What does not change from scan to scan.
        self._mixtures: dict[tuple[int, int], _Choices] = {}

    def candidates(self, state: State, slopes: Slopes) -> list[Candidate]:
        """Return the best terms for each output and inputs, the most gain for their cost first."""
        if self._scans % _SCREENED == 0:
            rows = np.arange(0, len(self._data), max(1, len(self._data) // ROWS))
            self._pairs = promising_pairs(self._columns, slopes, self._all_pairs, self._most_pairs, rows)
        self._scans += 1
        context = Context.of(state, self._data, slopes)
        place_price = self._price.of_place(state)
        found: list[Candidate] = []
        for place in self._single:
            found += self._scan_single(place, place_price, context)
        factors = {i: self._with_fitted(i, state) for pair in self._pairs for i in pair}
        for pair in self._pairs:
            found += self._scan_pair(pair, factors[pair[0]], factors[pair[1]], place_price, context)
        return sorted(found, key=lambda c: -c.worth)

    def _one_input(self, place: int, bins: Bins, *, products: bool) -> _Choices:
        terms = [
            (entry.shape, np.array(constants, dtype=np.float64))
            for entry in self._entries
            if (start := entry.factor if products else entry.start) is not None
            for constants in start(self._ranges[place])
        ]
        return _Choices.of(terms, [shape.evaluate([bins.centres], c) for shape, c in terms], self._price)

    def _scan_single(self, place: int, price: PlacePrice, context: Context) -> Iterator[Candidate]:
        choices = self._single[place]
        sums = single_sums(self._fine[place], context.weights)
        linear, square = choices.values @ sums, choices.values**2 @ context.curvatures(sums)
        costs = _costs(choices.costs, price, (place,), context)
        for k, rest in _best(linear, square, costs, context):
            shape, constants = choices.terms[k]
            yield Candidate(Atom(shape, (place,), constants), *rest)

    def _scan_pair(
        self, pair: tuple[int, int], u: _Choices, v: _Choices, price: PlacePrice, context: Context
    ) -> Iterator[Candidate]:
        sums = pair_sums(self._coarse[pair[0]], self._coarse[pair[1]], context.weights)
        curvatures = context.curvatures(sums)
        # A product has one coefficient, not two.
        products = np.ravel(u.costs[:, None] + v.costs - _COEFFICIENT)
        linear = _both(u.values, sums, v.values)
        square = _both(u.values**2, curvatures, v.values**2)
        costs = _costs(products, price, pair, context)
        for k, rest in _best(linear, square, costs, context):
            (f, p), (g, q) = u.terms[k // len(v.terms)], v.terms[k % len(v.terms)]
            yield Candidate(Atom(product_shape(f, g), pair, np.concatenate([p, q])), *rest)
        for inputs in (pair, pair[::-1]):
            if inputs not in self._mixtures:
                self._mixtures[inputs] = self._mixed_of(inputs, inputs == pair)
            choices = self._mixtures[inputs]
            if choices.terms:
                turned = sums if inputs == pair else sums.swapaxes(0, 1)
                flat = choices.values.reshape(len(choices.terms), -1)
                linear, square = flat @ _flat(turned), flat**2 @ _flat(context.curvatures(turned))
                for k, rest in _best(linear, square, _costs(choices.costs, price, pair, context), context):
                    shape, constants = choices.terms[k]
                    yield Candidate(Atom(shape, inputs, constants), *rest)

    def _mixed_of(self, inputs: tuple[int, int], ordered: bool) -> _Choices:
        grid = np.meshgrid(*(self._coarse[i].centres for i in inputs), indexing="ij")
        columns = [np.ravel(g) for g in grid]
        terms = [
            (entry.shape, np.array(constants, dtype=np.float64))
            for entry in self._mixed
            if ordered or not entry.symmetric
            for constants in entry.start(self._ranges[inputs[0]], self._ranges[inputs[1]])
        ]
        return _Choices.of(
            terms, [s.evaluate(columns, c).reshape(grid[0].shape) for s, c in terms], self._price
        )

    def _with_fitted(self, place: int, state: State) -> _Choices:
        """Factors of an input: those of the dictionary, and the model's terms as they are fitted."""
        fitted = {a.shape: a.constants for a in state.atoms if a.inputs == (place,) and len(a.constants)}
        known = self._factors[place]
        if not fitted:
            return known
        centres = self._coarse[place].centres
        more = _Choices.of(
            list(fitted.items()), [s.evaluate([centres], c) for s, c in fitted.items()], self._price
        )
        return _Choices(
            (*known.terms, *more.terms),
            np.concatenate([known.costs, more.costs]),
            np.concatenate([known.values, more.values]),
        )


def rate_terms(
    terms: Sequence[Term], state: State, data: Columns, slopes: Slopes, price: Price
) -> list[Candidate]:
    """Return terms that somebody proposed as candidates of every output, rated on all rows."""
    atoms = [Atom.of(term) for term in terms]
    values = [data.values(atom) for atom in atoms]
    usable = [k for k, v in enumerate(values) if np.all(np.isfinite(v))]
    if not usable:
        return []
    context, place_price = Context.of(state, data, slopes), price.of_place(state)
    rows = np.stack([values[k] for k in usable]).astype(np.float32)
    linear, square = rows @ context.weights, rows**2 @ context.curvatures(context.weights)
    costs = np.array(
        [
            [price.of_shape(atoms[k].shape) + place_price(atoms[k].inputs, output) for k in usable]
            for output in range(len(state.bias))
        ]
    )
    return [Candidate(atoms[usable[k]], *rest) for k, rest in _best(linear, square, costs, context)]


_Rating = tuple[int, float, float]


def _costs(costs: Floats, price: PlacePrice, inputs: tuple[int, ...], context: Context) -> Floats:
    """Costs of terms on the same inputs in each output, shape (outputs, terms)."""
    places = np.array([price(inputs, output) for output in range(len(context.owned))])
    return np.asarray(costs + places[:, None])


def _both(u: Singles, sums: Singles, v: Singles) -> Singles:
    """Sum over both inputs' bins; shape (terms of u times terms of v, columns)."""
    first = np.tensordot(u, sums, axes=(1, 0))
    products: Singles = np.matmul(v[None], first).reshape(-1, sums.shape[2])
    return products


def _flat(values: Singles) -> Singles:
    return values.reshape(-1, values.shape[-1])


def _best(linear: Singles, square: Singles, costs: Floats, context: Context) -> Iterator[tuple[int, _Rating]]:
    """For each output the terms with the most gain for their cost: index, and output, gain, cost."""
    for output, (owned, inverse) in enumerate(zip(context.owned, context.inverses, strict=True)):
        mixed = linear[:, owned]
        whole = square[:, output]
        left = whole - np.einsum("ij,ij->i", mixed @ inverse, mixed)
        usable = left > _SPANNED * whole
        gain = np.where(usable, linear[:, output] ** 2 / np.where(usable, 2 * left, 1.0), 0.0)
        worth = gain / costs[output]
        count = min(_PER_OUTPUT, len(worth))
        for k in np.argpartition(-worth, count - 1)[:count]:
            if gain[k] > 0:
                yield int(k), (output, float(gain[k]), float(costs[output][k]))
