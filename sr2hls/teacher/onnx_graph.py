"""An ONNX graph in the terms of `sr2hls.teacher.chain`."""

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper

from sr2hls.arrays import FloatArray
from sr2hls.teacher.chain import NetworkGraph, NetworkNode

_NAMES = {
    "LeakyRelu": "leaky_relu",
    "BatchNormalization": "batch_norm",
    "LogSoftmax": "log_softmax",
    "HardSigmoid": "hardsigmoid",
    "HardSwish": "hardswish",
    "Swish": "silu",
}
_DEFAULTS = {
    "leaky_relu": {"alpha": 0.01},
    "elu": {"alpha": 1.0},
    "batch_norm": {"epsilon": 1e-5},
    "gemm": {"alpha": 1.0, "beta": 1.0},
}


def graph_of(graph: GraphProto, input_name: str, output_name: str, n_features: int) -> NetworkGraph:
    """Translate a graph; nodes that compute constants from constants are folded where they only move
    numbers."""
    constants: dict[str, FloatArray] = {t.name: _array(numpy_helper.to_array(t)) for t in graph.initializer}
    producers: dict[str, NetworkNode] = {}
    for node in graph.node:
        folded = _fold(node, constants)
        if folded is not None:
            constants[node.output[0]] = folded
            continue
        op = _NAMES.get(node.op_type, node.op_type.lower())
        attributes = dict(_DEFAULTS.get(op, {}))
        for attribute in node.attribute:
            value = helper.get_attribute_value(attribute)
            if isinstance(value, int | float):
                attributes[attribute.name] = float(value)
        if _unusual(op, attributes):
            op = f"{op} with {attributes}"
        result = NetworkNode(
            node.name or node.output[0], op, tuple(name or None for name in node.input), attributes
        )
        for name in node.output:
            producers[name] = result
    return NetworkGraph(producers, constants, input_name, output_name, n_features)


def _unusual(op: str, attributes: dict[str, float]) -> bool:
    """Whether an attribute makes an activation other than the one that `Activation` means."""
    if op in ("softmax", "log_softmax"):
        return attributes.get("axis", -1.0) not in (-1.0, 1.0)
    if op == "hardsigmoid":  # torch's has the slope 1/6, ONNX's default is 0.2
        return abs(attributes.get("alpha", 0.2) - 1 / 6) > 1e-6 or attributes.get("beta", 0.5) != 0.5
    if op == "silu":
        return attributes.get("alpha", 1.0) != 1.0
    if op == "gelu":
        return "approximate" in attributes
    return False


def _array(value: NDArray[np.generic]) -> FloatArray:
    if value.dtype.kind in "fiub":
        return np.asarray(value, dtype=np.float64)
    return np.full(value.shape, np.nan)


def _fold(node: NodeProto, constants: dict[str, FloatArray]) -> FloatArray | None:
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Constant":
        for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
            if name in attributes:
                value = attributes[name]
                return (
                    _array(numpy_helper.to_array(value))
                    if name == "value"
                    else np.asarray(value, dtype=np.float64)
                )
        return None
    if not node.input or any(name not in constants for name in node.input if name):
        return None
    first = constants[node.input[0]]
    if node.op_type in ("Identity", "Cast"):
        return first
    if node.op_type == "Transpose":
        return np.transpose(first, attributes.get("perm"))
    if node.op_type in ("Reshape", "Squeeze", "Unsqueeze", "Flatten"):
        shape = (
            constants[node.input[1]].astype(int)
            if node.op_type == "Reshape" and len(node.input) > 1
            else None
        )
        return first.reshape(shape) if shape is not None else np.squeeze(first)
    return None
