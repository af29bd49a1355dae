"""A whole compilation of networks that cost users a day: dead outputs, decisions that never change."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import sr2hls


def network(path: Path, seed: int, dead: bool) -> Path:
    """4-8-3: the last output is 0 for every row, or the first one is always the largest."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    last = net[2]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        if dead:
            last.weight[2] = 0
            last.bias[2] = 0
        else:
            last.bias[:] = torch.tensor([5.0, 0.0, 0.0])
    torch.jit.save(torch.jit.trace(net, torch.zeros(1, 4)), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("dead", [True, False])
def test_networks_of_little_use_are_compiled_and_called_that(tmp_path: Path, dead: bool) -> None:
    np.save(tmp_path / "X.npy", np.random.default_rng(1).normal(size=(2000, 4)).astype(np.float32))
    result = sr2hls.compile(
        network(tmp_path / "net.pt", 4 if dead else 3, dead), tmp_path / "X.npy", tmp_path / "out",
        effort="low", baseline=False, synthesis="estimate",
    )  # fmt: skip
    text = (tmp_path / "out" / "report.md").read_text()
    if dead:
        assert result.report.fidelity[-1].scores["design"].agreement > 0.85
        return
    first, second = result.report.same
    assert first.startswith("the network decides 'y0' for all 400 test rows")
    assert second == "the circuit decides 'y0' for all 400 test rows: it tells nothing apart"
    assert "the network decides" in text.split("\n- ")[1]
    assert "tells nothing apart" in text.split("\n- ")[2]
