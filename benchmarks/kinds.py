"""Designs of every strategy beside simple models, on the same rows, for four kinds of problems that sums of
functions of one input fit badly.

    python benchmarks/kinds.py [--effort low] [--luts 100 200] [--kind product]

product: two classes told apart by a·b + 0.7c² − d, six inputs. regression: a number of 40 inputs; products
of pairs, a ratio and steps make two thirds of its variance. anomaly: the squared error with which an
autoencoder gives 48 inputs back. constituents: two classes of jets of eight particles, three numbers each,
told apart by the mass of all together. Rows are made here with a seed; the teachers are small networks that
are trained here. Scores are accuracy or R² to the labels on the test split, or to the network's outputs where
there are no labels; LUTs are estimated by the program model.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sr2hls.arrays import FloatArray
from sr2hls.baseline.simple_models import simple_models
from sr2hls.flow.designs import Designs
from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import CompileOptions, StrategyName
from sr2hls.prepare import prepare
from sr2hls.problem import Problem
from sr2hls.program.predict import program_model
from sr2hls.progress import SilentProgress
from sr2hls.store.files import write_text

RESULTS = Path(__file__).resolve().parent / "results"
Made = tuple[nn.Module, FloatArray, FloatArray | None]


def product() -> Made:
    """Two classes by a product, a square and a line."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(10_000, 6))
    score = X[:, 0] * X[:, 1] + 0.7 * X[:, 2] ** 2 - X[:, 3] + 0.3 * rng.normal(size=len(X))
    y = (score > np.median(score)).astype(np.int64)
    return _trained(_network(6, 32, 16, 2), X, y, nn.functional.cross_entropy), X, y


def regression() -> Made:
    """A number of 40 inputs."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(10_000, 40))
    pairs = sum(c * X[:, i] * X[:, j] for c, i, j in ((1.0, 0, 1), (0.8, 2, 3), (0.6, 4, 5), (0.5, 0, 6)))
    steps = 0.8 * (X[:, 7] > 0.5) + 0.6 * np.tanh(2 * X[:, 8] * X[:, 9]) + X[:, 10] / (1 + X[:, 11] ** 2)
    y = pairs + steps + X @ (0.15 * rng.normal(size=40)) + 0.2 * rng.normal(size=len(X))
    net = _trained(_network(40, 64, 32, 1), X, y[:, None], nn.functional.mse_loss)
    return net, X, y


class Score(nn.Module):
    """The mean squared error with which an autoencoder gives its inputs back."""

    def __init__(self, autoencoder: nn.Module) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return scores of shape (rows, 1) for inputs of shape (rows, 48)."""
        return (self.autoencoder(x) - x).square().mean(dim=1, keepdim=True)


def anomaly() -> Made:
    """The score of an autoencoder of 48 inputs through 8, of which one row in five is unlike the others."""
    rng = np.random.default_rng(3)
    latent = rng.normal(size=(6_000, 8))
    X = np.tanh(latent @ rng.normal(size=(8, 48)) * 0.5) + 0.2 * rng.normal(size=(6_000, 48))
    X[::5] += rng.normal(size=(1_200, 48)) * rng.uniform(0.2, 0.8, size=(1_200, 1))
    usual = np.delete(X, np.arange(0, 6_000, 5), axis=0)
    return Score(_trained(_network(48, 32, 8, 32, 48), usual, usual, nn.functional.mse_loss)), X, None


def constituents() -> Made:
    """Two classes of jets of eight particles (share of the momentum, two angles), by the mass of all."""
    rng = np.random.default_rng(4)
    share = np.sort(rng.dirichlet(np.full(8, 0.7), 10_000), axis=1)[:, ::-1]
    angles = 0.3 * rng.normal(size=(10_000, 8, 2)) * (1 - share[:, :, None])
    apart = ((angles[:, :, None] - angles[:, None]) ** 2).sum(axis=-1)
    mass = np.sqrt((share[:, :, None] * share[:, None] * apart).sum(axis=(1, 2)))
    y = (mass + 0.01 * rng.normal(size=len(mass)) > np.median(mass)).astype(np.int64)
    X = np.concatenate([share[:, :, None], angles], axis=2).reshape(len(share), -1)
    return _trained(_network(24, 64, 32, 2), X, y, nn.functional.cross_entropy), X, y


KINDS: dict[str, Callable[[], Made]] = {
    "product": product, "regression": regression, "anomaly": anomaly, "constituents": constituents,
}  # fmt: skip


