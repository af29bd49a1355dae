"""A small trained network that tests of whole commands share."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two workers with two threads each wait for one another

import numpy as np
import pytest
import torch
from torch import nn

from sr2hls.options import CompileOptions, Effort, EngineName, StrategyName


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> CompileOptions:
    """Three classes told apart by four features, and a network that does it."""
    folder = tmp_path_factory.mktemp("small")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4)).astype(np.float32)
    y = np.stack([X[:, 0] + X[:, 1] ** 2, 1.5 * X[:, 1], X[:, 2]], axis=1).argmax(axis=1)
    np.savez(folder / "data.npz", X=X, y=y)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(300):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(torch.from_numpy(X)), torch.from_numpy(y)).backward()
        optimiser.step()
    batch = torch.export.Dim("batch")
    program = torch.export.export(model.eval(), (torch.zeros(2, 4),), dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "net.pt2")
    return CompileOptions(
        checkpoint=folder / "net.pt2", data=folder / "data.npz", output=folder / "result",
        engine=EngineName.OPERON, effort=Effort.LOW,
        strategies=(StrategyName.FRONTS, StrategyName.ADDITIVE), prove_s=0.0,
    )  # fmt: skip
