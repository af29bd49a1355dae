"""What an ONNX file must not hold, found before any of it is run."""

import math
from pathlib import Path

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, external_data_helper

from sr2hls.data.reason import reason
from sr2hls.errors import InputError

MAX_ELEMENTS = 1 << 28
"""Limit on the elements of a single tensor (1 GiB of float32)."""

_STANDARD_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_CONTROL_FLOW = frozenset({"Loop", "Scan", "If", "SequenceMap"})


def read_model(path: Path) -> ModelProto:
    """Read an ONNX file, with its weights in other files where those lie in the same folder.

    Raises:
        InputError: the file is no ONNX model, or its weights are somewhere else.
    """
    try:
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except Exception as error:  # protobuf's errors have no common base that it promises
        raise InputError(f"'{path}' is no readable ONNX file ({reason(error)}): export it again") from error
    if not model.graph.node:
        raise InputError(f"'{path}' is an ONNX file without any node: export it again")
    external = [t for t in model.graph.initializer if t.data_location == TensorProto.EXTERNAL]
    for tensor in external:
        location = external_data_helper.ExternalDataInfo(tensor).location
        beside = path.parent / location
        if Path(location).name != location or beside.is_symlink() or not beside.is_file():
            raise InputError(
                f"'{path}' keeps the weights {tensor.name!r} in {location!r}, which is no file beside it: "
                f"put the file there or "
                "export with the weights inside"
            )
        size = math.prod(tensor.dims) * 16
        if size > 16 * MAX_ELEMENTS:
            raise InputError(_too_large(path, f"weights {tensor.name!r}", tensor.dims))
    if external:
        try:
            onnx.load_external_data_for_model(model, str(path.parent))
        except Exception as error:
            raise InputError(f"the weights of '{path}' cannot be read ({reason(error)})") from error
    return model


def check_nodes(model: ModelProto, path: Path) -> None:
    """Refuse operators that are not ONNX's own (QONNX, Brevitas, FINN, vendor nodes) and loops.

    Raises:
        InputError: naming the node and its operator.
    """
    own = {(function.domain, function.name) for function in model.functions}
    for node in model.graph.node:
        if (node.domain, node.op_type) in own:
            continue
        label = f"node {node.name or node.output[0]!r} of '{path}'"
        if node.domain not in _STANDARD_DOMAINS:
            raise InputError(
                f"{label} is the custom operator {f'{node.domain}.{node.op_type}'!r}: export the network in "
                f"float with standard "
                "ONNX operators only"
            )
        if node.op_type in _CONTROL_FLOW:
            raise InputError(
                f"{label} is {node.op_type!r}: networks with loops or branches are not supported"
            )
        if not onnx.defs.has(node.op_type, "ai.onnx.ml" if node.domain == "ai.onnx.ml" else ""):
            raise InputError(
                f"{label} has the operator {node.op_type!r}, which ONNX does not define: export the "
                f"network in float with "
                "standard ONNX operators only"
            )


def check_sizes(model: ModelProto, path: Path) -> None:
    """Refuse weights whose shape does not fit what is stored, and tensors of absurd size, before either is
    allocated.

    Raises:
        InputError: naming the tensor.
    """
    for tensor in _tensors(model.graph):
        count = math.prod(tensor.dims)
        if min(tensor.dims, default=1) < 0 or count > MAX_ELEMENTS:
            raise InputError(_too_large(path, f"weights {tensor.name!r}", tensor.dims))
        stored = max(
            len(tensor.raw_data),
            *(
                len(getattr(tensor, f"{kind}_data"))
                for kind in ("float", "int32", "int64", "double", "uint64", "string")
            ),
        )
        if count > stored:
            raise InputError(
                f"weights {tensor.name!r} of '{path}' have the shape {list(tensor.dims)} but {stored} "
                f"stored bytes or values: "
                "export the network again"
            )
    try:
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, data_prop=True)
    except Exception as error:
        raise InputError(f"'{path}' is not a valid network ({reason(error)}): export it again") from error
    sized: set[str] = {tensor.name for tensor in model.graph.initializer}
    rows = {d.dim_param for v in model.graph.input for d in v.type.tensor_type.shape.dim if d.dim_param}
    for value in (*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output):
        dims = [d.dim_value for d in value.type.tensor_type.shape.dim if d.HasField("dim_value")]
        if math.prod(dims) > MAX_ELEMENTS:
            raise InputError(_too_large(path, f"value {value.name!r}", dims))
        shape = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(
            d.HasField("dim_value") or d.dim_param in rows for d in shape
        ):
            sized.add(value.name)
    for node in model.graph.node:
        if node.op_type in (
            "ConstantOfShape",
            "Range",
            "Expand",
            "Tile",
            "Resize",
            "Upsample",
            "Pad",
            "OneHot",
        ):
            unknown = [name for name in node.output if name not in sized]
            if unknown:
                raise InputError(
                    f"node {node.name or node.output[0]!r} of '{path}' ({node.op_type}) makes a tensor "
                    f"whose size is not known "
                    "beforehand: export the network with constant shapes"
                )


def _tensors(graph: GraphProto) -> list[TensorProto]:
    inside = [a.t for node in graph.node for a in node.attribute if a.type == AttributeProto.TENSOR]
    return [*graph.initializer, *inside]


def _too_large(path: Path, what: str, dims: object) -> str:
    shape = list(dims)  # type: ignore[call-overload]
    return (
        f"{what} of '{path}' have the shape {shape}, more than {MAX_ELEMENTS} elements: no network for "
        f"this tool is that large"
    )
