"""Particles in a plane under pair forces (the potentials of Cranmer et al., arXiv 2006.11287), with RK4."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

COLUMNS = ("dx", "dy", "m1", "m2", "q1", "q2", "vx", "vy", "r")
"""What an edge sees: x1 - x2, both masses and charges, velocity of the particle acted on, distance."""
NEAREST = 0.3
"""Snapshots in which two particles are closer are left out: forces of 1/r² there dwarf all others."""


@dataclass(frozen=True)
class Force:
    """A law for pairs.

    Attributes:
        name: of the potential.
        potential: as people write it.
        pair: force on particle 1, shape (..., 2), from the columns, shape (..., 9).
    """

    name: str
    potential: str
    pair: Callable[[Tensor], Tensor]


def _central(slope: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Force -U'(r) (dx, dy)/r from U'(r)."""

    def pair(columns: Tensor) -> Tensor:
        d = columns[..., :2]
        r = d.norm(dim=-1, keepdim=True)
        return -slope(r, columns) * d / r

    return pair


def _masses(c: Tensor) -> Tensor:
    return c[..., 2:3] * c[..., 3:4]


def _charges(c: Tensor) -> Tensor:
    return c[..., 4:5] * c[..., 5:6]


def _damped(columns: Tensor) -> Tensor:
    # the term r·ṙ/n of the potential, n = 4 in training: a drag of ṙ/4 for each pair
    return _central(lambda r, c: 2 * (r - 1))(columns) - columns[..., 6:8] / 4


FORCES = {
    f.name: f
    for f in (
        Force("spring", "(r-1)²", _central(lambda r, c: 2 * (r - 1))),
        Force("1/r", "m1 m2 log r", _central(lambda r, c: _masses(c) / r)),
        Force("1/r2", "-m1 m2/r", _central(lambda r, c: _masses(c) / r**2)),
        Force("charge", "q1 q2/r", _central(lambda r, c: -_charges(c) / r**2)),
        Force("damped", "(r-1)² + r·ṙ/n", _damped),
        Force(
            "discontinuous",
            "0 for r < 2, (r-1)² beyond",
            _central(lambda r, c: torch.where(r < 2, torch.zeros_like(r), 2 * (r - 1))),
        ),
    )
}


def edges(position: Tensor, velocity: Tensor, mass: Tensor, charge: Tensor) -> Tensor:
    """Columns of every ordered pair, shape (..., n, n, 9); the diagonal is a particle with itself."""
    n = position.shape[-2]
    d = position[..., :, None, :] - position[..., None, :, :]
    own = [a[..., :, None].expand(*a.shape, n) for a in (mass, charge)]
    other = [a[..., None, :].expand(*a.shape, n) for a in (mass, charge)]
    v = velocity[..., :, None, :].expand(*velocity.shape[:-1], n, 2)
    scalars = torch.stack([own[0], other[0], own[1], other[1]], dim=-1)
    return torch.cat([d, scalars, v, d.norm(dim=-1, keepdim=True)], dim=-1)


def off_diagonal(values: Tensor) -> Tensor:
    """The pairs of two different particles: (..., n, n, k) to (..., n, n - 1, k)."""
    n = values.shape[-2]
    keep = ~torch.eye(n, dtype=torch.bool)
    return values[..., keep, :].reshape(*values.shape[:-3], n, n - 1, values.shape[-1])


Acceleration = Callable[[Tensor, Tensor], Tensor]
"""Edges without the diagonal (..., n, n-1, 9) and masses (..., n) to accelerations (..., n, 2)."""


def true_acceleration(force: Force) -> Acceleration:
    """Sum of the pair forces over the mass."""
    return lambda pairs, mass: force.pair(pairs).sum(dim=-2) / mass[..., None]


@dataclass(frozen=True)
class System:
    """Particles at one time.

    Attributes:
        position: shape (systems, n, 2).
        velocity: shape (systems, n, 2).
        mass: shape (systems, n).
        charge: shape (systems, n), ±1.
    """

    position: Tensor
    velocity: Tensor
    mass: Tensor
    charge: Tensor

    def pairs(self) -> Tensor:
        """Edges, shape (systems, n, n-1, 9)."""
        return off_diagonal(edges(self.position, self.velocity, self.mass, self.charge))


def start(systems: int, n: int, seed: int, size: float = 1.5) -> System:
    """Random particles: on a jittered grid, so that none begin on top of each other."""
    g = torch.Generator().manual_seed(seed)
    side = int(n**0.5 + 0.999)
    cells = torch.cartesian_prod(torch.arange(side), torch.arange(side)).double()
    chosen = torch.stack([torch.randperm(len(cells), generator=g)[:n] for _ in range(systems)])
    spacing = 2 * size / side
    jitter = 0.6 * torch.rand(systems, n, 2, generator=g, dtype=torch.float64)
    position = (cells[chosen] + 0.2 + jitter) * spacing - size
    velocity = 0.5 * torch.randn(systems, n, 2, generator=g, dtype=torch.float64)
    mass = torch.exp(0.5 * torch.randn(systems, n, generator=g, dtype=torch.float64)).clamp(0.3, 3)
    charge = torch.randint(0, 2, (systems, n), generator=g).double() * 2 - 1
    return System(position, velocity, mass, charge)


def rollout(system: System, acceleration: Acceleration, steps: int, dt: float = 0.01) -> Tensor:
    """Positions after 0 to ``steps`` steps of RK4, shape (steps + 1, systems, n, 2), and velocities last."""
    x, v = system.position, system.velocity
    path = [torch.cat([x, v], dim=-1)]

    def slope(x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        now = System(x, v, system.mass, system.charge)
        return v, acceleration(now.pairs(), system.mass)

    for _ in range(steps):
        x1, v1 = slope(x, v)
        x2, v2 = slope(x + dt / 2 * x1, v + dt / 2 * v1)
        x3, v3 = slope(x + dt / 2 * x2, v + dt / 2 * v2)
        x4, v4 = slope(x + dt * x3, v + dt * v3)
        x = x + dt / 6 * (x1 + 2 * x2 + 2 * x3 + x4)
        v = v + dt / 6 * (v1 + 2 * v2 + 2 * v3 + v4)
        path.append(torch.cat([x, v], dim=-1))
    return torch.stack(path)


def snapshots(force: Force, systems: int, seed: int, n: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    """Edges (rows, n, n-1, 9), masses (rows, n), accelerations (rows, n, 2) along simulated paths."""
    begin = start(systems, n, seed)
    path = rollout(begin, true_acceleration(force), 100, dt=0.02)[::10]
    mass = begin.mass.expand(len(path), *begin.mass.shape)
    charge = begin.charge.expand_as(mass)
    pairs = off_diagonal(edges(path[..., :2], path[..., 2:], mass, charge)).flatten(0, 1)
    flat = mass.flatten(0, 1)
    near = pairs[..., :2].norm(dim=-1).amin(dim=(1, 2))
    far = pairs[..., :2].norm(dim=-1).amax(dim=(1, 2))
    kept = (near > NEAREST) & (far < 6)
    target = true_acceleration(force)(pairs, flat)
    return pairs[kept].float(), flat[kept].float(), target[kept].float()
