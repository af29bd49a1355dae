"""What a model costs: a reader by its nodes, the FPGA by tables of few bits or by a given cost model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import sympy as sp

from sr2hls.costs import CostModel
from sr2hls.errors import InputError
from sr2hls.search.joint.joint_state import JointState
from sr2hls.search.joint.shapes import Shape

ENTRY_BITS, CODE_BITS = 4, 3
"""Widths of a table's entries and of an input's code in tables of two inputs, as in trained programs."""
_BITS_OF_LUT = 6


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices in nodes; a node is the unit because it is what everybody can count.

    Attributes:
        lut: nodes that a LUT is worth.
        hardware: cost model of the formulas as they stand, e.g. additive cycles of the published table.
        hardware_unit: nodes that one unit of ``hardware`` is worth.
    """

    lut: float = 0.25
    hardware: CostModel | None = None
    hardware_unit: float = 1.0
    _known: dict[Shape, float] = field(default_factory=dict, repr=False)

    def of_shape(self, shape: Shape) -> float:
        """Return the price of a term of this shape by itself, with its coefficient."""
        if shape not in self._known:
            self._known[shape] = shape.nodes + self.hardware_unit * self._hardware(shape)
        return self._known[shape]

    def of_place(self, state: JointState) -> Callable[[tuple[int, ...], int], float]:
        """Return the price of the tables and adders of one more term, by its inputs and output."""
        uses = frozenset(_places(state))
        before = table_luts(uses)
        coded = frozenset(i for _, inputs in uses if len(inputs) > 1 for i in inputs)
        outputs = frozenset(output for output, _ in uses)

        def price(inputs: tuple[int, ...], output: int) -> float:
            if not self.lut or (output, inputs) in uses:
                return 0.0
            fresh = (len(inputs), sum(i not in coded for i in inputs), output in outputs)
            if fresh not in known:
                known[fresh] = self.lut * (table_luts([*uses, (output, inputs)]) - before)
            return known[fresh]

        known: dict[tuple[int, int, bool], float] = {}
        return price

    def of_model(self, state: JointState) -> float:
        """Return the price of a whole model."""
        terms = sum(self.of_shape(state.atoms[place].shape) for _, place in state.links())
        return terms + _sums(state) + self.lut * table_luts(_places(state))

    def nodes_of(self, state: JointState) -> int:
        """Return the nodes of a model's formulas, before common factors are taken out."""
        return sum(state.atoms[place].shape.nodes for _, place in state.links()) + _sums(state)

    def _hardware(self, shape: Shape) -> float:
        if self.hardware is None:
            return 0.0
        names: dict[sp.Basic, sp.Basic] = {
            sp.Symbol(f"p{k}"): sp.Float(1.25 + 0.37 * k) for k in range(shape.constants)
        }
        try:
            # The coefficient's product and the sum are the model's, not the shape's.
            formula = sp.Float(1.75) * shape.expr.xreplace(names) + sp.Symbol("w")
            return self.hardware.cost(formula)
        except InputError:
            return float("inf")


def table_luts(uses: Iterable[tuple[int, tuple[int, ...]]]) -> float:
    """Estimate the LUTs of sums of tables of few bits.

    Terms of one output on the same inputs are one table. A table of at most six address bits takes one LUT6
    an output bit, whatever its function; a sum takes about one LUT a bit. Tables of two inputs see each input
    by a code of few bits, which is a table of its own that all of them share; so would those of more.

    Args:
        uses: output and inputs of each term.
    """
    tables = set(uses)
    coded = {i for _, inputs in tables if len(inputs) > 1 for i in inputs}
    outputs = {output for output, _ in tables}
    entries = sum(
        ENTRY_BITS if len(inputs) == 1 else ENTRY_BITS * 2 ** max(0, CODE_BITS * len(inputs) - _BITS_OF_LUT)
        for _, inputs in tables
    )
    return float(entries + CODE_BITS * len(coded) + ENTRY_BITS * (len(tables) - len(outputs)))


def _sums(state: JointState) -> int:
    """Nodes of sums and biases."""
    return sum(2 if row.any() else 1 for row in state.used)


def _places(state: JointState) -> list[tuple[int, tuple[int, ...]]]:
    return [(output, tuple(sorted(state.atoms[place].inputs))) for output, place in state.links()]
