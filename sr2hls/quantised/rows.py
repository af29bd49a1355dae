"""Samples on which a state is judged: what its parts add up to, and what other values of a part lose."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.lut_network import LossKind, Samples, Weights
from sr2hls.lut_network.growth_kernels import FlatLoss
from sr2hls.quantised import rounding_kernels as kernels
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.part import Part
from sr2hls.quantised.reader import Reader
from sr2hls.quantised.state import QuantisedState

_MOST_POWER = 600.0
_MOST_RAW = 4096
"""More than any sum of parts of a classification."""


@dataclass(frozen=True, eq=False)
class CellLosses:
    """What each raw value of a part would lose for each combination of its inputs' values.

    Attributes:
        grids: of the inputs, one or two.
        cells: summed losses, shape (cells, levels); with ``levels`` the summed weights and residuals of each
            cell, shape (cells, 2), from which squared errors follow.
        levels: what each raw value adds to the output, in units of the targets.
    """

    grids: tuple[InputGrid, ...]
    cells: FloatArray
    levels: FloatArray | None
    _by_first: dict[Reader, FloatArray] = field(default_factory=dict)
    """The cells added up by what the first input's readers read: many combinations begin with the same."""

    def table(self, readers: Sequence[Reader]) -> FloatArray:
        """Return the losses of each entry of a table over some readers, shape (entries, levels)."""
        first, *rest = readers
        if first not in self._by_first:
            cells = self.cells.reshape(*(1 << g.width for g in self.grids), -1)
            self._by_first[first] = _added_up(cells, first, self.grids[0], 0)
        total = self._by_first[first]
        for axis, reader in enumerate(rest, 1):
            total = _added_up(total, reader, self.grids[axis], axis)
        entries = total.reshape(-1, self.cells.shape[1])
        if self.levels is None:
            return np.ascontiguousarray(entries)
        counts, sums = entries[:, :1], entries[:, 1:]
        return np.asarray(counts * self.levels**2 - 2 * sums * self.levels)


def _added_up(cells: FloatArray, reader: Reader, grid: InputGrid, axis: int) -> FloatArray:
    """Return cells with those added up that a reader does not tell apart."""
    codes = reader.codes(grid)
    one_hot = np.zeros((1 << reader.bits, len(codes)))
    one_hot[codes, np.arange(len(codes))] = 1.0
    return np.asarray(np.moveaxis(np.tensordot(one_hot, cells, (1, axis)), 0, axis), dtype=np.float64)


