"""A million rows of a hundred features through oracle, verification, report; many searches: within 4 GB."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sr2hls.costs import area, estimated_luts
from sr2hls.search import OperonEngine, OperonSettings, SearchOptions, Study, run_study
from sr2hls.search.parallel import collect

ROWS, FEATURES, LIMIT_GB = 1_000_000, 100, 4.0

_ORACLE = """
import json, resource, sys
from pathlib import Path
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress
folder = Path(sys.argv[1])
options = CompileOptions(checkpoint=folder / "net.onnx", data=folder / "data.npz", output=folder / "out")
problem = prepare(options, SilentProgress()).problem
rows = sum(len(split.inputs) for split in problem.splits.values())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"rows": rows, "score": problem.teacher_score(problem.test), "peak_gb": peak}))
"""


def _files(folder: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((ROWS, FEATURES), dtype=np.float32)
    W = rng.normal(size=(FEATURES, 3)).astype(np.float32)
    names = np.array([f"x{k}" for k in range(FEATURES)])
    np.savez(folder / "data.npz", X=X, y=(X @ W).argmax(axis=1), names=names)
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "W"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", FEATURES])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 3])],
        [numpy_helper.from_array(W, "W")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, folder / "net.onnx")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scale")
    _files(path)
    return path


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_million_rows_through_the_oracle(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ORACLE, str(folder)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    print(found)
    assert found["rows"] == ROWS
    assert found["score"] > 0.99
    assert found["peak_gb"] < LIMIT_GB


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_million_rows_through_verification_and_report(folder: Path) -> None:
    formulas = "0.5*x0 - x1 + x2*x3; x4 + tanh(x5) - 0.25*x6; x7*x8 - x99"
    arguments = [
        "lower",
        formulas,
        "--data",
        str(folder / "data.npz"),
        "-o",
        str(folder / "result"),
        "--json",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "sr2hls", *arguments, "--input-bits", "6", "--synthesis", "estimate", "-q"],
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    process.communicate()
    # The largest of all processes that ended, the C++ compiler among them.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    report = json.loads((folder / "result" / "report.json").read_text())
    rows = {s["split"]: s["rows"] for s in report["fidelity"]}
    print(rows, f"{peak:.2f} GB")
    assert process.returncode == 0
    assert sum(rows.values()) == ROWS
    compared = {e["executor"].split(" ")[0]: e["vectors"] for e in report["verification"]["executors"]}
    assert compared["C++"] == rows["test"]
    assert peak < LIMIT_GB


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_outputs_and_twenty_seeds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 3))
    Y = np.stack([X[:, k % 3] * (1 + k / 10) + X[:, (k + 1) % 3] for k in range(100)], axis=1)
    study = Study.of(
        X,
        Y,
        cost=area(estimated_luts("ap_fixed<10,4>")),
        options=SearchOptions(operators=("+", "*"), max_size=7),
        engines=[OperonEngine(OperonSettings(population=20, generations=2, restarts=1))],
        seeds=range(20),
    )
    assert len(study.tasks) == 2000
    frontier = run_study(study, tmp_path / "study")
    assert len(list((tmp_path / "study" / "tasks").glob("*.json"))) == 2000
    assert all(front.candidates for front in frontier.fronts)
    assert collect(study, tmp_path / "study") == frontier
