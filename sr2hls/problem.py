"""What has to be done: the teacher's answers on the circuit's inputs, and a score for anything that tries."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.data.decimal_units import DecimalUnit
from sr2hls.objectives import Objective, r2
from sr2hls.program.types import FixedType
from sr2hls.teacher.task import Task


@dataclass(frozen=True, eq=False)
class Split:
    """One part of the data.

    Attributes:
        inputs: circuit inputs on the grid of their types, shape (samples, inputs).
        outputs: the teacher's outputs; for a classification logits, shape (samples, outputs).
        labels: class of each row, -1 where it is not known, or the true values, shape (samples, outputs), of
            a regression; ``None`` where the data have none.
        weights: how much each row counts, in what is learned and in scores, shape (samples,), at least 0;
            ``None``: all the same.
    """

    inputs: FloatArray
    outputs: FloatArray
    labels: NDArray[np.generic] | None
    weights: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def first(self, count: int) -> "Split":
        """Return the first rows."""
        labels = None if self.labels is None else self.labels[:count]
        weights = None if self.weights is None else self.weights[:count]
        return Split(self.inputs[:count], self.outputs[:count], labels, weights)

    def drawn(self, seed: int) -> "Split":
        """Return as many rows without weights, in their order, each about as often as its weight says.

        For what knows no weights. The draw is systematic: one random number places a comb over the sum of the
        weights, so that a row of weight w (1 on average) comes ⌊w⌋ or ⌈w⌉ times.

        Args:
            seed: of that number.
        """
        if self.weights is None:
            return self
        ends = np.cumsum(self.weights / self.weights.mean())
        teeth = np.arange(len(self)) + np.random.default_rng(seed).random()
        rows = np.minimum(np.searchsorted(ends, teeth, side="right"), np.flatnonzero(self.weights)[-1])
        labels = None if self.labels is None else self.labels[rows]
        return Split(self.inputs[rows], self.outputs[rows], labels)


@dataclass(frozen=True, eq=False)
class Problem:
    """A teacher, its data, and the inputs of the circuit.

    Attributes:
        task: what the outputs mean.
        types: input name (an identifier) to fixed-point type, in the order of the columns.
        output_names: names of the outputs (identifiers).
        feature_names: the user's names of the inputs.
        class_names: the user's names of the outputs.
        train: what searches and fits see.
        validation: what choices are made on.
        test: what results are reported on; nothing is chosen by it.
        objective: what designs are judged by; ``None`` is accuracy or R².
        units: of the features, where formulas are over them in decimal units; ``None``: formulas are over the
            circuit's inputs.
    """

    task: Task
    types: Mapping[str, FixedType]
    output_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    objective: Objective | None = None
    units: tuple[DecimalUnit, ...] | None = None

    @property
    def splits(self) -> dict[str, Split]:
        """The splits by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.output_names)

    def seen(self, inputs: FloatArray) -> FloatArray:
        """Return what formulas see of circuit inputs, both of shape (samples, inputs)."""
        if self.units is None:
            return inputs
        return np.asarray(inputs + [unit.zero for unit in self.units], dtype=np.float64)

    def decide(self, outputs: FloatArray) -> IntArray:
        """Return the class, shape (samples,), of each row of logits, shape (samples, outputs).

        Raises:
            InputError: the task is a regression.
        """
        return Task.LOGITS.decide(outputs) if self.task.is_classification else self.task.decide(outputs)

    def score(self, outputs: FloatArray, split: Split) -> float:
        """Return how good outputs, shape (samples, outputs), are, the higher the better.

        Classification: accuracy against the labels, or agreement with the teacher where there are none.
        Regression: R² against the teacher's outputs, averaged over the outputs. Another objective is asked
        where the user named one. Rows count by their weights.
        """
        if self.objective is not None:
            return self.objective.score(outputs, split.outputs, split.labels, split.weights)
        if not self.task.is_classification:
            return r2(outputs, split.outputs, split.weights)
        if split.labels is None:
            return self.fidelity(outputs, split)
        return float(np.average(self.decide(outputs) == split.labels, weights=split.weights))

    def fidelity(self, outputs: FloatArray, split: Split) -> float:
        """Return the share of rows, shape (samples, outputs), decided as the teacher does; or R² to it."""
        if not self.task.is_classification:
            return r2(outputs, split.outputs, split.weights)
        return float(np.average(self.decide(outputs) == self.decide(split.outputs), weights=split.weights))

    @property
    def score_name(self) -> str:
        """What people call the score."""
        weighted = "" if self.test.weights is None else "weighted "
        if self.objective is not None:
            return weighted + self.objective.shown
        if self.test.labels is None:
            return weighted + "fidelity"
        return weighted + ("accuracy" if self.task.is_classification else "R²")

    def teacher_score(self, split: Split) -> float:
        """Return the teacher's own score."""
        return self.score(split.outputs, split)


def to_logits(task: Task, outputs: FloatArray) -> FloatArray:
    """Return probabilities as logits (centred logarithms), shape (samples, outputs); others as they are.

    Formulas are fitted to logits: they add up, and a rounding error of theirs means the same everywhere.
    """
    if task is not Task.PROBABILITIES:
        return outputs
    clipped = np.clip(outputs, 1e-6, 1 - 1e-6)
    if outputs.shape[1] == 1:
        return np.log(clipped / (1 - clipped))
    logs = np.log(clipped)
    return np.asarray(logs - logs.mean(axis=1, keepdims=True), dtype=np.float64)