class QuantisedRows:
    """Samples and a state on them.

    Attributes:
        samples: the samples.
        weights: of the loss.
        state: the state; it changes through `QuantisedRows.become`.
        totals: sum of each output's parts, without its bias, shape (samples, outputs).
    """

    def __init__(self, state: QuantisedState, samples: Samples, weights: Weights) -> None:
        self.samples, self.weights = samples, weights
        self._codes: dict[Reader, IntArray] = {}
        self._values: dict[Part, IntArray] = {}
        self.state = replace(state, parts=())
        self.totals = np.zeros((len(samples), len(state.bias)), np.int64)
        self.become(state)

    def become(self, state: QuantisedState) -> None:
        """Take another state on."""
        self.totals = self.sums_of(state)
        self.state = state
        kept = set(state.parts)
        self._values = {part: v for part, v in self._values.items() if part in kept}

    def sums_of(self, state: QuantisedState) -> IntArray:
        """Return the sums of a state's parts, shape (samples, outputs)."""
        totals = self.totals.copy()
        before, after = set(self.state.parts), set(state.parts)
        for part in self.state.parts:
            if part not in after:
                totals[:, part.output] -= self.values(part)
        for part in state.parts:
            if part not in before:
                totals[:, part.output] += self.values(part)
        return totals

    def values(self, part: Part) -> IntArray:
        """Return a part's raw values, shape (samples,)."""
        if part not in self._values:
            self._values[part] = part.entries()[self.index(part)]
        return self._values[part]

    def index(self, part: Part) -> IntArray:
        """Return the entry of a part's table that each sample reads, shape (samples,)."""
        return self._index(part.readers)

    def loss(self, state: QuantisedState | None = None) -> float:
        """Return the mean loss of a state, by default the present one."""
        state = state or self.state
        totals = self.totals if state is self.state else self.sums_of(state)
        samples, objective = self.samples, _objective(state, self.weights, 0)
        return float(kernels.total_loss(totals, samples.targets, samples.row_weights, objective))

    def predictions(self) -> FloatArray:
        """Return logits, or numbers in units of the targets, shape (samples, outputs)."""
        state, step = self.state, self.state.temperature
        if state.scale.kind is LossKind.CLASSES:
            return np.asarray(step * (self.totals + np.array(state.bias)), dtype=np.float64)
        return np.asarray(step * self.totals + _objective(state, self.weights, 0).offsets, dtype=np.float64)

    def cell_losses(self, at: int, inputs: Sequence[int], low: int, levels: int) -> CellLosses:
        """Return what each raw value of a part, from ``low`` on, loses for each value of its inputs.

        Args:
            at: position of the part.
            inputs: one or two inputs whose values tell the rows apart.
            low: least raw value.
            levels: number of raw values.
        """
        state, part = self.state, self.state.parts[at]
        grids = tuple(state.grids[i] for i in inputs)
        cells = self._index([Reader.whole(i, g) for i, g in zip(inputs, grids, strict=True)])
        n_cells = 1 << sum(g.width for g in grids)
        others = self.totals.copy()
        others[:, part.output] -= self.values(part)
        objective, counted = _objective(state, self.weights, -low), self.samples.row_weights
        if state.scale.kind is LossKind.NUMBERS:
            k, step = part.output, state.temperature
            rest = self.samples.targets[:, k] - step * others[:, k] - objective.offsets[k]
            counts = np.bincount(cells, weights=counted, minlength=n_cells)
            sums = np.bincount(cells, weights=counted * rest, minlength=n_cells)
            return CellLosses(
                grids,
                np.stack([counts, sums], axis=1),
                np.asarray(step * (low + np.arange(levels)), dtype=np.float64),
            )
        losses = np.zeros((n_cells, levels))
        kernels.level_losses(
            cells, others, part.output, low, self.samples.targets, counted, objective, losses
        )
        return CellLosses(grids, losses, None)

    def _index(self, readers: Sequence[Reader]) -> IntArray:
        index = np.zeros(len(self.samples), np.int64)
        for reader in readers:
            index = (index << reader.bits) | self._read(reader)
        return index

    def _read(self, reader: Reader) -> IntArray:
        if reader not in self._codes:
            codes = reader.codes(self.state.grids[reader.input])
            self._codes[reader] = codes[self.samples.indices[:, reader.input].astype(np.int64)]
        return self._codes[reader]


def _objective(state: QuantisedState, weights: Weights, below: int) -> FlatLoss:
    """Return the loss for sums of parts that are -below at least."""
    scale, bias, step = state.scale, np.array(state.bias, dtype=np.int64), state.temperature
    base, powers = np.zeros_like(bias), np.ones(1)
    offsets: FloatArray = np.zeros(len(bias))
    if scale.kind is LossKind.NUMBERS:
        steps = np.array([2.0**-f for f in scale.fracs])
        offsets = np.asarray((bias * steps - scale.mean) / scale.unit, dtype=np.float64)
    elif scale.kind is LossKind.LOGIT:
        # An output above 0 decides for the class; half a step makes the loss agree.
        offsets = np.asarray(step * (bias - 0.5), dtype=np.float64)
    else:
        base = bias - bias.min() + max(0, below)
        levels = int(base.max()) + _MOST_RAW
        powers = np.exp(np.minimum(step * np.arange(levels), _MOST_POWER))
    return FlatLoss(int(scale.kind), step, offsets, base, powers, weights.decision, weights.soft)
