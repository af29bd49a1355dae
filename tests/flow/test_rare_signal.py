"""A network that finds a signal of 3 %, from its file to the head of its report."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sr2hls.flow.explore import explore
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress
from sr2hls.report.store import load_report
from sr2hls.report.summary import cards


def rare_signal(folder: Path) -> tuple[Path, Path]:
    """Write a trained network with one sigmoid output, and its data."""
    rng, rows = np.random.default_rng(1), 8000
    y = (rng.random(rows) < 0.03).astype(np.int64)
    X = (rng.normal(size=(rows, 3)) + y[:, None] * np.array([2.0, 1.5, 0.0])).astype(np.float32)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    inputs, wanted = torch.from_numpy(X), torch.from_numpy(y[:, None].astype(np.float32))
    for _ in range(200):
        optimiser.zero_grad()
        nn.functional.binary_cross_entropy(net(inputs), wanted).backward()
        optimiser.step()
    torch.jit.save(torch.jit.trace(net.eval(), torch.zeros(1, 3)), folder / "net.pt")
    np.savez(folder / "data.npz", X=X, y=y)
    return folder / "net.pt", folder / "data.npz"


def test_what_designs_are_judged_by(tmp_path: Path) -> None:
    net, data = rare_signal(tmp_path)
    options = CompileOptions(checkpoint=net, data=data, output=tmp_path / "out")
    problem = prepare(options, SilentProgress()).problem
    passed = problem.train.outputs[np.asarray(problem.train.labels) == 0, 0] > 0
    assert problem.score_name == f"efficiency at {np.mean(passed):g} of the background"
    constant = np.full((len(problem.test), 1), -1.0)
    assert problem.score(constant, problem.test) == 0
    assert problem.teacher_score(problem.test) > 0.3
    asked = CompileOptions(checkpoint=net, data=data, output=tmp_path / "out", objective="auc")
    assert prepare(asked, SilentProgress()).problem.score_name == "AUC"


@pytest.mark.slow
def test_from_the_network_to_the_report(tmp_path: Path) -> None:
    net, data = rare_signal(tmp_path)
    result = explore(
        net, data, tmp_path / "out", effort="low", strategies=("additive",), luts=(100,), baseline=False,
        synthesis="estimate", prove_s=0.0,
    )  # fmt: skip
    best = result.frontier.best()[-1]
    assert result.frontier.score.startswith("efficiency at 0.0")
    assert f"{result.frontier.score} on the test split" in (tmp_path / "out" / "frontier.svg").read_text()
    report = load_report(tmp_path / "out" / best.name)
    signal = report.judgement.signal
    assert signal.circuit > 0.85 * signal.network
    assert signal.circuit_auc > 0.97 * signal.network_auc
    assert [m.name for m in report.judgement.models][2:] == ["linear", "quadratic", "boosted trees"]
    assert cards(report)[0].label == "Signal that the circuit keeps at the network's rate"
    assert best.test == report.judgement.model("circuit").score
