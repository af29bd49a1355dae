"""A network of two levels, and data whose law has the same two levels."""

import numpy as np
import torch
from torch import Tensor, nn

ELEMENTS, FEATURES = 4, 3
"""A sample is a set of four elements of three features; one of these is noise to the law."""


def inner_truth(x: np.ndarray) -> np.ndarray:
    """f(x) = x0² + cos(2 x2), shape (..., 3) to (...)."""
    return x[..., 0] ** 2 + np.cos(2 * x[..., 2])


def outer_truth(s: np.ndarray) -> np.ndarray:
    """g(s) = s / (1 + s²)."""
    return s / (1 + s**2)


def data(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Samples (count, elements, features) and y = g(mean of f over the elements), shape (count, 1)."""
    x = np.random.default_rng(seed).uniform(-2, 2, (count, ELEMENTS, FEATURES))
    y = outer_truth(inner_truth(x).mean(axis=1))
    return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y[:, None], dtype=torch.float32)


def _dense(inputs: int, width: int, activation: type[nn.Module]) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), activation(), nn.Linear(width, width), activation(), nn.Linear(width, 1)
    )


class TwoLevels(nn.Module):
    """y = g(mean of f over the elements); ``f`` and ``g`` are the submodules to distil.

    The number between them is the narrow middle. It can be stretched and shifted at will: whatever f does, g
    undoes.
    """

    def __init__(self, width: int, activation: type[nn.Module] = nn.SiLU) -> None:
        super().__init__()
        self.f: nn.Module = _dense(FEATURES, width, activation)
        self.g: nn.Module = _dense(1, width, activation)

    def forward(self, x: Tensor) -> Tensor:
        """Return y, shape (samples, 1), for samples of shape (samples, elements, features)."""
        return self.g(self.f(x).mean(dim=1))
