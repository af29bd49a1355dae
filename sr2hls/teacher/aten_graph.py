"""Graphs of torch (`torch.export` programs and TorchScript) in the terms of `sr2hls.teacher.chain`."""

from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.teacher.chain import NetworkGraph, NetworkNode

_RENAMED = {
    "gelu_erf": "gelu",
    "mm": "matmul",
    "t": "transpose",
    "numpy_t": "transpose",
    "_softmax": "softmax",
}
_BATCH_NORMS = ("batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm")
_DEFAULT_ALPHA = {"leaky_relu": 0.01, "elu": 1.0}


def exported_graph(program: ExportedProgram, n_features: int) -> NetworkGraph:
    """Translate an exported program with one input and one output.

    Raises:
        InputError: it has more than one input or output.
    """
    signature = program.graph_signature
    named = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    tensors = {**program.constants, **program.state_dict}
    builder = _GraphBuilder()
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in named:
            builder.constants[node.name] = _array(tensors[named[node.name]])
        elif node.op == "call_function":
            op = str(getattr(node.target, "overloadpacket", node.target)).rsplit(".", 1)[-1]
            arguments = [a.name if isinstance(a, torch.fx.Node) else _Literal(a) for a in node.args]
            builder.add(node.name, op, arguments, [node.name], dict(node.kwargs))
    inputs, outputs = signature.user_inputs, signature.user_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise InputError("it has more than one input or output")
    return NetworkGraph(builder.producers, builder.constants, str(inputs[0]), str(outputs[0]), n_features)


def script_graph(module: torch.jit.ScriptModule, n_features: int) -> NetworkGraph:
    """Translate a TorchScript module with one input and one output.

    Raises:
        InputError: it has more than one input or output.
    """
    graph: Any = torch.jit.freeze(module.eval()).inlined_graph
    builder = _GraphBuilder()
    literals: dict[str, _Literal] = {}
    for node in graph.nodes():
        outputs = [value.debugName() for value in node.outputs()]
        if node.kind() == "prim::Constant":
            value = node.output().toIValue()
            if isinstance(value, torch.Tensor):
                builder.constants[outputs[0]] = _array(value)
            else:
                literals[outputs[0]] = _Literal(value)
        elif node.kind() == "prim::ListConstruct":
            literals[outputs[0]] = _Literal(None)
        else:
            names = [value.debugName() for value in node.inputs()]
            arguments = [literals.get(name, name) for name in names]
            builder.add(
                outputs[0] if outputs else node.kind(),
                node.kind().rsplit("::", 1)[-1],
                arguments,
                outputs,
                {},
            )
    inputs = [value.debugName() for value in graph.inputs()][1:]
    outputs = [value.debugName() for value in graph.outputs()]
    if len(inputs) != 1 or len(outputs) != 1:
        raise InputError("it has more than one input or output")
    return NetworkGraph(builder.producers, builder.constants, inputs[0], outputs[0], n_features)


class _Literal:
    """An argument that is a plain value."""

    def __init__(self, value: object) -> None:
        self.value = value


class _GraphBuilder:
    """Collects nodes and constants."""

    def __init__(self) -> None:
        self.producers: dict[str, NetworkNode] = {}
        self.constants: dict[str, FloatArray] = {}

    def add(
        self,
        name: str,
        op: str,
        arguments: list["str | _Literal"],
        outputs: list[str],
        options: dict[str, object],
    ) -> None:
        op = op.removesuffix("_") if op not in _RENAMED else op
        op = _RENAMED.get(op, op)
        literal = [a.value if isinstance(a, _Literal) else None for a in arguments]
        inputs = [a if isinstance(a, str) else None for a in arguments]
        attributes: dict[str, float] = {}
        if op == "transpose" and inputs[0] in self.constants:
            self.constants[outputs[0]] = self.constants[inputs[0]].T
            return
        if op in _BATCH_NORMS:
            numbers = [v for v in literal if isinstance(v, float)]
            op, attributes = "batch_norm", {"epsilon": numbers[-1]}
            inputs = inputs[:5]
        elif op in ("add", "sub", "mul", "div"):
            scale = options.get("alpha", literal[2] if len(literal) > 2 else 1)
            if scale not in (1, None) or "rounding_mode" in options:
                op = f"{op} with options"
            inputs = [
                i if i is not None else self._constant(name, v)
                for i, v in zip(inputs[:2], literal, strict=False)
            ]
        elif op in _DEFAULT_ALPHA:
            given = [v for v in literal[1:] if isinstance(v, int | float)]
            attributes = {"alpha": float(given[0]) if given else _DEFAULT_ALPHA[op]}
            if op == "elu" and any(v != 1 for v in given[1:]):
                op = "elu with options"
            inputs = inputs[:1]
        elif op in ("softmax", "log_softmax"):
            dim = literal[1] if len(literal) > 1 else options.get("dim")
            op = op if dim in (-1, 1) else f"{op} over dimension {dim}"
            inputs = inputs[:1]
        elif op == "gelu":
            approximate = literal[1] if len(literal) > 1 else options.get("approximate")
            op = "gelu" if approximate in (None, "none") else "gelu with options"
            inputs = inputs[:1]
        elif op in ("hardtanh", "relu6"):
            op = "relu6" if op == "relu6" or literal[1:3] in ([0.0, 6.0], [0, 6]) else "hardtanh"
            inputs = inputs[:1]
        elif op == "softplus":
            op = (
                "softplus"
                if all(v in (None, 1, 1.0, 20, 20.0) for v in literal[1:])
                else "softplus with options"
            )
            inputs = inputs[:1]
        node = NetworkNode(name, op, tuple(inputs), attributes)
        for value in outputs:
            self.producers[value] = node

    def _constant(self, name: str, value: object) -> str | None:
        if not isinstance(value, int | float):
            return None
        key = f"{name}.constant"
        self.constants[key] = np.asarray(float(value))
        return key


def _array(tensor: torch.Tensor) -> FloatArray:
    return np.asarray(tensor.detach().to(torch.float64).numpy())
