"""Values of a LUT network that never change: taken into the tables that read them."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from sr2hls.lut_network.symbolic import SymbolicNetwork
from sr2hls.lut_network.table_formula import TableFormula
from sr2hls.lut_network.table_network import LutNetwork, TableNode


def folded(symbolic: SymbolicNetwork) -> SymbolicNetwork:
    """Return the LUT network without the nodes that have one value only, whatever the inputs are.

    Fitting formulas, or letting entries move, may leave a table with a single value that can be reached. It
    is no function, and lints refuse it; the tables above it lose an argument, their formulas too.
    """
    network, formulas = symbolic.network.copy(), dict(symbolic.formulas)
    reached: dict[int, tuple[int, ...]] = {k: tuple(range(1 << b)) for k, b in enumerate(network.input_bits)}
    for number in network.order():
        node = network.nodes[number]
        constants = {c: reached[c][0] for c in node.children if len(reached[c]) == 1}
        if node.entries is None:
            _take_in(network, formulas, number, sum(constants.values()))
            node.children = tuple(c for c in node.children if c not in constants)
        elif constants and len(constants) < len(node.children):
            if number in formulas:
                formulas[number] = _formula_without(formulas[number], node.children, constants)
            network.nodes[number] = _without(network, node, constants)
        reached[number] = _values(network, network.nodes[number], reached)
    network.drop_unused()
    kept = {number: formula for number, formula in formulas.items() if number in network.nodes}
    return SymbolicNetwork(network, kept, symbolic.types)


def _take_in(network: LutNetwork, formulas: dict[int, TableFormula], total: int, constant: int) -> None:
    """Add a constant where a sum goes: the offset of its output, the argument of tables that read it."""
    for output, root in enumerate(network.outputs):
        if root == total:
            network.offsets[output] += network.scale * constant
    for number, node in network.nodes.items():
        if node.entries is None or total not in node.children:
            continue
        axis = node.children.index(total)
        grid = node.entries.reshape([1 << network.bits(c) for c in node.children])
        at = np.minimum(np.arange(grid.shape[axis]) + constant, grid.shape[axis] - 1)
        node.entries = np.ascontiguousarray(grid.take(at, axis)).ravel()
        if number in formulas:
            formulas[number] = formulas[number].shifted(axis, constant)


def _values(network: LutNetwork, node: TableNode, reached: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
    if node.entries is None:
        # A sum of something is never taken for a constant, and may have any value of its bits.
        return tuple(range(1 << node.bits)) if node.children else (0,)
    found: set[int] = set()
    for values in product(*(reached[c] for c in node.children)):
        found.add(int(node.entries[_index(network, node.children, values)]))
    return tuple(sorted(found))


def _index(network: LutNetwork, children: Sequence[int], values: Sequence[int]) -> int:
    index = 0
    for child, value in zip(children, values, strict=True):
        index = (index << network.bits(child)) | value
    return index


def _without(network: LutNetwork, node: TableNode, constants: dict[int, int]) -> TableNode:
    """Return a table without the arguments that never change."""
    assert node.entries is not None
    shape = [1 << network.bits(c) for c in node.children]
    at = tuple(constants.get(c, slice(None)) for c in node.children)
    entries = np.ascontiguousarray(node.entries.reshape(shape)[at]).ravel()
    return TableNode(tuple(c for c in node.children if c not in constants), node.bits, entries)


def _formula_without(
    formula: TableFormula, children: Sequence[int], constants: dict[int, int]
) -> TableFormula:
    terms: dict[tuple[int, ...], float] = {}
    for exponents, coefficient in zip(formula.exponents, formula.coefficients, strict=True):
        factor, rest = coefficient, []
        for child, exponent in zip(children, exponents, strict=True):
            if child in constants:
                factor *= float(constants[child]) ** exponent
            else:
                rest.append(exponent)
        terms[tuple(rest)] = terms.get(tuple(rest), 0.0) + factor
    return TableFormula(tuple(terms), tuple(terms.values()), formula.largest)
