"""Everything that users get wrong, tried through the command line: one sentence, exit code 2, no result."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

JETS = Path(__file__).parents[2] / "examples" / "jet_tagger"
NET = JETS / "jet_tagger.onnx"
Files = Callable[[Path], list[object]]


def _data(folder: Path, **changes: Any) -> Path:
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {
        "X": rng.normal(size=(400, 16)).astype(np.float32),
        "y": rng.integers(0, 5, 400),
        "names": np.array([f"f{i}" for i in range(16)]),
    }
    columns |= changes
    path = folder / "data.npz"
    np.savez(path, **{k: v for k, v in columns.items() if v is not None})
    return path


def _rows(change: Callable[[np.ndarray], None]) -> np.ndarray:
    X = np.random.default_rng(0).normal(size=(400, 16)).astype(np.float32)
    change(X)
    return X


def _nan(X: np.ndarray) -> None:
    X[17, 3] = np.nan


def _infinite(X: np.ndarray) -> None:
    X[5, 0] = np.inf


def _constant(X: np.ndarray) -> None:
    X[:, 2] = 1.5


def _text(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _custom_node(folder: Path) -> Path:
    node = helper.make_node("Quant", ["x"], ["y"], domain="qonnx.custom_op.general", name="quantiser")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 5])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 1)]
    path = folder / "custom.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


def _module(folder: Path) -> Path:
    path = folder / "module.pt"
    torch.save(torch.nn.Linear(16, 5), path)
    return path


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("was_run"),))


def _evil(folder: Path) -> Path:
    path = folder / "evil.pt"
    path.write_bytes(pickle.dumps(_Evil()))
    return path


CASES: dict[str, tuple[Files, str]] = {
    "checkpoint missing": (lambda f: ["nowhere.onnx", "--data", _data(f)], "nowhere.onnx"),
    "checkpoint is a folder": (lambda f: [f, "--data", _data(f)], "is a folder"),
    "checkpoint of unknown kind": (
        lambda f: [_text(f, "net.docx", b"x"), "--data", _data(f)],
        "net.docx",
    ),
    "checkpoint is no ONNX": (lambda f: [_text(f, "net.onnx", b"hello"), "--data", _data(f)], "net.onnx"),
    "checkpoint is cut off": (
        lambda f: [_text(f, "net.onnx", NET.read_bytes()[:900]), "--data", _data(f)],
        "net.onnx",
    ),
    "custom node": (lambda f: [_custom_node(f), "--data", _data(f)], "Quant"),
    "pickled module": (lambda f: [_module(f), "--data", _data(f)], "--allow-pickle"),
    "hostile pickle": (lambda f: [_evil(f), "--data", _data(f)], "evil.pt"),
    "state_dict without model": (
        lambda f: [JETS / "jet_tagger.state_dict.pt", "--data", _data(f)],
        "--model",
    ),
    "model that is no module": (
        lambda f: [JETS / "jet_tagger.state_dict.pt", "--model", "no.such:thing", "--data", _data(f)],
        "no.such",
    ),
    "data missing": (lambda f: [NET, "--data", f / "nowhere.npz"], "nowhere.npz"),
    "data of unknown kind": (lambda f: [NET, "--data", _text(f, "d.xls", b"x")], "d.xls"),
    "data is no npz": (lambda f: [NET, "--data", _text(f, "d.npz", b"PK\x03\x04rubbish")], "d.npz"),
    "data holds pickles": (
        lambda f: [NET, "--data", _data(f, X=np.array([[_Evil()]], dtype=object))],
        "data.npz",
    ),
    "data empty": (lambda f: [NET, "--data", _data(f, X=np.zeros((0, 16)), y=np.zeros(0, int))], "data.npz"),
    "too few features": (lambda f: [NET, "--data", _data(f, X=np.zeros((400, 7)), names=None)], "7"),
    "NaN row": (lambda f: [NET, "--data", _data(f, X=_rows(_nan))], "17"),
    "infinite row": (lambda f: [NET, "--data", _data(f, X=_rows(_infinite))], "f0"),
    "constant column": (lambda f: [NET, "--data", _data(f, X=_rows(_constant))], "f2"),
    "one class only": (lambda f: [NET, "--data", _data(f, y=np.zeros(400, int))], "class"),
    "label without class": (lambda f: [NET, "--data", _data(f, y=np.arange(400) % 9)], "class"),
    "labels of another length": (lambda f: [NET, "--data", _data(f, y=np.zeros(3, int))], "3"),
    "no such feature": (lambda f: [NET, "--data", _data(f), "--features", "colour"], "colour"),
    "no such target": (lambda f: [NET, "--data", _data(f), "--target-column", "truth"], "truth"),
    "no such scaler": (lambda f: [NET, "--data", _data(f), "--scaler", "magic"], "magic"),
    "no such task": (lambda f: [NET, "--data", _data(f), "--task", "dance"], "dance"),
    "no such part": (lambda f: [NET, "--data", _data(f), "--part", "z80"], "unknown part 'z80'"),
    "bad input type": (lambda f: [NET, "--data", _data(f), "--input-type", "f1=float32"], "float32"),
    "type of no input": (lambda f: [NET, "--data", _data(f), "--input-type", "g9=ap_fixed<8,3>"], "g9"),
}


@pytest.fixture
def no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail at once, with exit code 1, where a mistake is not noticed before the search."""

    def went_on(*_: object, **__: object) -> None:
        raise AssertionError("the mistake went unnoticed")

    monkeypatch.setattr("sr2hls.flow.compile.original_beside", went_on)


