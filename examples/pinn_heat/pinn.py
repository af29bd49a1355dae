"""Physics-informed networks: the heat equation and Burgers' equation, with their exact solutions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

HEAT = 0.01
"""Diffusivity: u_t = 0.01 u_xx."""
BURGERS = 0.02
"""Viscosity: u_t + u u_x = 0.02 u_xx. At the usual 0.01/π (Raissi et al., J. Comp. Phys. 378) minutes on
one core do not do: 2,000 steps of Adam and 2,500 of L-BFGS ended 0.8 away from the solution (relative L2)."""


@dataclass(frozen=True)
class Problem:
    """An equation on x in (low, high), t in (0, 1), with u = 0 at both ends.

    Attributes:
        low: left end.
        high: right end.
        initial: u(x, 0).
        residual: of the equation, from u, u_x, u_t, u_xx.
    """

    low: float
    high: float
    initial: Callable[[Tensor], Tensor]
    residual: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


HEAT_PROBLEM = Problem(0.0, 1.0, lambda x: torch.sin(np.pi * x), lambda u, ux, ut, uxx: ut - HEAT * uxx)
BURGERS_PROBLEM = Problem(
    -1.0, 1.0, lambda x: -torch.sin(np.pi * x), lambda u, ux, ut, uxx: ut + u * ux - BURGERS * uxx
)


def network(*widths: int) -> nn.Sequential:
    """tanh network of two inputs (x, t) and one output."""
    layers: list[nn.Module] = []
    for before, after in zip((2, *widths), widths, strict=False):
        layers += [nn.Linear(before, after), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1))


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    Attributes:
        adam: steps of Adam at 1e-3.
        lbfgs: iterations of L-BFGS after that.
        collocation: points for the residual of the equation.
        boundary: points at t = 0, and as many on both ends together.
    """

    adam: int = 5000
    lbfgs: int = 0
    collocation: int = 2000
    boundary: int = 500


def train(model: nn.Sequential, problem: Problem, training: Training, seed: int) -> float:
    """Train a network to solve a problem; return the last loss."""
    generator = torch.Generator().manual_seed(seed)
    kind = next(model.parameters()).dtype

    def uniform(count: int) -> Tensor:
        x = problem.low + (problem.high - problem.low) * torch.rand(count, 1, generator=generator)
        return torch.cat([x, torch.rand(count, 1, generator=generator)], 1).to(kind)

    inside = uniform(training.collocation).requires_grad_()
    start = uniform(training.boundary)
    start[:, 1] = 0.0
    ends = uniform(training.boundary)
    ends[:, 0] = torch.where(torch.arange(training.boundary) % 2 == 0, problem.low, problem.high)
    wanted = problem.initial(start[:, :1])

    def loss() -> Tensor:
        u = model(inside)
        slope = torch.autograd.grad(u.sum(), inside, create_graph=True)[0]
        bend = torch.autograd.grad(slope[:, 0].sum(), inside, create_graph=True)[0]
        equation = problem.residual(u, slope[:, :1], slope[:, 1:], bend[:, :1])
        return (equation**2).mean() + ((model(start) - wanted) ** 2).mean() + (model(ends) ** 2).mean()

    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    value = loss()
    for _ in range(training.adam):
        optimiser.zero_grad()
        value = loss()
        value.backward()
        optimiser.step()
    if training.lbfgs:
        polish = torch.optim.LBFGS(
            model.parameters(),
            max_iter=training.lbfgs,
            history_size=50,
            line_search_fn="strong_wolfe",
            tolerance_grad=1e-9,
            tolerance_change=1e-12,
        )

        def closure() -> Tensor:
            polish.zero_grad()
            value = loss()
            value.backward()
            return value

        polish.step(closure)
        value = loss()
    return float(value.detach())


def grid(low: float, high: float, count: int = 50, start: float = 0.0) -> np.ndarray:
    """Points (x, t) on a grid of count by count, t from ``start`` to 1, shape (count², 2)."""
    x, t = np.meshgrid(np.linspace(low, high, count), np.linspace(start, 1, count), indexing="ij")
    return np.column_stack([x.ravel(), t.ravel()])


def heat_solution(points: np.ndarray) -> np.ndarray:
    """sin(πx) exp(-0.01 π² t) on points (x, t)."""
    return np.sin(np.pi * points[:, 0]) * np.exp(-HEAT * np.pi**2 * points[:, 1])


def burgers_solution(points: np.ndarray, nodes: int = 100) -> np.ndarray:
    """Cole-Hopf solution on points (x, t) by Gauss-Hermite quadrature (Basdevant et al. 1986)."""
    z, weights = np.polynomial.hermite.hermgauss(nodes)
    x, t = points[:, :1], np.maximum(points[:, 1:], 1e-12)
    shifted = x - z * np.sqrt(4 * BURGERS * t)
    # exp(-cos(πy)/(2πν)) spans 1e43: the largest term of each row is taken out.
    exponent = -np.cos(np.pi * shifted) / (2 * np.pi * BURGERS)
    kernel = weights * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return -(np.sin(np.pi * shifted) * kernel).sum(axis=1) / kernel.sum(axis=1)
