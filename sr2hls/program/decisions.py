"""Bits that decisions need: what a comparison, floor, ceiling or sign reads is exact, not about right."""

import math
from collections.abc import Mapping

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.program.arithmetic import DECISIONS, is_arithmetic
from sr2hls.program.graph import Graph
from sr2hls.program.node import Node, NodeKind
from sr2hls.program.types import FixedType

_INEXACT, _SLACK, _CURVED, _MOST = 16, 4, 8, 44
"""Bits below the inputs' that constants which no bits hold exactly are kept to; bits of these that rounding
takes away again; the bits for functions that no rule computes; the most fractional bits of all."""
_EXACT_CONSTANT = 20
"""A constant with at most so many fractional bits is kept as it is."""


def decision_bits(
    graph: Graph, types: Mapping[str, FixedType], values: Mapping[int, FloatArray]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return fractional bits for nodes that decisions depend on, and those that arguments are rounded to.

    Args:
        graph: the formulas.
        types: fixed-point types of the inputs.
        values: each node's values on data, shape (rows,): how large they become.
    """
    fracs: dict[int, int] = {}
    rounding: dict[int, int] = {}
    for node in graph.nodes:
        if not _decides(node):
            continue
        exact = [_fraction(graph, types, a) for a in node.args]
        base = max(frac for frac, _, _ in exact)
        for arg, (_, is_exact, curved) in zip(node.args, exact, strict=True):
            wanted = base if is_exact else min(_MOST, base + (_CURVED if curved else _INEXACT))
            _require(graph, values, arg, wanted, fracs)
            if not (is_exact or curved or graph.nodes[arg].kind is NodeKind.CONSTANT):
                rounding[arg] = max(rounding.get(arg, -64), wanted - _SLACK)
    return fracs, rounding


def has_decisions(graph: Graph) -> bool:
    """Return whether any node of a graph decides."""
    return any(_decides(node) for node in graph.nodes)


def _decides(node: Node) -> bool:
    return node.kind is NodeKind.COMPARE or (node.kind is NodeKind.UNARY and node.function in DECISIONS)


def _fraction(graph: Graph, types: Mapping[str, FixedType], position: int) -> tuple[int, bool, bool]:
    """Return fractional bits of a node's value, whether these are all, and whether a function bends it."""
    node = graph.nodes[position]
    if node.kind is NodeKind.INPUT:
        return max(0, types[node.name].frac), True, False
    if node.kind is NodeKind.CONSTANT:
        exact_at = [k for k in range(_EXACT_CONSTANT + 1) if (node.value * 2.0**k).is_integer()]
        return (exact_at or [0])[0], bool(exact_at), False
    if _decides(node):
        return int(node.kind is NodeKind.UNARY), True, False
    args = [_fraction(graph, types, a) for a in node.args]
    bits = [frac for frac, _, _ in args]
    exact, curved = all(e for _, e, _ in args), any(c for _, _, c in args)
    if not is_arithmetic(node):
        return max(bits), False, True
    if node.kind is NodeKind.MUL:
        frac = sum(bits)
    elif node.kind is NodeKind.POWER:
        frac = int(node.value) * bits[0]
    elif node.kind is NodeKind.SELECT:
        frac = max(bits[1:])
    else:
        frac = max(bits)
    return min(frac, _MOST), exact and frac <= _MOST, curved


def _require(
    graph: Graph, values: Mapping[int, FloatArray], position: int, frac: int, fracs: dict[int, int]
) -> None:
    """Ask for fractional bits of a node, and of those that it is made of."""
    frac = min(frac, _MOST)
    if fracs.get(position, -64) >= frac:
        return
    fracs[position] = frac
    node = graph.nodes[position]
    if node.kind is NodeKind.CONSTANT or _decides(node):
        return
    for k, arg in enumerate(node.args):
        factor = 0
        if node.kind is NodeKind.MUL:
            factor = _magnitude(values[node.args[1 - k]])
        elif node.kind is NodeKind.POWER:
            factor = int(max(1, node.value - 1)) * _magnitude(values[arg])
        _require(graph, values, arg, frac + max(0, factor), fracs)


def _magnitude(values: FloatArray) -> int:
    finite = np.abs(values[np.isfinite(values)])
    return math.ceil(math.log2(max(float(finite.max(initial=0.0)), 1.0)))
