"""What is refused, in which words."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from networks import dense_onnx, rows, small_network
from onnx import helper
from torch import nn

from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.teacher import load_teacher


class Bomb:
    """Unpickles into a call that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self.trace),)


class RowMix(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean(dim=0)


def qonnx(folder: Path) -> Path:
    nodes = [
        helper.make_node(
            "Quant", ["x", "b", "b", "b"], ["q"], name="Quant_7", domain="qonnx.custom_op.general"
        ),
        helper.make_node("MatMul", ["q", "W"], ["y"]),
    ]
    return dense_onnx(folder / "net.onnx", nodes=nodes, domains=["qonnx.custom_op.general"])


def unknown_operator(folder: Path) -> Path:
    return dense_onnx(
        folder / "net.onnx", nodes=[helper.make_node("BipolarQuant", ["x", "W"], ["y"], name="b0")]
    )


def two_inputs(folder: Path) -> Path:
    import onnx

    model = onnx.load(dense_onnx(folder / "net.onnx"))
    model.graph.input.append(helper.make_tensor_value_info("z", 1, ["rows", 3, 2]))
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    return folder / "net.onnx"


def open_width(folder: Path) -> Path:
    return dense_onnx(folder / "net.onnx", input_shape=["rows", "features"])


def batch_statistics(folder: Path) -> Path:
    torch.jit.save(torch.jit.script(nn.Sequential(nn.Linear(3, 2), RowMix())), folder / "net.pt")
    return folder / "net.pt"


def write(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def weights_only(folder: Path) -> Path:
    torch.save(small_network().state_dict(), folder / "net.pt")
    return folder / "net.pt"


def numbers(folder: Path) -> Path:
    torch.save({"epoch": 3, "loss": 0.5}, folder / "net.pt")
    return folder / "net.pt"


def whole_module(folder: Path) -> Path:
    torch.save(small_network(), folder / "net.pt")
    return folder / "net.pt"


def old_pickle(folder: Path) -> Path:
    torch.save(small_network(), folder / "net.pt", _use_new_zipfile_serialization=False)
    return folder / "net.pt"


def twice(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "net.pt", "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a/data.pkl", b"1")
        archive.writestr("a/data.pkl", b"2")
    return folder / "net.pt"


def zip_bomb(folder: Path) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data/0", bytes(1000))
    content = bytearray(buffer.getvalue())
    entry = content.index(b"PK\x01\x02")  # the directory's entry; its uncompressed size is at byte 24
    content[entry + 24 : entry + 28] = (0x93333333).to_bytes(4, "little")
    (folder / "net.pt").write_bytes(content)
    return folder / "net.pt"


CASES: dict[str, tuple[Callable[[Path], Path], type[InputError], str]] = {
    "missing": (
        lambda f: f / "net.onnx",
        InputError,
        r"the checkpoint '.*net.onnx' does not exist: give a file",
    ),
    "folder": (lambda f: f, InputError, r"the checkpoint '.*' is a folder"),
    "empty": (write("net.onnx", b""), InputError, r"the checkpoint '.*' is empty: save it again"),
    "no onnx": (write("net.onnx", b"\xff\xfe" * 50), InputError, r"'.*net.onnx' is no readable ONNX file"),
    "no torch": (write("net.pt", b"hello" * 50), InputError, r"'.*net.pt' is"),
    "no pt2": (write("net.pt2", b"hello" * 50), InputError, r"'.*net.pt2' is no archive of torch.export"),
    "keras": (write("net.keras", b"hello"), InputError, r"has the ending '.keras'.*convert it with tf2onnx"),
    "text": (write("net.txt", b"hello"), InputError, r"has the ending '.txt', which is no checkpoint"),
    "qonnx": (
        qonnx,
        InputError,
        r"node 'Quant_7' of '.*' is the custom operator 'qonnx.custom_op.general.Quant': export the network",
    ),
    "unknown operator": (
        unknown_operator,
        InputError,
        r"node 'b0' of '.*' has the operator 'BipolarQuant', which ONNX",
    ),
    "two inputs": (two_inputs, InputError, r"has 2 inputs, of which 'z' has the shape .*: export a network"),
    "open width": (open_width, InputError, r"has the shape \['rows', 'features'\]: export it with the shape"),
    "mixes rows": (batch_statistics, InputError, r"gives a row another output when it is run alone"),
    "weights": (weights_only, InputError, r"holds weights without a network: give .* --model module:factory"),
    "numbers": (numbers, InputError, r"holds no state_dict: save model.state_dict\(\)"),
    "whole module": (
        whole_module,
        UnsafeFileError,
        r"whole pickled object.*or give --allow-pickle .* if you trust",
    ),
    "old pickle": (old_pickle, UnsafeFileError, r"whole pickled object, and reading it runs the code in it"),
    "twice": (twice, InputError, r"lists a member twice"),
    "zip bomb": (zip_bomb, InputError, r"unpacks to 2.3 GiB, more than the limit of 2.0 GiB"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("case", CASES)
def test_refused_in_words(case: str, tmp_path: Path) -> None:
    make, kind, text = CASES[case]
    path = make(tmp_path)
    with pytest.raises(kind, match=text) as caught:
        load_teacher(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("networks", r"'networks' names no factory: write it as module:factory or file.py:factory"),
        ("no_such_module:f", r"the module 'no_such_module' of .* cannot be imported"),
        ("networks:nothing", r"the module 'networks' has no function 'nothing'"),
        ("networks:rows", r"the factory 'networks:rows' returns a ndarray: it has to return a torch module"),
        ("networks:outputs_of", r"raises an error when called without arguments"),
        ("networks:Scaler", r"the weights in '.*' do not fit the network of 'networks:Scaler'"),
        ("missing.py:f", r"there is no file 'missing.py'"),
    ],
)
def test_factories_refused(model: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=text):
        load_teacher(weights_only(tmp_path), model=model)


def test_pickle_does_not_run_without_the_flag(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for name, data in {"a.pt": None, "b.pt": pickle.dumps(Bomb(trace))}.items():
        if data is None:
            torch.save(Bomb(trace), tmp_path / name)
        else:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError):
            load_teacher(tmp_path / name)
        assert not trace.exists()


def exported(folder: Path) -> Path:
    torch.export.save(torch.export.export(small_network(), (torch.zeros(4, 3),)), folder / "net.pt2")
    return folder / "net.pt2"


def rewrite(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, change(name, data))


@pytest.mark.parametrize(
    "text", ["torch.hub.load", "torch.ops.aten.from_file.default", "torch.load", "os.system"]
)
def test_pt2_with_another_operator(text: str, tmp_path: Path) -> None:
    path = exported(tmp_path)

    def change(name: str, data: bytes) -> bytes:
        return data.replace(b"torch.ops.aten.tanh.default", text.encode())

    rewrite(path, change)
    with pytest.raises(
        UnsafeFileError, match=f"uses the operator '{text}', which is not one of a plain network"
    ):
        load_teacher(path)


def test_pt2_with_code_for_an_expression(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = exported(tmp_path)
    code = f"__import__('os').mkdir('{trace}')"

    def change(name: str, data: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return data
        model = json.loads(data)
        for value in model["graph_module"]["graph"]["tensor_values"].values():
            value["sizes"] = [{"as_expr": {"expr_str": code, "hint": {"as_int": 4}}}, *value["sizes"][1:]]
        return json.dumps(model).encode()

    rewrite(path, change)
    with pytest.raises(UnsafeFileError, match='uses the name or expression "__import__'):
        load_teacher(path)
    assert not trace.exists()


@pytest.mark.parametrize("text", ["9**9**9**9", "Pow(Integer(9),Integer(999999999))", "9" * 20, "(" * 1001])
def test_pt2_with_an_expression_that_takes_all_time(text: str, tmp_path: Path) -> None:
    path = exported(tmp_path)
    rewrite(path, lambda name, data: data.replace(b'{"as_int": 4}', _expression(text)))
    with pytest.raises(UnsafeFileError, match="uses the name or expression"):
        load_teacher(path)


def _expression(text: str) -> bytes:
    return json.dumps({"as_expr": {"expr_str": text, "hint": {"as_int": 4}}}).encode()


def _in_graph(change: Callable[[dict[str, Any]], object]) -> Callable[[str, bytes], bytes]:
    def changed(name: str, data: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return data
        model = json.loads(data)
        change(model["graph_module"])
        return json.dumps(model).encode()

    return changed


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that leaves a trace where it is imported; returns the trace."""
    (tmp_path / "trap_of_tests.py").write_text("open(__file__ + '.ran', 'w').close()\nclass Kind: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "trap_of_tests.py.ran"


@pytest.mark.parametrize("place", ["in_spec", "out_spec"])
def test_pt2_that_names_a_module_to_import(place: str, tmp_path: Path, trap: Path) -> None:
    path = exported(tmp_path)
    context = {"default_factory_module": "trap_of_tests", "default_factory_name": "Kind", "dict_context": []}
    spec = {"type": "collections.defaultdict", "context": context, "children_spec": []}

    def change(graph: dict[str, Any]) -> None:
        graph["module_call_graph"][0]["signature"][place] = json.dumps([1, spec])

    rewrite(path, _in_graph(change))
    with pytest.raises(UnsafeFileError, match=r"puts arguments together as 'collections\.defaultdict'"):
        load_teacher(path)
    assert not trap.exists()


def test_names_of_modules_in_a_pt2_stay_names(tmp_path: Path, trap: Path) -> None:
    path = exported(tmp_path)
    before = load_teacher(path).predict(rows()[:4])

    def change(graph: dict[str, Any]) -> None:
        for node in graph["graph"]["nodes"]:
            node["metadata"]["nn_module_stack"] = "a,,trap_of_tests.Kind;b,x,trap_of_tests.Kind"
            node["metadata"]["source_fn_stack"] = "x,trap_of_tests.Kind"

    rewrite(path, _in_graph(change))
    assert np.array_equal(load_teacher(path).predict(rows()[:4]), before)
    assert not trap.exists()


def test_pt2_with_pickles(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    buffer = io.BytesIO()
    torch.save(Bomb(trace), buffer)
    path = exported(tmp_path)

    def samples(name: str, data: bytes) -> bytes:
        return buffer.getvalue() if "sample_inputs" in name else data

    rewrite(path, samples)
    assert load_teacher(path).predict(rows()).shape == (40, 2)  # samples are never read
    assert not trace.exists()

    def weights(name: str, data: bytes) -> bytes:
        if name.endswith("weights/weight_0"):
            return buffer.getvalue()
        return (
            data.replace(b'"use_pickle": false', b'"use_pickle": true') if "weights_config" in name else data
        )

    rewrite(path, weights)
    with pytest.raises(UnsafeFileError, match="as a pickle, which runs code when it is read"):
        load_teacher(path)
    assert not trace.exists()


def test_torchscript_that_touches_files(tmp_path: Path) -> None:
    network = torch.jit.script(small_network())
    torch.jit.save(network, tmp_path / "net.pt")

    def change(name: str, data: bytes) -> bytes:
        if "/code/" in name and b"def forward" in data and name.endswith(".py"):
            return data.replace(b"    return ", b'    ops.aten.save(0, "x")\n    return ', 1)
        return data

    rewrite(tmp_path / "net.pt", change)
    with pytest.raises(UnsafeFileError, match=r"calls 'save' in '.*': a network has no need to"):
        load_teacher(tmp_path / "net.pt")


def test_wrong_number_of_features(tmp_path: Path) -> None:
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx"))
    with pytest.raises(
        InputError, match=r"'net.onnx' takes 3 features a row, but the data have the shape \(5, 4\)"
    ):
        teacher.predict(np.zeros((5, 4)))


def test_outputs_that_are_not_finite_name_the_row(tmp_path: Path) -> None:
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx"))
    X = rows()
    X[17, 1] = 1e300  # infinite in float32
    with (
        np.errstate(over="ignore"),
        pytest.raises(InputError, match=r"'net.onnx' gives (nan|-?inf) for output 0 in row 17"),
    ):
        teacher.predict(X, batch=8)


def test_denormal_inputs_stay_finite(tmp_path: Path) -> None:
    teacher = load_teacher(dense_onnx(tmp_path / "net.onnx"))
    assert np.isfinite(teacher.predict(np.full((2, 3), 1e-320))).all()
