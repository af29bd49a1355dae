"""Canonical sums: two terms that are the same sum of functions of few bits have the same form.

Adders may stand in any order and tables may have passed offsets to each other; a solver that sees bits cannot
undo that in time, a sum of tabulated functions shows it at once. A part that is no sum and reads many bits is
an opaque variable that is named by the form of what it reads.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from math import prod

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.prove.grid import MAX_LOCAL, grid_of, size_of
from sr2hls.prove.logic_terms import LogicTerm, TermKind, Terms

_MOST_BITS = 60
Key = tuple[object, ...]


@dataclass(frozen=True)
class AdditiveForm:
    """``constant`` plus functions of few variables plus factors of opaque parts.

    The functions are those of the decomposition anchored at the first point of the grid: one that reads
    several variables is 0 where any of them is at its least value, so that there is one form for each sum.

    Attributes:
        constant: a number.
        tables: for sorted variables, a function's values over the grid of their ranges.
        opaque: for the key of an opaque part, its factor, its least and its largest value.
        low: a number that no value lies below.
        high: a number that no value lies above.
    """

    constant: int
    tables: dict[tuple[int, ...], IntArray]
    opaque: dict[Key, tuple[int, int, int]]
    low: int
    high: int

    def key(self) -> Key:
        """Return what equal forms have in common."""
        digest = sha256(
            repr((self.constant, sorted((repr(k), f) for k, (f, *_) in self.opaque.items()))).encode()
        )
        for support in sorted(self.tables):
            digest.update(repr(support).encode() + self.tables[support].tobytes())
        return ("form", digest.hexdigest())


class AdditiveForms:
    """Forms of the terms of a pool."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._forms: dict[int, AdditiveForm] = {}

    def form(self, root: int) -> AdditiveForm:
        """Return a term's form.

        Raises:
            OverflowError: a number needs more than 62 bits.
        """
        for a in self._terms.cone([root]):
            if a not in self._forms:
                self._forms[a] = self._of(a)
        return self._forms[root]

    def _of(self, a: int) -> AdditiveForm:
        term = self._terms[a]
        variables = tuple(self._terms.variables([a]))
        if size_of(self._terms, variables) <= MAX_LOCAL:
            return self._tabulated(a, variables)
        match term.kind:
            case TermKind.SUM:
                return self._sum(term)
            case TermKind.WRAP:
                inner = self._forms[term.args[0]]
                if term.low <= inner.low and inner.high <= term.high:
                    return inner
            case TermKind.SHIFT:
                return self._shifted(term)
        parts = tuple(self._forms[b].key() for b in term.args)
        data = term.data if term.kind is TermKind.VARIABLE else (term.data, parts)
        return _opaque((term.kind, data), term.low, term.high)

    def _tabulated(self, a: int, variables: tuple[int, ...]) -> AdditiveForm:
        sizes = [size_of(self._terms, [v]) for v in variables]
        values = np.broadcast_to(
            self._terms.evaluate([a], grid_of(self._terms, variables))[0], (prod(sizes),)
        )
        tables = {}
        cube = values.reshape(sizes).astype(np.int64)
        for kept in product((False, True), repeat=len(variables)):
            # Differences from the anchor along the variables that are kept, the anchor along all others.
            part = cube
            for axis, keep in enumerate(kept):
                first = part.take([0], axis=axis)
                part = part - first if keep else first
            if part.any():
                tables[tuple(v for v, keep in zip(variables, kept, strict=True) if keep)] = part.ravel()
        constant = int(tables.pop((), np.zeros(1, dtype=np.int64))[0])
        return AdditiveForm(constant, tables, {}, int(cube.min()), int(cube.max()))

    def _sum(self, term: LogicTerm) -> AdditiveForm:
        constant = low = high = int(term.data[0])  # type: ignore[call-overload]
        tables: dict[tuple[int, ...], IntArray] = {}
        opaque: dict[Key, tuple[int, int, int]] = {}
        for raw, b in zip(term.data[1:], term.args, strict=True):
            factor, form = int(raw), self._forms[b]  # type: ignore[call-overload]
            constant += factor * form.constant
            ends = sorted((factor * form.low, factor * form.high))
            low, high = low + ends[0], high + ends[1]
            for support, values in form.tables.items():
                if factor.bit_length() + int(np.abs(values).max()).bit_length() > _MOST_BITS:
                    raise OverflowError("a function times its factor has more than 60 bits")
                more = factor * values
                tables[support] = tables[support] + more if support in tables else more
            for key, (f, least, most) in form.opaque.items():
                opaque[key] = (factor * f + opaque.get(key, (0, 0, 0))[0], least, most)
        tables = {s: t for s, t in tables.items() if t.any()}
        opaque = {k: v for k, v in opaque.items() if v[0]}
        least = constant + sum(int(t.min()) for t in tables.values())
        most = constant + sum(int(t.max()) for t in tables.values())
        for f, first, last in opaque.values():
            least, most = least + min(f * first, f * last), most + max(f * first, f * last)
        return AdditiveForm(constant, tables, opaque, max(low, least, term.low), min(high, most, term.high))

    def _shifted(self, term: LogicTerm) -> AdditiveForm:
        inner, bits = self._forms[term.args[0]], int(term.data[0])  # type: ignore[call-overload]
        # Whole steps pass through a floor: only the rest is part of the opaque part's name.
        whole, rest = inner.constant >> bits, inner.constant % (1 << bits)
        named = AdditiveForm(rest, inner.tables, inner.opaque, 0, 0).key()
        low, high = (inner.low >> bits) - whole, (inner.high >> bits) - whole
        return replace(
            _opaque((TermKind.SHIFT, bits, named), low, high),
            constant=whole,
            low=low + whole,
            high=high + whole,
        )


def _opaque(key: Key, low: int, high: int) -> AdditiveForm:
    return AdditiveForm(0, {}, {key: (1, low, high)}, low, high)
