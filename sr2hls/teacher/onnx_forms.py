"""ONNX files in the form that is run: one input of floats, tensors for outputs, flat statistics."""

import math
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from sr2hls.errors import InputError

_JOINED = "sr2hls_features"


def flatten_statistics(model: ModelProto) -> None:
    """Give scale, bias, mean and variance of batch normalisations one dimension.

    Converters of operator sets 6 to 9 wrote them as rows, shape (1, C); onnxruntime takes (C,) alone.
    """
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    declared = {value.name: value for value in model.graph.input}
    for node in model.graph.node:
        if node.op_type != "BatchNormalization":
            continue
        for name in node.input[1:5]:
            tensor = weights.get(name)
            if (
                tensor is None
                or len(tensor.dims) == 1
                or math.prod(tensor.dims) != max(tensor.dims, default=1)
            ):
                continue
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).reshape(-1), name))
            if name in declared:
                declared[name].CopyFrom(
                    helper.make_tensor_value_info(name, tensor.data_type, list(tensor.dims))
                )


def open_zip_maps(model: ModelProto) -> None:
    """Put probabilities in the place of the dictionaries that scikit-learn's converter makes of them."""
    maps = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "ZipMap"}
    if not maps:
        return
    outputs = [value for value in model.graph.output if value.name not in maps]
    outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in maps.values()]
    nodes = [node for node in model.graph.node if node.op_type != "ZipMap"]
    del model.graph.output[:], model.graph.node[:]
    model.graph.output.extend(outputs)
    model.graph.node.extend(nodes)


def join_inputs(model: ModelProto, path: Path) -> tuple[str, ...] | None:
    """Make one input of several, which follow each other in the order of the file or of their Concat.

    Returns:
        Names of the features: those of inputs of one feature, else ``name[0]``, ``name[1]`` and so on;
        ``None`` where there is one input.

    Raises:
        InputError: an input is not of the shape (rows, features).
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) < 2:
        return None
    concat = _concat_of(model, {value.name for value in inputs})
    if concat is not None:
        order = {name: k for k, name in enumerate(concat.input)}
        inputs.sort(key=lambda value: order[value.name])
    widths = [_width(value, path, len(inputs)) for value in inputs]
    kinds = {value.type.tensor_type.elem_type for value in inputs}
    if len(kinds) != 1:
        raise InputError(
            f"the inputs of '{path}' are of several types: export the network with one input (rows, features)"
        )
    rows = inputs[0].type.tensor_type.shape.dim[0]
    joined = helper.make_tensor_value_info(_JOINED, kinds.pop(), ["rows", sum(widths)])
    if rows.HasField("dim_value"):
        joined.type.tensor_type.shape.dim[0].dim_value = rows.dim_value
    kept = [value for value in model.graph.input if value.name in weights]
    nodes = list(model.graph.node)
    if concat is not None:
        nodes = [node for node in nodes if node is not concat]
        for node in nodes:
            node.input[:] = [_JOINED if name == concat.output[0] else name for name in node.input]
    else:
        nodes = [*_parts(model, inputs, widths), *nodes]
    copies = [_copy(node) for node in nodes]
    del model.graph.input[:], model.graph.node[:]
    model.graph.input.extend([joined, *kept])
    model.graph.node.extend(copies)
    return tuple(
        value.name if width == 1 else f"{value.name}[{k}]"
        for value, width in zip(inputs, widths, strict=True)
        for k in range(width)
    )


def _copy(node: NodeProto) -> NodeProto:
    copy = NodeProto()
    copy.CopyFrom(node)
    return copy


def _concat_of(model: ModelProto, names: set[str]) -> NodeProto | None:
    """Return the node that joins all inputs and is the only one to read them."""
    readers = [node for node in model.graph.node if names & set(node.input)]
    if len(readers) != 1 or readers[0].op_type != "Concat" or sorted(readers[0].input) != sorted(names):
        return None
    if readers[0].output[0] in {value.name for value in model.graph.output}:
        return None
    axis = {a.name: a.i for a in readers[0].attribute}.get("axis", 1)
    return readers[0] if axis in (1, -1) else None


def _width(value: ValueInfoProto, path: Path, count: int) -> int:
    dims = value.type.tensor_type.shape.dim
    if len(dims) != 2 or dims[1].dim_value <= 0:
        shape = [d.dim_value or d.dim_param or "?" for d in dims]
        raise InputError(
            f"'{path}' has {count} inputs, of which {value.name!r} has the shape {shape}: export a network "
            "with one input (rows, features), or with several of that form"
        )
    return int(dims[1].dim_value)


def _parts(model: ModelProto, inputs: list[ValueInfoProto], widths: list[int]) -> list[NodeProto]:
    """Return nodes that take the inputs out of the joined one."""
    nodes, first = [], 0
    for value, width in zip(inputs, widths, strict=True):
        columns = numpy_helper.from_array(np.arange(first, first + width), f"{_JOINED}_{first}")
        model.graph.initializer.append(columns)
        nodes.append(helper.make_node("Gather", [_JOINED, columns.name], [value.name], axis=1))
        first += width
    return nodes
