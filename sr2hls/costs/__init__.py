"""What operators and expressions cost on a target, with where each figure comes from."""

from sr2hls.costs.area import area, estimated_luts
from sr2hls.costs.fold_cost import (
    Combine,
    CostModel,
    CostPart,
    FoldCost,
    additive_cycles,
    describe,
    longest_path,
    node_count,
    weighted,
)
from sr2hls.costs.from_sympy import tree_of
from sr2hls.costs.operators import Hardware, Operator, Operators
from sr2hls.costs.operators_toml import custom_operator, load_operators
from sr2hls.costs.tables import CostTable, load_table, published_cycles
from sr2hls.costs.tree import Tree

__all__ = [
    "Combine",
    "CostModel",
    "CostPart",
    "CostTable",
    "FoldCost",
    "Hardware",
    "Operator",
    "Operators",
    "Tree",
    "additive_cycles",
    "area",
    "custom_operator",
    "describe",
    "estimated_luts",
    "load_operators",
    "load_table",
    "longest_path",
    "node_count",
    "published_cycles",
    "tree_of",
    "weighted",
]
