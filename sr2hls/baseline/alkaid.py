"""The quantised network as alkaid's logic: its constant-matrix optimiser shares adders across a layer."""

import numpy as np
from alkaid.trace import FVArray, HWConfig, trace
from alkaid.types import CombLogic

from sr2hls.baseline.quantised_network import ACTIVATIONS, QuantizedLayer, QuantizedNetwork
from sr2hls.errors import InputError
from sr2hls.program.types import FixedType, Overflow, Rounding

# Adder size and carry size 1: LUTs and carry bits are counted one by one; -1: no cut-off (alkaid's defaults
# for FPGAs in its examples).
_HARDWARE = HWConfig(1, 1, -1)


def to_alkaid(network: QuantizedNetwork) -> CombLogic:
    """Return the network as combinational logic, bit for bit `QuantizedNetwork.run`.

    Raises:
        InputError: a hidden type has modes other than RND (or TRN) and SAT.
    """
    types = network.input_types
    x = FVArray.from_kif(
        np.array([t.signed for t in types]),
        np.array([t.integer - t.signed for t in types]),
        np.array([t.frac for t in types]),
        hwconf=_HARDWARE,
    )
    inputs = x
    frac = network.input_frac
    for layer in network.layers:
        frac += layer.weight_frac
        x = _layer(layer, x, frac)
        frac = layer.result_type.frac if layer.result_type else frac
    return trace(inputs, x)


def _layer(layer: QuantizedLayer, x: FVArray, frac: int) -> FVArray:
    total = x @ (layer.weights * 2.0**-layer.weight_frac) + layer.bias * 2.0**-frac
    if layer.argument_type is not None:
        total = _quantize(total, layer.argument_type)
    if layer.result_type is None:
        return np.maximum(total, 0) if layer.activation == "relu" else total
    if layer.activation == "relu":
        return _quantize(np.maximum(total, 0), layer.result_type)
    if layer.activation == "linear":
        return _quantize(total, layer.result_type)
    return _quantize(total.apply(ACTIVATIONS[layer.activation]), layer.result_type)


def _quantize(x: FVArray, type_: FixedType) -> FVArray:
    if type_.rounding not in (Rounding.RND, Rounding.TRN) or type_.overflow is not Overflow.SAT:
        raise InputError(f"a network value of type {type_} is not supported: use RND or TRN, and SAT")
    return x.quantize(
        int(type_.signed),
        type_.integer - type_.signed,
        type_.frac,
        type_.overflow.value,
        type_.rounding.value,
    )
