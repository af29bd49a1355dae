"""A cascade as a typed fixed-point program."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, narrowest
from sr2hls.search.cascade.network import Network
from sr2hls.search.cascade.objective import Kind

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def cascade_program(
    network: Network,
    types: Mapping[str, FixedType],
    output_names: Sequence[str],
    kind: Kind,
    origins: Mapping[int, str] | None = None,
    mean: FloatArray | None = None,
    unit: FloatArray | None = None,
) -> Program:
    """Return the program that computes a cascade, bit for bit.

    Scores come out as they are, in steps of the power of two next to the cascade's own: the largest is the
    decision, and a common factor does not change it. Numbers come out in the units of the teacher.

    Args:
        network: the cascade.
        types: of its inputs, by name.
        output_names: names of the outputs.
        kind: what the outputs mean.
        origins: node number to what it computes, for people.
        mean: of each number, see `sr2hls.search.cascade.samples.number_scale`.
        unit: of each number, a power of two.
    """
    builder = Builder(dict(types))
    values = {i: builder[name] for i, name in enumerate(types)}
    listed = list(types.values())
    origins = origins or {}
    frac = int(np.rint(-np.log2(network.scale))) if kind is not Kind.NUMBERS else 0
    for number in network.order():
        node, origin = network.nodes[number], origins.get(number, "")
        if node.entries is None:
            continue
        entries = _reordered(network, number, listed)
        if number in network.outputs and kind is not Kind.NUMBERS:
            low = -(1 << (node.bits - 1)) if kind is Kind.LOGIT else 0
            type_ = FixedType(low < 0, node.bits, node.bits - frac)
        else:
            low, type_ = 0, FixedType(False, node.bits, node.bits)
        values[number] = builder.table([values[c] for c in node.children], entries + low, type_, origin)
    if kind is not Kind.NUMBERS:
        return builder.program({n: values[o] for n, o in zip(output_names, network.outputs, strict=True)})
    assert mean is not None and unit is not None
    outputs = {}
    for k, name in enumerate(output_names):
        outputs[name] = _number(builder, network, k, values, float(mean[k]), float(unit[k]))
    return builder.program(outputs)


def _reordered(network: Network, number: int, types: Sequence[FixedType]) -> IntArray:
    """Return a table's entries in the order of its arguments' bits.

    A cascade counts an input from its type's lowest value, a program by its two's-complement bits: the sign
    bit of a signed input is the other way round.
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


def _number(
    builder: Builder, network: Network, output: int, values: Mapping[int, int], mean: float, unit: float
) -> int:
    """Write the sum of an output's terms; the first of them takes the offset in."""
    node = network.nodes[network.outputs[output]]
    step = network.scale * unit
    frac = -int(np.rint(np.log2(step)))
    offset = int(np.rint((network.offsets[output] * unit + mean) / step))
    terms = []
    for place, child in enumerate(node.children):
        table = builder.operation(values[child])
        entries = np.array(table.values) + (offset if place == 0 else 0)  # type: ignore[attr-defined]
        type_ = narrowest(int(entries.min()), int(entries.max()), frac)
        terms.append(builder.table(table.args, entries, type_, table.origin))
    return builder.sum(terms)
