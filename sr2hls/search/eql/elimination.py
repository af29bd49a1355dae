"""Second stage: remove weights one after another, refitting the rest, and keep every step of the way."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sr2hls.search.eql.architecture import Architecture, Weights, fold_constants, live
from sr2hls.search.eql.levenberg_marquardt import (
    TrialFit,
    flatten,
    levenberg_marquardt,
    mean_squared_error,
    unflatten,
)


@dataclass(frozen=True, slots=True)
class EliminationOptions:
    """Settings of the second stage.

    Attributes:
        first_steps: Levenberg-Marquardt steps on all that survived the threshold.
        steps: steps after each removal.
        tries: single removals that are tried in each round.
        survivors: share of the trials that go on, those of the least validation loss.
        worst: trials above this loss, relative to the variance, stop.
        exact: losses below this, relative to the variance, count as equal.
        most_weights: trials start with at most this many weights, the largest; a fit of more takes too long.
    """

    first_steps: int = 20
    steps: int = 8
    tries: int = 2
    survivors: float = 0.4
    worst: float = 0.5
    exact: float = 1e-20
    most_weights: int = 80


@dataclass(frozen=True, slots=True)
class EliminationStage:
    """A network on the way down.

    Attributes:
        weights: shape (1, fan-in + 1, fan-out) each, double precision.
        masks: which are alive.
        active: number of living weights.
        loss: mean squared error in training.
        validation: mean squared error on validation data.
        trial: number of the trial.
    """

    weights: Weights
    masks: Weights
    active: int
    loss: float
    validation: float
    trial: int


def saliency(fit: TrialFit, damping: float = 1e-3) -> Tensor:
    """Rise of the loss when a weight is removed and the others follow, shape as ``fit.index``.

    Optimal brain surgeon, w²/(2 [H⁻¹]_ww) (Hassibi and Stork, NIPS 1992), with the Gauss-Newton matrix in
    relative coordinates. The damping keeps products w₁w₂ from looking as if either factor could go.
    """
    value = flatten(fit.weights).gather(1, fit.index)
    curvature = fit.curvature * value[:, :, None] * value[:, None, :]
    curvature = torch.nan_to_num(curvature, 0.0, 0.0, 0.0)
    largest = torch.diagonal(curvature, dim1=1, dim2=2).amax(1)[:, None]
    extra = damping * largest + (~fit.alive).double() + 1e-300
    inverse = torch.linalg.inv_ex(curvature + torch.diag_embed(extra))[0]
    rise = 0.5 / torch.diagonal(inverse, dim1=1, dim2=2)
    return torch.where(fit.alive, torch.nan_to_num(rise, nan=torch.inf), torch.inf)


def _select(fit: TrialFit, rows: Tensor) -> TrialFit:
    return TrialFit(
        [w[rows] for w in fit.weights],
        [m[rows] for m in fit.masks],
        fit.loss[rows],
        fit.index[rows],
        fit.alive[rows],
        fit.curvature[rows],
    )


def eliminate(
    arch: Architecture,
    weights: Weights,
    masks: Weights,
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    options: EliminationOptions | None = None,
    proceed: Callable[[], bool] = lambda: True,
) -> list[EliminationStage]:
    """Refit, then remove weight after weight from the most promising trials.

    Args:
        arch: the architecture.
        weights: weights after the first stage.
        masks: which of them are alive.
        train: inputs, shape (n, inputs), and outputs, shape (n, outputs).
        validation: the same, held out.
        options: the settings.
        proceed: asked before each round; False stops with what there is.

    Returns:
        Every network on the way, in no order.
    """
    options = options or EliminationOptions()
    x, y = (t.double() for t in train)
    x_val, y_val = (t.double() for t in validation)
    variance = float(y.var(0, correction=0).mean()) or 1.0
    floor = options.exact * variance
    weights, masks = _largest(arch, weights, masks, options.most_weights)
    fit = levenberg_marquardt(arch, weights, masks, x, y, options.first_steps)
    held_out = mean_squared_error(arch, fit.weights, x_val, y_val)
    count = max(1, round(options.survivors * len(held_out)))
    # Fewer weights are better, at equal loss: three weights count as much as a factor of 2.
    order = torch.log2(held_out.clamp(min=floor)) + flatten(fit.masks).sum(1) / 3
    trials = torch.argsort(torch.nan_to_num(order, nan=torch.inf), stable=True)[:count]
    fit = _select(fit, trials)
    stages: list[EliminationStage] = []
    while len(trials):
        held_out = mean_squared_error(arch, fit.weights, x_val, y_val)
        stages += _record(fit, held_out, trials)
        active = flatten(fit.masks).sum(1)
        going = (fit.loss < options.worst * variance) & (active > 1)
        exact = fit.loss <= floor
        if exact.any():
            # Whatever is not exact with more weights is of no use any more.
            going &= exact | (active < active[exact].min())
        if not going.any() or not proceed():
            break
        trials, fit = trials[going], _select(fit, going)
        fit = _round(arch, fit, x, y, options, floor)
    return stages


def _largest(arch: Architecture, weights: Weights, masks: Weights, count: int) -> tuple[Weights, Weights]:
    """Keep the largest weights of each trial."""
    size = (flatten(weights) * flatten(masks)).abs()
    if int(flatten(masks).sum(1).max()) > count:
        limit = size.topk(count, dim=1).values[:, -1:]
        masks = live(arch, unflatten(arch, flatten(masks) & (size >= limit)))
    return fold_constants(arch, weights, masks)


def _record(fit: TrialFit, held_out: Tensor, trials: Tensor) -> list[EliminationStage]:
    active = flatten(fit.masks).sum(1)
    return [
        EliminationStage(
            [w[i : i + 1] for w in fit.weights],
            [m[i : i + 1] for m in fit.masks],
            int(active[i]),
            float(fit.loss[i]),
            float(held_out[i]),
            int(trials[i]),
        )
        for i in range(len(trials))
        if torch.isfinite(fit.loss[i])
    ]


def _round(
    arch: Architecture, fit: TrialFit, x: Tensor, y: Tensor, options: EliminationOptions, floor: float
) -> TrialFit:
    """One removal in each trial: several at once where that costs nothing, else the best single one."""
    rise = saliency(fit)
    order = torch.argsort(rise, dim=1, stable=True)
    active = fit.alive.sum(1)
    tries = min(options.tries, order.shape[1])
    variants: list[Tensor] = []
    for k in range(tries):
        variants.append(torch.zeros_like(fit.alive).scatter(1, order[:, k : k + 1], True))
    several = (active // 5).clamp(min=1)
    ranks = torch.argsort(order, dim=1)
    variants.append(ranks < several[:, None])
    trials, count = len(active), len(variants)
    gone = torch.stack(variants, 1).flatten(0, 1) & fit.alive.repeat_interleave(count, 0)
    index = fit.index.repeat_interleave(count, 0)
    flat_mask = flatten(fit.masks).repeat_interleave(count, 0)
    flat_mask = flat_mask.scatter(1, index, flat_mask.gather(1, index) & ~gone)
    masks = live(arch, unflatten(arch, flat_mask))
    weights, masks = fold_constants(arch, [w.repeat_interleave(count, 0) for w in fit.weights], masks)
    new = levenberg_marquardt(arch, weights, masks, x, y, options.steps)
    loss = new.loss.view(trials, count).clamp(min=floor)
    limit = 2 * fit.loss.clamp(min=floor)
    best = loss[:, :-1].argmin(1)
    best = torch.where(loss[:, -1] <= limit, torch.full_like(best, count - 1), best)
    return _select(new, torch.arange(trials) * count + best)
