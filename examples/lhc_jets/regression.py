"""Train a network of the tagger's shape for a regression: one output, squared error."""

from pathlib import Path

import numpy as np
import torch
from network import JetTagger
from sklearn.metrics import r2_score
from torch import Tensor, nn

Parts = dict[str, tuple[Tensor, Tensor]]
SPLITS = ("train", "validation", "test")


def load(path: Path) -> Parts:
    """Return features, shape (rows, features), and target, shape (rows, 1), of each split."""
    with np.load(path, allow_pickle=False) as data:
        X, y, split = data["X"], data["y"].astype(np.float32)[:, None], data["split"]
    return {
        n: (torch.from_numpy(X[split == k]), torch.from_numpy(y[split == k])) for k, n in enumerate(SPLITS)
    }


def train(parts: Parts, epochs: int, batch: int, rate: float, seed: int) -> JetTagger:
    """Adam with decoupled weight decay; the epoch with the best validation error is kept."""
    torch.manual_seed(seed)
    (X, y), (X_val, y_val) = parts["train"], parts["validation"]
    model = JetTagger(X.shape[1], n_classes=1)
    model.scaler.mean.copy_(X.double().mean(0).float())
    model.scaler.scale.copy_(X.double().std(0).clamp_min(1e-12).float())
    mean, spread = y.mean(), y.std()
    loss_of = nn.MSELoss()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    best, best_loss = {k: v.clone() for k, v in model.state_dict().items()}, float("inf")
    for _ in range(epochs):
        for rows in torch.randperm(len(X)).split(batch):
            optimiser.zero_grad()
            loss_of(model(X[rows]), (y[rows] - mean) / spread).backward()
            optimiser.step()
        with torch.no_grad():
            loss = float(loss_of(model(X_val), (y_val - mean) / spread))
        if loss < best_loss:
            best, best_loss = {k: v.clone() for k, v in model.state_dict().items()}, loss
    model.load_state_dict(best)
    last = model.body[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():  # the target's own unit becomes part of the last layer
        last.weight.mul_(spread)
        last.bias.mul_(spread).add_(mean)
    return model.eval()


def measure(model: JetTagger, X: Tensor, y: Tensor) -> float:
    """Return R²."""
    with torch.no_grad():
        return float(r2_score(y.numpy(), model(X).numpy()))
