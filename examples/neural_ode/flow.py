"""A neural ODE: trajectories of a known field, and a network that learns it through the solver."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchdiffeq import odeint

STEP = 0.1
"""Time between two points of a trajectory, and step of the solver (RK4) in training."""


def truth(t: Tensor, y: Tensor) -> Tensor:
    """dx/dt = y/(1+y), dy/dt = -x/(1+x)."""
    z = y / (1 + y)
    return torch.stack([z[..., 1], -z[..., 0]], dim=-1)


def trajectories(count: int, seed: int, end: float = 10.0) -> Tensor:
    """Paths from starts in (-0.6, 1)², shape (points in time, count, 2)."""
    start = torch.as_tensor(np.random.default_rng(seed).uniform(-0.6, 1, (count, 2)))
    times = torch.linspace(0, end, round(end / STEP) + 1, dtype=torch.float64)
    return odeint(truth, start, times, rtol=1e-9, atol=1e-9)


class Field(nn.Module):
    """Velocity as a network of the position; time is not used."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, width), nn.Softplus(), nn.Linear(width, width), nn.Softplus(), nn.Linear(width, 2)
        )

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        """Velocity, shape (..., 2)."""
        return self.layers(y)


class NeuralODE(nn.Module):
    """The flow of a field; ``field`` is the submodule to distil."""

    def __init__(self, field: nn.Module) -> None:
        super().__init__()
        self.field = field

    def forward(self, start: Tensor, steps: int) -> Tensor:
        """Positions after 0 to ``steps`` steps, shape (steps + 1, ..., 2)."""
        times = torch.arange(steps + 1, dtype=start.dtype) * STEP
        return odeint(self.field, start, times, method="rk4")


class Segments:
    """Draws pieces of trajectories: where they start and where they go."""

    def __init__(self, paths: Tensor, seed: int) -> None:
        self.paths = paths
        self.rng = np.random.default_rng(seed)

    def draw(self, count: int, steps: int) -> tuple[Tensor, Tensor]:
        """Starts (count, 2) and paths (steps + 1, count, 2)."""
        begin = self.rng.integers(0, len(self.paths) - steps, count)
        which = self.rng.integers(0, self.paths.shape[1], count)
        index = torch.as_tensor(begin[None] + np.arange(steps + 1)[:, None])
        piece = self.paths[index, torch.as_tensor(which)[None]]
        return piece[0], piece


def segment_loss(model: NeuralODE, segments: Segments, count: int, steps: int) -> Any:
    """Mean squared distance from fresh pieces of the trajectories."""
    start, path = segments.draw(count, steps)
    return ((model(start, steps) - path) ** 2).mean()
