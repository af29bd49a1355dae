"""Forms of ONNX files that are taken, though onnxruntime would not take them as they are."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from sr2hls.errors import InputError
from sr2hls.teacher import Teacher, load_teacher
from sr2hls.teacher.layers import Affine, Dense
from sr2hls.teacher.task import Task

RNG = np.random.default_rng(0)
WEIGHTS = {
    "W": RNG.normal(size=(4, 8)),
    "b": RNG.normal(size=8),
    "V": RNG.normal(size=(8, 3)),
    "c": RNG.normal(size=3),
}
STATISTICS = {
    "s": RNG.uniform(0.5, 2, 8),
    "t": RNG.normal(size=8),
    "m": RNG.normal(size=8),
    "v": RNG.uniform(0.5, 2, 8),
}
ROWS = RNG.normal(size=(20, 4))
TREE = {
    "nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2], "nodes_featureids": [1, 0, 0],
    "nodes_values": [0.5, 0.0, 0.0], "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
    "nodes_truenodeids": [1, 0, 0], "nodes_falsenodeids": [2, 0, 0],
}  # fmt: skip
CLASSES = {
    "classlabels_int64s": [0, 1], "class_treeids": [0] * 4, "class_nodeids": [1, 1, 2, 2],
    "class_ids": [0, 1, 0, 1], "class_weights": [0.9, 0.1, 0.3, 0.7],
}  # fmt: skip


def values(name: str, shape: list[str | int], kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def gemm(x: str, weights: str, bias: str, y: str) -> NodeProto:
    return helper.make_node("Gemm", [x, weights, bias], [y])


def save(
    path: Path,
    nodes: list[NodeProto],
    inputs: list[ValueInfoProto],
    outputs: list[ValueInfoProto],
    weights: dict[str, NDArray[np.float64]],
    opset: int = 13,
) -> Path:
    tensors = [numpy_helper.from_array(np.asarray(w, dtype=np.float32), name) for name, w in weights.items()]
    if opset < 9:  # weights are inputs as well
        inputs = [*inputs, *(values(t.name, list(t.dims)) for t in tensors)]
    graph = helper.make_graph(nodes, "net", inputs, outputs, tensors)
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 1)]
    onnx.save(helper.make_model(graph, opset_imports=domains, ir_version=8 if opset > 8 else 3), path)
    return path


def hidden(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(x @ WEIGHTS["W"] + WEIGHTS["b"], 0)


def close(teacher: Teacher, wanted: NDArray[np.float64], rows: NDArray[np.float64] = ROWS) -> None:
    np.testing.assert_allclose(teacher.predict(rows), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rows", ["N", 16])
@pytest.mark.parametrize("opset", [7, 8, 9, 13])
def test_statistics_in_rows(tmp_path: Path, opset: int, rows: str | int) -> None:
    """Old converters give batch normalisation its numbers in the shape (1, C), which onnxruntime refuses."""
    normalise = helper.make_node("BatchNormalization", ["d", *"stmv"], ["n"], epsilon=1e-3)
    nodes = [gemm("x", "W", "b", "d"), normalise, helper.make_node("Relu", ["n"], ["r"])]
    nodes.append(gemm("r", "V", "c", "y"))
    rowwise = {name: value[None] for name, value in STATISTICS.items()}
    path = save(
        tmp_path / "n.onnx",
        nodes,
        [values("x", [rows, 4])],
        [values("y", [rows, 3])],
        WEIGHTS | rowwise,
        opset,
    )
    with pytest.raises(Exception, match="NumDimensions"):
        session = onnxruntime.InferenceSession(path)
        session.run(None, {"x": np.zeros((16, 4), dtype=np.float32)})
    teacher = load_teacher(path)
    s, t, m, v = STATISTICS.values()
    dense = ROWS @ WEIGHTS["W"] + WEIGHTS["b"]
    close(teacher, np.maximum((dense - m) / np.sqrt(v + 1e-3) * s + t, 0) @ WEIGHTS["V"] + WEIGHTS["c"])
    assert [type(x) for x in teacher.layers()][:2] == [Dense, Affine]


def test_inputs_that_are_joined_first(tmp_path: Path) -> None:
    nodes = [helper.make_node("Concat", ["q", "p"], ["x"], axis=1), gemm("x", "W", "b", "d"),
             helper.make_node("Relu", ["d"], ["r"]), gemm("r", "V", "c", "y")]  # fmt: skip
    inputs = [values("p", ["N", 1]), values("q", ["N", 3])]
    teacher = load_teacher(save(tmp_path / "n.onnx", nodes, inputs, [values("y", ["N", 3])], WEIGHTS))
    assert teacher.input_names == ("q[0]", "q[1]", "q[2]", "p")
    close(teacher, hidden(ROWS) @ WEIGHTS["V"] + WEIGHTS["c"])
    assert len(teacher.layers()) == 3, "a plain network for the comparison"


def test_inputs_that_are_used_apart(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Mul", ["p", "q"], ["m"]),
        helper.make_node("Concat", ["m", "q", "r"], ["y"], axis=1),
    ]
    inputs = [values("p", [8, 1]), values("q", [8, 1]), values("r", [8, 2])]
    teacher = load_teacher(save(tmp_path / "n.onnx", nodes, inputs, [values("y", [8, 4])], {}))
    assert teacher.input_names == ("p", "q", "r[0]", "r[1]")
    close(teacher, np.c_[ROWS[:, 0] * ROWS[:, 1], ROWS[:, 1:]])


def test_inputs_that_are_no_rows_of_features(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["p", "q"], ["y"])]
    inputs = [values("p", ["N", 4]), values("q", ["N", 4, 2])]
    path = save(tmp_path / "n.onnx", nodes, inputs, [values("y", ["N", "M", 2])], {})
    with pytest.raises(
        InputError, match=r"has 2 inputs, of which 'q' has the shape \['N', 4, 2\]: export a network"
    ):
        load_teacher(path)


def test_heads(tmp_path: Path) -> None:
    nodes = [gemm("x", "W", "b", "d"), helper.make_node("Relu", ["d"], ["r"]), gemm("r", "V", "c", "cls"),
             helper.make_node("MatMul", ["r", "k"], ["reg"])]  # fmt: skip
    outputs = [values("cls", ["N", 3]), values("reg", ["N", 1])]
    weights = WEIGHTS | {"k": np.ones((8, 1))}
    path = save(tmp_path / "n.onnx", nodes, [values("x", ["N", 4])], outputs, weights)
    with pytest.raises(
        InputError, match="2 floating-point outputs among 'cls', 'reg': choose one with --head NAME"
    ):
        load_teacher(path)
    with pytest.raises(InputError, match="has no output 'mass': it has 'cls', 'reg'"):
        load_teacher(path, output="mass")
    close(load_teacher(path, output="cls"), hidden(ROWS) @ WEIGHTS["V"] + WEIGHTS["c"])
    regression = load_teacher(path, output="reg")
    assert regression.task is Task.REGRESSION
    close(regression, hidden(ROWS).sum(axis=1, keepdims=True))


def test_softmax_inside(tmp_path: Path) -> None:
    nodes = [
        gemm("x", "W", "b", "d"),
        helper.make_node("Softmax", ["d"], ["r"], axis=1),
        gemm("r", "V", "c", "y"),
    ]
    teacher = load_teacher(
        save(tmp_path / "n.onnx", nodes, [values("x", ["N", 4])], [values("y", ["N", 3])], WEIGHTS)
    )
    exponents = np.exp(ROWS @ WEIGHTS["W"] + WEIGHTS["b"])
    close(teacher, exponents / exponents.sum(axis=1, keepdims=True) @ WEIGHTS["V"] + WEIGHTS["c"])
    assert teacher.task is Task.LOGITS


@pytest.mark.parametrize("zipped", [False, True])
def test_trees(tmp_path: Path, zipped: bool) -> None:
    nodes = [
        helper.make_node(
            "TreeEnsembleClassifier", ["x"], ["label", "p"], domain="ai.onnx.ml", **TREE, **CLASSES
        )
    ]
    outputs = [values("label", ["N"], TensorProto.INT64)]
    if zipped:
        nodes.append(helper.make_node("ZipMap", ["p"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[0, 1]))
        kind = helper.make_map_type_proto(
            TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
        )
        outputs.append(helper.make_value_info("z", helper.make_sequence_type_proto(kind)))
    else:
        outputs.append(values("p", ["N", 2]))
    teacher = load_teacher(save(tmp_path / "n.onnx", nodes, [values("x", ["N", 4])], outputs, {}))
    low = np.array([[0.9, 0.1]])
    close(teacher, np.where(ROWS[:, 1:2] <= 0.5, low, [[0.3, 0.7]]))


@pytest.mark.parametrize("opset", [7, 9, 11, 13, 18, 21])
def test_the_three_layer_jet_networks(tmp_path: Path, opset: int) -> None:
    """16-64-32-32-5 with a softmax, as hls4ml's example models have it, in operator sets old and new."""
    widths, x, nodes, weights = (16, 64, 32, 32, 5), "x", [], {}
    for k, (n, m) in enumerate(pairwise(widths)):
        weights |= {f"W{k}": RNG.normal(size=(n, m)) * np.sqrt(2 / n), f"b{k}": RNG.normal(size=m) * 0.1}
        nodes.append(gemm(x, f"W{k}", f"b{k}", f"d{k}"))
        x = f"d{k}"
        if k < 3:
            nodes.append(helper.make_node("Relu", [x], [f"r{k}"]))
            x = f"r{k}"
    nodes.append(helper.make_node("Softmax", [x], ["y"], axis=1))
    inputs, outputs = [values("x", ["N", 16])], [values("y", ["N", 5])]
    teacher = load_teacher(save(tmp_path / "jets.onnx", nodes, inputs, outputs, weights, opset))
    assert (teacher.n_features, teacher.n_outputs, teacher.task) == (16, 5, Task.PROBABILITIES)
    assert teacher.n_parameters == 16 * 64 + 64 + 64 * 32 + 32 + 32 * 32 + 32 + 32 * 5 + 5
    np.testing.assert_allclose(teacher.predict(RNG.normal(size=(50, 16))).sum(axis=1), 1, rtol=1e-5)
