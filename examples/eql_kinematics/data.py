"""Trajectories of the two systems, and what is known about them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class System:
    """A system of a position d and a velocity v with one unknown parameter.

    Attributes:
        name: name in the tables.
        parameter: range of the parameter: acceleration a, or squared angular frequency.
        d0: range of the first position.
        v0: range of the first velocity.
        dt: time of a step.
        encoder_steps: states that the encoder sees.
        window: of these, how many together go through the first network of the encoder.
        train_steps: steps that are predicted in training.
        test_steps: steps that are predicted in the test.
        scale: what position and velocity are divided by for the encoder.
        solution: position and velocity at times t for parameter and first state.
    """

    name: str
    parameter: tuple[float, float]
    d0: tuple[float, float]
    v0: tuple[float, float]
    dt: float
    encoder_steps: int
    window: int
    train_steps: int
    test_steps: int
    scale: tuple[float, float]
    solution: Callable[..., tuple[np.ndarray, np.ndarray]]


def _falling(p, d0, v0, t):
    return d0 + v0 * t + 0.5 * p * t**2, v0 + p * t


def _oscillating(p, d0, v0, t):
    w = np.sqrt(p)
    return d0 * np.cos(w * t) + v0 / w * np.sin(w * t), v0 * np.cos(w * t) - d0 * w * np.sin(w * t)


# Ranges and time steps as in the code of arXiv 1912.04825 (kinematics_data.py, sho_data.py).
KINEMATICS = System("kinematics", (-1, 1), (-1, 1), (-1, 1), 1.0, 10, 10, 5, 100, (50.0, 10.0), _falling)
OSCILLATOR = System(
    "oscillator", (0.1, 1.0), (-1, 1), (-0.5, 0.5), 0.1, 100, 5, 25, 500, (1.0, 1.0), _oscillating
)
SYSTEMS = {s.name: s for s in (KINEMATICS, OSCILLATOR)}


@dataclass(frozen=True)
class Trajectories:
    """Pairs of trajectories with the same parameter.

    Attributes:
        seen: what the encoder sees, shape (n, 2 * encoder_steps).
        start: first state of the other trajectory, shape (n, 2).
        path: how that goes on, shape (n, steps, 2).
        parameter: the parameter, shape (n,); only for judging.
    """

    seen: Tensor
    start: Tensor
    path: Tensor
    parameter: Tensor

    def to(self, dtype: torch.dtype) -> "Trajectories":
        return Trajectories(*(t.to(dtype) for t in (self.seen, self.start, self.path, self.parameter)))


def trajectories(system: System, count: int, steps: int, seed: int) -> Trajectories:
    """Draw pairs of trajectories of one unknown parameter each."""
    random = np.random.default_rng(seed)
    p = random.uniform(*system.parameter, (count, 1))
    both = []
    for length in (system.encoder_steps - 1, steps):
        t = system.dt * np.arange(length + 1)
        d0, v0 = (random.uniform(*r, (count, 1)) for r in (system.d0, system.v0))
        both.append(np.stack(system.solution(p, d0, v0, t), 2))
    seen, path = both
    tensors = ((seen / np.asarray(system.scale)).reshape(count, -1), path[:, 0], path[:, 1:], p[:, 0])
    return Trajectories(*(torch.from_numpy(t) for t in tensors))
