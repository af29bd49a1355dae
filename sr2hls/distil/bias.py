"""Inductive biases that make a part of a network few-dimensional, so that a formula can be found for it."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

from sr2hls.distil.submodule import submodule
from sr2hls.errors import InputError


def l1_penalty(values: Tensor) -> Tensor:
    """Mean absolute value, a scalar: empties channels (Cranmer et al., arXiv 2006.11287, section 3)."""
    return values.abs().mean()


def kl_penalty(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Mean divergence of N(mean, variance) from N(0, 1) in nats, a scalar: (μ² + σ² - log σ² - 1)/2."""
    return 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).mean()


class OutputPenalty:
    """A penalty on what a submodule returns, collected while the model runs.

        with OutputPenalty(model, "message") as messages:
            for x, y in batches:
                loss = mse(model(x), y) + 0.01 * messages.take()

    Args:
        model: the model.
        module: dotted name of the submodule.
        penalty: of the outputs of one call; a scalar.

    Raises:
        InputError: no such submodule.
    """

    def __init__(
        self, model: nn.Module, module: str, penalty: Callable[[Tensor], Tensor] = l1_penalty
    ) -> None:
        self._name = module
        self._penalty = penalty
        self._values: list[Tensor] = []
        self._handle = submodule(model, module).register_forward_hook(self._hook)

    def _hook(self, _: nn.Module, args: Any, result: Tensor) -> None:
        self._values.append(self._penalty(result))

    def take(self) -> Tensor:
        """Mean penalty of the calls since the last `take`.

        Raises:
            InputError: there was no call.
        """
        if not self._values:
            raise InputError(f"the submodule '{self._name}' was not called since the last penalty was taken")
        values, self._values = self._values, []
        return torch.stack(values).mean()

    def remove(self) -> None:
        """Take the hook off the model."""
        self._handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


class GaussianMessages(nn.Module):
    """Messages as Gaussians: a channel that carries nothing is cheapest as N(0, 1), and then only noise.

    In training a sample is returned, drawn with torch's generator; in evaluation the mean. After each call
    `divergence` holds `kl_penalty`, which belongs into the loss.

    Args:
        inner: returns means and log-variances side by side, shape (..., 2·channels).
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.divergence = torch.zeros(())

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the messages, shape (..., channels).

        Raises:
            InputError: the number of values is odd.
        """
        values: Tensor = self.inner(*args, **kwargs)
        if values.shape[-1] % 2:
            raise InputError(
                f"{values.shape[-1]} values are no means with log-variances: return an even number"
            )
        mean, log_variance = values.chunk(2, dim=-1)
        self.divergence = kl_penalty(mean, log_variance)
        if not self.training:
            return mean
        return mean + torch.randn_like(mean) * (0.5 * log_variance).exp()


class Bottleneck(nn.Module):
    """A waist of a given width: two affine maps, ``narrow`` down to it and ``widen`` up again.

    What has to pass through the waist are ``width`` numbers; ``….narrow`` is the submodule to distil.

    Args:
        features: width of what arrives and leaves.
        width: of the waist.
    """

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        if not 0 < width <= features:
            raise InputError(f"a bottleneck of width {width} in {features} features: give 1 to {features}")
        self.narrow = nn.Linear(features, width)
        self.widen = nn.Linear(width, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return the shape that was given, (..., features)."""
        widened: Tensor = self.widen(self.narrow(x))
        return widened
