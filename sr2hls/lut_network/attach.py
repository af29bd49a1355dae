"""The outputs of a LUT network as sums: how they begin, and how a term is added."""

import numpy as np

from sr2hls.lut_network.derivatives import Derivatives
from sr2hls.lut_network.descent import Layout
from sr2hls.lut_network.propose_terms import TableTerm, cells_of
from sr2hls.lut_network.samples_and_loss import LossKind, Samples
from sr2hls.lut_network.table_network import LutNetwork


def empty_sums(input_bits: tuple[int, ...], samples: Samples, step: float, number_bits: int) -> LutNetwork:
    """Return a network whose outputs are sums of nothing: the same answer, the most likely one, for all.

    Args:
        input_bits: width of each input.
        samples: what to learn.
        step: of scores and logits.
        number_bits: of the range of numbers.
    """
    mean = samples.targets.mean(axis=0)
    network = LutNetwork(input_bits, len(mean))
    network.outputs = [network.add([], 1, None) for _ in mean]
    if samples.kind is LossKind.NUMBERS:
        spread = float(np.ptp(samples.targets, axis=0).max())
        network.scale = float(2.0 ** np.ceil(np.log2(max(spread, 1e-30)))) / (1 << number_bits)
        network.offsets = np.rint(mean / network.scale) * network.scale
        return network
    network.scale = step
    likely = np.clip(mean, 1e-9, 1 - 1e-9)
    logits = np.log(likely) if samples.kind is LossKind.CLASSES else np.log(likely / (1 - likely))
    # A logit stands half a step off the circuit's zero, so that none lies exactly on the decision.
    half = 0.5 if samples.kind is LossKind.LOGIT else 0.0
    network.offsets = (np.rint(logits / step) - half) * step
    return network


def add_term(layout: Layout, term: TableTerm, derivatives: Derivatives) -> list[int]:
    """Add a term to outputs of the layout's network and return the nodes that are new.

    Its tables hold the steps that the derivatives asks for, rounded, from the least entry of each on.
    """
    network = layout.network
    cells, n_cells = cells_of(term.indices, layout)
    steps, _ = derivatives.newton(cells, n_cells)
    before = set(network.nodes)
    read = [quantised.written(network) for quantised in term.indices]
    for part in term.parts:
        whole = np.rint(steps[:, part.output] / network.scale).astype(np.int64)
        entries = np.clip(whole - part.low, 0, (1 << part.bits) - 1)
        total = network.nodes[network.outputs[part.output]]
        total.children = (*total.children, network.add(read, part.bits, entries))
        total.bits = network.sum_bits(total.children)
        network.offsets[part.output] += part.low * network.scale
    return [number for number in network.nodes if number not in before]
