"""The dictionary on the inputs of a data set: all its terms rated, with sums over rows made in bins."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.search.joint.bins import Bins, pair_sums, single_sums, tables
from sr2hls.search.joint.dictionary import DictionaryEntry, MixedEntry, Range, product_shape
from sr2hls.search.joint.gains import GainContext, PlacePrice, Price, Rating, TermCandidate, best_of, costs_of
from sr2hls.search.joint.joint_state import Atom, InputColumns, JointState
from sr2hls.search.joint.loss import Slopes
from sr2hls.search.joint.pairs import ROWS, promising_pairs
from sr2hls.search.joint.shapes import Shape
from sr2hls.search.joint.template import Template

Singles = NDArray[np.float32]

SINGLE_BINS, PAIR_BINS = 64, 32
_SCREENED = 20
"""After so many scans the pairs of inputs are chosen anew, where there are too many."""
_KEPT = 256
"""So many candidates are made of a scan, several times as many as a step tries."""
_COEFFICIENT = 2
"""Nodes of a coefficient and of its product."""


@dataclass(frozen=True, eq=False, slots=True)
class _FoundTerms:
    """A term of a scan, before it is made."""

    worth: float
    rating: Rating
    place: int
    atom: Callable[[int], Atom]

    def candidate(self) -> TermCandidate:
        return TermCandidate(self.atom(self.place), *self.rating)


@dataclass(frozen=True, eq=False)
class _Choices:
    """Terms on the same inputs.

    Attributes:
        terms: their shapes and constants.
        costs: of the shapes, shape (terms,).
        values: at the bins, shape (terms, bins) or (terms, bins of u, bins of v).
    """

    terms: tuple[tuple[Shape, FloatArray], ...]
    costs: FloatArray
    values: Singles

    @classmethod
    def of(
        cls, terms: Sequence[tuple[Shape, FloatArray]], values: Sequence[FloatArray], price: Price
    ) -> "_Choices":
        costs = np.array([price.of_shape(shape) for shape, _ in terms])
        return cls(tuple(terms), costs, tables(values) if values else np.empty((0, 0, 0), dtype=np.float32))


class Scanner:
    """The dictionary on the inputs of a data set."""

    def __init__(
        self,
        data: InputColumns,
        entries: Sequence[DictionaryEntry],
        mixed: Sequence[MixedEntry],
        template: Template,
        price: Price,
        most_pairs: int,
        bounds: FloatArray | None = None,
    ) -> None:
        self._data, self._price = data, price
        every = [None] * data.X.shape[1] if bounds is None else bounds.tolist()
        self._ranges = [Range.of(c, ends) for c, ends in zip(data.X.T, every, strict=True)]
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
        self._mixtures: dict[tuple[int, int], tuple[list[tuple[int, int]], _Choices]] = {}

    def candidates(self, state: JointState, slopes: Slopes) -> list[TermCandidate]:
        """Return the best terms for each output and inputs, the most gain for their cost first."""
        if self._scans % _SCREENED == 0:
            rows = np.arange(0, len(self._data), max(1, len(self._data) // ROWS))
            self._pairs = promising_pairs(self._columns, slopes, self._all_pairs, self._most_pairs, rows)
        self._scans += 1
        context = GainContext.of(state, self._data, slopes)
        place_price = self._price.of_place(state)
        best = heapq.nlargest(_KEPT, self._scan(state, place_price, context), key=lambda found: found.worth)
        return [found.candidate() for found in best]

    def _scan(self, state: JointState, price: PlacePrice, context: GainContext) -> Iterator[_FoundTerms]:
        if not self._entries:
            return
        for place in self._single:
            yield from self._scan_single(place, price, context)
        factors = {i: self._with_fitted(i, state) for pair in self._pairs for i in pair}
        for pair in self._pairs:
            yield from self._scan_pair(pair, factors[pair[0]], factors[pair[1]], price, context)

    def _one_input(self, place: int, bins: Bins, *, products: bool) -> _Choices:
        terms = [
            (entry.shape, np.array(constants, dtype=np.float64))
            for entry in self._entries
            if (start := entry.factor if products else entry.start) is not None
            for constants in start(self._ranges[place])
        ]
        return _Choices.of(terms, [shape.evaluate([bins.centres], c) for shape, c in terms], self._price)

    def _scan_single(self, place: int, price: PlacePrice, context: GainContext) -> Iterator[_FoundTerms]:
        choices = self._single[place]
        sums = single_sums(self._fine[place], context.weights)
        linear, square = choices.values @ sums, choices.values**2 @ context.curvatures(sums)
        costs = costs_of(choices.costs, price, (place,), context)

        def atom(k: int) -> Atom:
            shape, constants = choices.terms[k]
            return Atom(shape, (place,), constants)

        return _found(best_of(linear, square, costs, context), atom)

    def _scan_pair(
        self, pair: tuple[int, int], u: _Choices, v: _Choices, price: PlacePrice, context: GainContext
    ) -> Iterator[_FoundTerms]:
        sums = pair_sums(self._coarse[pair[0]], self._coarse[pair[1]], context.weights)
        curvatures = context.curvatures(sums)
        if pair not in self._mixtures:
            self._mixtures[pair] = self._mixed_of(pair)
        inputs, mixed = self._mixtures[pair]
        flat = mixed.values.reshape(len(mixed.terms), u.values.shape[1] * v.values.shape[1])
        linear = np.concatenate([_both(u.values, sums, v.values), flat @ _flat(sums)])
        square = np.concatenate([_both(u.values**2, curvatures, v.values**2), flat**2 @ _flat(curvatures)])
        # A product has one coefficient, not two.
        products = np.ravel(u.costs[:, None] + v.costs - _COEFFICIENT)
        costs = costs_of(np.concatenate([products, mixed.costs]), price, pair, context)

        def atom(k: int) -> Atom:
            if k < len(products):
                (f, p), (g, q) = u.terms[k // len(v.terms)], v.terms[k % len(v.terms)]
                return Atom(product_shape(f, g), pair, np.concatenate([p, q]))
            shape, constants = mixed.terms[k - len(products)]
            return Atom(shape, inputs[k - len(products)], constants)

        return _found(best_of(linear, square, costs, context), atom)

    def _mixed_of(self, pair: tuple[int, int]) -> tuple[list[tuple[int, int]], _Choices]:
        """Terms that are no products: the order of their inputs, and their values at the pair's bins."""
        u, v = (self._coarse[i].centres for i in pair)
        grid = dict(zip(pair, np.meshgrid(u, v, indexing="ij"), strict=True))
        inputs: list[tuple[int, int]] = []
        terms: list[tuple[Shape, FloatArray]] = []
        values: list[FloatArray] = []
        for order in (pair, pair[::-1]):
            columns = [np.ravel(grid[i]) for i in order]
            for entry in self._mixed:
                if order == pair or not entry.symmetric:
                    for constants in entry.start(*(self._ranges[i] for i in order)):
                        terms.append((entry.shape, np.array(constants, dtype=np.float64)))
                        values.append(entry.shape.evaluate(columns, terms[-1][1]).reshape(len(u), len(v)))
                        inputs.append(order)
        if not terms:
            return [], _Choices((), np.empty(0), np.empty((0, len(u), len(v)), dtype=np.float32))
        return inputs, _Choices.of(terms, values, self._price)

    def _with_fitted(self, place: int, state: JointState) -> _Choices:
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


def _found(best: Iterator[tuple[int, Rating]], atom: Callable[[int], Atom]) -> Iterator[_FoundTerms]:
    return (_FoundTerms(rating[1] / rating[2], rating, k, atom) for k, rating in best)


def _both(u: Singles, sums: Singles, v: Singles) -> Singles:
    """Sum over both inputs' bins; shape (terms of u times terms of v, columns)."""
    first = np.tensordot(u, sums, axes=(1, 0))
    products: Singles = np.matmul(v[None], first).reshape(-1, sums.shape[2])
    return products


def _flat(values: Singles) -> Singles:
    return values.reshape(-1, values.shape[-1])
