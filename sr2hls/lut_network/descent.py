"""Descent over whole tables: each in turn becomes the best one that there is, all others being kept."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.lut_network import growth_kernels as kernels
from sr2hls.lut_network.samples_and_loss import SOFT, LossKind, Samples, Weights
from sr2hls.lut_network.table_network import LutNetwork

IndexArray = NDArray[np.int16] | NDArray[np.uint8]

_SCALES = np.exp(np.linspace(-0.25, 0.25, 11))


class Layout:
    """A network as flat arrays for the compiled loops, with the values of samples in it.

    Attributes:
        network: the network; changes of its tables go through `Layout.replace`.
        samples: the samples.
        values: of inputs and nodes, shape (values, samples).
    """

    def __init__(self, network: LutNetwork, samples: Samples) -> None:
        self.network, self.samples = network, samples
        order = network.order()
        self.at = {number: n for n, number in enumerate([*range(network.n_inputs), *order])}
        count = len(self.at)
        self._flat = _flat(network, order, self.at)
        self._above = self._ancestors(count)
        self._only_sums = [self._is_only_summed(n) for n in range(count)]
        # Half the memory where every value fits into a byte; the loops are compiled for both.
        narrow = max(map(network.bits, self.at)) <= 8
        shape = count, len(samples)
        self.values: IndexArray = np.zeros(shape, np.uint8) if narrow else np.zeros(shape, np.int16)
        self.values[: network.n_inputs] = samples.indices.T
        self._run(np.arange(network.n_inputs, count))

    @property
    def outputs(self) -> IndexArray:
        """Raw values of the outputs, shape (samples, outputs)."""
        return self.values[self._flat.outputs].T

    @property
    def predictions(self) -> FloatArray:
        """Scores, logits or numbers, shape (samples, outputs)."""
        return np.asarray(self.outputs * self.network.scale + self.network.offsets, dtype=np.float64)

    def of(self, number: int) -> IntArray:
        """Return the values of an input or a node, shape (samples,)."""
        return np.asarray(self.values[self.at[number]], dtype=np.int64)

    def loss(self, weights: Weights) -> float:
        """Return the mean loss of the samples."""
        objective = self._objective(weights)
        return float(kernels.total_loss(self.values, self._flat, self.samples.targets, objective))

    def entry_losses(self, number: int, weights: Weights) -> FloatArray:
        """Return, for each entry of a table and each value it may have, the loss of the rows that read it.

        Losses are summed, not averaged; shape (entries, 2^bits).
        """
        node, n = self.network.nodes[number], self.at[number]
        assert node.entries is not None
        result = np.zeros((len(node.entries), 1 << node.bits))
        loss = self._objective(weights)
        if self._only_sums[n] and self.samples.kind is LossKind.CLASSES:
            moved = np.isin(self._flat.outputs, self._above[n])
            kernels.class_entry_losses(
                n, self.values, 1 << node.bits, moved, self._flat, self.samples.targets, loss, result
            )
            return result
        kernels.entry_losses(
            n, self.values, 1 << node.bits, self._above[n], self._only_sums[n], self._flat,
            self.samples.targets, loss, result,
        )  # fmt: skip
        return result

    def replace(self, number: int, entries: IntArray) -> None:
        """Give a table other entries, shape (2^index bits,), and compute again what depends on it."""
        node, n = self.network.nodes[number], self.at[number]
        node.entries = entries.copy()
        self._flat.entries[self._flat.offset[n] : self._flat.offset[n] + len(entries)] = entries
        self._run(np.concatenate([[n], self._above[n]]).astype(np.int64))

    def fit_scale(self, weights: Weights) -> None:
        """Fit the step of the scores and what is added to each output to the samples.

        The step decides nothing, but probabilities depend on it.
        """
        if self.samples.kind is not LossKind.NUMBERS:
            start = self.network.scale
            losses = []
            for factor in _SCALES:
                self._rescale(start * factor)
                losses.append(self.loss(SOFT))
            self._rescale(start * float(_SCALES[int(np.argmin(losses))]))
        self.fit_offsets(weights)

    def fit_offsets(self, weights: Weights) -> None:
        """Move what is added to each output by a step where that helps."""
        offsets = self.network.offsets
        for k in range(len(offsets)):
            now = offsets[k]
            tried = [now, now - self.network.scale, now + self.network.scale]
            losses = []
            for offset in tried:
                offsets[k] = offset
                losses.append(self.loss(weights))
            offsets[k] = tried[int(np.argmin(losses))]

    def _rescale(self, scale: float) -> None:
        self.network.offsets = self.network.offsets * (scale / self.network.scale)
        self.network.scale = scale

    def _run(self, nodes: IntArray) -> None:
        kernels.run(self.values, nodes, self._flat)

    def _objective(self, weights: Weights) -> kernels.FlatLoss:
        network = self.network
        kind = self.samples.kind
        base, powers = np.zeros(len(network.outputs), np.int64), np.ones(1)
        if kind is LossKind.CLASSES:
            base = network.steps()
            levels = int(base.max()) + (1 << max(network.bits(o) for o in network.outputs))
            powers = np.exp(np.minimum(network.scale * np.arange(levels), 600.0))
        return kernels.FlatLoss(
            int(kind), network.scale, network.offsets, base, powers, weights.decision, weights.soft
        )

    def _is_only_summed(self, n: int) -> bool:
        flat = self._flat
        summed = all(flat.kind[a] == kernels.SUM and flat.is_output[a] for a in self._above[n])
        return summed and not flat.is_output[n]

    def _ancestors(self, count: int) -> list[IntArray]:
        parents: list[list[int]] = [[] for _ in range(count)]
        for n in range(count):
            for k in range(self._flat.first[n], self._flat.first[n + 1]):
                parents[self._flat.children[k]].append(n)
        found: list[set[int]] = [set() for _ in range(count)]
        for n in reversed(range(count)):
            for parent in parents[n]:
                found[n] |= {parent, *found[parent]}
        return [np.array(sorted(f), np.int64) for f in found]


def _flat(network: LutNetwork, order: list[int], at: dict[int, int]) -> kernels.FlatNetwork:
    count = len(at)
    kind, offset = np.zeros(count, np.int64), np.zeros(count, np.int64)
    first = np.zeros(count + 1, np.int64)
    children: list[int] = []
    shifts: list[int] = []
    entries: list[IntArray] = [np.zeros(1, np.int64)]
    filled = 1
    for number in order:
        node, n = network.nodes[number], at[number]
        shift = network.index_bits(node.children)
        for child in node.children:
            shift -= network.bits(child)
            children.append(at[child])
            shifts.append(shift)
        first[n + 1] = len(children)
        if node.entries is None:
            kind[n] = kernels.SUM
        else:
            offset[n] = filled
            entries.append(node.entries)
            filled += len(node.entries)
    outputs = np.array([at[o] for o in network.outputs], np.int64)
    is_output = np.zeros(count, np.uint8)
    is_output[outputs] = 1
    return kernels.FlatNetwork(
        kind, first, np.array(children, np.int64), np.array(shifts, np.int64), offset,
        np.concatenate(entries), outputs, is_output,
    )  # fmt: skip


def improve(layout: Layout, numbers: Iterable[int], weights: Weights, move_lambda: float = 0.0) -> None:
    """Give each of some tables its best entries, all else being as it is at that moment.

    An entry that no sample reads, or whose best value gains no more than ``move_lambda``, stays as it is;
    slices stay, since they are wires. The loss on the samples never grows.
    """
    for number in numbers:
        node = layout.network.nodes[number]
        if node.entries is None or layout.network.is_slice(number):
            continue
        losses = layout.entry_losses(number, weights)
        rows = np.arange(len(losses))
        best = losses.argmin(axis=1)
        better = losses[rows, node.entries] - losses[rows, best] > max(move_lambda, 1e-9)
        if better.any():
            layout.replace(number, np.where(better, best, node.entries))


def sweep(
    network: LutNetwork,
    samples: Samples,
    weights: Weights,
    rng: np.random.Generator,
    move_lambda: float = 0.0,
    *,
    scale: bool = True,
) -> float:
    """Improve every table once, in random order, and return the mean loss after it.

    With ``scale``, the step of the scores is fitted, too: not while a LUT network grows, where terms of
    few bits ask for larger steps, and large steps for terms of few bits.
    """
    layout = Layout(network, samples)
    if scale:
        layout.fit_scale(weights)
    else:
        layout.fit_offsets(weights)
    improve(layout, rng.permutation(network.order()).tolist(), weights, move_lambda)
    return layout.loss(weights)
