"""A LUT network as a typed fixed-point program."""

from collections.abc import Mapping, Sequence

import numpy as np

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.lut_network.samples_and_loss import LossKind
from sr2hls.lut_network.table_network import LutNetwork
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, narrowest


def network_program(
    network: LutNetwork,
    types: Mapping[str, FixedType],
    output_names: Sequence[str],
    kind: LossKind,
    origins: Mapping[int, str] | None = None,
    mean: FloatArray | None = None,
    unit: FloatArray | None = None,
) -> Program:
    """Return the program that computes a LUT network, bit for bit.

    Scores come out as they are, in steps of the power of two next to the LUT network's own: the largest is
    the decision, and a common factor does not change it. Numbers come out in the units of the teacher.

    Args:
        network: the LUT network.
        types: of its inputs, by name.
        output_names: names of the outputs.
        kind: what the outputs mean.
        origins: node number to what it computes, for people.
        mean: of each number, shape (outputs,); see `sr2hls.lut_network.samples.number_scale`.
        unit: of each number, a power of two, shape (outputs,).
    """
    builder = Builder(dict(types))
    values = {i: builder[name] for i, name in enumerate(types)}
    listed = list(types.values())
    origins = origins or {}
    terms = {c for o in network.outputs for c in network.nodes[o].children}
    for number in network.order():
        node = network.nodes[number]
        if node.entries is None and number not in network.outputs:
            total = builder.sum([values[c] for c in node.children], origins.get(number, ""))
            values[number] = builder.cast(total, FixedType(False, node.bits, node.bits))
        elif node.entries is not None and number not in terms:
            values[number] = builder.table(
                [values[c] for c in node.children],
                _reordered(network, number, listed),
                FixedType(False, node.bits, node.bits),
                origins.get(number, ""),
            )
    outputs = {}
    for k, (name, total) in enumerate(zip(output_names, network.outputs, strict=True)):
        step, offset = output_steps(network, k, kind, mean, unit)
        frac = -int(np.rint(np.log2(step)))
        added = []
        for place, number in enumerate(network.nodes[total].children):
            # The first term takes the offset in.
            entries = _reordered(network, number, listed) + (offset if place == 0 else 0)
            type_ = narrowest(int(entries.min()), int(entries.max()), frac)
            read = [values[c] for c in network.nodes[number].children]
            added.append(builder.table(read, entries, type_, origins.get(number, "")))
        outputs[name] = builder.sum(added) if added else builder.constant(offset, frac)
    return builder.program(outputs)


def output_steps(
    network: LutNetwork, output: int, kind: LossKind, mean: FloatArray | None, unit: FloatArray | None
) -> tuple[float, int]:
    """Return the step of an output in the program, a power of two, and what is added to its sum, in steps.

    Args:
        network: the LUT network.
        output: position of the output.
        kind: what outputs mean.
        mean: of each number, shape (outputs,); see `network_program`.
        unit: of each number, shape (outputs,).
    """
    if kind is LossKind.NUMBERS:
        assert mean is not None and unit is not None
        step = network.scale * float(unit[output])
        return step, int(np.rint((network.offsets[output] * unit[output] + mean[output]) / step))
    step = float(2.0 ** np.rint(np.log2(network.scale)))
    if kind is LossKind.LOGIT:
        return step, int(np.rint(network.offsets[output] / network.scale + 0.5))
    return step, int(network.steps()[output])


def _reordered(network: LutNetwork, number: int, types: Sequence[FixedType]) -> IntArray:
    """Return a table's entries in the order of its arguments' bits.

    A LUT network counts an input from its type's lowest value, a program by its two's-complement bits: the
    sign bit of a signed input is the other way round.
    """
    node = network.nodes[number]
    assert node.entries is not None
    index = np.arange(len(node.entries))
    shift = network.index_bits(node.children)
    for child in node.children:
        shift -= network.bits(child)
        if child < network.n_inputs and types[child].signed:
            index = index ^ (1 << (shift + network.bits(child) - 1))
    reordered: IntArray = node.entries[index]
    return reordered
