"""Which function of which inputs would gain most for its LUTs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.lut_network.derivatives import Derivatives
from sr2hls.lut_network.descent import Layout
from sr2hls.lut_network.indices import QuantisedIndex, propose_indices
from sr2hls.lut_network.table_network import ADDERS_A_CYCLE, LUT_INPUTS, LutNetwork, chains, most_terms

_MOST_INDICES = 64
"""Quantised indices that are paired; of more, the ones that gain most alone."""
_ADDER = 0.3
"""LUTs of an adder besides its table's: the bits above the table."""


@dataclass(frozen=True, slots=True)
class OutputTable:
    """A term of one output: a table of some bits whose least entry stands for ``low`` steps."""

    output: int
    bits: int
    low: int


@dataclass(frozen=True, slots=True)
class TableTerm:
    """Functions of the same values, to be added to some outputs.

    Attributes:
        indices: what they are functions of.
        parts: the functions.
        luts: what it costs with all that is new.
        gain: what the loss would fall by, at best.
    """

    indices: tuple[QuantisedIndex, ...]
    parts: tuple[OutputTable, ...]
    luts: float
    gain: float

    @property
    def key(self) -> tuple[tuple[int, int, int | None], ...]:
        """What two terms share that differ in their outputs only."""
        return tuple(sorted((c.source, c.bits, c.number) for c in self.indices))


@dataclass(frozen=True, slots=True)
class Capacity:
    """What may still be added to a sum.

    Attributes:
        terms: how many more.
        start: whether the next term may begin a chain: then it is a table of its own anyway, and may as well
            read six bits, which an adder does not take in.
        luts: of one more, besides its table's.
    """

    terms: int
    start: bool
    luts: float

    @classmethod
    def of(cls, network: LutNetwork, output: int, cycles: int) -> "Capacity":
        """Return the capacity of an output whose sum is made in some cycles."""
        children = network.nodes[network.outputs[output]].children
        n, most = len(children), most_terms(cycles)
        if cycles > 1:
            most //= 2  # 32 in two cycles, in eight chains of four: more would be shorter chains
        # The adders that bring chains together, spread over the terms that fill them.
        single = ADDERS_A_CYCLE * cycles + 1
        joins = 0.0
        if n >= single:
            joins = (chains(most) - 1) * network.sum_bits(children) / (most - single)
        wide = sum(map(network.is_wide, children))
        return cls(most - n, wide < chains(n + 1), _ADDER + joins)

    def cost(self, bits: IntArray, full: bool) -> FloatArray:
        """Return the LUTs of one more term for each number of bits, shape (widths,).

        Args:
            bits: of the term, shape (widths,).
            full: whether it reads as many bits as a LUT has.
        """
        return np.asarray(bits * (2 if full and not self.start else 1) + self.luts, dtype=np.float64)


def propose(
    layout: Layout,
    derivatives: Derivatives,
    capacities: Sequence[Capacity],
    *,
    quantised_bits: int,
    index_bits: int,
    term_bits: int,
) -> list[TableTerm]:
    """Return terms, the most gain for a LUT first.

    Args:
        layout: the network so far and its values on some samples.
        derivatives: of the loss there.
        capacities: of each output.
        quantised_bits: most bits of a new staircase of one input.
        index_bits: most bits that a term reads.
        term_bits: most bits of a term.
    """
    pool = propose_indices(layout, derivatives, quantised_bits, index_bits, _MOST_INDICES)
    values = [quantised.values(layout) for quantised in pool]
    choices: list[tuple[int, ...]] = [
        (k,) for k, quantised in enumerate(pool) if quantised.bits >= index_bits - 1
    ]
    choices += [
        (i, j)
        for i, a in enumerate(pool)
        for j, b in enumerate(pool[:i])
        if a.source != b.source and index_bits - 1 <= a.bits + b.bits <= index_bits
    ]
    terms: list[TableTerm] = []
    for choice in choices:
        read = [(values[k], pool[k].bits) for k in choice]
        gains, lows = derivatives.rounded_gains(read, layout.network.scale, term_bits)
        terms += _terms(tuple(pool[k] for k in choice), gains, lows, capacities)
    return sorted(terms, key=lambda t: -t.gain / t.luts)


def _terms(
    read: tuple[QuantisedIndex, ...], gains: FloatArray, lows: IntArray, capacities: Sequence[Capacity]
) -> list[TableTerm]:
    shared = sum(c.luts for c in read)
    full = sum(c.bits for c in read) == LUT_INPUTS
    widths = np.arange(1, gains.shape[1] + 1)
    parts = []
    for k, capacity in enumerate(capacities):
        if capacity.terms < 1:
            continue
        cost = capacity.cost(widths, full)
        best = int(np.argmax(gains[k] / (cost + shared / 2)))
        parts.append((float(gains[k, best]), float(cost[best]), OutputTable(k, best + 1, int(lows[k, best]))))
    parts.sort(key=lambda part: -part[0])
    found = []
    gain, luts = 0.0, float(shared)
    for count, (more, added, _) in enumerate(parts):
        gain, luts = gain + more, luts + added
        found.append(TableTerm(read, tuple(p for _, _, p in parts[: count + 1]), luts, gain))
    return found


def cells_of(read: Sequence[QuantisedIndex], layout: Layout) -> tuple[IntArray, int]:
    """Return which entry of a table over indices each sample reads, and how many there are."""
    cells = np.zeros(len(layout.samples), np.int64)
    bits = 0
    for quantised in read:
        cells = (cells << quantised.bits) | quantised.values(layout)
        bits += quantised.bits
    return cells, 1 << bits
