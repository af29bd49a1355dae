"""And-inverter graphs, the form that every side of a proof is brought into, and words of their literals.

A literal is twice a node's number, plus one where it is inverted; node 0 is false. Equal gates are written
once. A word is a list of literals, the lowest bit first, read as a two's-complement number.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Word = list[int]
FALSE, TRUE = 0, 1


class Aig:
    """A graph that grows; variables are the nodes that read nothing."""

    def __init__(self) -> None:
        self.left: list[int] = [0]
        self.right: list[int] = [0]
        self.variables: dict[object, int] = {}
        self._seen: dict[tuple[int, int], int] = {}

    def variable(self, key: object) -> int:
        """Return the literal of a variable, a new one for a new key."""
        if key not in self.variables:
            self.variables[key] = self._node(-1, -1)
        return self.variables[key]

    def both(self, a: int, b: int) -> int:
        """Return a and b."""
        if a > b:
            a, b = b, a
        if a == FALSE or a == b ^ 1:
            return FALSE
        if a in (TRUE, b):
            return b
        if (a, b) not in self._seen:
            self._seen[a, b] = self._node(a, b)
        return self._seen[a, b]

    def either(self, a: int, b: int) -> int:
        """Return a or b."""
        return self.both(a ^ 1, b ^ 1) ^ 1

    def differ(self, a: int, b: int) -> int:
        """Return a xor b."""
        return self.either(self.both(a, b ^ 1), self.both(a ^ 1, b))

    def choose(self, key: int, a: int, b: int) -> int:
        """Return a where the key holds, else b."""
        if a == b:
            return a
        return self.either(self.both(key, a), self.both(key ^ 1, b))

    def any(self, literals: Iterable[int]) -> int:
        """Return whether any literal holds."""
        found = FALSE
        for literal in literals:
            found = self.either(found, literal)
        return found

    def _node(self, left: int, right: int) -> int:
        self.left.append(left)
        self.right.append(right)
        return 2 * (len(self.left) - 1)

    def cone(self, literals: Iterable[int]) -> list[int]:
        """Return the nodes that literals depend on, each after what it reads."""
        seen: set[int] = {0}
        order: list[int] = []
        stack = [literal >> 1 for literal in literals]
        while stack:
            node = stack[-1]
            if node in seen:
                stack.pop()
                continue
            fanins = [] if self.left[node] < 0 else [self.left[node] >> 1, self.right[node] >> 1]
            waiting = [n for n in fanins if n not in seen]
            if waiting:
                stack += waiting
            else:
                seen.add(node)
                order.append(node)
                stack.pop()
        return order

    def simulate(
        self, literals: Sequence[int], values: Mapping[int, NDArray[np.uint64]]
    ) -> list[NDArray[np.uint64]]:
        """Return the literals' values for those of the variables, shape (words,), 64 samples a word."""
        zero = np.zeros_like(next(iter(values.values())))
        known: dict[int, NDArray[np.uint64]] = {0: zero}
        for node in self.cone(literals):
            if self.left[node] < 0:
                known[node] = values[node]
            else:
                a, b = self.left[node], self.right[node]
                x = ~known[a >> 1] if a & 1 else known[a >> 1]
                y = ~known[b >> 1] if b & 1 else known[b >> 1]
                known[node] = x & y
        return [~known[k >> 1] if k & 1 else known[k >> 1] for k in literals]

    def aiger(self, variables: Sequence[int], outputs: Sequence[int]) -> bytes:
        """Return the outputs as functions of the variables in the binary AIGER format.

        Source: A. Biere, "The AIGER And-Inverter Graph (AIG) Format", version 20071012.
        """
        number = {0: 0}
        for literal in variables:
            number[literal >> 1] = len(number)
        gates = [n for n in self.cone(outputs) if self.left[n] >= 0]
        for node in gates:
            number[node] = len(number)

        def renamed(literal: int) -> int:
            return 2 * number[literal >> 1] + (literal & 1)

        n = len(number) - 1
        head = f"aig {n} {len(variables)} 0 {len(outputs)} {len(gates)}\n"
        text = bytearray((head + "".join(f"{renamed(k)}\n" for k in outputs)).encode())
        for node in gates:
            here = 2 * number[node]
            low, high = sorted((renamed(self.left[node]), renamed(self.right[node])))
            for delta in (here - high, high - low):
                while delta > 127:
                    text.append(delta & 127 | 128)
                    delta >>= 7
                text.append(delta)
        return bytes(text)


def constant(value: int, width: int) -> Word:
    """Return a number as a word."""
    return [(value >> k) & 1 for k in range(width)]


def extended(word: Word, width: int) -> Word:
    """Return a word with copies of its sign, or without its highest bits."""
    return (word + [word[-1]] * (width - len(word)))[:width]


def added(aig: Aig, a: Word, b: Word, carry: int = FALSE) -> Word:
    """Return a + b + carry of two words of one width, modulo that width."""
    total = []
    for x, y in zip(a, b, strict=True):
        half = aig.differ(x, y)
        total.append(aig.differ(half, carry))
        carry = aig.either(aig.both(x, y), aig.both(half, carry))
    return total


def subtracted(aig: Aig, a: Word, b: Word) -> Word:
    """Return a - b of two words of one width, modulo that width."""
    return added(aig, a, [k ^ 1 for k in b], TRUE)


def negated(aig: Aig, a: Word) -> Word:
    """Return -a, modulo the width."""
    return subtracted(aig, [FALSE] * len(a), a)


def multiplied(aig: Aig, a: Word, b: Word, width: int) -> Word:
    """Return a · b modulo a width, row by row."""
    a = extended(a, width)
    total = [FALSE] * width
    for k, bit in enumerate(b[:width]):
        row = [FALSE] * k + [aig.both(bit, x) for x in a[: width - k]]
        # The highest bit of a two's-complement number has a negative weight.
        total = subtracted(aig, total, row) if k == len(b) - 1 else added(aig, total, row)
    return total


def less(aig: Aig, a: Word, b: Word) -> int:
    """Return whether a < b."""
    width = max(len(a), len(b)) + 1
    return subtracted(aig, extended(a, width), extended(b, width))[-1]


def chosen(aig: Aig, key: int, a: Word, b: Word) -> Word:
    """Return a where the key holds, else b; as wide as the wider one."""
    width = max(len(a), len(b))
    return [aig.choose(key, x, y) for x, y in zip(extended(a, width), extended(b, width), strict=True)]


def looked_up(aig: Aig, address: Word, values: Sequence[int], width: int) -> Word:
    """Return ``values[address]``, bit by bit as a tree of choices over the address, its highest bit first."""
    word = []
    for k in range(width):
        level = [(v >> k) & 1 for v in values]
        for bit in address:
            level = [aig.choose(bit, y, x) for x, y in zip(level[::2], level[1::2], strict=True)]
        word.append(level[0])
    return word