def _network(*widths: int) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for width, following in pairwise(widths):
        layers += [nn.Linear(width, following), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _trained(net: nn.Sequential, X: FloatArray, y: Any, loss: Callable[..., torch.Tensor]) -> nn.Sequential:
    """Train with Adam, 40 passes."""
    rows = torch.from_numpy(X.astype(np.float32))
    wanted = torch.from_numpy(np.asarray(y, dtype=np.int64 if y.dtype.kind in "iu" else np.float32))
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    order = torch.Generator().manual_seed(0)
    for _ in range(40):
        for batch in torch.randperm(len(rows), generator=order).split(256):
            optimiser.zero_grad()
            loss(net(rows[batch]), wanted[batch]).backward()
            optimiser.step()
    return net.eval()


def rows_of(kind: str, effort: str, luts: list[int], folder: Path) -> list[dict[str, Any]]:
    """Return what simple models and the strategies reach on a kind of problem."""
    net, X, y = KINDS[kind]()
    torch.jit.save(torch.jit.trace(net, torch.zeros(2, X.shape[1])), folder / "net.pt")
    np.savez(folder / "data.npz", X=X.astype(np.float32), **({} if y is None else {"y": y}))
    problem = prepare(_options(folder, effort, StrategyName.ADDITIVE), SilentProgress()).problem
    rows = [_row(kind, "network", problem, problem.test.outputs)]
    for model in simple_models(problem)[1]:
        rows.append({**rows[0], "design": model.name, "score": model.score, "fidelity": model.fidelity})
    for strategy in StrategyName:
        if strategy is StrategyName.FRONTS:
            continue
        options = _options(folder, effort, strategy)
        begun = time.process_time()
        with RunFolder(options) as run:
            for design in Designs(
                prepare(options, SilentProgress()), options, luts, run, SilentProgress()
            ).found():
                row = _row(kind, design.proposal.title, problem, design.predict(problem.test.inputs))
                row["lut"] = program_model().luts(design.program)
                row["cpu_s"] = time.process_time() - begun
                rows.append(row)
    return rows


def _options(folder: Path, effort: str, strategy: StrategyName) -> CompileOptions:
    return CompileOptions(
        checkpoint=folder / "net.pt", data=folder / "data.npz", output=folder / strategy.value,
        effort=effort, strategies=(strategy,), jobs=1,
    )  # fmt: skip


def _row(kind: str, design: str, problem: Problem, outputs: FloatArray) -> dict[str, Any]:
    test = problem.test
    return {
        "kind": kind,
        "design": design,
        "of": problem.score_name,
        "score": problem.score(outputs, test),
        "fidelity": problem.fidelity(outputs, test),
        "lut": None,
        "cpu_s": None,
    }


def kept() -> list[dict[str, Any]]:
    """Return the rows of the committed table."""
    file = RESULTS / "kinds.json"
    rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return rows


def page(rows: list[dict[str, Any]], effort: str) -> str:
    """Return the table of all rows."""
    lines = [
        "# Designs beside simple models",
        "",
        f"`python benchmarks/kinds.py --effort {effort}`, {date.today()}. Test split; the same rows for all "
        "of a kind. Score: against the labels, or the network where there are none; fidelity: share of "
        "decisions as the network's, or R² to it. LUTs estimated by the program model. What each kind is "
        "stands in the file.",
        "",
        "| kind | design | score of | score | fidelity | LUT | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lut, cpu = ("" if row[key] is None else f"{row[key]:.0f}" for key in ("lut", "cpu_s"))
        lines.append(
            f"| {row['kind']} | {row['design']} | {row['of']} | {row['score']:.3f} | {row['fidelity']:.3f} | "
            f"{lut} | {cpu} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the kinds asked for and write the table of all that are kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--effort", default="low")
    parser.add_argument("--luts", type=int, nargs="+", default=[100, 200])
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=list(KINDS))
    args = parser.parse_args()
    for kind in args.kind:
        with tempfile.TemporaryDirectory() as folder:
            found = rows_of(kind, args.effort, args.luts, Path(folder))
        rows = [row for row in kept() if row["kind"] != kind] + found
        rows.sort(key=lambda row: list(KINDS).index(row["kind"]))
        write_text(RESULTS / "kinds.json", json.dumps(rows, indent=1) + "\n")
        write_text(RESULTS / "kinds.md", page(rows, args.effort))


if __name__ == "__main__":
    main()
