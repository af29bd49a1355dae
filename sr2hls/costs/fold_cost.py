"""Costs as folds over the tree: what each operator adds, and whether arguments add up or the slowest counts.

Additive clock cycles, the longest path, area and weighted sums of them are all folds, so that one description
serves Python, the search engines and the Julia code that PySR runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import sympy

from sr2hls.costs.from_sympy import tree_of
from sr2hls.costs.operators import Operators
from sr2hls.costs.tables import CostTable
from sr2hls.costs.tree import Tree, arrival, chain_depth, chain_length
from sr2hls.errors import InputError
from sr2hls.provenance import Origin, Provenance

LONGEST_CHAIN = 8
"""Integer powers of more multiplications than this count as a general power."""


@runtime_checkable
class CostModel(Protocol):
    """What an expression costs on a target."""

    @property
    def name(self) -> str:
        """Short name, e.g. ``additive cycles``."""

    @property
    def unit(self) -> str:
        """Unit of the cost, e.g. ``cycles``."""

    @property
    def provenance(self) -> Provenance:
        """Where the figures come from."""

    def tree_cost(self, tree: Tree) -> float:
        """Cost of a tree exactly as it stands, in `unit`."""

    def cost(self, expr: sympy.Expr) -> float:
        """Cost of a sympy expression, in `unit`."""

    def supports(self, operator: str) -> bool:
        """Whether the cost of this operator is known."""


class Combine(StrEnum):
    """How the costs of arguments combine."""

    SUM = "sum"
    """They add up: area, PySR's additive complexity."""
    PATH = "path"
    """The slowest counts: latency."""


@dataclass(frozen=True, slots=True)
class CostPart:
    """One fold over the tree.

    Attributes:
        weight: factor of this part in the total.
        combine: whether arguments add up or the slowest counts.
        table: cost of each operator.
        leaf: cost of a variable or constant.
        by_constant: cost of an operator one of whose arguments is a constant, where it differs.
        lookup: cost of any function of one variable as a lookup table; ``None``: never one table.
    """

    weight: float
    combine: Combine
    table: CostTable
    leaf: float = 0.0
    by_constant: Mapping[str, float] = field(default_factory=dict)
    lookup: float | None = None

    def evaluate(self, tree: Tree) -> float:
        """Cost of the tree, without the weight."""
        done: list[tuple[float, str | bool]] = []
        for node in tree.nodes():
            count = len(node.args)
            if not count:
                done.append((self.leaf, node.value if node.op == "var" else True))  # type: ignore[arg-type]
                continue
            args = done[len(done) - count :]
            del done[len(done) - count :]
            done.append(self._node(node, args))
        return done[0][0]

    def _node(self, node: Tree, args: list[tuple[float, str | bool]]) -> tuple[float, str | bool]:
        # The second entry says what is below: True constants, a name one variable, False several variables.
        costs = [a[0] for a in args]
        below: str | bool = True
        for _, kind in args:
            if kind is not True:
                below = kind if below is True or below == kind else False
        if below is True and self.lookup is not None:
            return self.leaf, True
        step, steps = self._step(node, args)
        if self.combine is Combine.SUM:
            total = sum(costs) + step * steps
        elif node.op in "+*" and len(costs) > 2:
            total = arrival(costs, step)
        else:
            total = max(costs) + step * steps
        if self.lookup is not None and isinstance(below, str):
            total = min(total, self.lookup)
        return total, below

    def _step(self, node: Tree, args: list[tuple[float, str | bool]]) -> tuple[float, int]:
        """Cost of one step and how many of them the node takes."""
        if node.op == "^" and node.args[1].op == "const" and float(node.args[1].value or 0).is_integer():
            exponent = int(float(node.args[1].value or 0))
            length = chain_length(exponent) if self.combine is Combine.SUM else chain_depth(exponent)
            if exponent > 0 and length <= LONGEST_CHAIN:
                return self.table["*"], length
        known = self.by_constant.get(node.op)
        if known is not None and any(kind is True for _, kind in args):
            return known, max(1, len(args) - 1)
        return self.table[node.op], max(1, len(args) - 1) if node.op in "+*" else 1


