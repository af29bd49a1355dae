"""ONNX as it is found in the wild."""

import resource
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from networks import dense_onnx, dense_weights, rows
from onnx import TensorProto, helper

from sr2hls.errors import InputError
from sr2hls.teacher import Task, load_teacher


def expected(X: np.ndarray) -> np.ndarray:
    W, b = dense_weights()
    return X @ W.astype(np.float64) + b


@pytest.mark.parametrize("batch", ["rows", 1, 16, 789_444])
def test_any_batch_size(batch: int | str, tmp_path: Path) -> None:
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx", batch=batch))
    began = time.monotonic()
    np.testing.assert_allclose(teacher.predict(rows(37)), expected(rows(37)), atol=1e-5)
    assert time.monotonic() - began < 1.0


def test_a_batch_size_built_into_the_graph(tmp_path: Path) -> None:
    shape = helper.make_node("Constant", [], ["s"], value_ints=[4, 3])
    nodes = [
        shape,
        helper.make_node("Reshape", ["x", "s"], ["r"]),
        helper.make_node("MatMul", ["r", "W"], ["h"]),
        helper.make_node("Add", ["h", "b"], ["y"]),
    ]
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx", batch=4, nodes=nodes))
    np.testing.assert_allclose(teacher.predict(rows(11)), expected(rows(11)), atol=1e-5)


@pytest.mark.parametrize("ir_version", [3, 14])
def test_ir_versions(ir_version: int, tmp_path: Path) -> None:
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx", ir_version=ir_version))
    np.testing.assert_allclose(teacher.predict(rows()), expected(rows()), atol=1e-5)


@pytest.mark.parametrize("opset", [6, 7, 9, 13, 18, 21])
def test_gemm_of_any_age(opset: int, tmp_path: Path) -> None:
    options = {"broadcast": 1} if opset < 7 else {}
    nodes = [helper.make_node("Gemm", ["x", "W", "b"], ["y"], **options)]
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx", opset=opset, nodes=nodes))
    np.testing.assert_allclose(teacher.predict(rows()), expected(rows()), atol=1e-5)
    assert len(teacher.layers()) == 1


@pytest.mark.parametrize("opset", [6, 7, 13])
def test_batch_normalisation_of_any_age(opset: int, tmp_path: Path) -> None:
    path = dense_onnx(
        tmp_path / "net.onnx",
        opset=opset,
        nodes=[
            helper.make_node("MatMul", ["x", "W"], ["h"]),
            helper.make_node(
                "BatchNormalization",
                ["h", "g", "b", "m", "v"],
                ["y"],
                **({"is_test": 1} if opset < 7 else {}),
            ),
        ],
    )
    model = onnx.load(path)
    values = {"g": [1.5, -0.5], "m": [0.2, 0.3], "v": [2.0, 0.5]}
    for name, value in values.items():
        model.graph.initializer.append(helper.make_tensor(name, TensorProto.FLOAT, [2], value))
    path.write_bytes(model.SerializeToString())
    W, b = dense_weights()
    wanted = (rows() @ W - values["m"]) / np.sqrt(np.array(values["v"]) + 1e-5) * values["g"] + b
    teacher = load_teacher(path)
    np.testing.assert_allclose(teacher.predict(rows()), wanted, atol=1e-5)
    assert len(teacher.layers()) == 2


def test_several_outputs_need_a_choice(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gemm", ["x", "W", "b"], ["y"]),
        helper.make_node("Softmax", ["y"], ["p"], axis=1),
        helper.make_node("ArgMax", ["p"], ["label"], axis=1),
    ]
    more = [
        helper.make_tensor_value_info("p", TensorProto.FLOAT, ["rows", 2]),
        helper.make_tensor_value_info("label", TensorProto.INT64, ["rows", 1]),
    ]
    path = dense_onnx(tmp_path / "net.onnx", nodes=nodes, extra_outputs=more)
    with pytest.raises(
        InputError, match=r"has 2 floating-point outputs among 'y', 'p', 'label': choose one with --head NAME"
    ):
        load_teacher(path)
    assert load_teacher(path, output="p").task is Task.PROBABILITIES
    assert load_teacher(path, output="y").task is Task.LOGITS
    with pytest.raises(InputError, match=r"has no output 'z': it has 'y', 'p', 'label'"):
        load_teacher(path, output="z")


def test_pictures_are_rows_too(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"], axis=1),
        helper.make_node("Gemm", ["f", "W", "b"], ["y"]),
    ]
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx", nodes=nodes, input_shape=["rows", 1, 3]))
    assert teacher.n_features == 3
    np.testing.assert_allclose(teacher.predict(rows()), expected(rows()), atol=1e-5)


def test_weights_in_a_file_beside(tmp_path: Path) -> None:
    model = onnx.load(dense_onnx(tmp_path / "plain.onnx"))
    onnx.save(
        model, tmp_path / "net.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    teacher = load_teacher(tmp_path / "net.onnx")
    np.testing.assert_allclose(teacher.predict(rows()), expected(rows()), atol=1e-5)
    model = onnx.load(tmp_path / "net.onnx", load_external_data=False)
    for location in ("../secret.bin", "/etc/passwd", "missing.bin"):
        for tensor in model.graph.initializer:
            tensor.external_data[0].value = location
        (tmp_path / "bad.onnx").write_bytes(model.SerializeToString())
        with pytest.raises(InputError, match="which is no file beside it"):
            load_teacher(tmp_path / "bad.onnx")
    (tmp_path / "link.bin").symlink_to(tmp_path / "weights.bin")
    for tensor in model.graph.initializer:
        tensor.external_data[0].value = "link.bin"
    (tmp_path / "bad.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match="which is no file beside it"):
        load_teacher(tmp_path / "bad.onnx")


def _huge_dims(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [3_000_000, 2_000_000]


def _short_data(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [3, 200_000]


def _huge_fill(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("s", TensorProto.INT64, [2], [100_000, 100_000]))
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["s"], ["big"]))


def _fill_by_data(model: onnx.ModelProto) -> None:
    model.graph.node.insert(0, helper.make_node("Cast", ["x"], ["n"], to=TensorProto.INT64))
    model.graph.node.insert(1, helper.make_node("ReduceMax", ["n"], ["m"], keepdims=0))
    model.graph.node.insert(2, helper.make_node("Range", ["m", "m", "m"], ["big"], name="ranger"))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            _huge_dims,
            r"weights 'W' of '.*' would be of the shape \[3000000, 2000000\], more than 268435456 elements",
        ),
        (_short_data, r"weights 'W' of '.*' have the shape \[3, 200000\] but 24 stored bytes or values"),
        (_huge_fill, r"value 'big' of '.*' would be of the shape \[100000, 100000\], more than"),
        (_fill_by_data, r"node 'ranger' of '.*' \(Range\) makes a tensor whose size is not known beforehand"),
    ],
)
def test_absurd_shapes_are_refused_before_they_are_allocated(change, text: str, tmp_path: Path) -> None:
    model = onnx.load(dense_onnx(tmp_path / "net.onnx"))
    change(model)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=text):
        load_teacher(tmp_path / "net.onnx")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
