"""Polynomials: products written as rows of partial products are products again.

A bit of a number is a difference of two of its shifts, (b >> k) - 2 · (b >> k+1), and a choice between two
numbers is one of them plus the bit times their difference. Rows that bits of a factor choose then add up to
the product of both factors, whatever their widths and whatever order the adders stand in: what a solver that
sees bits does not find for wide products.
"""

from dataclasses import dataclass
from math import gcd

from sr2hls.prove.logic_terms import LogicTerm, TermKind, Terms

_MOST_MONOMIALS, _MOST_FACTORS = 4000, 4
Monomial = tuple[int, ...]
Key = tuple[object, ...]


class TooLargeError(Exception):
    """A polynomial that is not worked out."""


@dataclass(frozen=True)
class Polynomial:
    """A sum of products of atoms.

    Attributes:
        parts: the factor of each product of atoms; a constant is that of none.
        low: a number that no value lies below.
        high: a number that no value lies above.
    """

    parts: dict[Monomial, int]
    low: int
    high: int

    def key(self) -> Key:
        """Return what equal polynomials have in common."""
        return tuple(sorted(self.parts.items()))


class Polynomials:
    """Polynomials of the terms of a pool."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._known: dict[int, Polynomial] = {}
        self._atoms: dict[Key, int] = {}
        self._ranges: list[tuple[int, int]] = []
        self._floors: dict[int, tuple[dict[Monomial, int], int]] = {}

    def polynomial(self, root: int) -> Polynomial:
        """Return a term's polynomial."""
        for a in self._terms.cone([root]):
            if a not in self._known:
                self._known[a] = self._of(a, self._terms[a])
        return self._known[root]

    def _of(self, a: int, term: LogicTerm) -> Polynomial:
        args = [self._known[b] for b in term.args]
        try:
            found = self._apply(term, args)
        except TooLargeError:
            found = self._atom(("term", a), term.low, term.high)
        low, high = max(found.low, term.low), min(found.high, term.high)
        return Polynomial({(): low}, low, high) if low == high else Polynomial(found.parts, low, high)

    def _apply(self, term: LogicTerm, args: list[Polynomial]) -> Polynomial:
        match term.kind:
            case TermKind.SUM:
                offset, *factors = (int(f) for f in term.data)  # type: ignore[call-overload]
                return self._sum(list(zip(factors, args, strict=True)), offset)
            case TermKind.SHIFT:
                return self._shifted(args[0], int(term.data[0]))  # type: ignore[call-overload]
            case TermKind.WRAP:
                return self._wrapped(term, args[0])
            case TermKind.PRODUCT:
                return self._product(args[0], args[1])
            case TermKind.MAGNITUDE:
                below = self._below_zero(args[0].parts)
                return self._sum([(1, args[0]), (-2, self._product(below, args[0]))])
            case TermKind.LESS:
                return self._below_zero(self._sum([(1, args[0]), (-1, args[1])]).parts)
            case TermKind.CHOICE:
                more = self._product(self._is_set(args[0]), self._sum([(1, args[1]), (-1, args[2])]))
                return self._sum([(1, args[2]), (1, more)])
            case TermKind.AND | TermKind.OR | TermKind.XOR if all(p.low >= 0 and p.high <= 1 for p in args):
                both = {TermKind.AND: 1, TermKind.OR: -1, TermKind.XOR: -2}[term.kind]
                alone = [] if term.kind is TermKind.AND else [(1, p) for p in args]
                return self._sum([*alone, (both, self._product(args[0], args[1]))])
        data = term.data if term.kind is TermKind.VARIABLE else (term.data, tuple(p.key() for p in args))
        return self._atom((term.kind, data), term.low, term.high)

    def _atom(self, key: Key, low: int, high: int) -> Polynomial:
        """Return an opaque part by what it is; a number where it has one value only."""
        if low == high:
            return Polynomial({(): low}, low, high)
        if key not in self._atoms:
            self._atoms[key] = len(self._ranges)
            self._ranges.append((low, high))
        number = self._atoms[key]
        least, most = self._ranges[number]
        self._ranges[number] = (max(low, least), min(high, most))
        return Polynomial({(number,): 1}, *self._ranges[number])

    def _sum(self, addends: list[tuple[int, Polynomial]], offset: int = 0) -> Polynomial:
        parts: dict[Monomial, int] = {(): offset}
        low = high = offset
        for factor, p in addends:
            ends = sorted((factor * p.low, factor * p.high))
            low, high = low + ends[0], high + ends[1]
            for monomial, f in p.parts.items():
                parts[monomial] = parts.get(monomial, 0) + factor * f
        return self._made(parts, low, high)

    def _product(self, a: Polynomial, b: Polynomial) -> Polynomial:
        if len(a.parts) * len(b.parts) > _MOST_MONOMIALS:
            raise TooLargeError
        parts: dict[Monomial, int] = {}
        for m, f in a.parts.items():
            for n, g in b.parts.items():
                both = tuple(sorted((*m, *n)))
                # A bit times itself is the bit.
                kept = tuple(
                    k for i, k in enumerate(both) if i == 0 or k != both[i - 1] or self._ranges[k] != (0, 1)
                )
                if len(kept) > _MOST_FACTORS:
                    raise TooLargeError
                parts[kept] = parts.get(kept, 0) + f * g
        corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        return self._made(parts, min(corners), max(corners))

    def _made(self, parts: dict[Monomial, int], low: int, high: int) -> Polynomial:
        """Return a polynomial with the narrower of two ranges: the given one, and that of its products."""
        kept = {m: f for m, f in parts.items() if f}
        if len(kept) > _MOST_MONOMIALS:
            raise TooLargeError
        least, most = self._range(kept)
        return Polynomial(kept, max(low, least), min(high, most))

    def _range(self, parts: dict[Monomial, int]) -> tuple[int, int]:
        low = high = 0
        for monomial, f in parts.items():
            ends = (f, f)
            for k in monomial:
                corners = [x * y for x in ends for y in self._ranges[k]]
                ends = (min(corners), max(corners))
            low, high = low + min(ends), high + max(ends)
        return low, high

    def _shifted(self, p: Polynomial, bits: int) -> Polynomial:
        """Return the floor of p · 2^-bits: what is divisible passes through, the rest is an atom."""
        if bits == 0:
            return p
        unit = 1 << bits
        whole = {m: f // unit for m, f in p.parts.items() if m == () or f % unit == 0}
        rest = {m: f % unit if m == () else f for m, f in p.parts.items() if m == () or f % unit}
        rest = {m: f for m, f in rest.items() if f}
        least, most = self._range(rest)
        if not any(whole.values()):
            least, most = max(least, p.low), min(most, p.high)
        below = self._floor(rest, bits, least >> bits, most >> bits)
        total = dict(below.parts)
        for m, f in whole.items():
            total[m] = total.get(m, 0) + f
        return self._made(total, p.low >> bits, p.high >> bits)

    def _floor(self, rest: dict[Monomial, int], bits: int, low: int, high: int) -> Polynomial:
        """Return the floor of a remainder; that of a floor is one of more bits."""
        factors = list(rest.values())
        common = min(((f & -f).bit_length() - 1 for f in factors), default=0)
        if common:
            rest, bits = {m: f >> common for m, f in rest.items()}, bits - common
        if len(rest) == 1:
            ((monomial, factor),) = rest.items()
            inner = self._floors.get(monomial[0]) if len(monomial) == 1 and factor == 1 else None
            if inner is not None:
                rest, bits = inner[0], inner[1] + bits
        if high - low == 1:
            # One of two values: which one is whether the remainder is below the upper one.
            moved = dict(rest)
            moved[()] = moved.get((), 0) - (high << bits)
            return self._sum([(-1, self._below_zero(moved))], high)
        key = (TermKind.SHIFT, bits, tuple(sorted(rest.items())))
        found = self._atom(key, low, high)
        if key in self._atoms:
            self._floors[self._atoms[key]] = (rest, bits)
        return found

    def _below_zero(self, parts: dict[Monomial, int]) -> Polynomial:
        """Return 1 where a sum of products is negative; one form for x < 0 and for not (-x - 1 < 0)."""
        parts = {m: f for m, f in parts.items() if f}
        low, high = self._range(parts)
        if low >= 0 or high < 0:
            return Polynomial({(): int(high < 0)}, int(high < 0), int(high < 0))
        constant = parts.pop((), 0)
        if parts[min(parts)] < 0:
            opposite = {m: -f for m, f in parts.items()} | {(): -constant - 1}
            return self._sum([(-1, self._below_zero(opposite))], 1)
        divisor = gcd(*parts.values())
        parts = {m: f // divisor for m, f in parts.items()}
        constant //= divisor
        monomial = min(parts)
        bit = len(parts) == 1 and len(monomial) == 1 and self._ranges[monomial[0]] == (0, 1)
        if bit and constant == -1:
            return self._sum([(-1, Polynomial(parts, 0, 1))], 1)
        return self._atom(("below", constant, tuple(sorted(parts.items()))), 0, 1)

    def _wrapped(self, term: LogicTerm, p: Polynomial) -> Polynomial:
        if term.low <= p.low and p.high <= term.high:
            return p
        bits = int(term.data[1])  # type: ignore[call-overload]
        above = self._shifted(self._sum([(1, p)], -term.low), bits)
        return self._sum([(1, p), (-(1 << bits), above)])

    def _is_set(self, p: Polynomial) -> Polynomial:
        if p.low >= 0 and p.high <= 1:
            return p
        if p.low >= 0:
            return self._sum([(-1, self._below_zero(self._sum([(1, p)], -1).parts))], 1)
        return self._atom(("not 0", p.key()), 0, 1)
