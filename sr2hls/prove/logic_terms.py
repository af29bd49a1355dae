"""Terms over whole numbers: one form for programs and for the logic that they become.

Numbers are unbounded, so that a term means what it says; what a circuit does with bits is said by
`shift_right` and `wrap`. Every term carries an interval that holds its values; equal terms are written once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sr2hls.arrays import IntArray


class TermKind(StrEnum):
    """What a term does with its arguments."""

    VARIABLE = "variable"
    SUM = "sum"
    """data = (constant, a factor for each argument)."""
    SHIFT = "shift"
    """Floor of a · 2^-data[0]."""
    WRAP = "wrap"
    """The lowest data[1] bits, as a two's-complement number where data[0]."""
    PRODUCT = "product"
    MAGNITUDE = "magnitude"
    LESS = "less"
    """1 where a < b."""
    CHOICE = "choice"
    """b where a is not 0, else c."""
    TABLE = "table"
    """data[0][a]; 0 <= a < its length."""
    AND = "and"
    OR = "or"
    XOR = "xor"


@dataclass(frozen=True, slots=True)
class LogicTerm:
    """One term; ``low <= value <= high``."""

    kind: TermKind
    args: tuple[int, ...]
    data: tuple[object, ...]
    low: int
    high: int

    @property
    def width(self) -> int:
        """Bits of a two's-complement number that holds every value."""
        return (
            max(
                self.high.bit_length() if self.high > 0 else 0,
                (-self.low - 1).bit_length() if self.low < 0 else 0,
            )
            + 1
        )


