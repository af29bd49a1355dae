"""What a new term may read: inputs, their highest bits, and small functions of single inputs."""

from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.lut_network.derivatives import PRIOR, Derivatives
from sr2hls.lut_network.descent import Layout
from sr2hls.lut_network.table_network import LUT_INPUTS, LutNetwork


@dataclass(frozen=True, slots=True)
class QuantisedIndex:
    """A value that a term may read.

    Attributes:
        number: of the input or node; ``None`` for a table that would be new.
        parent: input or node that a new table reads.
        source: input that it is a function of.
        bits: its width.
        entries: of the new table.
        luts: what it costs.
    """

    number: int | None
    parent: int
    source: int
    bits: int
    entries: IntArray | None
    luts: int

    def values(self, layout: Layout) -> IntArray:
        """Return its values, shape (samples,)."""
        if self.number is not None:
            return layout.of(self.number)
        assert self.entries is not None
        values: IntArray = self.entries[layout.of(self.parent)]
        return values

    def written(self, network: LutNetwork) -> int:
        """Return its node, which is added to the network if it is new."""
        if self.number is not None:
            return self.number
        assert self.entries is not None
        return network.add([self.parent], self.bits, self.entries)


def propose_indices(
    layout: Layout, derivatives: Derivatives, quantised_bits: int, most_bits: int, most: int
) -> list[QuantisedIndex]:
    """Return the indices that terms may be made of, those that gain most alone first.

    Inputs and indices that are there, their highest bits (both free), and new staircases of each input.

    Args:
        layout: the network so far and its values on some samples.
        derivatives: of the loss there.
        quantised_bits: most bits of a new staircase.
        most_bits: most bits of any index.
        most: how many to return; each input keeps its best one besides.
    """
    network = layout.network
    there = [n for n in network.quantised_indices() if n in layout.at]
    found = [QuantisedIndex(n, n, _source(network, n), network.bits(n), None, 0) for n in there]
    known = {(c.source, layout.of(c.parent).tobytes()) for c in found}
    for value in [*range(network.n_inputs), *there]:
        found += _parts(layout, derivatives, value, quantised_bits, most_bits)
    ranked: list[tuple[float, int, QuantisedIndex]] = []
    for place, quantised in enumerate(found):
        values = quantised.values(layout)
        if quantised.bits > most_bits or (
            quantised.number is None and (quantised.source, values.tobytes()) in known
        ):
            continue
        gain = float(derivatives.newton(values, 1 << quantised.bits)[1].sum())
        ranked.append((-gain, place, quantised))
    ranked.sort(key=lambda item: item[:2])
    firsts = {quantised.source: place for place, (_, _, quantised) in reversed(list(enumerate(ranked)))}
    return [
        quantised
        for place, (_, _, quantised) in enumerate(ranked)
        if place < most or firsts[quantised.source] == place
    ]


def _parts(
    layout: Layout, derivatives: Derivatives, value: int, quantised_bits: int, most_bits: int
) -> list[QuantisedIndex]:
    network = layout.network
    width, source = network.bits(value), _source(network, value)
    values = layout.of(value)
    if (values == values[0]).all():
        return []
    found = []
    if value < network.n_inputs and width <= most_bits:
        found.append(QuantisedIndex(value, value, source, width, None, 0))
    if value >= network.n_inputs and network.is_slice(value):
        return found
    for bits in range(1, min(most_bits + 1, width)):
        found.append(QuantisedIndex(None, value, source, bits, np.arange(1 << width) >> (width - bits), 0))
    if value < network.n_inputs:
        for bits in range(1, min(quantised_bits + 1, width)):
            entries = staircase(values, width, bits, derivatives)
            luts = bits * (1 << max(0, width - LUT_INPUTS))
            found.append(QuantisedIndex(None, value, source, bits, entries, luts))
    return found


def _source(network: LutNetwork, value: int) -> int:
    source = network.source(value)
    assert source is not None
    return source


def staircase(values: IntArray, input_bits: int, bits: int, derivatives: Derivatives) -> IntArray:
    """Return the staircase of 2^bits steps over an input whose steps gain most.

    Values have the shape (samples,), the result (2^input_bits,). Dynamic programming over all contiguous
    partitions; the entries are the numbers of the steps, so that the
    function rises with the input.
    """
    size, steps = 1 << input_bits, 1 << bits
    outputs = derivatives.gradient.shape[1]
    g, h = derivatives.sums(values, size)
    below_g = np.concatenate([np.zeros((1, outputs)), np.cumsum(g, axis=0)])
    below_h = np.concatenate([np.zeros((1, outputs)), np.cumsum(h, axis=0)])
    gain = np.full((size + 1, size + 1), -np.inf)
    for start in range(size):
        d = below_g[start + 1 :] - below_g[start]
        gain[start, start + 1 :] = (d * d / (below_h[start + 1 :] - below_h[start] + PRIOR)).sum(axis=1)
    best = np.full(size + 1, -np.inf)
    best[0] = 0.0
    cuts = []
    for _ in range(min(steps, size)):
        total = best[:, None] + gain
        cuts.append(total.argmax(axis=0))
        best = total.max(axis=0)
    entries = np.zeros(size, np.int64)
    end = size
    for step in range(len(cuts) - 1, -1, -1):
        start = int(cuts[step][end])
        entries[start:end] = step
        end = start
    return entries
