"""Which directions of a latent space matter, and whether they are a linear map of something known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from sr2hls.arrays import FloatArray
from sr2hls.distil.submodule import submodule
from sr2hls.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Principal directions of latent values, the one of the largest variance first.

    Attributes:
        mean: shape (channels,).
        axes: unit vectors as rows, shape (channels, channels).
        variances: along each of them, shape (channels,).
    """

    mean: FloatArray
    axes: FloatArray
    variances: FloatArray

    def count(self, share: float = 0.99) -> int:
        """Number of directions that hold a share of the whole variance; 0 if nothing varies."""
        total = float(self.variances.sum())
        if total <= 0:
            return 0
        return int(np.searchsorted(np.cumsum(self.variances) / total, share - 1e-12) + 1)

    def project(self, values: ArrayLike, count: int) -> FloatArray:
        """Coordinates along the first directions, shape (rows, count)."""
        projected: FloatArray = (np.asarray(values, dtype=np.float64) - self.mean) @ self.axes[:count].T
        return projected


def principal_directions(values: ArrayLike) -> Directions:
    """Principal component analysis of latent values, shape (rows, channels).

    Raises:
        InputError: fewer than two rows.
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise InputError(
            f"latent values have the shape {rows.shape}: give (rows, channels), two rows or more"
        )
    mean = rows.mean(axis=0)
    covariance = np.atleast_2d(np.cov(rows - mean, rowvar=False))
    variances, axes = np.linalg.eigh(covariance)
    return Directions(mean, axes.T[::-1].copy(), np.maximum(variances[::-1], 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class LinearMap:
    """An affine map and how well it explains values.

    Attributes:
        matrix: shape (outputs, inputs).
        offset: shape (outputs,).
        r2: coefficient of determination of each output.
    """

    matrix: FloatArray
    offset: FloatArray
    r2: tuple[float, ...]


def linear_map(inputs: ArrayLike, outputs: ArrayLike) -> LinearMap:
    """Least-squares affine map from inputs, shape (rows, n), to outputs, shape (rows, m)."""
    X = np.asarray(inputs, dtype=np.float64)
    Y = np.asarray(outputs, dtype=np.float64)
    design = np.column_stack([X, np.ones(len(X))])
    solution = np.linalg.lstsq(design, Y, rcond=None)[0]
    matrix, offset = (np.asarray(v, dtype=np.float64) for v in (solution[:-1].T, solution[-1]))
    return LinearMap(matrix, offset, r_squared(Y, design @ solution))


def r_squared(truth: FloatArray, prediction: FloatArray) -> tuple[float, ...]:
    """R² of each column, arrays of shape (rows, columns); of a constant column 1 if met, else -inf."""
    residual = ((truth - prediction) ** 2).sum(axis=0)
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.where(spread > 0, 1 - residual / spread, np.where(residual > 0, -np.inf, 1.0))
    return tuple(float(v) for v in result)


def channel_importance(model: nn.Module, module: str, loss: Callable[[], Tensor]) -> tuple[float, ...]:
    """How much a loss rises when one output channel of a submodule is frozen at its mean.

    A channel that rises it by nothing can be left out of the search.

    Args:
        model: the model; is left as it was.
        module: dotted name of the submodule, whose last output axis has the channels.
        loss: runs the model on data, the same at each call, and gives a scalar.

    Raises:
        InputError: no such submodule, or it is never called.
    """
    target = submodule(model, module)
    sums: list[tuple[Tensor, int]] = []

    def collect(_: nn.Module, args: Any, result: Tensor) -> None:
        flat = result.detach().reshape(-1, result.shape[-1])
        sums.append((flat.sum(dim=0), len(flat)))

    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            base = _hooked(target, collect, loss)
            if not sums:
                raise InputError(f"the submodule '{module}' is never called while the loss is computed")
            mean = torch.stack([s for s, _ in sums]).sum(dim=0) / sum(n for _, n in sums)
            rises = []
            for channel in range(len(mean)):

                def freeze(_: nn.Module, args: Any, result: Tensor, channel: int = channel) -> Tensor:
                    changed = result.clone()
                    changed[..., channel] = mean[channel]
                    return changed

                rises.append(_hooked(target, freeze, loss) - base)
    finally:
        model.train(training)
    return tuple(rises)


def _hooked(target: nn.Module, hook: Callable[..., Any], loss: Callable[[], Tensor]) -> float:
    handle = target.register_forward_hook(hook)
    try:
        return float(loss())
    finally:
        handle.remove()
