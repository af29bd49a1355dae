"""The smallest precision at which the original network keeps what it is good at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.baseline.quantised_network import ACTIVATIONS, FloatLayer, QuantizedNetwork
from sr2hls.baseline.train import Loss, TrainingOptions, train_quantized
from sr2hls.errors import InputError
from sr2hls.program.types import FixedType

# (weight bits, activation bits), from the fewest LUTs to the most: an adder tree grows with their sum.
PRECISIONS: tuple[tuple[int, int], ...] = (
    (3, 4), (4, 4), (4, 5), (5, 5), (5, 6), (6, 6), (6, 7), (7, 8), (8, 8), (10, 10), (12, 12),
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One precision that was tried.

    Attributes:
        network: the trained network.
        score: on validation data, the higher the better.
        kept: share of the floating-point network's score.
    """

    network: QuantizedNetwork
    score: float
    kept: float


def float_outputs(layers: Sequence[FloatLayer], X: FloatArray) -> FloatArray:
    """Return the outputs of the floating-point network, shape (samples, outputs)."""
    for layer in layers:
        X = ACTIVATIONS[layer.activation](X @ layer.weights + layer.bias)
    return X


def smallest_network(
    layers: Sequence[FloatLayer],
    input_types: Sequence[FixedType],
    train: tuple[FloatArray, FloatArray],
    validation: FloatArray,
    *,
    loss: Loss,
    score: Callable[[FloatArray], float],
    float_score: float,
    keep: float = 0.99,
    output_names: Sequence[str],
    options: TrainingOptions | None = None,
    on_trial: Callable[[Trial], None] = lambda trial: None,
) -> tuple[QuantizedNetwork, tuple[Trial, ...]]:
    """Return the network of the smallest precision that keeps a share of the score, and all trials.

    Args:
        layers: the trained network in floating point, over the circuit's inputs.
        input_types: types of the circuit's inputs.
        train: inputs on the grid of their types, shape (samples, inputs), and what the loss compares with.
        validation: inputs on which the score is taken, shape (samples, inputs).
        loss: of outputs and targets, as `train_quantized` takes it.
        score: of outputs on the validation inputs, the higher the better, positive.
        float_score: score of the floating-point network with unrounded inputs.
        keep: share of ``float_score`` to keep.
        output_names: names of the outputs.
        options: of the training.
        on_trial: called after each trial.

    Raises:
        InputError: even the largest precision does not keep the score.
    """
    trials: list[Trial] = []
    for weight_bits, activation_bits in PRECISIONS:
        network = train_quantized(
            layers, input_types, *train, loss,
            weight_bits=weight_bits, activation_bits=activation_bits,
            output_names=output_names, options=options,
        )  # fmt: skip
        reached = score(network.predict(validation))
        trials.append(Trial(network, reached, reached / float_score))
        on_trial(trials[-1])
        if trials[-1].kept >= keep:
            return network, tuple(trials)
    best = max(trials, key=lambda t: t.kept)
    bits = best.network
    raise InputError(
        f"the original network keeps at most {best.kept:.3f} of its score in fixed point (weights of "
        f"{bits.weight_bits} bits, values of {bits.activation_bits} bits), less than {keep}: give the inputs "
        "more bits with --input-bits"
    )


def on_input_grid(layers: Sequence[FloatLayer], offset: FloatArray, scale: FloatArray) -> list[FloatLayer]:
    """Return layers over circuit inputs u: the network's are ``u · scale + offset``, shape (inputs,)."""
    first, *rest = layers
    weights = first.weights * np.asarray(scale)[:, None]
    bias = first.bias + np.asarray(offset) @ first.weights
    return [FloatLayer(weights, bias, first.activation), *rest]
