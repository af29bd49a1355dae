"""From the graph of formulas to the program, for a given resolution of each subexpression.

An *anchor* is a value that exists as bits in the circuit and stands for a node of the graph. A node that
depends on few enough bits of anchors stays unwritten: where it is needed it becomes one table of those bits,
whatever it computes. Everything else becomes arithmetic on anchors.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import sympy as sp

from sr2hls.errors import LoweringError
from sr2hls.program.builder import Builder
from sr2hls.program.exact import Interval
from sr2hls.program.functions import FloatArray
from sr2hls.program.graph import Graph, Kind, Node
from sr2hls.program.ops import MAX_TABLE_BITS, Mul
from sr2hls.program.packing import packed
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.types import BIT, FixedType, Overflow, Rounding, narrowest

_WIDE = 4.0
"""A table whose range is more than this many times the range with margin that data reach is saturated."""
_WORTH_SATURATING = 3
"""Bits that a product must lose for the comparators of a saturation to pay."""


@dataclass(frozen=True, slots=True)
class EmitOptions:
    """How formulas are written as operations.

    Attributes:
        table_bits: most index bits for which any function becomes a table (6 bits: one LUT6 an output bit).
        argument_bits: most bits of the argument of a function of a wide value; at least ``table_bits``.
        merge_bits: most index bits up to which terms of a sum over different values share a table.
    """

    table_bits: int = 8
    argument_bits: int = 9
    merge_bits: int = 6

    def __post_init__(self) -> None:
        if not 1 <= self.merge_bits <= self.table_bits <= self.argument_bits <= MAX_TABLE_BITS:
            raise LoweringError(
                f"merge_bits {self.merge_bits}, table_bits {self.table_bits} and argument_bits "
                f"{self.argument_bits} must not decrease in this order nor exceed {MAX_TABLE_BITS}"
            )


@dataclass(frozen=True, slots=True)
class Anchor:
    """A value of the circuit that stands for a node.

    Attributes:
        node: position of the node in the graph.
        value: position of the value in the program.
        offset: what to add to the value's number to get the node's: half a step where bits were dropped.
    """

    node: int
    value: int
    offset: float = 0.0


Basis = frozenset[Anchor]


@dataclass
class Memory:
    """What several emissions of one graph on the same data share, so that trials of precisions are quick.

    Attributes:
        origins: formula of each node as text.
        ranges: range of each node on data, with its margin.
        tables: real values of a node for every index of a table over anchors of given types, and the notes
            that came with them.
    """

    origins: dict[int, str] = field(default_factory=dict)
    ranges: dict[int, tuple[float, float]] = field(default_factory=dict)
    tables: dict[tuple[object, ...], tuple[FloatArray, tuple[str, ...]]] = field(default_factory=dict)


@dataclass
class Emitter:
    """Writes one graph as a program.

    Attributes:
        graph: the formulas.
        types: fixed-point types of the inputs.
        fracs: fractional bits of each node, where it is written.
        values: each node's values on data, shape (samples,): they give ranges where intervals are too wide.
        options: see `EmitOptions`.
        memory: shared with other emissions of the same graph on the same data.
        notes: what a user should know about the result.
    """

    graph: Graph
    types: Mapping[str, FixedType]
    fracs: Mapping[int, int]
    values: Mapping[int, FloatArray]
    options: EmitOptions = EmitOptions()
    memory: Memory = field(default_factory=Memory)
    notes: list[str] = field(default_factory=list)
    _builder: Builder = field(init=False)
    _basis: dict[int, Basis] = field(default_factory=dict)
    _whole: dict[int, Anchor] = field(default_factory=dict)
    _narrow: dict[int, Anchor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._builder = Builder(dict(self.types))

    def program(self) -> Program:
        """Return the program.

        Raises:
            LoweringError: a subexpression is undefined on data, or needs more bits than a program has.
        """
        for position, node in enumerate(self.graph.nodes):
            if node.kind is Kind.INPUT:
                self._anchor(position, self._builder[node.name])
            else:
                self._visit(position, node)
        outputs = {name: self._value(position) for name, position in self.graph.outputs.items()}
        return self._builder.program(outputs)

    def _visit(self, position: int, node: Node) -> None:
        basis = _union(self._basis[a] for a in node.args)
        if self._bits(basis) <= self.options.table_bits:
            self._basis[position] = basis
            return
        *others, last = node.args
        if node.kind in (Kind.UNARY, Kind.POWER) or (
            node.kind is Kind.MUL and not self._basis[others[0]] and last not in self._whole
        ):
            # A function of one value: as a table of at most argument_bits of it.
            self._basis[position] = self._narrowed(last) if last in self._whole else self._basis[last]
        elif node.kind is Kind.ADD:
            self._anchor(position, self._sum(position, node))
        else:
            args = [self._value(a) for a in node.args]
            basis = _union(self._basis[a] for a in node.args)
            if self._bits(basis) <= self.options.table_bits:
                self._basis[position] = basis
            else:
                self._anchor(position, self._arithmetic(position, node, args))

    def _anchor(self, position: int, value: int) -> None:
        self._whole[position] = Anchor(position, value)
        self._basis[position] = frozenset([self._whole[position]])

    def _bits(self, basis: Basis) -> int:
        return sum(self._builder.type(anchor.value).width for anchor in basis)

    def _origin(self, position: int) -> str:
        origins = self.memory.origins
        if position not in origins:
            origins[position] = str(sp.sstr(self.graph.nodes[position].expr))
        return origins[position]

    def _value(self, position: int) -> int:
        """Return the value that stands for a node; a node without one gets its table or constant here."""
        if position not in self._whole:
            basis = self._basis[position]
            value = self._table(basis, self._real_table(position, basis), self.fracs[position], position)
            self._anchor(position, value)
        return self._whole[position].value

    def _table(self, basis: Basis, real: FloatArray, frac: int, position: int, origin: str = "") -> int:
        origin = origin or self._origin(position)
        raws = _to_grid(real, frac, origin)
        type_ = narrowest(int(raws.min()), int(raws.max()), frac)
        if not basis:
            return self._builder.constant(int(raws[0]), frac, origin=origin)
        return self._builder.table([a.value for a in _ordered(basis)], raws, type_, origin)

    def _real_table(self, position: int, basis: Basis) -> FloatArray:
        """Return a node's real values for every index of a table over a basis."""
        anchors = _ordered(basis)
        types = [self._builder.type(a.value) for a in anchors]
        key = (position, *((a.node, a.offset, t) for a, t in zip(anchors, types, strict=True)))
        if key not in self.memory.tables:
            before, self.notes = self.notes, []
            table = self._evaluated(position, anchors, types)
            self.memory.tables[key] = table, tuple(self.notes)
            self.notes = before
        table, notes = self.memory.tables[key]
        for note in notes:
            self._note(note)
        return table

    def _evaluated(self, position: int, anchors: list[Anchor], types: list[FixedType]) -> FloatArray:
        size = 1 << sum(t.width for t in types)
        index = np.arange(size)
        known: dict[int, FloatArray] = {}
        sign_bits = used = 0
        for anchor, type_ in reversed(list(zip(anchors, types, strict=True))):
            raw = index & ((1 << type_.width) - 1)
            index = index >> type_.width
            if type_.signed:
                raw = np.where(raw >> (type_.width - 1) == 1, raw - (1 << type_.width), raw)
                sign_bits |= 1 << (used + type_.width - 1)
            used += type_.width
            known[anchor.node] = np.asarray(raw * type_.step + anchor.offset, dtype=np.float64)
        real = np.broadcast_to(self.graph.evaluate(position, known), (size,)).astype(np.float64)
        return self._bounded(position, self._defined(position, real, sign_bits))

    def _bounded(self, position: int, table: FloatArray) -> FloatArray:
        """Saturate entries far outside of what the node reaches on data: their bits would buy nothing."""
        low, high = self._seen_range(position)
        if np.ptp(table) <= _WIDE * (high - low):
            return table
        self._note(
            f"'{self._origin(position)}' saturates at {low:.4g} and {high:.4g}; on the data it stays within"
        )
        return np.clip(table, low, high)

    def _seen_range(self, position: int) -> tuple[float, float]:
        """Return the range on data with half of its width added on both sides."""
        ranges = self.memory.ranges
        if position not in ranges:
            seen = self.values[position]
            finite = seen[np.isfinite(seen)]
            if not finite.size:
                raise LoweringError(f"'{self._origin(position)}' is undefined or infinite on all data")
            margin = max(float(np.ptp(finite)) / 2, 1e-9 * float(np.abs(finite).max()))
            ranges[position] = float(finite.min()) - margin, float(finite.max()) + margin
        return ranges[position]

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _defined(self, position: int, table: FloatArray, sign_bits: int) -> FloatArray:
        """Replace entries where the formula is undefined by the nearest defined ones.

        Args:
            position: of the node, for messages.
            table: values, one for each index.
            sign_bits: the index bits that are signs of anchors.
        """
        bad = ~np.isfinite(table)
        if not bad.any():
            return table
        origin, seen = self._origin(position), self.values[position]
        if bad.all() or not np.isfinite(seen).any():
            raise LoweringError(
                f"'{origin}' is undefined or infinite on the data: protect it (with Abs, Max or a small "
                "constant in the denominator) or restrict its inputs"
            )
        self._note(
            f"'{origin}' is undefined for {int(bad.sum())} of {len(table)} table entries; "
            "they repeat the nearest entry"
        )
        # In the order of the values, not of the index: negative numbers have the high indices.
        order = np.argsort(np.arange(len(table)) ^ sign_bits, kind="stable")
        table, bad = table[order], bad[order]
        good = np.flatnonzero(~bad)
        at = np.arange(len(table))
        right = np.clip(np.searchsorted(good, at), 0, len(good) - 1)
        left = np.maximum(right - 1, 0)
        nearest = np.where(np.abs(good[left] - at) <= np.abs(good[right] - at), good[left], good[right])
        repaired = np.empty_like(table)
        repaired[order] = table[nearest]
        return repaired

    def _sum(self, position: int, node: Node) -> int:
        """Write a sum: unwritten terms over the same few bits share a table; constants join one."""
        terms = [self._whole[a].value for a in node.args if a in self._whole]
        unwritten = [a for a in node.args if a not in self._whole]
        constant = sum(self.graph.nodes[a].value for a in unwritten if not self._basis[a])
        groups: dict[Basis, list[int]] = {}
        for arg in unwritten:
            if self._basis[arg]:
                groups.setdefault(self._basis[arg], []).append(arg)
        for basis, members in packed(groups, self._bits, self.options.merge_bits):
            real = constant + sum(self._real_table(m, basis) for m in members)
            constant = 0.0
            origin = " + ".join(self._origin(m) for m in members)
            frac = max(self.fracs[m] for m in members)
            terms.append(self._table(basis, np.asarray(real), frac, position, origin))
        if constant:
            terms.append(self._table(frozenset(), np.array([constant]), self.fracs[position], position))
        return self._builder.sum(terms, self._origin(position))

    def _arithmetic(self, position: int, node: Node, args: list[int]) -> int:
        origin, build = self._origin(position), self._builder
        match node.kind:
            case Kind.MUL:
                return self._product(position, args[0], args[1])
            case Kind.ABS:
                return build.abs(args[0], origin=origin)
            case Kind.MIN:
                return build.min(args[0], args[1], origin=origin)
            case Kind.MAX:
                return build.max(args[0], args[1], origin=origin)
            case Kind.COMPARE:
                assert node.predicate is not None
                return build.compare(node.predicate, args[0], args[1], origin)
            case Kind.SELECT:
                return build.select(args[0], args[1], args[2], origin=origin)
            case _:
                raise LoweringError(f"'{origin}' ({node.kind.value}) cannot be computed on wide values")

    def _product(self, position: int, a: int, b: int) -> int:
        """Write a product without the low bits that the error budget does not need."""
        exact = self._builder.exact(Mul(args=(a, b), type=BIT))
        drop = exact.frac - self.fracs[position]
        if drop <= 0:
            return self._builder.mul(a, b, origin=self._origin(position))
        half, frac = 1 << (drop - 1), self.fracs[position]
        type_ = narrowest((exact.low + half) >> drop, (exact.high + half) >> drop, frac)
        low, high = (math.floor(bound * 2.0**frac) for bound in self._seen_range(position))
        seen = narrowest(max(low, type_.raw_min), min(high, type_.raw_max), frac)
        saturate = type_.width - seen.width >= _WORTH_SATURATING
        type_ = (seen if saturate else type_).with_modes(
            Rounding.RND, Overflow.SAT if saturate else Overflow.WRAP
        )
        return self._builder.mul(a, b, type_, self._origin(position))

    def _narrowed(self, position: int) -> Basis:
        """Return a wide value cut to argument_bits: the range that data reach, at the resolution left."""
        if position not in self._narrow:
            whole = self._whole[position]
            held = self._builder.range(whole.value)
            if self._builder.type(whole.value).width <= self.options.argument_bits:
                self._narrow[position] = whole
            else:
                type_ = self._argument_type(position, held)
                offset = type_.step / 2 if type_.frac < held.frac else 0.0
                value = self._builder.cast(whole.value, type_, self._origin(position))
                self._narrow[position] = Anchor(position, value, offset)
        return frozenset([self._narrow[position]])

    def _argument_type(self, position: int, held: Interval) -> FixedType:
        # A branch that a Piecewise does not take may be undefined there.
        seen = self.values[position]
        seen = seen[np.isfinite(seen)]
        frac = min(held.frac, self.fracs[position])
        while True:
            scale = 2.0**frac
            low = max(int(np.floor(seen.min() * scale)), held.low >> max(0, held.frac - frac))
            high = min(int(np.floor(seen.max() * scale)), held.high >> max(0, held.frac - frac))
            type_ = narrowest(min(low, high), max(low, high), frac)
            if type_.width <= self.options.argument_bits:
                return type_.with_modes(Rounding.TRN, Overflow.SAT)
            frac -= 1


def _union(bases: Iterable[Basis]) -> Basis:
    return frozenset().union(*bases)


def _ordered(basis: Basis) -> list[Anchor]:
    return sorted(basis, key=lambda anchor: anchor.value)


def _to_grid(real: FloatArray, frac: int, origin: str) -> np.ndarray:
    """Return the raw values of real ones, rounded to nearest, with ``frac`` fractional bits."""
    if np.abs(real).max() >= 2.0 ** (62 - frac):
        raise LoweringError(
            f"'{origin}' reaches {np.abs(real).max():.3g}, which does not fit in 63 bits at a resolution of "
            f"2^{-frac}: scale the formula or relax the error budget"
        )
    return quantize_real(real, FixedType(True, 64, 64 - frac, Rounding.RND_CONV, Overflow.SAT))
