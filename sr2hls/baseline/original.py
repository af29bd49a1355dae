"""The original network at its best small precision: trained, written and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from sr2hls.baseline.program import network_program
from sr2hls.baseline.quantised_network import FloatLayer, QuantizedNetwork
from sr2hls.baseline.smallest_network import Trial, smallest_network
from sr2hls.baseline.train import Loss, TrainingOptions, train_quantized
from sr2hls.problem import Problem, Split
from sr2hls.program.program import Program


@dataclass(frozen=True)
class Original:
    """The network in fixed point.

    Attributes:
        network: weights and types.
        program: what its circuit computes.
        trials: precision to the share of the floating-point network's score that was kept on validation data.
    """

    network: QuantizedNetwork
    program: Program
    trials: Mapping[tuple[int, int], float]

    @property
    def label(self) -> str:
        """Name for people."""
        bits = self.network
        return f"network, {bits.weight_bits}-bit weights, {bits.activation_bits}-bit values"


def quantize_original(
    problem: Problem,
    layers: Sequence[FloatLayer],
    *,
    precision: tuple[int, int] | None = None,
    keep: float = 0.99,
    options: TrainingOptions | None = None,
) -> Original:
    """Return the network at a given precision, or at the smallest that keeps its score.

    Args:
        problem: inputs, teacher's outputs, labels and score.
        layers: the network over the circuit's inputs (see `on_input_grid`).
        precision: bits of weights and of hidden values; ``None`` looks for the smallest.
        keep: share of the floating-point network's score on validation data that has to be kept.
        options: of the training.

    Raises:
        InputError: no precision tried keeps that much.
    """
    torch.set_num_threads(1)
    target, loss = _target(problem, problem.train)
    train = problem.train.inputs, target
    if precision is None:
        network, trials = smallest_network(
            layers,
            tuple(problem.types.values()),
            train,
            problem.validation.inputs,
            loss=loss,
            score=partial(problem.score, split=problem.validation),
            float_score=problem.teacher_score(problem.validation),
            keep=keep,
            output_names=problem.output_names,
            options=options,
        )
    else:
        network = train_quantized(
            layers, tuple(problem.types.values()), *train, loss,
            weight_bits=precision[0], activation_bits=precision[1],
            output_names=problem.output_names, options=options,
        )  # fmt: skip
        score = problem.score(network.predict(problem.validation.inputs), problem.validation)
        trials = (Trial(network, score, score / problem.teacher_score(problem.validation)),)
    kept = {(t.network.weight_bits, t.network.activation_bits): t.kept for t in trials}
    return Original(network, network_program(network, tuple(problem.types)), kept)


def _target(problem: Problem, split: Split) -> tuple[np.ndarray, Loss]:
    """Return what training compares outputs with: labels where there are any, else the teacher's outputs."""
    if not problem.task.is_classification:
        return split.outputs, nn.functional.mse_loss
    if split.labels is not None and problem.n_outputs > 1:
        return split.labels.astype(np.int64), nn.functional.cross_entropy
    if problem.n_outputs == 1:
        wanted = split.outputs > 0 if split.labels is None else split.labels.reshape(-1, 1)
        return wanted.astype(np.float64), nn.functional.binary_cross_entropy_with_logits
    exponentials = np.exp(split.outputs - split.outputs.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True), nn.functional.cross_entropy
