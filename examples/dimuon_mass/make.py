"""Simulate pairs of muons, train a small network on their invariant mass, and write both.

    python make.py [--pairs 20000] [--seed 0]

Two massless particles have the mass m² = 2 pT1 pT2 (cosh Δη − cos Δφ) (Particle Data Group, Kinematics, eq.
49.39 in the 2024 review). Triggers need m, or its logarithm, from transverse momenta and angles within a few
clock cycles. The network learns log2(m / GeV) from log2(pT1), log2(pT2), |Δη|, |Δφ|. Momenta fall
exponentially above 5 GeV, and are smeared by 2 %, angles by 0.005, so that even the formula is not exact.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

HERE = Path(__file__).parent
NAMES = ("log2_pt1", "log2_pt2", "deta", "dphi")


def simulate(pairs: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features, shape (pairs, 4), and log2 of the mass in GeV, shape (pairs, 1)."""
    rng = np.random.default_rng(seed)
    pt = 5 + rng.exponential(20, size=(pairs, 2))
    eta = rng.uniform(-2.4, 2.4, size=(pairs, 2))
    phi = rng.uniform(-np.pi, np.pi, size=(pairs, 2))
    deta = np.abs(eta[:, 0] - eta[:, 1])
    dphi = np.abs((phi[:, 0] - phi[:, 1] + np.pi) % (2 * np.pi) - np.pi)
    mass = np.sqrt(2 * pt[:, 0] * pt[:, 1] * (np.cosh(deta) - np.cos(dphi)))
    seen = pt * rng.normal(1, 0.02, size=pt.shape)
    columns = [
        np.log2(seen[:, 0]),
        np.log2(seen[:, 1]),
        np.abs(deta + rng.normal(0, 0.005, pairs)),
        np.abs(dphi + rng.normal(0, 0.005, pairs)),
    ]
    keep = mass > 2  # nearer pairs are cut away by isolation
    X = np.stack(columns, axis=1).astype(np.float32)
    return X[keep], np.log2(mass[keep]).astype(np.float32)[:, None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    X, y = simulate(options.pairs, options.seed)
    split = np.random.default_rng(options.seed).choice(3, size=len(X), p=(0.6, 0.2, 0.2)).astype(np.int8)
    train = torch.from_numpy(np.flatnonzero(split == 0))
    data, target = torch.from_numpy(X), torch.from_numpy(y)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    epochs = 60
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.005)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=0.005, total_steps=epochs * -(-len(train) // 256)
    )
    for _ in range(epochs):
        for batch in train[torch.randperm(len(train))].split(256):
            optimiser.zero_grad()
            nn.functional.mse_loss(model(data[batch]), target[batch]).backward()
            optimiser.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        error = (model(data) - target).numpy()[:, 0]
    for k, name in enumerate(("train", "validation", "test")):
        part = split == k
        print(
            f"{name}: rms error of log2(m) {np.sqrt(np.mean(error[part] ** 2)):.4f}, "
            f"R² {1 - error[part].var() / y[part].var():.4f}, {part.sum()} pairs"
        )
    torch.onnx.export(
        model, (data[:2],), options.out / "dimuon_mass.onnx", input_names=["muons"],
        output_names=["log2_mass"], dynamic_axes={"muons": {0: "n"}, "log2_mass": {0: "n"}}, dynamo=False,
    )  # fmt: skip
    np.savez_compressed(options.out / "dimuons.npz", X=X, y=y, names=np.array(NAMES), split=split)


if __name__ == "__main__":
    main()
