"""Every format gives the same outputs, and plain networks come apart into the same layers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import dense_onnx, export_onnx, outputs_of, rows, small_network
from onnx import helper
from torch import nn

from sr2hls.errors import InputError
from sr2hls.teacher import Activation, Affine, Dense, Task, Teacher, load_teacher, to_torch
from sr2hls.teacher.layers import ACTIVATIONS, evaluate

JETS = Path(__file__).parents[2] / "examples" / "jet_tagger"


def save(kind: str, network: nn.Module, folder: Path) -> Teacher:
    if kind == "onnx":
        return load_teacher(export_onnx(network, folder / "net.onnx"))
    if kind == "onnx fixed batch":
        return load_teacher(export_onnx(network, folder / "net.onnx", batch=7))
    if kind == "torchscript, scripted":
        torch.jit.save(torch.jit.script(network), folder / "net.pt")
        return load_teacher(folder / "net.pt")
    if kind == "torchscript, traced":
        torch.jit.save(torch.jit.trace(network, torch.zeros(2, 3)), folder / "net.pt")
        return load_teacher(folder / "net.pt")
    if kind == "pt2":
        shapes = ({0: torch.export.Dim("rows")},)
        torch.export.save(
            torch.export.export(network, (torch.zeros(2, 3),), dynamic_shapes=shapes), folder / "net.pt2"
        )
        return load_teacher(folder / "net.pt2")
    if kind == "pt2 fixed batch":
        torch.export.save(torch.export.export(network, (torch.zeros(7, 3),)), folder / "net.pt2")
        return load_teacher(folder / "net.pt2")
    if kind == "pickle":
        torch.save(network, folder / "net.pt")
        return load_teacher(folder / "net.pt", allow_pickle=True)
    nested = (
        {"epoch": 3, "state_dict": network.state_dict()} if kind == "checkpoint" else network.state_dict()
    )
    torch.save(nested, folder / "net.pt")
    return load_teacher(folder / "net.pt", model="networks:small_network")


KINDS = (
    "onnx",
    "onnx fixed batch",
    "torchscript, scripted",
    "torchscript, traced",
    "pt2",
    "pt2 fixed batch",
    "state_dict",
    "checkpoint",
    "pickle",
)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_all_formats_agree(kind: str, tmp_path: Path) -> None:
    network = small_network()
    teacher = save(kind, network, tmp_path)
    X = rows(23)
    expected = outputs_of(network, X)
    assert (teacher.n_features, teacher.n_outputs, teacher.task) == (3, 2, Task.LOGITS)
    assert teacher.predict(X).dtype == np.float64
    np.testing.assert_allclose(teacher.predict(X), expected, atol=2e-6)
    np.testing.assert_allclose(teacher.predict(X, batch=5), expected, atol=2e-6)
    layers = teacher.layers()
    kinds = [layer.kind if isinstance(layer, Activation) else type(layer).__name__ for layer in layers]
    assert kinds[0] == "Affine"
    assert [k for k in kinds if k != "Affine"] == ["Dense", "relu", "Dense", "tanh", "Dense"]
    np.testing.assert_allclose(evaluate(layers, X), expected, atol=5e-6)
    scaler = teacher.scaler
    assert scaler is not None
    np.testing.assert_allclose(scaler.scale, [0.5, 2.0, 0.25], rtol=1e-6)
    np.testing.assert_allclose(-scaler.shift / scaler.scale, [1.0, -2.0, 0.5], rtol=1e-6)


MODULES: dict[str, nn.Module] = {
    "relu": nn.ReLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "softmax": nn.Softmax(dim=1),
    "log_softmax": nn.LogSoftmax(dim=1),
    "leaky_relu": nn.LeakyReLU(0.3),
    "elu": nn.ELU(0.7),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "softplus": nn.Softplus(),
    "softsign": nn.Softsign(),
    "hardsigmoid": nn.Hardsigmoid(),
    "hardswish": nn.Hardswish(),
    "relu6": nn.ReLU6(),
}


def test_every_activation_is_tried() -> None:
    assert set(MODULES) == ACTIVATIONS


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", sorted(MODULES))
def test_activations_come_apart_in_torch(name: str, tmp_path: Path) -> None:
    network = small_network(MODULES[name])
    torch.jit.save(torch.jit.trace(network, torch.zeros(2, 3)), tmp_path / "net.pt")
    for kind in ("torchscript, traced", "pickle"):
        teacher = save(kind, network, tmp_path)
        if name == "softsign":  # torch divides by one plus the size: no chain
            with pytest.raises(InputError, match=r"cannot be taken apart: node '\w+' \(div\) joins 2 values"):
                teacher.layers()
        else:
            np.testing.assert_allclose(
                evaluate(teacher.layers(), rows()), outputs_of(network, rows()), atol=1e-5
            )


ONNX_NODES = {
    "relu": helper.make_node("Relu", ["h"], ["y"]),
    "sigmoid": helper.make_node("Sigmoid", ["h"], ["y"]),
    "leaky_relu": helper.make_node("LeakyRelu", ["h"], ["y"], alpha=0.3),
    "leaky_relu, default": helper.make_node("LeakyRelu", ["h"], ["y"]),
    "elu": helper.make_node("Elu", ["h"], ["y"], alpha=0.7),
    "softmax": helper.make_node("Softmax", ["h"], ["y"], axis=-1),
    "softplus": helper.make_node("Softplus", ["h"], ["y"]),
    "hardsigmoid": helper.make_node("HardSigmoid", ["h"], ["y"], alpha=1 / 6),
    "selu": helper.make_node("Selu", ["h"], ["y"]),
}


@pytest.mark.parametrize("name", ONNX_NODES)
def test_activations_come_apart_in_onnx(name: str, tmp_path: Path) -> None:
    nodes = [helper.make_node("Gemm", ["x", "W", "b"], ["h"], alpha=0.5, beta=2.0), ONNX_NODES[name]]
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx", nodes=nodes))
    np.testing.assert_allclose(evaluate(teacher.layers(), rows()), teacher.predict(rows()), atol=1e-5)


def test_an_activation_of_other_shape_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Gemm", ["x", "W", "b"], ["h"]), helper.make_node("HardSigmoid", ["h"], ["y"])]
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx", nodes=nodes))
    with pytest.raises(InputError, match="is neither a dense layer nor an activation that can"):
        teacher.layers()


def test_submodules_stay_named(tmp_path: Path) -> None:
    teacher = save("state_dict", small_network(), tmp_path)
    assert teacher.module is not None
    assert isinstance(teacher.module.get_submodule("4"), nn.Linear)


def test_rebuilt_network_is_trainable(tmp_path: Path) -> None:
    network = small_network()
    rebuilt = to_torch(save("pickle", network, tmp_path).layers(), torch.float32)
    loss = rebuilt(torch.from_numpy(rows()).float()).square().mean()
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in rebuilt.parameters())


@pytest.mark.parametrize(
    ("last", "task"),
    [
        (nn.Softmax(dim=1), Task.PROBABILITIES),
        (nn.Sigmoid(), Task.PROBABILITIES),
        (nn.LogSoftmax(dim=1), Task.LOGITS),
    ],
)
def test_task_is_seen_in_the_last_operation(last: nn.Module, task: Task, tmp_path: Path) -> None:
    network = nn.Sequential(small_network(), last).eval()
    assert save("pickle", network, tmp_path).task is task


def test_one_output_is_a_regression_unless_the_user_says_otherwise(tmp_path: Path) -> None:
    network = nn.Sequential(small_network(), nn.Linear(2, 1)).eval()
    torch.save(network, tmp_path / "net.pt")
    teacher = load_teacher(tmp_path / "net.pt", allow_pickle=True)
    assert teacher.task is Task.REGRESSION
    with pytest.raises(InputError, match="the task is regression"):
        teacher.decide(rows())
    binary = load_teacher(tmp_path / "net.pt", allow_pickle=True, task="logits")
    np.testing.assert_array_equal(binary.decide(rows()), teacher.predict(rows())[:, 0] > 0)


def test_a_network_that_branches_does_not_come_apart(tmp_path: Path) -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.inner(x)) + x

    torch.jit.save(torch.jit.script(Residual().eval()), tmp_path / "net.pt")
    teacher = load_teacher(tmp_path / "net.pt")
    assert teacher.scaler is None
    with pytest.raises(InputError, match=r"'net.pt' cannot be taken apart: node '.*' \(add\) joins 2 values"):
        teacher.layers()


def test_neighbouring_affine_maps_are_one(tmp_path: Path) -> None:
    teacher = save("pickle", nn.Sequential(Scaled(), small_network()).eval(), tmp_path)
    layers = teacher.layers()
    assert isinstance(layers[0], Affine)
    assert isinstance(layers[1], Dense)


class Scaled(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 0.5 + 1.0


@pytest.mark.parametrize("name", ["jet_tagger.onnx", "jet_tagger.pt2"])
def test_parameters_are_counted(name: str) -> None:
    """16-64-32-32-5: (16+1)·64 + (64+1)·32 + (32+1)·32 + (32+1)·5, without the scaler."""
    assert load_teacher(JETS / name).n_parameters == 4389


def test_only_archives_of_torch_export_bring_the_compiler_of_torch() -> None:
    code = "import sys, sr2hls.prepare; sys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