class Terms:
    """A pool of terms; a term is its number."""

    def __init__(self) -> None:
        self.all: list[LogicTerm] = []
        self._seen: dict[tuple[object, ...], int] = {}

    def __getitem__(self, number: int) -> LogicTerm:
        return self.all[number]

    def variable(self, key: object, low: int, high: int) -> int:
        """Return a variable by its key."""
        return self.constant(low) if low == high else self._make(TermKind.VARIABLE, (), (key,), low, high)

    def constant(self, value: int) -> int:
        """Return a number."""
        return self._make(TermKind.SUM, (), (value,), value, value)

    def value(self, a: int) -> int | None:
        """Return the only value of a term, None where it has several."""
        term = self.all[a]
        return term.low if term.low == term.high else None

    def total(self, parts: Iterable[tuple[int, int]], offset: int = 0) -> int:
        """Return the sum of factor · term and an offset; sums of sums become one."""
        factors: dict[int, int] = {}
        for factor, a in parts:
            term = self.all[a]
            if term.kind is TermKind.SUM:
                offset += factor * int(term.data[0])  # type: ignore[call-overload]
                inner = zip(term.data[1:], term.args, strict=True)
            else:
                inner = zip((1,), (a,), strict=True)
            for f, b in inner:
                factors[b] = factors.get(b, 0) + factor * int(f)  # type: ignore[call-overload]
        kept = sorted((a, f) for a, f in factors.items() if f)
        if len(kept) == 1 and kept[0][1] == 1 and offset == 0:
            return kept[0][0]
        ends = [sorted((f * self.all[a].low, f * self.all[a].high)) for a, f in kept]
        low, high = offset + sum(e[0] for e in ends), offset + sum(e[1] for e in ends)
        return self._make(TermKind.SUM, tuple(a for a, _ in kept), (offset, *(f for _, f in kept)), low, high)

    def scaled(self, a: int, factor: int) -> int:
        """Return factor · a."""
        return self.total([(factor, a)])

    def shift_right(self, a: int, bits: int) -> int:
        """Return the floor of a · 2^-bits."""
        if bits <= 0:
            return self.scaled(a, 1 << -bits)
        term = self.all[a]
        if self._is_multiple(a, 1 << bits):
            parts = zip(term.data[1:], term.args, strict=True)
            return self.total([(int(f) >> bits, b) for f, b in parts], int(term.data[0]) >> bits)  # type: ignore[call-overload]
        return self._reduced(TermKind.SHIFT, (a,), (bits,), term.low >> bits, term.high >> bits)

    def _is_multiple(self, a: int, unit: int) -> bool:
        term = self.all[a]
        return term.kind is TermKind.SUM and all(int(f) % unit == 0 for f in term.data)  # type: ignore[call-overload]

    def wrap(self, a: int, signed: bool, width: int) -> int:
        """Return the lowest bits of a."""
        low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
        term = self.all[a]
        if low <= term.low and term.high <= high:
            return a
        value = self.value(a)
        if value is not None:
            return self.constant((value - low) % (1 << width) + low)
        return self._make(TermKind.WRAP, (a,), (signed, width), low, high)

    def product(self, a: int, b: int) -> int:
        """Return a · b."""
        for x, y in ((a, b), (b, a)):
            value = self.value(x)
            if value is not None:
                return self.scaled(y, value)
        left, right = self.all[a], self.all[b]
        corners = [p * q for p in (left.low, left.high) for q in (right.low, right.high)]
        low = max(0, min(corners)) if a == b else min(corners)
        return self._make(TermKind.PRODUCT, tuple(sorted((a, b))), (), low, max(corners))

    def magnitude(self, a: int) -> int:
        """Return the absolute value of a."""
        term = self.all[a]
        if term.low >= 0 or term.high <= 0:
            return self.scaled(a, 1 if term.low >= 0 else -1)
        return self._make(TermKind.MAGNITUDE, (a,), (), 0, max(-term.low, term.high))

    def less(self, a: int, b: int) -> int:
        """Return 1 where a < b, else 0."""
        x, y = self.all[a], self.all[b]
        low, high = int(x.high < y.low), int(x.low < y.high)
        return self.constant(low) if low == high else self._make(TermKind.LESS, (a, b), (), low, high)

    def invert(self, a: int) -> int:
        """Return 1 - a."""
        return self.total([(-1, a)], 1)

    def differ(self, a: int, b: int) -> int:
        """Return 1 where a and b differ, else 0."""
        return self.choice(self.total([(1, a), (-1, b)]), self.constant(1), self.constant(0))

    def choice(self, key: int, a: int, b: int) -> int:
        """Return a where the key is not 0, else b."""
        k = self.all[key]
        if a == b or k.low > 0 or k.high < 0:
            return a
        if k.low == k.high:
            return b
        if (k.low, k.high) == (0, 1) and (self.value(a), self.value(b)) == (1, 0):
            return key
        x, y = self.all[a], self.all[b]
        return self._reduced(TermKind.CHOICE, (key, a, b), (), min(x.low, y.low), max(x.high, y.high))

    def table(self, a: int, values: Sequence[int]) -> int:
        """Return values[a], a modulo the length, which is a power of 2."""
        a = self.wrap(a, False, (len(values) - 1).bit_length()) if len(values) > 1 else self.constant(0)
        term = self.all[a]
        possible = values[term.low : term.high + 1]
        return self._reduced(TermKind.TABLE, (a,), (tuple(values),), min(possible), max(possible))

    def bitwise(self, kind: TermKind, a: int, b: int) -> int:
        """Return the two's-complement and, or, xor of two numbers; a sum where they share no bits."""
        for x, y in ((a, b), (b, a)):
            unit = 1 << self.all[x].high.bit_length()
            if kind is not TermKind.AND and self.all[x].low >= 0 and self._is_multiple(y, unit):
                return self.total([(1, a), (1, b)])
        width = max(self.all[a].width, self.all[b].width)
        signed = min(self.all[a].low, self.all[b].low) < 0
        low, high = (-(1 << (width - 1)) if signed else 0), (1 << (width - 1)) - 1
        return self._reduced(kind, tuple(sorted((a, b))), (), low, high)

    def _reduced(
        self, kind: TermKind, args: tuple[int, ...], data: tuple[object, ...], low: int, high: int
    ) -> int:
        """Return a term, or the number that it always is."""
        return self.constant(low) if low == high else self._make(kind, args, data, low, high)

    def _make(
        self, kind: TermKind, args: tuple[int, ...], data: tuple[object, ...], low: int, high: int
    ) -> int:
        key = (kind, args, data)
        if key not in self._seen:
            self._seen[key] = len(self.all)
            self.all.append(LogicTerm(kind, args, data, low, high))
        return self._seen[key]

    def cone(self, roots: Iterable[int]) -> list[int]:
        """Return what terms depend on, each after its arguments, which have lower numbers."""
        seen: set[int] = set()
        stack = list(roots)
        while stack:
            a = stack.pop()
            if a not in seen:
                seen.add(a)
                stack += self.all[a].args
        return sorted(seen)

    def variables(self, roots: Iterable[int]) -> list[int]:
        """Return the variables that terms depend on."""
        return [a for a in self.cone(roots) if self.all[a].kind is TermKind.VARIABLE]

    def substituted(self, root: int, values: Mapping[int, int]) -> int:
        """Return a term with other terms in the place of some of its variables."""
        done: dict[int, int] = dict(values)
        for a in self.cone([root]):
            if a not in done:
                term = self.all[a]
                done[a] = (
                    a
                    if all(done[b] == b for b in term.args)
                    else self._again(term, [done[b] for b in term.args])
                )
        return done[root]

    def _again(self, term: LogicTerm, args: list[int]) -> int:
        """Return a term of the same kind over other arguments."""
        match term.kind:
            case TermKind.SUM:
                offset, *factors = (int(f) for f in term.data)  # type: ignore[call-overload]
                return self.total(zip(factors, args, strict=True), offset)
            case TermKind.SHIFT:
                return self.shift_right(args[0], int(term.data[0]))  # type: ignore[call-overload]
            case TermKind.WRAP:
                return self.wrap(args[0], bool(term.data[0]), int(term.data[1]))  # type: ignore[call-overload]
            case TermKind.PRODUCT:
                return self.product(args[0], args[1])
            case TermKind.MAGNITUDE:
                return self.magnitude(args[0])
            case TermKind.LESS:
                return self.less(args[0], args[1])
            case TermKind.CHOICE:
                return self.choice(*args)
            case TermKind.TABLE:
                return self.table(args[0], term.data[0])  # type: ignore[arg-type]
            case _:
                return self.bitwise(term.kind, args[0], args[1])

    def evaluate(self, roots: Sequence[int], values: Mapping[int, IntArray]) -> list[IntArray]:
        """Return the values of terms for values of the variables, all of shape (samples,).

        Raises:
            OverflowError: a number may need more than 62 bits.
        """
        known: dict[int, IntArray] = dict(values)
        for a in self.cone(roots):
            if a not in known:
                known[a] = _apply(self.all[a], [known[b] for b in self.all[a].args])
        return [known[a] for a in roots]


