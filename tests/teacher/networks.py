"""Small networks for the tests of the teacher package."""

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn


class Scaler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([1.0, -2.0, 0.5]))
        self.register_buffer("scale", torch.tensor([2.0, 0.5, 4.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.scale


def small_network(activation: nn.Module | None = None) -> nn.Sequential:
    """A 3-8-4-2 network with a scaler in front and a batch normalisation inside."""
    torch.manual_seed(3)
    norm = nn.BatchNorm1d(8)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2.0)
    nn.init.normal_(norm.weight)
    return nn.Sequential(
        Scaler(), nn.Linear(3, 8), norm, activation or nn.ReLU(), nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 2)
    ).eval()


def rows(n: int = 40, features: int = 3) -> NDArray[np.float64]:
    return np.random.default_rng(7).normal(size=(n, features)) * 3


def outputs_of(network: nn.Module, X: NDArray[np.float64]) -> NDArray[np.float64]:
    with torch.no_grad():
        return network(torch.from_numpy(X).float()).double().numpy()


def export_onnx(network: nn.Module, path: Path, batch: int | None = None) -> Path:
    example = (torch.zeros(batch or 2, 3),)
    dynamic = ({0: torch.export.Dim("rows")},) if batch is None else None
    program = torch.onnx.export(network, example, dynamo=True, dynamic_shapes=dynamic, verbose=False)
    assert program is not None
    onnx.save(program.model_proto, path)
    return path


def dense_onnx(
    path: Path,
    *,
    batch: int | str = "rows",
    opset: int = 13,
    ir_version: int = 8,
    nodes: list[onnx.NodeProto] | None = None,
    input_shape: list[int | str] | None = None,
    extra_outputs: list[onnx.ValueInfoProto] | None = None,
    domains: list[str] | None = None,
) -> Path:
    """y = x·W + b for 3 features and 2 outputs, or other nodes between x and y with W and b at hand."""
    generator = np.random.default_rng(5)
    weights = {
        "W": generator.normal(size=(3, 2)).astype(np.float32),
        "b": generator.normal(size=2).astype(np.float32),
    }
    graph = helper.make_graph(
        nodes or [helper.make_node("MatMul", ["x", "W"], ["h"]), helper.make_node("Add", ["h", "b"], ["y"])],
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_shape or [batch, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 2]), *(extra_outputs or [])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains or [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)
    path.write_bytes(model.SerializeToString())
    return path


def dense_weights() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    generator = np.random.default_rng(5)
    return generator.normal(size=(3, 2)).astype(np.float32), generator.normal(size=2).astype(np.float32)
