"""Which function of which inputs would gain most, by the second-order model of the loss (as in LogitBoost:
Friedman, Hastie, Tibshirani, Annals of Statistics 28, 2000): a table with the entries g/h gains Σ g²/2h, with
g and h the sums of gradient and curvature over the samples that read an entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sr2hls.search.cascade import kernels
from sr2hls.search.cascade.descent import Layout
from sr2hls.search.cascade.network import Network
from sr2hls.search.cascade.objective import Samples, gradient

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_PRIOR = 5.0
"""Curvature added to every entry: about so many samples say that it should stay 0."""
_MOST_CODES = 40
"""Codes of single inputs that are paired; of more, the ones that gain most alone."""


@dataclass(frozen=True, slots=True)
class Code:
    """A value that a term may read.

    Attributes:
        number: of the input or node; ``None`` for a table of ``source`` that would be new.
        source: input that it is a function of.
        bits: its width.
        entries: of the new table.
        luts: what it costs.
    """

    number: int | None
    source: int
    bits: int
    entries: IntArray | None
    luts: int


@dataclass(frozen=True, slots=True)
class Term:
    """A function to be added to some outputs.

    Attributes:
        codes: what it is a function of.
        outputs: positions of the outputs that it is added to.
        luts: what it costs with all that is new.
        gain: what the loss would fall by, at best.
    """

    codes: tuple[Code, ...]
    outputs: tuple[int, ...]
    luts: int
    gain: float

    @property
    def key(self) -> tuple[tuple[int, int, int | None], ...]:
        """What two terms share that differ in their outputs only."""
        return tuple(sorted((c.source, c.bits, c.number) for c in self.codes))


@dataclass(frozen=True, eq=False)
class Slope:
    """Gradient and curvature of the loss by the outputs, shape (samples, outputs)."""

    gradient: FloatArray
    curvature: FloatArray

    @classmethod
    def of(cls, predictions: FloatArray, samples: Samples) -> "Slope":
        """Return the slope at some predictions."""
        return cls(*gradient(predictions, samples))

    def newton(self, cells: IntArray, n_cells: int) -> tuple[FloatArray, FloatArray]:
        """Return the best step of each cell, shape (cells, outputs), and what each output gains by it."""
        g = np.zeros((n_cells, self.gradient.shape[1]))
        h = np.full_like(g, _PRIOR)
        kernels.cell_sums(cells, n_cells, self.gradient, self.curvature, g, h)
        return g / h, (g * g / h).sum(axis=0) / (2 * len(cells))


def split_codes(values: IntArray, input_bits: int, bits: int, slope: Slope) -> IntArray:
    """Return the staircase of 2^bits steps over an input whose steps gain most.

    Dynamic programming over all contiguous partitions; the entries are the numbers of the steps, so that the
    function rises with the input.
    """
    size, steps = 1 << input_bits, 1 << bits
    outputs = slope.gradient.shape[1]
    g, h = np.zeros((size, outputs)), np.zeros((size, outputs))
    kernels.cell_sums(values, size, slope.gradient, slope.curvature, g, h)
    below_g = np.concatenate([np.zeros((1, outputs)), np.cumsum(g, axis=0)])
    below_h = np.concatenate([np.zeros((1, outputs)), np.cumsum(h, axis=0)])
    worth = np.full((size + 1, size + 1), -np.inf)
    for start in range(size):
        d = below_g[start + 1 :] - below_g[start]
        worth[start, start + 1 :] = (d * d / (below_h[start + 1 :] - below_h[start] + _PRIOR)).sum(axis=1)
    best = np.full(size + 1, -np.inf)
    best[0] = 0.0
    cuts = []
    for _ in range(min(steps, size)):
        total = best[:, None] + worth
        cuts.append(total.argmax(axis=0))
        best = total.max(axis=0)
    entries = np.zeros(size, np.int64)
    end = size
    for step in range(len(cuts) - 1, -1, -1):
        start = int(cuts[step][end])
        entries[start:end] = step
        end = start
    return entries


def cells_of(codes: Sequence[Code], layout: Layout) -> tuple[IntArray, int]:
    """Return which entry of a table over codes each sample reads, and how many there are."""
    cells = np.zeros(len(layout.samples), np.int64)
    bits = 0
    for code in codes:
        cells = (cells << code.bits) | _values(code, layout)
        bits += code.bits
    return cells, 1 << bits


def propose(
    layout: Layout,
    slope: Slope,
    *,
    code_bits: int,
    index_bits: int,
    luts_an_output: int,
    together: bool = False,
) -> list[Term]:
    """Return terms, the most gain for a LUT first.

    Args:
        layout: the network so far and its values on some samples.
        slope: of the loss there.
        code_bits: width of a new table of one input.
        index_bits: most bits that a term reads.
        luts_an_output: what adding a term to an output costs.
        together: add to all outputs at once.
    """
    network = layout.network
    singles = [Code(i, i, bits, None, 0) for i, bits in enumerate(network.input_bits) if bits <= index_bits]
    fresh = _fresh(layout, slope, code_bits)
    there = [
        Code(number, network.nodes[number].children[0], network.bits(number), None, 0)
        for number in network.codes()
        if number in layout.at
    ]
    pool = [*there, *fresh]
    pairs = [
        (a, b)
        for i, a in enumerate(pool)
        for b in pool[:i]
        if a.source != b.source and a.bits + b.bits <= index_bits
    ]
    terms: list[Term] = []
    for codes in [*((c,) for c in singles), *pairs]:
        cells, n_cells = cells_of(codes, layout)
        _, gains = slope.newton(cells, n_cells)
        terms += _terms(codes, gains, luts_an_output, together)
    return sorted(terms, key=lambda t: -t.gain / max(t.luts, 1))


def _terms(codes: tuple[Code, ...], gains: FloatArray, luts_an_output: int, together: bool) -> list[Term]:
    shared = sum(c.luts for c in codes)
    order = np.argsort(-gains, kind="stable")
    counts = [len(gains)] if together else range(1, len(gains) + 1)
    return [
        Term(
            codes,
            tuple(sorted(int(k) for k in order[:count])),
            shared + count * luts_an_output,
            float(gains[order[:count]].sum()),
        )
        for count in counts
    ]


def _fresh(layout: Layout, slope: Slope, code_bits: int) -> list[Code]:
    network = layout.network
    found: list[tuple[float, Code]] = []
    for i, input_bits in enumerate(network.input_bits):
        values = layout.of(i)
        if (values == values[0]).all():
            continue
        if input_bits <= code_bits:
            code = Code(i, i, input_bits, None, 0)
        else:
            entries = split_codes(values, input_bits, code_bits, slope)
            code = Code(None, i, code_bits, entries, _luts(network, i, code_bits))
        _, gains = slope.newton(_values(code, layout), 1 << code.bits)
        found.append((float(gains.sum()), code))
    found.sort(key=lambda item: -item[0])
    return [code for _, code in found[:_MOST_CODES]]


def _luts(network: Network, source: int, bits: int) -> int:
    return bits * max(1, 1 << max(0, network.bits(source) - 6))


def _values(code: Code, layout: Layout) -> IntArray:
    if code.entries is not None:
        values: IntArray = code.entries[layout.of(code.source)]
        return values
    assert code.number is not None
    return layout.of(code.number)
