"""The quantised network as a typed program: what its circuit has to compute, for the same executors."""

import numpy as np

from sr2hls.baseline.quantised_network import ACTIVATIONS, QuantizedLayer, QuantizedNetwork
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType


def network_program(network: QuantizedNetwork, input_names: tuple[str, ...]) -> Program:
    """Return the program that computes `QuantizedNetwork.run` bit for bit.

    Args:
        network: the network.
        input_names: names of the circuit's inputs.
    """
    build = Builder(dict(zip(input_names, network.input_types, strict=True)))
    values = [build[name] for name in input_names]
    frac = network.input_frac
    for layer in network.layers:
        bias_frac = frac + layer.weight_frac
        values = [_neuron(build, layer, k, values, bias_frac) for k in range(layer.weights.shape[1])]
        frac = layer.result_type.frac if layer.result_type else bias_frac
    return build.program(dict(zip(network.output_names, values, strict=True)))


def _neuron(build: Builder, layer: QuantizedLayer, k: int, inputs: list[int], bias_frac: int) -> int:
    terms = []
    for value, weight in zip(inputs, layer.weights[:, k].tolist(), strict=True):
        if weight:
            terms.append(build.mul(value, build.constant(weight, layer.weight_frac)))
    bias = int(layer.bias[k])
    if bias or not terms:
        terms.append(build.constant(bias, bias_frac))
    total = build.sum(terms)
    if layer.activation == "relu":
        total = build.max(total, build.constant(0, 0))
    elif layer.argument_type is not None:
        assert layer.result_type is not None
        argument = build.cast(total, layer.argument_type)
        return _tabulated(build, argument, layer.activation, layer.result_type)
    return build.cast(total, layer.result_type) if layer.result_type is not None else total


def _tabulated(build: Builder, argument: int, activation: str, result: FixedType) -> int:
    type_ = build.type(argument)
    half = 1 << (type_.width - 1)
    indices = range(1 << type_.width)
    raws = [i - (1 << type_.width) if type_.signed and i >= half else i for i in indices]
    real = ACTIVATIONS[activation](np.array(raws) * type_.step)
    return build.table([argument], quantize_real(real, result), result, activation)
