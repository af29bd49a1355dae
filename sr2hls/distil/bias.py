"""A penalty that makes a part of a network few-dimensional, so that a formula can be found for it."""

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
