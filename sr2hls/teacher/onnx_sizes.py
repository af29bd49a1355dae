"""How large the tensors of an ONNX network are, found before any of them is made."""

import math
from pathlib import Path

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

from sr2hls.data.reason import reason
from sr2hls.errors import InputError

MAX_ELEMENTS = 1 << 28
"""Limit on the elements of a single tensor (1 GiB of float32)."""

_MAX_LIST = 1 << 16
"""Limit on the elements of a one-dimensional value where the sizes of others are computed. ONNX follows such
values in an object an element: a range of 2^40 that feeds a Cast takes all the memory there is."""
_MAX_COMPUTED = 64
"""Limit on the nodes whose sizes have to be computed, each of which takes an inference of its own."""
_MAKERS = frozenset({"ConstantOfShape", "Range", "Expand", "Tile", "Resize", "Upsample", "Pad", "OneHot"})
"""Operators whose outputs are as large as a value says, not as their inputs are."""


def check_sizes(model: ModelProto, path: Path) -> None:
    """Refuse weights whose shape does not fit what is stored, and tensors of absurd size, before either is
    allocated.

    Raises:
        InputError: naming the tensor.
    """
    _check_weights(model.graph, path)
    graph = _inferred(model, path, follow_values=False)
    known = _sized(graph, model)
    computed = [k for k, node in enumerate(model.graph.node) if _unknown(node, known)]
    if len(computed) > _MAX_COMPUTED:
        raise InputError(_not_known(model.graph.node[computed[_MAX_COMPUTED]], path))
    # What computes a size may itself be large: each is measured before anything that reads it is followed.
    for k in computed:
        _check_lists(graph, path)
        beginning = _beginning(model, k + 1)
        graph = _inferred(beginning, path, follow_values=True)
        known |= _sized(graph, beginning)
        if _unknown(model.graph.node[k], known):
            raise InputError(_not_known(model.graph.node[k], path))


def _check_weights(graph: GraphProto, path: Path) -> None:
    for tensor in _tensors(graph):
        count = math.prod(tensor.dims)
        if min(tensor.dims, default=1) < 0:
            raise InputError(
                f"weights {tensor.name!r} of '{path}' have a negative size in the shape "
                f"{list(tensor.dims)}: export the network again"
            )
        if count > MAX_ELEMENTS:
            raise InputError(too_large(path, f"weights {tensor.name!r}", tensor.dims))
        stored = max(
            len(tensor.raw_data),
            *(
                len(getattr(tensor, f"{kind}_data"))
                for kind in ("float", "int32", "int64", "double", "uint64", "string")
            ),
        )
        if count > stored:
            raise InputError(
                f"weights {tensor.name!r} of '{path}' have the shape {list(tensor.dims)} but {stored} stored "
                "bytes or values: export the network again"
            )


def _inferred(model: ModelProto, path: Path, *, follow_values: bool) -> GraphProto:
    """The network with the shape of every value, none of which is too large."""
    try:
        graph = onnx.shape_inference.infer_shapes(model, check_type=True, data_prop=follow_values).graph
    except Exception as error:
        raise InputError(f"'{path}' is not a valid network ({reason(error)}): export it again") from error
    for value in _values(graph):
        dims = _dims(value)
        if math.prod(dims) > MAX_ELEMENTS:
            raise InputError(too_large(path, f"value {value.name!r}", dims))
    return graph


def _values(graph: GraphProto) -> list[ValueInfoProto]:
    return [*graph.value_info, *graph.input, *graph.output]


def _dims(value: ValueInfoProto) -> list[int]:
    return [d.dim_value for d in value.type.tensor_type.shape.dim if d.HasField("dim_value")]


def _check_lists(graph: GraphProto, path: Path) -> None:
    for value in _values(graph):
        if len(value.type.tensor_type.shape.dim) == 1 and math.prod(_dims(value)) > _MAX_LIST:
            raise InputError(
                f"value {value.name!r} of '{path}' is a list of {_dims(value)[0]} elements beside sizes that "
                f"are computed, which is followed for lists up to {_MAX_LIST}: export the network with "
                "constant shapes"
            )


def _sized(graph: GraphProto, model: ModelProto) -> set[str]:
    """Names of the values whose size is known, up to the number of rows."""
    rows = {d.dim_param for v in model.graph.input for d in v.type.tensor_type.shape.dim if d.dim_param}
    return {tensor.name for tensor in model.graph.initializer} | {
        value.name
        for value in _values(graph)
        if value.type.tensor_type.HasField("shape")
        and all(d.HasField("dim_value") or d.dim_param in rows for d in value.type.tensor_type.shape.dim)
    }


def _unknown(node: NodeProto, known: set[str]) -> bool:
    return node.op_type in _MAKERS and not known.issuperset(name for name in node.output if name)


def _beginning(model: ModelProto, nodes: int) -> ModelProto:
    """The model without the nodes from this one on."""
    part = ModelProto()
    part.CopyFrom(model)
    del part.graph.node[nodes:]
    made = {name for node in part.graph.node for name in node.output}
    kept = [value for value in part.graph.output if value.name in made]
    del part.graph.output[:]
    part.graph.output.extend(kept)
    return part


def _not_known(node: NodeProto, path: Path) -> str:
    return (
        f"node {node.name or node.output[0]!r} of '{path}' ({node.op_type}) makes a tensor whose size is not "
        "known beforehand: export the network with constant shapes"
    )


def _tensors(graph: GraphProto) -> list[TensorProto]:
    inside = [a.t for node in graph.node for a in node.attribute if a.type == AttributeProto.TENSOR]
    return [*graph.initializer, *inside]


def too_large(path: Path, what: str, dims: object) -> str:
    """The message about something of absurd size."""
    shape = list(dims)  # type: ignore[call-overload]
    return (
        f"{what} of '{path}' would be of the shape {shape}, more than {MAX_ELEMENTS} elements: no network "
        f"for this tool is that large"
    )
