"""Additive models of the teacher: every output a sum of functions of one input each.

On the fixed-point grid of the inputs such a function is a list of values, one for each index, and the model
is linear in them (a generalised additive model; Hastie and Tibshirani 1990). What matters for hardware is how
many functions there are: they are taken away one after the other, least useful first, and the rest is
refitted. For a classification any function may be added to all classes alike, so a feature often needs one
class fewer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.objectives import variances

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class ShapeModel:
    """Outputs as sums of functions of one input.

    Attributes:
        offsets: constants, shape (outputs,).
        values: for each input, its functions on the grid, shape (indices, outputs); zero where not ``used``.
        used: which functions there are, shape (inputs, outputs).
    """

    offsets: FloatArray
    values: tuple[FloatArray, ...]
    used: BoolArray

    @property
    def n_functions(self) -> int:
        """Number of functions."""
        return int(self.used.sum())

    def predict(self, indices: IntArray) -> FloatArray:
        """Return the outputs, shape (samples, outputs), for indices, shape (samples, inputs)."""
        total = np.tile(self.offsets, (len(indices), 1))
        for i, values in enumerate(self.values):
            total += values[indices[:, i]]
        return total


@dataclass(frozen=True, slots=True)
class ShapeOptions:
    """How additive models are fitted.

    Attributes:
        steps: optimiser steps of the first fit.
        refit_steps: steps after functions were taken away.
        learning_rate: of Adam.
        smoothness: weight of the squared second differences of the functions.
        share_removed: share of the functions taken away at once.
        least: functions of the smallest model.
    """

    steps: int = 200
    refit_steps: int = 50
    learning_rate: float = 0.05
    smoothness: float = 1e-3
    share_removed: float = 0.1
    least: int = 3


Loss = Callable[[Tensor], Tensor]


def fit_shapes(
    indices: IntArray,
    sizes: Sequence[int],
    loss: Loss,
    n_outputs: int,
    curvature: Callable[[FloatArray], FloatArray],
    options: ShapeOptions | None = None,
    *,
    shared: bool = False,
    on_model: Callable[[ShapeModel], None] = lambda model: None,
) -> tuple[ShapeModel, ...]:
    """Return additive models from the one with every function to the smallest.

    Args:
        indices: position of each input on its grid, shape (samples, inputs).
        sizes: size of the grid of each input.
        loss: outputs, shape (samples, outputs), to a scalar.
        n_outputs: number of outputs.
        curvature: outputs to the second derivative of the loss with respect to each, of the same shape.
        options: see `ShapeOptions`.
        shared: the loss does not change when a function is added to all outputs alike (softmax); then one
            output of each input needs no function.
        on_model: called after each fit.
    """
    options = options or ShapeOptions()
    fitter = _Fitter(indices, sizes, loss, n_outputs, options)
    used = np.array([[n > 1] * n_outputs for n in sizes])
    used &= (indices.min(axis=0) < indices.max(axis=0))[:, None]
    models = [fitter.fit(used, options.steps)]
    on_model(models[0])
    if shared and n_outputs > 1:
        used = fitter.without_shared(models[0], curvature(models[0].predict(indices)))
        models.append(fitter.fit(used, options.refit_steps))
        on_model(models[-1])
    while models[-1].n_functions > options.least:
        bend = curvature(models[-1].predict(indices))
        used = _without_weakest(models[-1], indices, bend, options)
        models.append(fitter.fit(used, options.refit_steps))
        on_model(models[-1])
    return tuple(models)


def _without_weakest(
    model: ShapeModel, indices: IntArray, curvature: FloatArray, options: ShapeOptions
) -> BoolArray:
    """Take away the functions whose loss would grow least.

    To second order taking f away costs half of the mean of f² times the curvature of the loss (optimal brain
    damage; LeCun, Denker and Solla 1990).
    """
    cost = np.stack(
        [(values[indices[:, i]] ** 2 * curvature).mean(axis=0) for i, values in enumerate(model.values)]
    )
    cost[~model.used] = np.inf
    count = min(max(1, int(options.share_removed * model.n_functions)), model.n_functions - options.least)
    weakest = np.unravel_index(np.argsort(cost, axis=None, kind="stable")[:count], cost.shape)
    used = model.used.copy()
    used[weakest] = False
    return used


class _Fitter:
    """Keeps data and the last solution, from which the next fit starts."""

    def __init__(
        self, indices: IntArray, sizes: Sequence[int], loss: Loss, n_outputs: int, options: ShapeOptions
    ) -> None:
        self._starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._flat = torch.from_numpy(indices + self._starts[:-1])
        self._sizes = list(sizes)
        self._loss, self._options = loss, options
        self._weights = torch.zeros(int(self._starts[-1]), n_outputs, requires_grad=True)
        self._offsets = torch.zeros(n_outputs, requires_grad=True)

    def fit(self, used: BoolArray, steps: int) -> ShapeModel:
        """Fit the functions that are used, from where the last fit ended."""
        rows = np.repeat(used, self._sizes, axis=0)
        mask = torch.from_numpy(rows.astype(np.float32))
        optimiser = torch.optim.Adam([self._weights, self._offsets], lr=self._options.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for _ in range(steps):
            optimiser.zero_grad()
            weights = self._weights * mask
            outputs = nn.functional.embedding_bag(self._flat, weights, mode="sum") + self._offsets
            total = self._loss(outputs) + self._options.smoothness * self._roughness(weights)
            total.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        return self._model(used, mask)

    def without_shared(self, model: ShapeModel, curvature: FloatArray) -> BoolArray:
        """Subtract one function from all of an input's: the one that leaves the others least."""
        used = model.used.copy()
        for i, values in enumerate(model.values):
            if not used[i].all():
                continue
            start, stop = int(self._starts[i]), int(self._starts[i + 1])
            at = self._flat[:, i].numpy() - start
            left = [
                float((((values - values[:, [k]])[at] ** 2) * curvature).mean(axis=0).sum())
                for k in range(values.shape[1])
            ]
            k = int(np.argmin(left))
            with torch.no_grad():
                part = self._weights[start:stop]
                part -= part[:, [k]].clone()
            used[i, k] = False
        return used

    def _roughness(self, weights: Tensor) -> Tensor:
        second = weights[2:] - 2 * weights[1:-1] + weights[:-2]
        inside = torch.ones(len(second))
        for border in self._starts[1:-1]:
            inside[max(0, int(border) - 2) : int(border)] = 0.0
        return (second.square().sum(dim=1) * inside).sum()

    def _model(self, used: BoolArray, mask: Tensor) -> ShapeModel:
        weights = (self._weights * mask).detach().numpy().astype(np.float64)
        offsets = self._offsets.detach().numpy().astype(np.float64)
        values = []
        for i, (start, stop) in enumerate(zip(self._starts[:-1], self._starts[1:], strict=True)):
            part = weights[start:stop]
            seen = np.bincount(self._flat[:, i].numpy() - start, minlength=stop - start)
            mean = (seen @ part) / max(1, seen.sum())
            values.append(np.where(used[i], part - mean, 0.0))
            offsets = offsets + np.where(used[i], mean, 0.0)
        return ShapeModel(offsets, tuple(values), used.copy())


