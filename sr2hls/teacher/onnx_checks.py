"""What an ONNX file must not hold, found before any of it is run."""

import math
from pathlib import Path

import onnx
from onnx import ModelProto, TensorProto, external_data_helper

from sr2hls.data.reason import reason
from sr2hls.errors import InputError
from sr2hls.teacher.onnx_sizes import MAX_ELEMENTS, too_large

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
                "put the file there or export with the weights inside"
            )
        size = math.prod(tensor.dims) * 16
        if size > 16 * MAX_ELEMENTS:
            raise InputError(too_large(path, f"weights {tensor.name!r}", tensor.dims))
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
                "float with standard ONNX operators only"
            )
        if node.op_type in _CONTROL_FLOW:
            raise InputError(
                f"{label} is {node.op_type!r}: networks with loops or branches are not supported"
            )
        if not onnx.defs.has(node.op_type, "ai.onnx.ml" if node.domain == "ai.onnx.ml" else ""):
            raise InputError(
                f"{label} has the operator {node.op_type!r}, which ONNX does not define: export the network "
                "in float with standard ONNX operators only"
            )