@dataclass(frozen=True, slots=True)
class FoldCost:
    """A weighted sum of folds.

    Attributes:
        name: short name.
        unit: unit of the cost.
        parts: the folds.
        provenance: where the figures come from.
        floor: least cost of any expression (PySR needs at least 1).
    """

    name: str
    unit: str
    parts: tuple[CostPart, ...]
    provenance: Provenance
    floor: float = 0.0

    def tree_cost(self, tree: Tree) -> float:
        """Cost of a tree exactly as it stands, in `unit`."""
        return max(self.floor, sum(part.weight * part.evaluate(tree) for part in self.parts))

    def cost(self, expr: sympy.Expr) -> float:
        """Cost of a sympy expression, in `unit`."""
        return self.tree_cost(tree_of(expr, self.operators))

    def supports(self, operator: str) -> bool:
        """Whether every part knows the cost of this operator."""
        return operator in self.operators and all(p.table.get(operator) is not None for p in self.parts)

    @property
    def operators(self) -> Operators:
        """The operators that the tables know."""
        return self.parts[0].table.operators


def additive_cycles(table: CostTable, leaf: float = 1.0) -> FoldCost:
    """Clock cycles of all operators added up, as arXiv 2305.04099 hands them to PySR.

    It is not the latency: independent operators run in parallel (see `longest_path`). ``leaf`` is what PySR
    charges for a variable or constant.
    """
    _expect_unit(table, "cycles")
    return FoldCost("additive cycles", "cycles", (CostPart(1.0, Combine.SUM, table, leaf),), table.provenance)


def longest_path(table: CostTable) -> FoldCost:
    """Clock cycles along the slowest path from an input to the output; at least 1, the output register."""
    _expect_unit(table, "cycles")
    return FoldCost(
        "longest path", "cycles", (CostPart(1.0, Combine.PATH, table),), table.provenance, floor=1.0
    )


def weighted(name: str, unit: str, models: Sequence[tuple[float, FoldCost]]) -> FoldCost:
    """A weighted sum of cost models, e.g. latency and area.

    Raises:
        InputError: no model, or a weight that is not positive.
    """
    if not models:
        raise InputError("a weighted cost needs at least one cost model")
    parts: list[CostPart] = []
    for weight, model in models:
        if not weight > 0:
            raise InputError(f"weight of '{model.name}' is {weight}: give a positive number")
        parts += [
            CostPart(weight * p.weight, p.combine, p.table, p.leaf, p.by_constant, p.lookup)
            for p in model.parts
        ]
    least = models[0][1].provenance
    origins = [model.provenance for _, model in models]
    rank = ("measured", "published", "estimated")
    least = max(origins, key=lambda p: rank.index(p.origin.value))
    source = " + ".join(f"{w:g} x {m.name} ({m.provenance.source})" for w, m in models)
    floor = sum(w * m.floor for w, m in models)
    return FoldCost(name, unit, tuple(parts), Provenance(least.origin, source, least.part), floor)


def node_count(operators: Operators) -> FoldCost:
    """Number of nodes, PySR's default complexity: for searches in which hardware plays no part."""
    provenance = Provenance(Origin.ESTIMATED, "one for each operator, variable and constant")
    costs = {op.name: 1.0 for op in operators}
    table = CostTable(costs, "nodes", "ap_fixed<16,6>", provenance, operators=operators)
    return FoldCost("nodes", "nodes", (CostPart(1.0, Combine.SUM, table, 1.0),), provenance)


def _expect_unit(table: CostTable, unit: str) -> None:
    if table.unit != unit:
        raise InputError(f"a cost table in {unit} is needed, this one is in {table.unit}")


def describe(model: CostModel) -> dict[str, Any]:
    """What a report says about a cost model."""
    p = model.provenance
    return {
        "name": model.name,
        "unit": model.unit,
        "origin": p.origin.value,
        "source": p.source,
        "part": p.part,
    }
