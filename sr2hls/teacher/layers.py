"""The layers of a plain network as records of numbers, for whoever quantises or rebuilds it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sr2hls.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """y = x · weightᵀ + bias.

    Attributes:
        name: of the node or module it was read from.
        weight: of shape (outputs, inputs).
        bias: of shape (outputs,).
    """

    name: str
    weight: FloatArray
    bias: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """y = x · scale + shift, feature by feature: a scaler, or a batch normalisation at inference.

    Attributes:
        name: of the node or module it was read from.
        scale: of shape (features,).
        shift: of shape (features,).
    """

    name: str
    scale: FloatArray
    shift: FloatArray


@dataclass(frozen=True, slots=True)
class Activation:
    """A function applied to each value (or, softmax, to each row).

    Attributes:
        name: of the node or module it was read from.
        kind: a key of `ACTIVATIONS`.
        alpha: slope (leaky_relu) or scale (elu); unused otherwise.
    """

    name: str
    kind: str
    alpha: float = 0.0


Layer = Dense | Affine | Activation

_MAKERS: dict[str, Callable[[float], nn.Module]] = {
    "relu": lambda _: nn.ReLU(),
    "tanh": lambda _: nn.Tanh(),
    "sigmoid": lambda _: nn.Sigmoid(),
    "softmax": lambda _: nn.Softmax(dim=1),
    "log_softmax": lambda _: nn.LogSoftmax(dim=1),
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": lambda _: nn.SELU(),
    "gelu": lambda _: nn.GELU(),
    "silu": lambda _: nn.SiLU(),
    "softplus": lambda _: nn.Softplus(),
    "softsign": lambda _: nn.Softsign(),
    "hardsigmoid": lambda _: nn.Hardsigmoid(),
    "hardswish": lambda _: nn.Hardswish(),
    "relu6": lambda _: nn.ReLU6(),
}
ACTIVATIONS = frozenset(_MAKERS)
"""Activations that a chain of layers may have."""


class AffineModule(nn.Module):
    """`Affine` as a torch module."""

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, scale: FloatArray, shift: FloatArray) -> None:
        super().__init__()
        self.register_buffer("scale", torch.from_numpy(scale.copy()))
        self.register_buffer("shift", torch.from_numpy(shift.copy()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply to x of shape (n, features)."""
        return x * self.scale + self.shift


def to_torch(layers: Sequence[Layer], dtype: torch.dtype = torch.float64) -> nn.Sequential:
    """Rebuild the network as a torch module in evaluation mode; weights are copies."""
    modules: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, Dense):
            linear = nn.Linear(layer.weight.shape[1], layer.weight.shape[0], dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(layer.weight.copy()))
                linear.bias.copy_(torch.from_numpy(layer.bias.copy()))
            modules.append(linear)
        elif isinstance(layer, Affine):
            modules.append(AffineModule(layer.scale, layer.shift))
        else:
            modules.append(_MAKERS[layer.kind](layer.alpha))
    return nn.Sequential(*modules).to(dtype).eval()


def evaluate(layers: Sequence[Layer], X: FloatArray) -> FloatArray:
    """Outputs of the layers in double precision; X of shape (n, features)."""
    with torch.no_grad():
        result: FloatArray = to_torch(layers)(torch.from_numpy(np.array(X, dtype=np.float64))).numpy()
    return result
