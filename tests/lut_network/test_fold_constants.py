"""Nodes of a LUT network that never change disappear, and nothing else changes."""

import numpy as np

from sr2hls.lut_network.descent import Layout
from sr2hls.lut_network.fold_constants import folded
from sr2hls.lut_network.samples_and_loss import LossKind, Samples
from sr2hls.lut_network.symbolic import SymbolicNetwork, argument_values
from sr2hls.lut_network.table_formula import TableFormula
from sr2hls.lut_network.table_network import LutNetwork
from sr2hls.program.types import FixedType

TYPE = FixedType(False, 3, 3)


def network_with_a_constant() -> tuple[SymbolicNetwork, int]:
    """y = f(x0, g) with g = 2 for every value of x1 that h lets through."""
    network = LutNetwork((3, 3), 1)
    h = network.add((1,), 2, np.array([0, 0, 1, 1, 0, 1, 0, 1]))
    g = network.add((h,), 2, np.array([2, 2, 0, 3]))  # 0 and 3 are never reached
    f = network.add((0, g), 3, np.array([min(7, x * v) for x in range(8) for v in range(4)]))
    network.outputs = [f]
    formulas = {
        h: TableFormula(((0,), (1,)), (0.2, 0.1), 3),
        g: TableFormula(((0,),), (2.0,), 3),
        f: TableFormula(((1, 1),), (1.0,), 7),
    }
    return SymbolicNetwork(network, formulas, {"x0": TYPE, "x1": TYPE}), f


def test_a_constant_is_taken_into_what_reads_it() -> None:
    before, f = network_with_a_constant()
    after = folded(before)
    assert list(after.network.nodes) == [f], "nothing reads x1 any more"
    assert after.network.nodes[f].children == (0,)
    assert after.formulas[f] == TableFormula(((1,),), (2.0,), 7)
    assert np.array_equal(
        after.formulas[f].entries(argument_values(after.network, f, after.types)),
        after.network.nodes[f].entries,
    )


def test_it_computes_the_same() -> None:
    before, _ = network_with_a_constant()
    indices = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2).astype(np.int16)
    samples = Samples(indices, np.zeros((64, 1)), LossKind.NUMBERS)
    after = folded(before)
    assert np.array_equal(Layout(before.network, samples).outputs, Layout(after.network, samples).outputs)
    assert len(before.network.nodes) == 3, "the one that is given is not changed"


def hidden() -> SymbolicNetwork:
    """y = t(x0 + 2 + g(x1)) + t(x0 + ...) with a first layer that has a constant, and an output of terms."""
    network = LutNetwork((3, 3), 1)
    network.scale = 0.5
    a = network.add((0,), 3, np.arange(8))
    constant = network.add((1,), 2, np.full(8, 2))
    b = network.add((1,), 2, np.arange(8) // 2)
    total = network.add((a, constant, b), 4, None)
    squash = network.add((total,), 2, np.clip((np.arange(16) - 1) // 3, 0, 3))
    term = network.add((squash, 1), 3, np.arange(32) * 5 // 3 % 8)
    network.outputs = [network.add((term,), 3, None)]
    formulas = {
        constant: TableFormula(((0,),), (2.0,), 3),
        squash: TableFormula(((0,), (1,), (2,)), (-0.7, 0.3, 0.004), 3),
    }
    return SymbolicNetwork(network, formulas, {"x0": TYPE, "x1": TYPE})


def test_a_constant_in_a_sum_that_tables_read_moves_their_argument() -> None:
    before = hidden()
    (number,) = [n for n, f in before.formulas.items() if len(f.exponents) == 3]
    before.network.nodes[number].entries = before.formulas[number].entries(
        argument_values(before.network, number, before.types)
    )
    after = folded(before)
    indices = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(-1, 2).astype(np.int16)
    samples = Samples(indices, np.zeros((64, 1)), LossKind.NUMBERS)
    assert np.array_equal(
        Layout(before.network, samples).predictions, Layout(after.network, samples).predictions
    )
    assert len(after.network.nodes) == len(before.network.nodes) - 1
    reached = np.arange(11)  # of the sum: 7 and 3, and 2 are gone
    given = after.formulas[number].entries(argument_values(after.network, number, after.types))
    entries = after.network.nodes[number].entries
    assert entries is not None and np.array_equal(given[reached], entries[reached])
