"""Quantisation-aware training of the original network, so that it is compared at its own best.

Weights and hidden values are rounded in the forward pass and get the gradient of the identity
(straight-through estimator; Bengio et al., arXiv 1308.3432; as in QKeras and Brevitas).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sr2hls.arrays import FloatArray
from sr2hls.baseline.quantised_network import ACTIVATIONS, FloatLayer, QuantizedLayer, QuantizedNetwork
from sr2hls.program.types import FixedType, Overflow, Rounding

ARGUMENT_EXTRA_BITS = 2
"""Bits that the argument of a tabulated activation has more than its result."""

_TORCH: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": nn.functional.elu,
    "softplus": nn.functional.softplus,
    "silu": nn.functional.silu,
    "leaky_relu": nn.functional.leaky_relu,
}
assert set(_TORCH) == set(ACTIVATIONS)


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How the quantised network is trained.

    Attributes:
        epochs: passes over the training data.
        batch_size: rows a step.
        learning_rate: of Adam, decayed to zero along a cosine.
        seed: of the order of the rows.
    """

    epochs: int = 12
    batch_size: int = 256
    learning_rate: float = 1.5e-3
    seed: int = 0


Loss = Callable[[Tensor, Tensor], Tensor]


def _round_through(x: Tensor) -> Tensor:
    return x + (torch.round(x) - x).detach()


def _quantize_through(x: Tensor, type_: FixedType) -> Tensor:
    """Round half up and saturate, as RND and SAT do; gradients pass inside of the range."""
    scaled = torch.clamp(x / type_.step, type_.raw_min, type_.raw_max)
    rounded = scaled + (torch.floor(scaled + 0.5).clamp(max=type_.raw_max) - scaled).detach()
    return rounded * type_.step


class _Quantized(nn.Module):
    """The network with rounded weights and hidden values."""

    def __init__(
        self,
        layers: Sequence[FloatLayer],
        X: FloatArray,
        input_frac: int,
        weight_bits: int,
        activation_bits: int,
    ) -> None:
        super().__init__()
        self.activations = [layer.activation for layer in layers]
        self.weights = nn.ParameterList([torch.tensor(la.weights, dtype=torch.float64) for la in layers])
        self.biases = nn.ParameterList([torch.tensor(la.bias, dtype=torch.float64) for la in layers])
        self.weight_bits = weight_bits
        self.weight_fracs = [weight_bits - 1 - _integer_bits(np.abs(la.weights).max()) for la in layers]
        self.argument_types: list[FixedType | None] = []
        self.result_types: list[FixedType | None] = []
        self.input_frac = input_frac
        value = X
        for k, layer in enumerate(layers):
            total = value @ layer.weights + layer.bias
            value = ACTIVATIONS[layer.activation](total)
            last = k == len(layers) - 1
            tabulated = layer.activation not in ("linear", "relu")
            self.argument_types.append(
                _type_for(total, activation_bits + ARGUMENT_EXTRA_BITS) if tabulated else None
            )
            self.result_types.append(None if last and not tabulated else _type_for(value, activation_bits))

    def grid(self, k: int) -> tuple[Tensor, Tensor]:
        """Return weights and bias of a layer in units of their steps."""
        bound = 2 ** (self.weight_bits - 1)
        weights = torch.clamp(self.weights[k] * 2.0 ** self.weight_fracs[k], -bound, bound - 1)
        bias = self.biases[k] * 2.0 ** (self.weight_fracs[k] + self.frac_before(k))
        return _round_through(weights), _round_through(bias)

    def frac_before(self, k: int) -> int:
        """Return the fractional bits of the values that enter a layer."""
        if k == 0:
            return self.input_frac
        type_ = self.result_types[k - 1]
        assert type_ is not None
        return type_.frac

    def forward(self, x: Tensor) -> Tensor:
        for k, activation in enumerate(self.activations):
            weights, bias = self.grid(k)
            scale = 2.0 ** -self.weight_fracs[k]
            x = x @ (weights * scale) + bias * (scale * 2.0 ** -self.frac_before(k))
            argument, result = self.argument_types[k], self.result_types[k]
            if argument is not None:
                x = _quantize_through(x, argument)
            x = _TORCH[activation](x)
            if result is not None:
                x = _quantize_through(x, result)
        return x


def _integer_bits(largest: float) -> int:
    return math.ceil(math.log2(max(float(largest), 2.0**-16)) + 1e-9)


def _type_for(values: FloatArray, bits: int) -> FixedType:
    """Return a type whose range holds all but the outermost thousandth of the values."""
    signed = bool(values.min() < 0)
    integer = _integer_bits(float(np.quantile(np.abs(values), 0.999))) + signed
    return FixedType(signed, bits, integer, Rounding.RND, Overflow.SAT)


def train_quantized(
    layers: Sequence[FloatLayer],
    input_types: Sequence[FixedType],
    X: FloatArray,
    target: FloatArray,
    loss: Loss,
    *,
    weight_bits: int,
    activation_bits: int,
    output_names: Sequence[str],
    options: TrainingOptions | None = None,
    on_epoch: Callable[[int, int], None] = lambda done, total: None,
) -> QuantizedNetwork:
    """Return the network trained with rounded weights and hidden values.

    Args:
        layers: the trained network in floating point.
        input_types: types of the inputs.
        X: real inputs on the grid of their types, shape (samples, inputs).
        target: what ``loss`` compares outputs with, shape (samples, ...).
        loss: (outputs, target) to a scalar.
        weight_bits: width of the weights, sign included.
        activation_bits: width of the hidden values.
        output_names: names of the outputs.
        options: see `TrainingOptions`.
        on_epoch: called with the epochs done and their number.
    """
    options = options or TrainingOptions()
    input_frac = max(t.frac for t in input_types)
    model = _Quantized(layers, X, input_frac, weight_bits, activation_bits)
    optimiser = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
    steps = options.epochs * max(1, math.ceil(len(X) / options.batch_size))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    inputs, wanted = torch.tensor(X, dtype=torch.float64), torch.tensor(target)
    generator = torch.Generator().manual_seed(options.seed)
    for epoch in range(options.epochs):
        for rows in torch.randperm(len(X), generator=generator).split(options.batch_size):  # type: ignore[no-untyped-call]
            optimiser.zero_grad()
            loss(model(inputs[rows]), wanted[rows]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        on_epoch(epoch + 1, options.epochs)
    return _frozen(model, tuple(input_types), tuple(output_names), weight_bits, activation_bits)


def _frozen(
    model: _Quantized,
    input_types: tuple[FixedType, ...],
    output_names: tuple[str, ...],
    weight_bits: int,
    activation_bits: int,
) -> QuantizedNetwork:
    layers = []
    with torch.no_grad():
        for k, activation in enumerate(model.activations):
            weights, bias = (t.numpy().astype(np.int64) for t in model.grid(k))
            layers.append(
                QuantizedLayer(
                    weights, model.weight_fracs[k], bias, activation,
                    model.argument_types[k], model.result_types[k],
                )
            )  # fmt: skip
    return QuantizedNetwork(input_types, tuple(layers), output_names, weight_bits, activation_bits)
