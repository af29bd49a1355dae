"""What the teacher answers, before anything is searched: what no circuit can stand for is refused."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from attrs import evolve
from onnx import TensorProto, helper, numpy_helper

from sr2hls.errors import InputError
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress


def _options(folder: Path, scales: list[float], bias: float = 0.0, unit: float = 1.0) -> CompileOptions:
    """A network whose outputs are the sums of three features, each times a scale."""
    rng = np.random.default_rng(0)
    weights = {"W": np.ones((3, len(scales))) * scales, "b": np.full(len(scales), bias)}
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "W", "b"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", len(scales)])],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, folder / "net.onnx")
    X = rng.uniform(-1, 1, (200, 3)) * unit
    np.savez(folder / "data.npz", X=X, y=X.sum(axis=1))
    return CompileOptions(
        checkpoint=folder / "net.onnx", data=folder / "data.npz", output=folder / "out", task="regression"
    )


@pytest.mark.parametrize(
    ("scales", "bias", "unit", "message"),
    [
        ([1.0, 1.0], np.nan, 1.0, "'.*net.onnx' gives nan for output 0 in row 0"),
        ([1.0, np.inf], 0.0, 1.0, "'.*net.onnx' gives .*(inf|nan) for output 1 in row 0"),
        ([0.0, 0.0], 0.5, 1.0, "'net.onnx' gives the same outputs for every row: there is nothing to find"),
        (
            [1.0, 1e20],
            0.0,
            1.0,
            "output 1 of 'net.onnx' has values up to .* below 1e\\+15 and varies by 1e-15",
        ),
        ([1.0, 1e-20], 0.0, 1.0, "output 1 of 'net.onnx' has values up to .* that differ by .*e-20"),
        # As 32-bit floats, which the network takes, features of 1e-310 are all 0.
        ([1.0], 0.0, 1e-310, "'net.onnx' gives the same outputs for every row"),
        (
            [1.0],
            0.0,
            1e-40,
            "output 0 of 'net.onnx' has values up to .* that differ by .*e-40|the same outputs",
        ),
        ([1.0], 0.0, 1e300, "gives .*(inf|nan) for output 0"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_refused(scales: list[float], bias: float, unit: float, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        prepare(_options(tmp_path, scales, bias, unit), SilentProgress())


def test_an_output_that_is_constant_beside_one_that_is_not(tmp_path: Path) -> None:
    problem = prepare(_options(tmp_path, [1.0, 0.0], 0.5), SilentProgress()).problem
    assert np.ptp(problem.train.outputs, axis=0).tolist() == [pytest.approx(5, abs=1.5), 0.0]


def _classes(folder: Path, **more: object) -> CompileOptions:
    """A network of two scores, rows with labels and weights."""
    options = _options(folder, [1.0, -1.0])
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (300, 3))
    y = np.where(X.sum(axis=1) > 0, "signal", "noise")
    np.savez(folder / "data.npz", X=X, y=y, mc=np.arange(300.0))
    return CompileOptions(options.checkpoint, options.data, options.output, task="logits", **more)


def test_rows_count_by_the_weights_of_the_file_and_of_their_class(tmp_path: Path) -> None:
    plain = prepare(_classes(tmp_path), SilentProgress())
    assert plain.problem.train.weights is None
    found = prepare(
        _classes(tmp_path, weight_column="mc", class_weights=(("signal", 3.0),)), SilentProgress()
    )
    names = found.dataset.classes
    assert names is not None
    for part, split in ((found.dataset.train, found.problem.train), (found.dataset.test, found.problem.test)):
        assert split.weights is not None and split.labels is not None
        factor = np.where(split.labels == names.index("signal"), 3.0, 1.0)
        assert np.array_equal(split.weights, part.rows * factor)
    only = prepare(_classes(tmp_path, class_weights=(("noise", 0.0),)), SilentProgress()).problem.validation
    assert only.weights is not None and set(only.weights.tolist()) == {0.0, 1.0}


def test_class_weights_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names 'top', which is no class: they are signal, noise"):
        prepare(_classes(tmp_path, class_weights=(("top", 2.0),)), SilentProgress())
    with pytest.raises(InputError, match="all rows of a part of the data have the weight 0"):
        prepare(_classes(tmp_path, class_weights=(("noise", 0.0), ("signal", 0.0))), SilentProgress())
    regression = _options(tmp_path, [1.0])
    with pytest.raises(InputError, match="the task is a regression: give --weight-column instead"):
        prepare(evolve(regression, class_weights=(("0", 2.0),)), SilentProgress())
    with pytest.raises(InputError, match="class_weights: 'signal' has the weight -1"):
        _classes(tmp_path, class_weights=(("signal", -1.0),))


def test_a_network_of_probabilities_is_asked_for_logits_between_rows(tmp_path: Path) -> None:
    options = _classes(tmp_path)
    model = onnx.load(options.checkpoint)
    model.graph.node[0].output[0] = "scores"
    model.graph.node.append(helper.make_node("Softmax", ["scores"], ["y"], axis=1))
    onnx.save(model, options.checkpoint)
    found = prepare(evolve(options, task="probabilities"), SilentProgress())
    between = found.between(2, seed=0)
    assert len(between) == 2 * len(found.problem.train)
    assert between.labels is None and between.weights is None
    differences = between.outputs[:, 0] - between.outputs[:, 1]
    assert np.allclose(differences, 2 * between.inputs.sum(axis=1), atol=0.4)
    assert np.ptp(differences) > 4
    assert np.array_equal(between.inputs, found.between(2, seed=0).inputs)
