"""From the graph of formulas to the program, for a given resolution of each subexpression.

An *anchor* is a value that exists as bits in the circuit and stands for a node of the graph. A node that
depends on few enough bits of anchors stays unwritten: where it is needed it becomes one table of those bits,
whatever it computes. Everything else becomes arithmetic on anchors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.arithmetic import ArithmeticWriter, is_arithmetic
from sr2hls.program.builder import Builder
from sr2hls.program.exact import Interval
from sr2hls.program.graph import Graph
from sr2hls.program.node import Node, NodeKind
from sr2hls.program.octaves import write_octaves
from sr2hls.program.ops import MAX_TABLE_BITS
from sr2hls.program.packing import packed
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.segment_writer import write_function
from sr2hls.program.tabulation import Anchor, Memory, Tabulation
from sr2hls.program.types import FixedType, Overflow, Rounding, narrowest


@dataclass(frozen=True, slots=True)
class EmitOptions:
    """How formulas are written as operations.

    Attributes:
        table_bits: most index bits for which any function becomes a table (6 bits: one LUT6 an output bit).
        argument_bits: most bits of the argument of a function of a wide value; at least ``table_bits``.
        merge_bits: most index bits up to which terms of a sum over different values share a table.
        segments: whether functions of a wide value are polynomials on segments of all of its bits, and
            decisions are made by exact rules, rather than both by tables of ``argument_bits``.
        octaves: whether powers of a wide positive value are tables of its leading bits and a shift.
    """

    table_bits: int = 8
    argument_bits: int = 9
    merge_bits: int = 6
    segments: bool = False
    octaves: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.merge_bits <= self.table_bits <= self.argument_bits <= MAX_TABLE_BITS:
            raise LoweringError(
                f"merge_bits {self.merge_bits}, table_bits {self.table_bits} and argument_bits "
                f"{self.argument_bits} must not decrease in this order nor exceed {MAX_TABLE_BITS}"
            )


Basis = frozenset[Anchor]


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
        rounding: see `sr2hls.program.arithmetic.ArithmeticWriter`.
    """

    graph: Graph
    types: Mapping[str, FixedType]
    fracs: Mapping[int, int]
    values: Mapping[int, FloatArray]
    options: EmitOptions = EmitOptions()
    memory: Memory = field(default_factory=Memory)
    rounding: Mapping[int, int] = field(default_factory=dict)
    _builder: Builder = field(init=False)
    _tabulation: Tabulation = field(init=False)
    _rules: ArithmeticWriter = field(init=False)
    _basis: dict[int, Basis] = field(default_factory=dict)
    _whole: dict[int, Anchor] = field(default_factory=dict)
    _narrow: dict[int, Anchor] = field(default_factory=dict)
    _ruled_nodes: dict[int, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._builder = Builder(dict(self.types))
        self._tabulation = Tabulation(self.graph, self.values, self.memory)
        self._rules = ArithmeticWriter(self._builder, self.graph, self.fracs, self._tabulation, self.rounding)

    @property
    def notes(self) -> list[str]:
        """What a user should know about the result."""
        return self._tabulation.notes

    def program(self) -> Program:
        """Return the program.

        Raises:
            LoweringError: a subexpression is undefined on data, or needs more bits than a program has.
        """
        for position, node in enumerate(self.graph.nodes):
            if node.kind is NodeKind.INPUT:
                self._anchor(position, self._builder[node.name])
            else:
                self._visit(position, node)
        outputs = {name: self._value(position) for name, position in self.graph.outputs.items()}
        return self._builder.program(outputs)

    def _visit(self, position: int, node: Node) -> None:
        value = self._octaves(position, node)
        if value is not None:
            self._anchor(position, value)
            return
        basis = _union(self._basis[a] for a in node.args)
        if self._stays_unwritten(basis):
            self._basis[position] = basis
            return
        *others, last = node.args
        if node.kind in (NodeKind.UNARY, NodeKind.POWER) or (
            node.kind is NodeKind.MUL and not self._basis[others[0]] and last not in self._whole
        ):
            # A function of one value: as a table of at most argument_bits of it.
            self._basis[position] = self._narrowed(last) if last in self._whole else self._basis[last]
        elif node.kind is NodeKind.ADD:
            self._anchor(position, self._sum(position, node))
        else:
            args = [self._value(a) for a in node.args]
            basis = _union(self._basis[a] for a in node.args)
            if self._stays_unwritten(basis):
                self._basis[position] = basis
            else:
                self._anchor(position, self._rules.write(position, args))

    def _octaves(self, position: int, node: Node) -> int | None:
        """Write a power of a wide value by octaves, where that is asked for and possible."""
        if not self.options.octaves or node.kind is not NodeKind.POWER or is_arithmetic(node):
            return None
        (arg,) = node.args
        if arg not in self._whole or self._bits(frozenset([self._whole[arg]])) <= self.options.table_bits:
            return None
        seen = self.values[arg]
        seen = seen[np.isfinite(seen)]
        ends, origin = (float(seen.min()), float(seen.max())), self._tabulation.origin(position)
        value, frac = self._whole[arg].value, self.fracs[position]
        return write_octaves(self._builder, value, node.value, ends, frac, origin)

    def _stays_unwritten(self, basis: Basis) -> bool:
        return self._bits(basis) <= self.options.table_bits or (self.options.segments and len(basis) == 1)

    def _anchor(self, position: int, value: int) -> None:
        self._whole[position] = Anchor(position, value)
        self._basis[position] = frozenset([self._whole[position]])

    def _bits(self, basis: Basis) -> int:
        return sum(self._builder.type(anchor.value).width for anchor in basis)

    def _value(self, position: int) -> int:
        """Return the value that stands for a node; a node without one gets its table or constant here."""
        if position not in self._whole:
            basis = self._basis[position]
            if self._is_wide(basis):
                self._anchor(position, self._wide(position))
            else:
                real = self._real_table(position, basis)
                self._anchor(position, self._table(basis, real, self.fracs[position], position))
        return self._whole[position].value

    def _is_wide(self, basis: Basis) -> bool:
        return self.options.segments and self._bits(basis) > self.options.table_bits

    def _wide(self, position: int) -> int:
        """Write a function of one wide value: by exact rules, on segments, or by a table of its high bits."""
        node = self.graph.nodes[position]
        if self._is_ruled(position):
            return self._ruled(position, node)
        value = self._segmented([position], 0.0, position)
        if value is not None:
            return value
        if is_arithmetic(node):
            return self._ruled(position, node)
        (anchor,) = self._basis[position]
        basis = self._narrowed(anchor.node)
        return self._table(basis, self._real_table(position, basis), self.fracs[position], position)

    def _is_ruled(self, position: int) -> bool:
        """Return whether nothing but exact rules leads from values and tables to a node."""
        if position not in self._ruled_nodes:
            node = self.graph.nodes[position]
            self._ruled_nodes[position] = (
                position in self._whole
                or not self._is_wide(self._basis[position])
                or (is_arithmetic(node) and all(self._is_ruled(a) for a in node.args))
            )
        return self._ruled_nodes[position]

    def _ruled(self, position: int, node: Node) -> int:
        if node.kind is NodeKind.ADD:
            return self._sum(position, node)
        return self._rules.write(position, [self._value(a) for a in node.args])

    def _segmented(self, members: Sequence[int], constant: float, position: int) -> int | None:
        """Write a sum of functions of one wide value on segments, if that takes few enough."""
        (anchor,) = self._basis[members[0]]
        seen = self.values[anchor.node]
        seen = seen[np.isfinite(seen)]

        def function(x: FloatArray) -> FloatArray:
            known = {anchor.node: x}
            values = [self.graph.evaluate(m, known) for m in members]
            return np.asarray(constant + sum(values)) + np.zeros_like(x)

        frac = max(self.fracs[m] for m in members)
        return write_function(
            self._builder,
            anchor,
            function,
            (float(seen.min()), float(seen.max())),
            frac,
            self._tabulation.origin(position),
        )

    def _real_table(self, position: int, basis: Basis) -> FloatArray:
        anchors = _ordered(basis)
        return self._tabulation.table(position, anchors, [self._builder.type(a.value) for a in anchors])

    def _table(self, basis: Basis, real: FloatArray, frac: int, position: int, origin: str = "") -> int:
        raws = _to_grid(real, frac, self._tabulation.shown(position))
        origin = origin or self._tabulation.origin(position)
        type_ = narrowest(int(raws.min()), int(raws.max()), frac)
        if not basis:
            return self._builder.constant(int(raws[0]), frac, origin=origin)
        return self._builder.table([a.value for a in _ordered(basis)], raws, type_, origin)

    def _sum(self, position: int, node: Node) -> int:
        """Write a sum: unwritten terms over the same few bits share a table; constants join one."""
        for arg in node.args:
            if self._is_wide(self._basis[arg]) and self._is_ruled(arg):
                self._value(arg)
        terms = [self._whole[a].value for a in node.args if a in self._whole]
        unwritten = [a for a in node.args if a not in self._whole]
        constant = sum(self.graph.nodes[a].value for a in unwritten if not self._basis[a])
        groups: dict[Basis, list[int]] = {}
        for arg in unwritten:
            if self._basis[arg]:
                groups.setdefault(self._basis[arg], []).append(arg)
        for basis, members in packed(groups, self._bits, self.options.merge_bits):
            if self._is_wide(basis):
                value = self._segmented(members, constant, position)
                constant = constant if value is None else 0.0
                terms += [self._value(m) for m in members] if value is None else [value]
                continue
            real = constant + sum(self._real_table(m, basis) for m in members)
            constant = 0.0
            origin = " + ".join(self._tabulation.origin(m) for m in members)
            frac = max(self.fracs[m] for m in members)
            terms.append(self._table(basis, np.asarray(real), frac, position, origin))
        if constant:
            terms.append(self._table(frozenset(), np.array([constant]), self.fracs[position], position))
        return self._builder.sum(terms, self._tabulation.origin(position))

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
                value = self._builder.cast(whole.value, type_, self._tabulation.origin(position))
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


def _to_grid(real: FloatArray, frac: int, shown: str) -> np.ndarray:
    """Return the raw values of real ones, rounded to nearest, with ``frac`` fractional bits."""
    if np.abs(real).max() >= 2.0 ** (62 - frac):
        raise LoweringError(
            f"'{shown}' reaches {np.abs(real).max():.3g}, which does not fit in 63 bits at a resolution of "
            f"2^{-frac}: scale the formula or relax the error budget"
        )
    return quantize_real(real, FixedType(True, 64, 64 - frac, Rounding.RND_CONV, Overflow.SAT))
