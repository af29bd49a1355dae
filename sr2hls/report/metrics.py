"""How well formulas and design do what the teacher does, measured over chunks of rows."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError
from sr2hls.report.fidelity import Model, Scores, SplitFidelity
from sr2hls.report.moments import Differences, Regression
from sr2hls.report.roc import RocCounter
from sr2hls.teacher.task import Task

TEACHER: Final = "teacher"
FORMULAS: Final = "formulas"
DESIGN: Final = "design"
MODELS: tuple[Model, ...] = (TEACHER, FORMULAS, DESIGN)
"""Models in the order in which they are told about."""

_CHUNK = 1 << 16


def class_scores(outputs: FloatArray, task: Task) -> FloatArray:
    """Return a score for each class by which rows can be ranked, shape (rows, classes).

    For logits it is the log-odds of the class' softmax probability, y_c - log Σ_{j≠c} exp y_j; the decision
    variable that people cut on when they cut on a softmax output. Probabilities and single outputs stand as
    they are; a single output scores its second class.
    """
    if task is not Task.LOGITS or outputs.shape[1] == 1:
        return outputs
    rows, best = np.arange(len(outputs)), outputs.argmax(axis=1)
    top = outputs[rows, best]
    others = outputs.copy()
    others[rows, best] = -np.inf
    rest = logsumexp(others, axis=1)
    # log p - log(1 - p), which does not cancel as long as p is not the largest; for that one from the rest.
    logs = outputs - np.logaddexp(top, rest)[:, None]
    logs[rows, best] = -np.log(2)
    scores = logs - np.log1p(-np.exp(logs))
    scores[rows, best] = top - rest
    return np.asarray(scores, dtype=np.float64)


class FidelityMeter:
    """Measures one split, chunk by chunk, in memory that does not grow with the rows.

    Args:
        split: name of the split.
        task: what the outputs mean.
        outputs: names of the outputs (classes, for a classification).
    """

    def __init__(self, split: str, task: Task, outputs: tuple[str, ...]) -> None:
        self._split, self._task, self._outputs = split, task, outputs
        self._rows = 0
        self._labelled = False
        self._meters: dict[Model, _ModelMeter] = {}
        self._errors: dict[tuple[Model, Model], Differences] = {}

    def add(self, outputs: Mapping[str, FloatArray], labels: NDArray[np.generic] | None = None) -> None:
        """Count rows.

        Args:
            outputs: ``teacher``, ``formulas`` and ``design``, those that there are, to real outputs of shape
                (rows, outputs).
            labels: class numbers of shape (rows,), or the wanted values of a regression, shape (rows,) or
                (rows, outputs).

        Raises:
            InputError: shapes do not fit, or a value is not finite.
        """
        self._check(outputs, labels)
        n = len(next(iter(outputs.values())))
        if not n:
            return
        self._rows += n
        self._labelled = labels is not None
        for model in MODELS:
            if model in outputs:
                meter = self._meters.setdefault(model, _ModelMeter(self._task, len(self._outputs)))
                meter.add(outputs[model], outputs.get(TEACHER), labels)
        if DESIGN in outputs:
            for other in (FORMULAS, TEACHER):
                if other in outputs:
                    new = Differences(self._outputs, DESIGN, other)
                    self._errors.setdefault((DESIGN, other), new).add(outputs[DESIGN], outputs[other])

    def result(self) -> SplitFidelity:
        """Return what was measured so far."""
        curves = [
            (model, name, meter.roc.curve(i))
            for model, meter in self._meters.items()
            if meter.roc is not None and self._labelled
            for i, name in enumerate(self._outputs)
        ]
        return SplitFidelity(
            split=self._split,
            rows=self._rows,
            scores={
                m: meter.scores(self._outputs, m == TEACHER, self._labelled)
                for m, meter in self._meters.items()
            },
            roc=tuple(c.record(m, name) for m, name, c in curves if c.area is not None),
            working_points=tuple(
                p for m, name, c in curves if c.area is not None for p in c.working_points(m, name)
            ),
            errors=tuple(record for d in self._errors.values() for record in d.records()),
        )

    def _check(self, outputs: Mapping[str, FloatArray], labels: NDArray[np.generic] | None) -> None:
        if not outputs:
            raise InputError("fidelity needs the outputs of at least one model")
        shape = (len(next(iter(outputs.values()))), len(self._outputs))
        for model, values in outputs.items():
            if values.shape != shape:
                raise InputError(f"outputs of the {model} have shape {values.shape}, expected {shape}")
            if not np.isfinite(values).all():
                row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
                raise InputError(f"the {model} gives a value that is not finite in row {self._rows + row}")
        if labels is not None and len(labels) != shape[0]:
            raise InputError(f"{len(labels)} labels for {shape[0]} rows")


class _ModelMeter:
    """Sums of one model."""

    def __init__(self, task: Task, n_outputs: int) -> None:
        self._task = task
        self._rows = self._right = self._agree = 0
        self._taught = False
        self._to_labels = Regression(n_outputs)
        self._to_teacher = Regression(n_outputs)
        # Two outputs more than double the memory of one; finer bins only where there are few classes.
        bits = 18 if n_outputs <= 20 else 15
        self.roc = RocCounter(n_outputs, bits) if task.is_classification else None

    def add(
        self, outputs: FloatArray, teacher: FloatArray | None, labels: NDArray[np.generic] | None
    ) -> None:
        self._rows += len(outputs)
        if teacher is not None:
            self._taught = True
            self._to_teacher.add(teacher, outputs)
        if self.roc is None:
            if labels is not None:
                self._to_labels.add(labels.reshape(outputs.shape).astype(np.float64), outputs)
            return
        decisions = self._task.decide(outputs)
        if teacher is not None:
            self._agree += int((decisions == self._task.decide(teacher)).sum())
        if labels is not None:
            self._right += int((decisions == labels).sum())
            classes = np.arange(outputs.shape[1]) if outputs.shape[1] > 1 else np.array([1])
            self.roc.add(class_scores(outputs, self._task), labels[:, None] == classes)

    def scores(self, names: tuple[str, ...], is_teacher: bool, labelled: bool) -> Scores:
        classified = self.roc is not None
        wanted = labelled and not classified
        compared = self._taught and not is_teacher
        return Scores(
            accuracy=self._right / self._rows if classified and labelled else None,
            agreement=self._agree / self._rows if classified and compared else None,
            auc={n: self.roc.curve(i).area for i, n in enumerate(names)} if self.roc and labelled else {},
            r2=_named(names, self._to_labels.r2()) if wanted else {},
            rmse=_named(names, self._to_labels.rmse()) if wanted else {},
            teacher_r2=_named(names, self._to_teacher.r2()) if compared else {},
            teacher_rmse=_named(names, self._to_teacher.rmse()) if compared else {},
        )


def _named(names: tuple[str, ...], values: tuple[float | None, ...]) -> dict[str, float | None]:
    return dict(zip(names, values, strict=True))


def measure(
    split: str,
    task: Task,
    outputs: tuple[str, ...],
    *,
    teacher: ArrayLike | None = None,
    formulas: ArrayLike | None = None,
    design: ArrayLike | None = None,
    labels: ArrayLike | None = None,
) -> SplitFidelity:
    """Measure one split whose outputs are in memory.

    Args:
        split: name of the split.
        task: what the outputs mean.
        outputs: names of the outputs.
        teacher: outputs of the network, shape (rows, outputs); ``None`` where there is no network.
        formulas: outputs of the float formulas on the inputs as the hardware sees them.
        design: outputs of the fixed-point program as real numbers.
        labels: class numbers or wanted values.

    Raises:
        InputError: shapes do not fit, or a value is not finite.
    """
    given = {TEACHER: teacher, FORMULAS: formulas, DESIGN: design}
    arrays = {k: np.asarray(v, dtype=np.float64) for k, v in given.items() if v is not None}
    truth = None if labels is None else np.asarray(labels)
    meter = FidelityMeter(split, task, outputs)
    for start in range(0, max((len(a) for a in arrays.values()), default=0), _CHUNK):
        rows = slice(start, start + _CHUNK)
        meter.add({k: v[rows] for k, v in arrays.items()}, None if truth is None else truth[rows])
    return meter.result()
