"""Levenberg-Marquardt in double precision on the living weights of many networks at once."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sr2hls.search.eql.architecture import Architecture, Weights


@dataclass(slots=True)
class TrialFit:
    """Weights of a batch of networks and how well they fit.

    Attributes:
        weights: double precision, shape (trials, fan-in + 1, fan-out) each.
        masks: which of them are alive.
        loss: mean squared error of each trial, shape (trials,).
        index: positions of the living weights among all, shape (trials, most).
        alive: which entries of ``index`` are real, shape (trials, most).
        curvature: Gauss-Newton matrix JᵀJ/n over ``index``, shape (trials, most, most).
    """

    weights: Weights
    masks: Weights
    loss: Tensor
    index: Tensor
    alive: Tensor
    curvature: Tensor


def flatten(tensors: Weights) -> Tensor:
    """All weights of a trial in one row, shape (trials, weights)."""
    return torch.cat([t.flatten(1) for t in tensors], 1)


def unflatten(arch: Architecture, flat: Tensor) -> Weights:
    """Inverse of `flatten`: weights of shape (trials, rows, columns) from (trials, all of them)."""
    sizes = [rows * columns for rows, columns in arch.shapes]
    return [
        part.reshape(-1, *shape) for part, shape in zip(torch.split(flat, sizes, 1), arch.shapes, strict=True)
    ]


def mean_squared_error(arch: Architecture, weights: Weights, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error, shape (trials,), of x (n, inputs) and y (n, outputs); infinite where not finite."""
    with torch.no_grad():
        error = ((arch.forward(weights, x) - y) ** 2).mean((1, 2))
    return torch.nan_to_num(error, nan=torch.inf, posinf=torch.inf)


class _Jacobian:
    """Derivatives by the living weights only.

    A weight's derivative on a sample is its source times the derivative of the output by the sum that it is
    part of, so that one backward pass an output gives all of them.
    """

    def __init__(self, arch: Architecture, index: Tensor, alive: Tensor) -> None:
        self._arch = arch
        sources: list[Tensor] = []
        sums: list[Tensor] = []
        total_sources = total_sums = 0
        ones = sum(rows - 1 for rows, _ in arch.shapes)
        for rows, columns in arch.shapes:
            row = torch.arange(rows)[:, None].expand(rows, columns)
            column = torch.arange(columns)[None, :].expand(rows, columns)
            sources.append(torch.where(row == rows - 1, ones, total_sources + row).flatten())
            sums.append((total_sums + column).flatten())
            total_sources += rows - 1
            total_sums += columns
        self._source = torch.cat(sources)[index]
        self._sum = torch.cat(sums)[index]
        self._alive = alive

    def __call__(self, weights: Weights, x: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (trials, outputs, n) and their derivatives (trials, living weights, outputs, n)."""
        leaf = weights[0].detach().requires_grad_()
        with torch.enable_grad():
            y, sources, sums = self._arch.trace([leaf, *weights[1:]], x)
        source = torch.cat([*sources, torch.ones_like(sources[0][:, :1])], 1).detach()
        rows = torch.arange(len(source))[:, None]
        picked = source[rows, self._source] * self._alive[..., None]
        parts: list[Tensor] = []
        for output in range(y.shape[1]):
            keep = output + 1 < y.shape[1]
            gradients = torch.autograd.grad(y[:, output].sum(), sums, retain_graph=keep)
            parts.append(picked * torch.cat(list(gradients), 1)[rows, self._sum])
        jacobian = torch.stack(parts, 2)
        return y.detach(), torch.nan_to_num(jacobian, 0.0, 0.0, 0.0)


def levenberg_marquardt(
    arch: Architecture,
    weights: Weights,
    masks: Weights,
    x: Tensor,
    y: Tensor,
    steps: int = 20,
    damping: float = 1e-2,
) -> TrialFit:
    """Fit the living weights by least squares.

    Steps solve (JᵀJ + μ diag JᵀJ) δ = Jᵀr; each trial has its own damping μ, divided by 5 after a step that
    lowers the loss and multiplied by 5 after one that does not and is undone (Marquardt, SIAM J. 11, 1963).

    Args:
        arch: the architecture.
        weights: first values; they are converted to double precision.
        masks: which weights are alive.
        x: inputs, shape (n, inputs) or (trials, n, inputs).
        y: outputs, shape (n, outputs) or (trials, n, outputs).
        steps: number of steps.
        damping: first damping.
    """
    theta = flatten([w.detach().double() * m for w, m in zip(weights, masks, strict=True)])
    mask = flatten(masks)
    trials = theta.shape[0]
    x = x.double() if x.dim() == 3 else x.double().expand(trials, *x.shape)
    y = y.double()
    most = max(1, int(mask.sum(1).max()))
    index = torch.argsort((~mask).to(torch.uint8), dim=1, stable=True)[:, :most]
    alive = mask.gather(1, index)
    jacobian = _Jacobian(arch, index, alive)
    loss = mean_squared_error(arch, unflatten(arch, theta), x, y)
    mu = torch.full((trials,), damping, dtype=torch.double)
    dead = torch.diag_embed((~alive).double())
    curvature = dead
    for step in range(steps + 1):
        predicted, J = jacobian(unflatten(arch, theta), x)
        residual = torch.nan_to_num(predicted - y.transpose(-2, -1), 0.0, 0.0, 0.0).flatten(1)
        J = J.flatten(2)
        count = J.shape[2]
        curvature = J @ J.transpose(1, 2) / count
        if step == steps:
            break
        gradient = J @ residual[..., None] / count
        diagonal = torch.diagonal(curvature, dim1=1, dim2=2)
        # A little of the largest entry, so that weights without effect do not make the system singular.
        scale = diagonal + 1e-6 * diagonal.amax(1, keepdim=True) + 1e-300
        system = curvature + torch.diag_embed(mu[:, None] * scale) + dead
        move = torch.linalg.solve_ex(system, gradient)[0][..., 0]
        move = torch.nan_to_num(move, 0.0, 0.0, 0.0) * alive
        trial = theta.scatter_add(1, index, -move)
        new = mean_squared_error(arch, unflatten(arch, trial), x, y)
        better = new < loss
        theta = torch.where(better[:, None], trial, theta)
        loss = torch.where(better, new, loss)
        mu = torch.where(better, mu / 5, mu * 5).clamp(1e-14, 1e10)
    return TrialFit(unflatten(arch, theta), masks, loss, index, alive, curvature)
