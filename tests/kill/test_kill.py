"""Kill -9 at random moments: the same command again gives what an undisturbed run gives."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sr2hls.data import InputFormat
from sr2hls.program.serialize import load as load_program
from sr2hls.report.store import load_report
from sr2hls.rtl.project import load_project

MARK = "SR2HLS_TEST_MARK"
_MOST_S = 600
_TEXTS = (".json", ".h", ".cpp", ".v", ".sv", ".vhd", ".xdc", ".tcl", ".dat", ".mem")
_VOLATILE = ("stages", "date", "command", "versions")


def problem(folder: Path) -> tuple[Path, Path]:
    """A network of one input and one output, small enough to be compiled within seconds."""
    rng = np.random.default_rng(0)
    weights = {
        "W0": rng.normal(size=(1, 4)).astype(np.float32),
        "b0": rng.normal(size=4).astype(np.float32),
        "W1": rng.normal(size=(4, 1)).astype(np.float32),
        "b1": np.zeros(1, np.float32),
    }
    nodes = [
        helper.make_node("Gemm", ["x", "W0", "b0"], ["h"]),
        helper.make_node("Relu", ["h"], ["a"]),
        helper.make_node("Gemm", ["a", "W1", "b1"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 1])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, folder / "net.onnx")
    np.savez(folder / "data.npz", X=rng.uniform(-1, 1, (600, 1)).astype(np.float32))
    return folder / "net.onnx", folder / "data.npz"


def _argv(command: str, folder: Path, output: Path) -> list[str]:
    checkpoint, data = problem(folder)
    common = [
        str(checkpoint),
        "--data",
        str(data),
        "-o",
        str(output),
        "--engine",
        "operon",
        "--effort",
        "low",
    ]
    extra = {
        "compile": ["--input-bits", "4", "--synthesis", "estimate", "-q"],
        "explore": ["--input-bits", "4", "--synthesis", "estimate", "--no-baseline", "--luts", "30", "-q"],
    }
    return [command, *common, *extra[command]]


def start(arguments: list[str], mark: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "sr2hls", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", MARK: mark},
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(arguments: list[str], mark: str) -> float:
    began = time.monotonic()
    process = start(arguments, mark)
    _, err = process.communicate(timeout=_MOST_S)
    assert process.returncode == 0, err
    return time.monotonic() - began


def survivors(mark: str) -> list[int]:
    """Processes that a command left behind, by a variable in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            running = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            continue
        if f"{MARK}={mark}".encode() in environment and running:
            found.append(int(folder.name))
    return found


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)
    return condition()


def read_everything(folder: Path) -> None:
    """Whatever is there under its name is whole."""
    for path in _visible(folder):
        if path.suffix == ".json":
            json.loads(path.read_text())
        if path.name == "report.json":
            load_report(path)
        if path.name == "inputs.json":
            InputFormat.load(path)
        if path.name == "program.json":
            load_program(path)
        if path.name == "project.json":
            load_project(path.parent)
        if path.name == "report.html":
            assert path.read_text().rstrip().endswith("</html>")


def _visible(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts):
            yield path


def contents(folder: Path) -> dict[str, Any]:
    """Everything that a result consists of, without what names the moment and the place it was made in."""
    found: dict[str, Any] = {}
    for path in _visible(folder):
        name = str(path.relative_to(folder))
        if path.name == "report.json":
            report = json.loads(path.read_text())
            report["run"] = {k: v for k, v in report["run"].items() if k not in (*_VOLATILE, "options")}
            found[name] = report
        elif path.suffix in _TEXTS and path.name != "sr2hls.json" and "build" not in path.parts:
            found[name] = path.read_text(errors="replace").replace(str(folder), "DIR")
    assert any(name.endswith("program.json") or name == "frontier.json" for name in found)
    return found


def batter(command: str, folder: Path, kills: int, seed: int) -> None:
    whole = folder / "undisturbed"
    seconds = finish(_argv(command, folder, whole), uuid.uuid4().hex)
    wanted = contents(whole)
    generator = random.Random(seed)
    done = late = 0
    while done < kills:
        output = folder / f"battered{done}"
        arguments, mark = _argv(command, folder, output), uuid.uuid4().hex
        for _ in range(min(generator.choice([1, 4, 9, 14]), kills - done)):
            process = start(arguments, mark)
            try:
                process.communicate(timeout=generator.uniform(0.0, 1.05 * seconds))
                late += 1
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                done += 1
            if output.is_dir():
                read_everything(output)
        assert _until(lambda mark=mark: not survivors(mark), 30), "processes outlive the command"
        finish(arguments, mark)
        found = contents(output)
        assert found.keys() == wanted.keys()
        for name, content in wanted.items():
            assert found[name] == content, name
        assert [p.name for p in output.rglob(".*")] == []
        print(f"{command}: {done} of {kills} kills", flush=True)
    print(f"{command}: {done} kills, {late} runs ended before theirs; undisturbed {seconds:.1f} s")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("command", ["compile", "explore"])
def test_a_few_kills(command: str, tmp_path: Path) -> None:
    batter(command, tmp_path, kills=1, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("command", ["compile", "explore"])
def test_a_hundred_kills_in_all(command: str, seed: int, tmp_path: Path) -> None:
    batter(command, tmp_path, kills=25, seed=seed)
