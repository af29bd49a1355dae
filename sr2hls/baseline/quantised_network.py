"""A dense network in fixed point: plain numbers, run in integers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.errors import InputError
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType

ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
}


@dataclass(frozen=True)
class FloatLayer:
    """A dense layer: ``activation(x @ weights + bias)``.

    Attributes:
        weights: shape (inputs, outputs).
        bias: shape (outputs,).
        activation: a key of `ACTIVATIONS`.
    """

    weights: FloatArray
    bias: FloatArray
    activation: str

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise InputError(
                f"activation '{self.activation}' has no fixed-point form here; "
                f"known are {', '.join(ACTIVATIONS)}"
            )


@dataclass(frozen=True)
class QuantizedLayer:
    """A dense layer in fixed point.

    The sum is exact. With an activation other than ``linear`` and ``relu`` it is quantised to
    ``argument_type``, and the activation is a table over that; the result is quantised to ``result_type``.

    Attributes:
        weights: raw values, shape (inputs, outputs), in units of ``2^-weight_frac``.
        weight_frac: fractional bits of the weights.
        bias: raw values, shape (outputs,), in units of ``2^-(weight_frac + fractional bits of the input)``.
        activation: a key of `ACTIVATIONS`.
        argument_type: type of a table's argument, ``None`` for ``linear`` and ``relu``.
        result_type: type of the outputs; ``None`` leaves the exact sum (last layer).
    """

    weights: IntArray
    weight_frac: int
    bias: IntArray
    activation: str
    argument_type: FixedType | None
    result_type: FixedType | None


@dataclass(frozen=True)
class QuantizedNetwork:
    """A dense network in fixed point.

    Attributes:
        input_types: types of the inputs.
        layers: the layers.
        output_names: names of the outputs.
        weight_bits: width of the weights.
        activation_bits: width of the hidden values.
    """

    input_types: tuple[FixedType, ...]
    layers: tuple[QuantizedLayer, ...]
    output_names: tuple[str, ...]
    weight_bits: int
    activation_bits: int

    @property
    def input_frac(self) -> int:
        """Fractional bits that hold every input."""
        return max(t.frac for t in self.input_types)

    @property
    def output_frac(self) -> int:
        """Fractional bits of the outputs."""
        frac = self.input_frac
        for layer in self.layers:
            frac = layer.result_type.frac if layer.result_type else frac + layer.weight_frac
        return frac

    def run(self, raw: IntArray) -> IntArray:
        """Return raw outputs, shape (samples, outputs), in units of ``2^-output_frac``.

        Args:
            raw: raw inputs, shape (samples, inputs), each in its own type.
        """
        shifts = [self.input_frac - t.frac for t in self.input_types]
        x: IntArray = np.asarray(raw, dtype=np.int64) << np.array(shifts)
        frac = self.input_frac
        for layer in self.layers:
            total: IntArray = x @ layer.weights + layer.bias
            frac += layer.weight_frac
            x, frac = _activate(layer, total, frac)
        return x

    def predict(self, X: FloatArray) -> FloatArray:
        """Return real outputs, shape (samples, outputs), for real inputs in the units of the input types."""
        raw = np.stack([quantize_real(X[:, k], t) for k, t in enumerate(self.input_types)], axis=1)
        return np.asarray(self.run(raw) * 2.0**-self.output_frac, dtype=np.float64)


def _activate(layer: QuantizedLayer, total: IntArray, frac: int) -> tuple[IntArray, int]:
    # Sums of a network that fits on a chip have far fewer than the 53 bits that a double holds exactly.
    real: FloatArray = np.asarray(total * 2.0**-frac, dtype=np.float64)
    if layer.argument_type is not None:
        argument = layer.argument_type
        real = np.asarray(quantize_real(real, argument) * argument.step, dtype=np.float64)
    if layer.result_type is None:
        if layer.activation == "relu":
            return np.maximum(total, 0), frac
        return total, frac
    return quantize_real(ACTIVATIONS[layer.activation](real), layer.result_type), layer.result_type.frac
