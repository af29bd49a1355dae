"""Widths of a LUT network's values, trained: each value gets the bits whose gain is above λ times their LUTs.

All else being equal, what a term's entries would cost at every width is known from one pass over the
samples (`Layout.entry_losses`), so that its width and its entries are chosen together, exactly. What other
tables read changes their indices; it is tried with a bit less and a bit more, and the tables follow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.lut_network.descent import Layout, improve
from sr2hls.lut_network.samples_and_loss import Samples, Weights
from sr2hls.lut_network.table_network import LUT_INPUTS, LutNetwork, TableNode


@dataclass(frozen=True, slots=True)
class WidthOptions:
    """How widths are trained.

    Attributes:
        lut_lambda: loss, a sample's mean, added for each LUT.
        term_bits: most bits of a term.
        quantised_bits: most bits of a table of one input that terms read.
    """

    lut_lambda: float
    term_bits: int
    quantised_bits: int


def fit_widths(
    network: LutNetwork, samples: Samples, weights: Weights, options: WidthOptions, rng: np.random.Generator
) -> LutNetwork:
    """Return the LUT network with the width of every table changed where loss and LUTs together fall by it.

    Terms may lose all their bits: then they are gone, and their value is part of the output's offset, or of
    what the tables above their sum read.

    Args:
        network: a LUT network; it is not changed.
        samples: on which widths are chosen.
        weights: of the loss.
        options: see there.
        rng: the tables' order.
    """
    result = network.copy()
    result.drop_unused()
    for number in rng.permutation(sorted(result.nodes)).tolist():
        if number not in result.nodes or result.nodes[number].entries is None:
            continue
        total = _only_sum(result, number)
        if total is not None:
            result = _term_fitted(result, number, total, samples, weights, options)
        else:
            result = _index_fitted(result, number, samples, weights, options)
    return result


def _only_sum(network: LutNetwork, number: int) -> int | None:
    """The sum that alone reads a table, once; ``None``: others read it, or an output is it."""
    if number in network.outputs:
        return None
    readers = [n for n in network.order() for c in network.nodes[n].children if c == number]
    if len(readers) != 1 or network.nodes[readers[0]].entries is not None:
        return None
    return readers[0] if network.outputs.count(readers[0]) <= 1 else None


def _term_fitted(
    network: LutNetwork, number: int, total: int, samples: Samples, weights: Weights, options: WidthOptions
) -> LutNetwork:
    """The LUT network with a term of the best width, from none to one bit more than it has."""
    wide = _with_term(network, number, total, -(1 << network.bits(number) >> 1), network.bits(number) + 1)
    losses = Layout(wide, samples).entry_losses(number, weights) / len(samples)
    kept = wide.nodes[number].entries
    assert kept is not None
    last = len(network.nodes[total].children) == 1
    best: tuple[float, LutNetwork] | None = None
    for bits in range(int(last), min(wide.bits(number), max(options.term_bits, network.bits(number))) + 1):
        low, loss = _best_window(losses, 1 << bits)
        window = losses[:, low : low + (1 << bits)].copy()
        # An entry whose values are all the same to the samples stays where it is, or as near as it can.
        near = np.clip(kept - low, 0, (1 << bits) - 1)
        window[np.arange(len(window)), near] -= 1e-12
        candidate = _with_term(wide, number, total, low, bits, window.argmin(axis=1))
        penalised = loss + options.lut_lambda * candidate.luts()
        if best is None or penalised < best[0]:
            best = penalised, candidate
    assert best is not None
    return best[1]


def _best_window(losses: FloatArray, size: int) -> tuple[int, float]:
    """The ``size`` neighbouring values that suit all entries best: the least of them and their loss."""
    totals = sliding_window_view(losses, size, axis=1).min(axis=-1).sum(axis=0)
    low = int(totals.argmin())
    return low, float(totals[low])


def _with_term(
    network: LutNetwork, number: int, total: int, low: int, bits: int, entries: IntArray | None = None
) -> LutNetwork:
    """A copy whose term counts from ``low`` on in some bits; with none it is gone."""
    result = network.copy()
    node, sum_ = result.nodes[number], result.nodes[total]
    assert node.entries is not None
    node.entries = node.entries - low if entries is None else entries
    node.bits = bits
    if bits == 0:
        sum_.children = tuple(c for c in sum_.children if c != number)
    before, sum_.bits = sum_.bits, max(1, result.sum_bits(sum_.children))
    if total in result.outputs:
        result.offsets[result.outputs.index(total)] += low * result.scale
    for reader in result.nodes.values():
        if reader.entries is not None and total in reader.children:
            _move_argument(result, reader, total, before, low)
    if bits == 0:
        result.drop_unused()
    return result


def _move_argument(network: LutNetwork, reader: TableNode, total: int, before: int, low: int) -> None:
    """Give a table the entries of an argument that had other bits and counts from ``low`` on now."""
    assert reader.entries is not None
    axis = reader.children.index(total)
    shape = [1 << (before if c == total else network.bits(c)) for c in reader.children]
    at = np.clip(np.arange(1 << network.bits(total)) + low, 0, shape[axis] - 1)
    reader.entries = np.ascontiguousarray(reader.entries.reshape(shape).take(at, axis)).ravel()


def _index_fitted(
    network: LutNetwork, number: int, samples: Samples, weights: Weights, options: WidthOptions
) -> LutNetwork:
    """The LUT network with a bit less or more in a table that others read, if one is better."""
    parents = [n for n in network.order() if number in network.nodes[n].children]
    if any(network.nodes[p].entries is None or network.nodes[p].children.count(number) > 1 for p in parents):
        return network
    best, penalised = network, _penalised_loss(Layout(network, samples), weights, options)
    for candidate in _changed(network, number, parents, options):
        layout = Layout(candidate, samples)
        improve(layout, [*parents, number, *parents], weights)
        found = _penalised_loss(layout, weights, options)
        if found < penalised:
            best, penalised = candidate, found
    return best


def _penalised_loss(layout: Layout, weights: Weights, options: WidthOptions) -> float:
    return layout.loss(weights) + options.lut_lambda * layout.network.luts()


def _changed(network: LutNetwork, number: int, parents: list[int], options: WidthOptions) -> list[LutNetwork]:
    node = network.nodes[number]
    assert node.entries is not None
    slice_ = network.is_slice(number)
    found = []
    if node.bits > 1:
        found.append(_with_index(network, number, parents, node.entries >> 1, node.bits - 1))
    free_bits = min(LUT_INPUTS - network.index_bits(network.nodes[p].children) for p in parents)
    most = network.index_bits(node.children) - 1 if slice_ else options.quantised_bits
    if free_bits > 0 and node.bits < most:
        shift = network.index_bits(node.children) - node.bits - 1
        finer = np.arange(len(node.entries)) >> shift if slice_ else _halved(node.entries)
        found.append(_with_index(network, number, parents, finer, node.bits + 1))
    return found


def _halved(entries: IntArray) -> IntArray:
    """Every value in two: the upper half of the arguments that have it get the upper one."""
    result = entries * 2
    for value in np.unique(entries):
        at = np.flatnonzero(entries == value)
        result[at[len(at) // 2 :]] += len(at) > 1
    return result


def _with_index(
    network: LutNetwork, number: int, parents: list[int], entries: IntArray, bits: int
) -> LutNetwork:
    """A copy with other entries and bits of a table, and the same functions of it above, as far as can be."""
    result = network.copy()
    before = network.bits(number)
    result.nodes[number].entries, result.nodes[number].bits = entries, bits
    for parent in parents:
        node = result.nodes[parent]
        assert node.entries is not None
        shape = [1 << network.bits(c) for c in node.children]
        axis = node.children.index(number)
        grid = node.entries.reshape(shape)
        grid = grid.take(np.arange(0, shape[axis], 2), axis) if bits < before else grid.repeat(2, axis)
        node.entries = np.ascontiguousarray(grid).ravel()
    return result
