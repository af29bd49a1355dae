"""Adding a term to the outputs of a cascade."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sr2hls.search.cascade.descent import Layout
from sr2hls.search.cascade.network import Network
from sr2hls.search.cascade.objective import Kind, Samples
from sr2hls.search.cascade.terms import Code, Slope, Term, cells_of

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_LARGEST_STEP = 2.5
"""Largest change of a logit by one term; a cell with few samples of one class would ask for infinity."""
_TAILS = (0.03, 0.97)


def first_term(network: Network, term: Term, samples: Samples, output_bits: int) -> None:
    """Give every output its first function: the mean of the samples in each cell, as logits for classes."""
    codes = _write_codes(network, term.codes)
    cells, n_cells = _cells(network, codes, samples)
    count = np.bincount(cells, minlength=n_cells)
    mean = samples.targets.mean(axis=0)
    sums = np.stack([np.bincount(cells, weights=t, minlength=n_cells) for t in samples.targets.T], axis=1)
    average = (sums + 5 * mean) / (count[:, None] + 5)
    if samples.kind is Kind.NUMBERS:
        network.offsets = np.zeros(len(mean))
        network.scale = _number_step(samples, output_bits)
        for k in range(average.shape[1]):
            network.outputs.append(_sum_of(network, [], codes, average[:, k], k))
        return
    logits = _logits(average, samples.kind)
    low, high = np.quantile(logits[cells], [0.01, 0.99])
    network.scale = max(float(high - low), 1e-3) / ((1 << output_bits) - 1)
    if samples.kind is Kind.LOGIT:
        # Half a step off the circuit's zero, so that no score stands exactly on the decision.
        network.offsets = np.array([-network.scale * ((1 << (output_bits - 1)) + 0.5)])
    for k in range(logits.shape[1]):
        wanted = (logits[:, k] - network.offsets[k]) / network.scale
        if samples.kind is Kind.CLASSES:
            wanted = wanted + ((1 << output_bits) - 1) / 2
        network.outputs.append(network.add(codes, output_bits, _rounded(wanted, output_bits)))


def add_term(layout: Layout, term: Term, slope: Slope, term_bits: int) -> list[int]:
    """Add a term to outputs of the layout's network and return the nodes that are new.

    A score s becomes a table of (s, w) that starts as s + w, rounded and saturated; a number a longer sum.
    """
    network, samples = layout.network, layout.samples
    cells, n_cells = cells_of(term.codes, layout)
    steps, _ = slope.newton(cells, n_cells)
    before = set(network.nodes)
    codes = _write_codes(network, term.codes)
    for k in term.outputs:
        if samples.kind is Kind.NUMBERS:
            old = network.nodes[network.outputs[k]]
            network.outputs[k] = _sum_of(network, list(old.children), codes, steps[:, k], k)
        else:
            network.outputs[k] = _merge(
                network,
                network.outputs[k],
                codes,
                np.clip(steps[:, k], -_LARGEST_STEP, _LARGEST_STEP),
                cells,
                term_bits,
            )
    network.drop_unused()
    return [number for number in network.nodes if number not in before]


def _merge(
    network: Network, output: int, codes: Sequence[int], steps: FloatArray, cells: IntArray, bits: int
) -> int:
    low, high = np.quantile(steps[cells], _TAILS)
    levels = np.linspace(low, high, 1 << bits)
    entries = np.abs(steps[:, None] - levels).argmin(axis=1).astype(np.int64)
    term = network.add(codes, bits, entries)
    output_bits = network.bits(output)
    old = np.arange(1 << output_bits)
    new = _rounded(old[:, None] + levels[None, :] / network.scale, output_bits)
    return network.add([output, term], output_bits, new.ravel())


def _sum_of(network: Network, terms: list[int], codes: Sequence[int], wanted: FloatArray, output: int) -> int:
    raw = np.rint(wanted / network.scale).astype(np.int64)
    low = int(raw.min())
    network.offsets[output] += low * network.scale
    bits = max(1, int(raw.max() - low).bit_length())
    terms = [*terms, network.add(codes, bits, raw - low)]
    return network.add(terms, network.sum_bits(terms), None)


def _write_codes(network: Network, codes: Sequence[Code]) -> list[int]:
    return [network.add([c.source], c.bits, c.entries) if c.number is None else c.number for c in codes]


def _cells(network: Network, codes: Sequence[int], samples: Samples) -> tuple[IntArray, int]:
    cells = np.zeros(len(samples), np.int64)
    for number in codes:
        if number < network.n_inputs:
            values = samples.codes[:, number].astype(np.int64)
        else:
            node = network.nodes[number]
            assert node.entries is not None
            values = node.entries[samples.codes[:, node.children[0]]]
        cells = (cells << network.bits(number)) | values
    return cells, 1 << network.index_bits(codes)


def _logits(average: FloatArray, kind: Kind) -> FloatArray:
    if kind is Kind.LOGIT:
        return np.asarray(np.log(average / (1 - average)), dtype=np.float64)
    logs = np.log(average)
    return np.asarray(logs - logs.mean(axis=1, keepdims=True), dtype=np.float64)


def _rounded(values: FloatArray, bits: int) -> IntArray:
    return np.clip(np.rint(values), 0, (1 << bits) - 1).astype(np.int64)


def _number_step(samples: Samples, output_bits: int) -> float:
    spread = float(np.ptp(samples.targets, axis=0).max())
    return float(2.0 ** np.ceil(np.log2(spread))) / (1 << output_bits)
