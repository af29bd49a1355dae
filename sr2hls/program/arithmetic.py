"""Nodes that have an exact rule, as operations on whole values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from sr2hls.errors import LoweringError
from sr2hls.program.builder import Builder
from sr2hls.program.graph import Graph
from sr2hls.program.node import Node, NodeKind
from sr2hls.program.ops import Mul, Predicate
from sr2hls.program.segment_writer import rounded, rounded_product
from sr2hls.program.tabulation import Tabulation
from sr2hls.program.types import BIT, Overflow, Rounding, narrowest

DECISIONS = (sp.floor, sp.ceiling, sp.sign, sp.Heaviside)
"""Functions with steps: their value changes at once where their argument passes a number."""
POWERS = (2.0, 3.0, 4.0)
"""Exponents that are at most two products."""
_WORTH_SATURATING = 3
"""Bits that a product must lose for the comparators of a saturation to pay."""


def is_arithmetic(node: Node) -> bool:
    """Return whether an exact rule computes a node from its arguments' values."""
    if node.kind is NodeKind.POWER:
        return node.value in POWERS
    return node.kind is not NodeKind.UNARY or node.function in DECISIONS


@dataclass(frozen=True, slots=True)
class ArithmeticWriter:
    """Writes single nodes.

    Attributes:
        build: where they are written.
        graph: the formulas.
        fracs: fractional bits of each node.
        tabulation: names and ranges of nodes.
        rounding: fractional bits to which arguments of decisions are rounded, where they are not exact: what
            is a hair below a bound because a constant was rounded is then on it.
    """

    build: Builder
    graph: Graph
    fracs: Mapping[int, int]
    tabulation: Tabulation
    rounding: Mapping[int, int]

    def write(self, position: int, args: Sequence[int]) -> int:
        """Return the value of a node for its arguments' values.

        Raises:
            LoweringError: the node has no rule.
        """
        node, build = self.graph.nodes[position], self.build
        origin = self.tabulation.origin(position)
        match node.kind:
            case NodeKind.MUL:
                return self._product(position, args[0], args[1])
            case NodeKind.POWER if node.value in POWERS:
                return self._power(position, args[0], node.value)
            case NodeKind.ABS:
                return build.abs(args[0], origin=origin)
            case NodeKind.MIN:
                return build.min(args[0], args[1], origin=origin)
            case NodeKind.MAX:
                return build.max(args[0], args[1], origin=origin)
            case NodeKind.COMPARE:
                assert node.predicate is not None
                a, b = (self._decided(n, v) for n, v in zip(node.args, args, strict=True))
                return build.compare(node.predicate, a, b, origin)
            case NodeKind.SELECT:
                return build.select(args[0], args[1], args[2], origin=origin)
            case NodeKind.UNARY if node.function in DECISIONS:
                return self._step(node, self._decided(node.args[0], args[0]), origin)
            case _:
                raise LoweringError(
                    f"'{self.tabulation.shown(position)}' ({node.kind.value}) cannot be computed on "
                    "wide values"
                )

    def _decided(self, node: int, value: int) -> int:
        if node not in self.rounding:
            return value
        return rounded(self.build, value, self.rounding[node], self.tabulation.origin(node))

    def _step(self, node: Node, value: int, origin: str) -> int:
        build = self.build
        if node.function is sp.floor:
            return self._floor(value, origin)
        if node.function is sp.ceiling:
            return build.neg(self._floor(build.neg(value, origin=origin), origin), origin=origin)
        zero, one = build.constant(0, 0, origin=origin), build.constant(1, 0, origin=origin)
        below, middle = build.neg(one, origin=origin), zero
        if node.function is sp.Heaviside:
            below, middle = zero, build.constant(1, 1, origin=origin)
        positive = build.compare(Predicate.GT, value, zero, origin)
        negative = build.compare(Predicate.LT, value, zero, origin)
        return build.select(
            negative, below, build.select(positive, one, middle, origin=origin), origin=origin
        )

    def _floor(self, value: int, origin: str) -> int:
        held = self.build.range(value)
        if held.frac <= 0:
            return value
        return self.build.cast(value, narrowest(held.low >> held.frac, held.high >> held.frac, 0), origin)

    def _power(self, position: int, value: int, exponent: float) -> int:
        if exponent == 2.0:
            return self._product(position, value, value)
        held = self.build.range(value)
        integer_bits = max(0, held.bits - held.frac)
        guarded = self.fracs[position] + int(exponent - 2) * integer_bits + 2
        square = rounded_product(self.build, value, value, guarded, self.tabulation.origin(position))
        return self._product(position, square, value if exponent == 3.0 else square)

    def _product(self, position: int, a: int, b: int) -> int:
        """Write a product without the low bits that the error budget does not need."""
        origin, frac = self.tabulation.origin(position), self.fracs[position]
        exact = self.build.exact(Mul(args=(a, b), type=BIT))
        drop = exact.frac - frac
        if drop <= 0:
            return self.build.mul(a, b, origin=origin)
        half = 1 << (drop - 1)
        type_ = narrowest((exact.low + half) >> drop, (exact.high + half) >> drop, frac)
        low, high = (math.floor(bound * 2.0**frac) for bound in self.tabulation.seen_range(position))
        seen = narrowest(max(low, type_.raw_min), min(high, type_.raw_max), frac)
        saturate = type_.width - seen.width >= _WORTH_SATURATING
        type_ = (seen if saturate else type_).with_modes(
            Rounding.RND, Overflow.SAT if saturate else Overflow.WRAP
        )
        return self.build.mul(a, b, type_, origin)