def _apply(term: LogicTerm, args: list[IntArray]) -> IntArray:
    if term.width > 62:
        raise OverflowError("a term has more than 62 bits")
    result: IntArray
    match term.kind:
        case TermKind.SUM:
            result = np.full((1,) * (args[0].ndim if args else 1), term.data[0], dtype=np.int64)
            for factor, x in zip(term.data[1:], args, strict=True):
                if abs(int(factor)).bit_length() > 61:  # type: ignore[call-overload]
                    raise OverflowError("a factor has more than 62 bits")
                result = result + factor * x  # type: ignore[operator]
        case TermKind.SHIFT:
            result = args[0] >> min(63, int(term.data[0]))  # type: ignore[call-overload]
        case TermKind.WRAP:
            result = (args[0] - term.low & (1 << int(term.data[1])) - 1) + term.low  # type: ignore[call-overload]
        case TermKind.PRODUCT:
            result = args[0] * args[1]
        case TermKind.MAGNITUDE:
            result = np.abs(args[0])
        case TermKind.LESS:
            result = (args[0] < args[1]).astype(np.int64)
        case TermKind.CHOICE:
            result = np.where(args[0] != 0, args[1], args[2])
        case TermKind.TABLE:
            result = np.asarray(term.data[0], dtype=np.int64)[args[0]]
        case TermKind.AND:
            result = args[0] & args[1]
        case TermKind.OR:
            result = args[0] | args[1]
        case _:
            result = args[0] ^ args[1]
    return result
