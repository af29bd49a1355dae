"""The command line: a submodule of a checkpoint to formulas that other commands read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sr2hls.cli.main import run
from sr2hls.costs import area, estimated_luts
from sr2hls.data import load_dataset
from sr2hls.distil.checkpoint import DistilOptions, distil_checkpoint
from sr2hls.errors import InputError
from sr2hls.search import Frontier, read_formulas
from sr2hls.search.expressions import evaluate_expr

FACTORY = """
import torch
from torch import nn


class Square(nn.Module):
    def forward(self, x):
        return x * x + 0.25 * x


def make():
    return nn.Sequential(nn.Linear(2, 2), Square(), nn.Linear(2, 1))
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "net.py").write_text(FACTORY)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 2), nn.Identity(), nn.Linear(2, 1))
    torch.save(network.state_dict(), tmp_path / "net.pt")
    X = np.random.default_rng(0).normal(size=(400, 2))
    np.savez(tmp_path / "data.npz", X=X, names=np.array(["pt", "eta"]))
    return {"weights": tmp_path / "net.pt", "model": tmp_path / "net.py", "data": tmp_path / "data.npz"}


def arguments(files: dict[str, Path], out: Path, *more: str) -> list[str]:
    return [
        "distil", str(files["weights"]), "--model", f"{files['model']}:make", "--data", str(files["data"]),
        "-o", str(out), "--engine", "operon", "--restarts", "1", "--operators", "+ - *", "--max-size", "10",
        *more,
    ]  # fmt: skip


def test_a_part_of_an_exported_program(tmp_path: Path, capsys: Any) -> None:
    class Square(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * x + 0.25 * x

    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 2), Square(), nn.Linear(2, 1)).eval()
    batch = torch.export.Dim("batch")
    for name, shapes in (("any", ({0: batch},)), ("two", None)):
        program = torch.export.export(network, (torch.zeros(2, 2),), dynamic_shapes=shapes)
        torch.export.save(program, tmp_path / f"{name}.pt2")
    np.savez(tmp_path / "data.npz", X=np.random.default_rng(0).normal(size=(400, 2)))
    words = ["distil", str(tmp_path / "any.pt2"), "--data", str(tmp_path / "data.npz"), "--module", "1"]
    more = ["--engine", "operon", "--restarts", "1", "--operators", "+ - *", "--max-size", "10"]
    assert run([*words, *more, "-o", str(tmp_path / "out"), "--json", "--quiet"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert min(f["r2"] for f in said["formulas"]) > 0.9999
    words[1] = str(tmp_path / "two.pt2")
    assert run([*words, *more, "-o", str(tmp_path / "other")]) == 2
    assert "the model has no submodule '1'" in " ".join(capsys.readouterr().err.split())
    assert run([*words[:4], *more, "-o", str(tmp_path / "whole")]) == 2
    assert "export it for any number of rows" in " ".join(capsys.readouterr().err.split())


def test_a_part_by_name(files: dict[str, Path], tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out"
    assert run(arguments(files, out, "--module", "1", "--json", "--quiet")) == 0
    said = json.loads(capsys.readouterr().out)
    assert [f["output"] for f in said["formulas"]] == ["y0", "y1"]
    assert min(f["r2"] for f in said["formulas"]) > 0.9999
    assert len(Frontier.load(out / "search.json")) == 2
    with np.load(out / "recorded.npz", allow_pickle=False) as data:
        assert data["X"].shape == data["y"].shape
        assert np.allclose(data["y"], data["X"] ** 2 + 0.25 * data["X"], atol=1e-5)


def test_the_whole_network_keeps_the_names_and_formulas_can_be_lowered(
    files: dict[str, Path], tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "out"
    assert run(arguments(files, out, "--quiet", "--json", "--choose", "loss")) == 0
    text = json.loads(capsys.readouterr().out)["formulas"][0]["formula"]
    assert "pt" in text
    assert "x0" in (out / "formulas.txt").read_text()
    frontier = read_formulas(out / "formulas.txt", cost=area(estimated_luts()))
    data = load_dataset(out / "recorded.npz")
    assert set(frontier.input_names) <= set(data.names.display)
    columns = [data.names.display.index(n) for n in frontier.input_names]
    values = evaluate_expr(frontier[0].candidates[0].expr, data.X[:, columns].astype(float))
    assert np.corrcoef(values, np.ravel(data.y))[0, 1] > 0.999


def test_messages(files: dict[str, Path], tmp_path: Path, capsys: Any) -> None:
    assert run(arguments(files, tmp_path / "out", "--module", "encoder")) == 2
    assert "has no submodule 'encoder'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run(arguments(files, tmp_path / "out", "--module", "1", "--outputs", "5")) == 2
    assert "output 5 of '1' does not exist: it has 2" in capsys.readouterr().err
    torch.onnx.export(
        nn.Linear(2, 1), (torch.zeros(1, 2),), tmp_path / "net.onnx", dynamo=False, input_names=["x"]
    )
    options = DistilOptions(tmp_path / "net.onnx", files["data"], tmp_path / "out", module="0")
    with pytest.raises(InputError, match="keeps no submodules: give a state_dict with --model"):
        distil_checkpoint(options)