def classification_loss(
    probabilities: FloatArray,
    labels: IntArray | None,
    label_weight: float,
    weights: FloatArray | None = None,
) -> Loss:
    """Return the cross-entropy with a mixture of the teacher's probabilities and the labels.

    Args:
        probabilities: the teacher's, shape (samples, classes).
        labels: class of each row, shape (samples,), or ``None``.
        label_weight: share of the labels.
        weights: of the rows, shape (samples,); ``None``: all count the same.
    """
    wanted = probabilities.astype(np.float32)
    if labels is not None:
        one_hot = np.eye(wanted.shape[1], dtype=np.float32)[labels]
        wanted = (1 - label_weight) * wanted + label_weight * one_hot
    target = torch.from_numpy(wanted)
    functional = nn.functional
    measure = (
        functional.binary_cross_entropy_with_logits if wanted.shape[1] == 1 else functional.cross_entropy
    )
    if weights is None:
        return lambda outputs: measure(outputs, target.to(outputs.dtype))
    count = _mean_one(weights)

    def weighted(outputs: Tensor) -> Tensor:
        losses = measure(outputs, target.to(outputs.dtype), reduction="none")
        return (losses.reshape(len(count), -1) * count.to(outputs)).mean()

    return weighted


def regression_loss(wanted: FloatArray, weights: FloatArray | None = None) -> Loss:
    """Return the mean squared error to targets, shape (samples, outputs), in units of their variance.

    Args:
        wanted: the targets.
        weights: of the rows, shape (samples,); ``None``: all count the same.
    """
    target = torch.from_numpy(wanted.astype(np.float32))
    scale = torch.from_numpy(variances(wanted).astype(np.float32))
    count = torch.ones(1) if weights is None else _mean_one(weights)
    return lambda outputs: (
        (outputs - target.to(outputs)).square() / scale.to(outputs) * count.to(outputs)
    ).mean()


def _mean_one(weights: FloatArray) -> Tensor:
    """Weights of a mean of one as a column."""
    return torch.from_numpy((weights / weights.mean()).astype(np.float32))[:, None]


def classification_curvature(outputs: FloatArray) -> FloatArray:
    """Return p (1 - p), the cross-entropy's Hessian diagonal in the logits, shape (samples, outputs)."""
    p = logits_to_probabilities(outputs)
    return p * (1 - p)


def logits_to_probabilities(logits: FloatArray) -> FloatArray:
    """Return softmax probabilities, shape (samples, outputs); of a single output, the sigmoid."""
    if logits.shape[1] == 1:
        return np.asarray(1 / (1 + np.exp(-logits)))
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
