"""The compiled loops against what they stand for, written plainly."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from sr2hls.lut_network import growth_kernels as kernels
from sr2hls.lut_network.descent import Layout, improve
from sr2hls.lut_network.samples_and_loss import DECISIVE, SOFT, LossKind, Samples, Weights
from sr2hls.lut_network.table_network import LutNetwork, TableNode

BITS = (3, 3, 2)


def classes(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rng.dirichlet(np.ones(3), 60), np.array([0.4, -0.2, 0.0])


def logits(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rng.random((60, 1)), np.array([-2.1])


def numbers(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rng.normal(size=(60, 2)), np.array([-1.0, 0.4])


MAKERS = {LossKind.CLASSES: classes, LossKind.LOGIT: logits, LossKind.NUMBERS: numbers}


def drawn(kind: LossKind, seed: int = 0) -> tuple[LutNetwork, Samples]:
    """Return a network whose first tables are read by several terms, one by way of a sum, and samples."""
    rng = np.random.default_rng(seed)
    targets, offsets = MAKERS[kind](rng)
    indices = np.stack([rng.integers(0, 1 << b, 60) for b in BITS], axis=1).astype(np.int16)
    network = LutNetwork(BITS, targets.shape[1])
    network.scale, network.offsets = 0.2, offsets
    shared = network.add([0], 2, rng.integers(0, 4, 8))
    layer = [network.add([0], 2, rng.integers(0, 4, 8)), network.add([2], 1, rng.integers(0, 2, 4))]
    squash = network.add([network.add(layer, network.sum_bits(layer), None)], 2, rng.integers(0, 4, 8))
    for _ in range(targets.shape[1]):
        terms = [
            network.add([squash, 2], 2, rng.integers(0, 4, 16)),
            network.add([shared, 1], 3, rng.integers(0, 8, 32)),
            network.add([1, 2], 2, rng.integers(0, 4, 32)),
        ]
        network.outputs.append(network.add(terms, network.sum_bits(terms), None))
    return network, Samples(indices, np.ascontiguousarray(targets), kind)


def plain_loss(predictions: NDArray[np.float64], samples: Samples, weights: Weights) -> NDArray[np.float64]:
    target = samples.targets
    if samples.kind is LossKind.NUMBERS:
        return ((predictions - target) ** 2).sum(axis=1)
    if samples.kind is LossKind.LOGIT:
        logit, likely = predictions[:, 0], target[:, 0]
        chosen = np.where(logit > 0, likely, 1 - likely)
        return weights.soft * (np.log1p(np.exp(logit)) - likely * logit) - weights.decision * chosen
    soft = np.log(np.exp(predictions).sum(axis=1)) - (target * predictions).sum(axis=1)
    chosen = target[np.arange(len(target)), predictions.argmax(axis=1)]
    return weights.soft * soft - weights.decision * chosen


@pytest.mark.parametrize("weights", [SOFT, DECISIVE])
@pytest.mark.parametrize("kind", LossKind)
def test_the_loss_is_its_definition(kind: LossKind, weights: Weights) -> None:
    network, samples = drawn(kind)
    layout = Layout(network, samples)
    predictions = layout.predictions
    if kind is LossKind.CLASSES:
        # Scores count by their differences; the circuit compares whole steps.
        predictions = (layout.outputs + network.steps()) * network.scale
    assert layout.loss(weights) == pytest.approx(plain_loss(predictions, samples, weights).mean())


def test_values_that_fit_into_bytes_are_bytes_and_give_the_same() -> None:
    network, samples = drawn(LossKind.CLASSES)
    wide = LutNetwork((*network.input_bits, 9), len(network.outputs))
    moved = {n: n + (n >= network.n_inputs) for n in [*range(network.n_inputs), *network.nodes]}
    for number, node in network.nodes.items():
        wide.nodes[moved[number]] = TableNode(tuple(moved[c] for c in node.children), node.bits, node.entries)
    wide.outputs, wide.scale, wide.offsets = (
        [moved[o] for o in network.outputs],
        network.scale,
        network.offsets,
    )
    unread = np.zeros((len(samples), 1), np.int16)
    bytes_ = Layout(network, samples)
    words = Layout(wide, Samples(np.hstack([samples.indices, unread]), samples.targets, samples.kind))
    assert (bytes_.values.dtype, words.values.dtype) == (np.uint8, np.int16)
    assert np.array_equal(bytes_.outputs, words.outputs)
    for number in (n for n in network.order() if network.nodes[n].entries is not None):
        losses = bytes_.entry_losses(number, DECISIVE)
        assert np.array_equal(losses, words.entry_losses(moved[number], DECISIVE))


@pytest.mark.parametrize("weights", [SOFT, DECISIVE])
@pytest.mark.parametrize("kind", LossKind)
def test_losses_of_entries_are_those_of_networks_with_the_entry(kind: LossKind, weights: Weights) -> None:
    network, samples = drawn(kind)
    layout = Layout(network, samples)
    before = layout.values.copy()
    for number in (n for n in network.order() if network.nodes[n].entries is not None):
        losses = layout.entry_losses(number, weights)
        node = network.nodes[number]
        assert node.entries is not None
        now = layout.loss(weights) * len(samples)
        same = losses[np.arange(len(node.entries)), node.entries]
        for entry, value in product(range(len(node.entries)), range(1 << node.bits)):
            other = network.copy()
            changed = other.nodes[number].entries
            assert changed is not None
            changed[entry] = value
            total = Layout(other, samples).loss(weights) * len(samples)
            assert losses[entry, value] - same[entry] == pytest.approx(total - now, abs=1e-9)
    assert np.array_equal(layout.values, before)


@pytest.mark.parametrize("kind", LossKind)
def test_descent_never_raises_the_loss_and_leaves_wires(kind: LossKind) -> None:
    network, samples = drawn(kind)
    wires = network.add([0], 2, np.arange(8) >> 1)
    term = network.add([wires, 2], 2, np.arange(16) % 4)
    total = network.nodes[network.outputs[0]]
    total.children = (*total.children, term)
    total.bits = network.sum_bits(total.children)
    layout = Layout(network, samples)
    losses = [layout.loss(SOFT)]
    for _ in range(3):
        improve(layout, network.order(), SOFT)
        layout.fit_offsets(SOFT)
        losses.append(layout.loss(SOFT))
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0]
    assert network.is_slice(wires)
    assert Layout(network.copy(), samples).loss(SOFT) == pytest.approx(losses[-1])


def test_gains_of_whole_steps_are_the_best_of_all_windows() -> None:
    rng = np.random.default_rng(0)
    g, h = rng.normal(size=(16, 2)) * 8, rng.random((16, 2)) * 5 + 3
    gain, low = np.zeros((2, 3)), np.zeros((2, 3), np.int64)
    kernels.step_gains(g, h, 0.25, gain, low)
    steps = np.rint(g / h / 0.25)
    worth: Callable[[NDArray[np.float64], int], float] = lambda e, k: float(  # noqa: E731
        (g[:, k] * e - h[:, k] * e * e / 2).sum()
    )
    for k, bits in product(range(2), range(1, 4)):
        starts = range(int(steps[:, k].min()) - 9, int(steps[:, k].max()) + 2)
        best = max(worth(0.25 * np.clip(steps[:, k], s, s + (1 << bits) - 1), k) for s in starts)
        assert gain[k, bits - 1] == pytest.approx(best)
        first = low[k, bits - 1]
        assert worth(0.25 * np.clip(steps[:, k], first, first + (1 << bits) - 1), k) == pytest.approx(best)
