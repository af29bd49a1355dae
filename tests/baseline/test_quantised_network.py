"""The quantised network: integers, program, alkaid's logic and RTL compute the same."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.dense_layers import dense_layers
from sr2hls.baseline.program import network_program
from sr2hls.baseline.quantised_network import FloatLayer, QuantizedNetwork
from sr2hls.baseline.smallest_network import on_input_grid, smallest_network
from sr2hls.baseline.train import TrainingOptions, train_quantized
from sr2hls.circuit import run_logic
from sr2hls.errors import InputError
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.rtl.project import write_rtl
from sr2hls.rtl.simulate import simulate
from sr2hls.target import Target
from sr2hls.teacher.layers import Activation, Affine, Dense

TYPES = (FixedType(True, 6, 1, Rounding.RND, Overflow.SAT),) * 4
NAMES = ("x0", "x1", "x2", "x3")


def float_layers(activation: str = "relu", seed: int = 0) -> list[FloatLayer]:
    rng = np.random.default_rng(seed)
    return [
        FloatLayer(rng.normal(size=(4, 6)), rng.normal(size=6), activation),
        FloatLayer(rng.normal(size=(6, 3)), rng.normal(size=3), "linear"),
    ]


def inputs(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-32, 32, size=(n, 4)) / 32


def train(layers: list[FloatLayer], weight_bits: int = 5, activation_bits: int = 5) -> QuantizedNetwork:
    X = inputs(400)
    target = layers_out(layers, X)
    return train_quantized(
        layers, TYPES, X, target, torch.nn.functional.mse_loss, weight_bits=weight_bits,
        activation_bits=activation_bits, output_names=("a", "b", "c"), options=TrainingOptions(epochs=3),
    )  # fmt: skip


def layers_out(layers: list[FloatLayer], X: np.ndarray) -> np.ndarray:
    from sr2hls.baseline.smallest_network import float_outputs

    return float_outputs(layers, X)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_program_and_logic_compute_the_network(activation: str) -> None:
    network = train(float_layers(activation))
    program = network_program(network, NAMES)
    raw = np.random.default_rng(2).integers(-32, 32, size=(2000, 4))
    expected = network.run(raw) * 2.0**-network.output_frac
    interpreted = Interpreter(program).run(raw)
    steps = np.array([t.step for t in program.output_types])
    assert np.array_equal(interpreted * steps, expected)
    assert np.array_equal(run_logic(to_alkaid(network), program, raw), interpreted)


def test_verilog_of_the_shared_adders_computes_the_network(tmp_path: Path) -> None:
    network = train(float_layers())
    program = network_program(network, NAMES)
    project = write_rtl(program, tmp_path / "rtl", target=Target(), name="network", logic=to_alkaid(network))
    raw = np.random.default_rng(3).integers(-32, 32, size=(2000, 4))
    assert np.array_equal(simulate(project, raw), Interpreter(program).run(raw))


def test_same_seed_gives_the_same_network() -> None:
    first, second = train(float_layers()), train(float_layers())
    assert all(np.array_equal(a.weights, b.weights) for a, b in zip(first.layers, second.layers, strict=True))


def test_more_bits_come_nearer() -> None:
    layers, X = float_layers(), inputs(500, seed=5)
    errors = [
        np.abs(train(layers, bits, bits).predict(X) - layers_out(layers, X)).mean() for bits in (3, 5, 8)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_smallest_precision_is_taken_and_impossible_demands_refused() -> None:
    layers, X = float_layers(), inputs(300)
    wanted = layers_out(layers, X)

    def score(outputs: np.ndarray) -> float:
        return float(1 - np.mean((outputs - wanted) ** 2) / wanted.var())

    arguments = {
        "loss": torch.nn.functional.mse_loss, "float_score": 1.0, "output_names": ("a", "b", "c"),
        "options": TrainingOptions(epochs=2),
    }  # fmt: skip
    network, trials = smallest_network(layers, TYPES, (X, wanted), X, score=score, keep=0.98, **arguments)
    assert trials[-1].kept >= 0.98
    assert all(t.kept < 0.98 for t in trials[:-1])
    assert network is trials[-1].network
    with pytest.raises(InputError, match=r"keeps at most .* give the inputs more bits with --input-bits"):
        smallest_network(layers, TYPES, (X, wanted), X, score=lambda o: -1.0, keep=0.98, **arguments)


def test_scalers_fold_into_dense_layers() -> None:
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(3, 4)), rng.normal(size=3)
    scale, shift = rng.uniform(0.5, 2, 4), rng.normal(size=4)
    after, moved = rng.uniform(0.5, 2, 3), rng.normal(size=3)
    layers = [
        Affine("scaler", scale, shift), Dense("fc", weight, bias), Affine("bn", after, moved),
        Activation("act", "relu"), Dense("out", np.eye(3), np.zeros(3)), Activation("soft", "softmax"),
    ]  # fmt: skip
    X = rng.normal(size=(10, 4))
    folded = dense_layers(layers, classifier=True)
    expected = np.maximum(((X * scale + shift) @ weight.T + bias) * after + moved, 0)
    assert np.allclose(layers_out(folded, X), expected)
    offset, unit = rng.normal(size=4), rng.uniform(0.5, 2, 4)
    on_grid = on_input_grid(folded, offset, unit)
    assert np.allclose(layers_out(on_grid, (X - offset) / unit), expected)


def test_activation_without_a_fixed_point_form_is_named() -> None:
    layers = [Dense("fc", np.eye(2), np.zeros(2)), Activation("gelu1", "gelu")]
    with pytest.raises(InputError, match=r"activation 'gelu1' \(gelu\) has no fixed-point form here"):
        dense_layers(layers, classifier=True)