@pytest.mark.usefixtures("no_search")
@pytest.mark.parametrize("name", CASES)
def test_one_sentence(sr2hls: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files, word = CASES[name]
    result = sr2hls("--debug", "compile", *files(tmp_path), "-o", tmp_path / "out", "-q")
    last = result.err.strip().splitlines()[-1]
    assert result.code == 2, result.err
    assert last.startswith("sr2hls: ")
    assert word in last
    assert 20 < len(last) < 420
    assert not (tmp_path / "was_run").exists()
    assert not (tmp_path / "out" / "report.json").exists()
    assert [p for p in tmp_path.rglob("*") if p.name.startswith(".")] == []


@pytest.mark.parametrize("command", ["compile", "explore"])
def test_no_compiler_is_said_before_the_search(
    sr2hls: Any, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    result = sr2hls(command, NET, "--data", _data(tmp_path), "-o", tmp_path / "out", "-q")
    assert result.code == 2
    assert result.err.startswith("sr2hls: 'no-such-compiler' is not on PATH: install g++")
    assert not (tmp_path / "out").exists()


def test_output_is_a_file_or_somebody_elses(sr2hls: Any, tmp_path: Path) -> None:
    file = _text(tmp_path, "taken", b"x")
    assert "is a file: give a folder" in sr2hls("compile", NET, "--data", _data(tmp_path), "-o", file).err
    inside = sr2hls("compile", NET, "--data", _data(tmp_path), "-o", file / "deeper")
    assert inside.code == 2
    assert "taken" in inside.err
    (tmp_path / "mine").mkdir()
    _text(tmp_path / "mine", "thesis.tex", b"x")
    result = sr2hls("compile", NET, "--data", _data(tmp_path), "-o", tmp_path / "mine")
    assert "holds other files: give a new or empty folder" in result.err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


@pytest.mark.usefixtures("no_search")
def test_after_a_mistake_the_same_folder_can_be_used(sr2hls: Any, tmp_path: Path) -> None:
    data = _data(tmp_path, X=_rows(_nan))
    out = tmp_path / "out"
    assert "17" in sr2hls("compile", NET, "--data", data, "-o", out, "-q").err
    result = sr2hls("compile", NET, "--data", data, "-o", out, "-q", "--drop-nonfinite", "--task", "dance")
    assert "dance" in result.err


def test_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a real run: a sentence on how to go on, exit code 130, no traceback, soon."""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "sr2hls",
            "compile",
            NET,
            "--data",
            JETS / "jets.npz",
            "-o",
            out,
            "--engine",
            "operon",
            "--strategy",
            "fronts",
        ],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("engine operon"):
            break
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    rest = process.stderr.read()
    assert process.wait(timeout=60) == 130
    assert time.monotonic() - began < 120
    assert "interrupted; what was finished is kept in" in rest
    assert "run the same command again to go on" in rest
    assert "Traceback" not in rest
