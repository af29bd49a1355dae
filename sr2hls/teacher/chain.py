"""From the graph of a network, whatever file it came in, to a chain of layers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.teacher.layers import ACTIVATIONS, Activation, Affine, Dense, Layer

_PASS_THROUGH = frozenset({"identity", "dropout", "flatten", "cast", "contiguous", "clone", "alias", "to"})
_ARITHMETIC = frozenset({"add", "sub", "mul", "div"})


@dataclass(frozen=True, slots=True)
class NetworkNode:
    """One operation of a graph.

    Attributes:
        name: as the file has it.
        op: canonical name in lower case (``linear``, ``gemm``, ``matmul``, ``add``, ``relu``, …).
        inputs: names of values or constants; None for one that is left out.
        attributes: numbers that belong to the operation.
    """

    name: str
    op: str
    inputs: tuple[str | None, ...]
    attributes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetworkGraph:
    """A network as the nodes that give each value.

    Attributes:
        producers: node that gives a value, by the value's name.
        constants: arrays and numbers known before any input, by name.
        input: name of the features' value.
        output: name of the wanted output's value.
        n_features: number of features.
    """

    producers: Mapping[str, NetworkNode]
    constants: Mapping[str, FloatArray]
    input: str
    output: str
    n_features: int

    def path(self) -> list[tuple[NetworkNode, str]]:
        """Nodes from the input to the output, each with the name of the value that flows into it.

        Raises:
            InputError: the network is not a chain.
        """
        found: list[tuple[NetworkNode, str]] = []
        value = self.output
        while value != self.input:
            node = self.producers.get(value)
            if node is None or len(found) > len(self.producers):
                raise InputError(
                    f"the network's output does not come from its input: {value!r} has no producer"
                )
            flowing = [name for name in node.inputs if name is not None and name not in self.constants]
            if len(flowing) != 1:
                raise InputError(
                    f"node {node.name!r} ({node.op}) joins {len(flowing)} values: only a plain chain of "
                    "dense layers and activations can be taken apart"
                )
            found.append((node, flowing[0]))
            value = flowing[0]
        return found[::-1]


def last_operation(graph: NetworkGraph) -> str | None:
    """Name of the operation that gives the output, None for a graph without any."""
    value = graph.output
    for _ in range(len(graph.producers)):
        node = graph.producers.get(value)
        if node is None:
            return None
        if node.op not in _PASS_THROUGH or node.inputs[0] is None:
            return node.op
        value = node.inputs[0]
    return None


def layers_of(graph: NetworkGraph) -> tuple[Layer, ...]:
    """Take a chain apart into layers; neighbouring affine maps are merged.

    Raises:
        InputError: the network is not a chain of dense layers, affine maps and activations.
    """
    layers: list[Layer] = []
    width = graph.n_features
    for node, flowing in graph.path():
        layer = _layer(node, flowing, graph.constants, width)
        if layer is None:
            continue
        if isinstance(layer, Dense):
            width = len(layer.bias)
        _append(layers, layer)
    return tuple(layers)


def _append(layers: list[Layer], layer: Layer) -> None:
    last = layers[-1] if layers else None
    if isinstance(layer, Affine) and isinstance(last, Affine):
        layers[-1] = Affine(last.name, last.scale * layer.scale, last.shift * layer.scale + layer.shift)
    elif isinstance(layer, Affine) and isinstance(last, Dense) and np.all(layer.scale == 1):
        layers[-1] = Dense(last.name, last.weight, last.bias + layer.shift)
    else:
        layers.append(layer)


def _layer(node: NetworkNode, flowing: str, constants: Mapping[str, FloatArray], width: int) -> Layer | None:
    values = [constants[name] if name is not None and name in constants else None for name in node.inputs]
    position = node.inputs.index(flowing)
    attributes = node.attributes
    if node.op in _PASS_THROUGH:
        return None
    if node.op in ACTIVATIONS and position == 0:
        return Activation(node.name, node.op, attributes.get("alpha", 0.0))
    if node.op in _ARITHMETIC and len(values) == 2:
        other = values[1 - position]
        if other is not None:
            return _arithmetic(node, other, first=position == 0, width=width)
    if node.op == "linear" and position == 0 and values[1] is not None:
        return _dense(node, values[1], values[2] if len(values) > 2 else None, width)
    if node.op == "matmul" and position == 0 and values[1] is not None:
        return _dense(node, values[1].T, None, width)
    if node.op == "addmm" and position == 1 and values[0] is not None and values[2] is not None:
        return _dense(node, values[2].T, values[0], width)
    if node.op == "gemm" and position == 0 and values[1] is not None and not attributes.get("transA"):
        weight = values[1] if attributes.get("transB") else values[1].T
        bias = values[2] if len(values) > 2 else None
        scaled = None if bias is None else bias * attributes.get("beta", 1.0)
        return _dense(node, weight * attributes.get("alpha", 1.0), scaled, width)
    if node.op == "batch_norm" and position == 0:
        return _batch_norm(node, values, width)
    raise InputError(
        f"node {node.name!r} ({node.op}) is neither a dense layer nor an activation that can be taken apart: "
        "only a plain chain of those can"
    )


def _vector(node: NetworkNode, value: FloatArray, width: int) -> FloatArray:
    flat = np.asarray(value, dtype=np.float64).reshape(-1)
    if flat.size not in (1, width):
        raise InputError(f"node {node.name!r} ({node.op}) has {flat.size} constants for {width} values")
    return np.broadcast_to(flat, (width,)).copy()


def _dense(node: NetworkNode, weight: FloatArray, bias: FloatArray | None, width: int) -> Dense:
    if weight.ndim != 2 or weight.shape[1] != width:
        raise InputError(
            f"node {node.name!r} ({node.op}) has weights of shape {weight.shape} for {width} values"
        )
    shift = np.zeros(weight.shape[0]) if bias is None else _vector(node, bias, weight.shape[0])
    return Dense(node.name, np.array(weight, dtype=np.float64), shift)


def _arithmetic(node: NetworkNode, other: FloatArray, *, first: bool, width: int) -> Affine:
    value = _vector(node, other, width)
    one, zero = np.ones(width), np.zeros(width)
    if node.op == "add":
        return Affine(node.name, one, value)
    if node.op == "mul":
        return Affine(node.name, value, zero)
    if node.op == "sub":
        return Affine(node.name, one, -value) if first else Affine(node.name, -one, value)
    if not first or np.any(value == 0):
        raise InputError(f"node {node.name!r} (div) divides by its input or by zero: it is no affine map")
    return Affine(node.name, 1.0 / value, zero)


def _batch_norm(node: NetworkNode, values: list[FloatArray | None], width: int) -> Affine:
    gamma, beta, mean, variance = (None if v is None else _vector(node, v, width) for v in values[1:5])
    if mean is None or variance is None:
        raise InputError(f"node {node.name!r} (batch_norm) has no running mean and variance")
    scale = 1.0 / np.sqrt(variance + node.attributes["epsilon"])
    scale = scale if gamma is None else scale * gamma
    return Affine(node.name, scale, (0.0 if beta is None else beta) - mean * scale)
