"""Objectives by name, each a score that is higher for a better design."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import d2_absolute_error_score, roc_auc_score, roc_curve

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.errors import InputError
from sr2hls.objectives.r2 import r2
from sr2hls.teacher.task import Task

RARE = 0.1
"""Share of rows below which a class is rare: a constant has an accuracy of nine tenths."""
_LEAST_ROWS = 10
"""Rows of background that must pass for a rate to be known to 30 %."""
_OF_CLASSES, _OF_NUMBERS = ("accuracy", "auc", "efficiency@RATE"), ("r2", "mae")


@dataclass(frozen=True, slots=True)
class Objective:
    """What a design is judged by.

    Attributes:
        name: ``accuracy``, ``auc``, ``efficiency``, ``r2`` or ``mae``.
        rate: share of background that may pass, of ``efficiency``.
        chosen: whether it was chosen for the data and not by the user.
    """

    name: str
    rate: float | None = None
    chosen: bool = False

    def __str__(self) -> str:
        return self.name if self.rate is None else f"{self.name}@{self.rate:g}"

    @property
    def shown(self) -> str:
        """What people call its score."""
        if self.rate is not None:
            return f"efficiency at {self.rate:g} of the background"
        return {"auc": "AUC", "r2": "R²", "mae": "1 - MAE / MAE of the median"}.get(self.name, self.name)

    def score(
        self,
        outputs: FloatArray,
        teacher: FloatArray,
        labels: NDArray[np.generic] | None = None,
        weights: FloatArray | None = None,
    ) -> float:
        """Return how good outputs are, the higher the better.

        ``accuracy`` is the share of right classes. ``auc`` is the area under the ROC curve; of several
        classes it is the mean of each against the rest. ``efficiency`` is the largest share of signal, which
        is class 1, that a threshold lets pass while at most ``rate`` of the background does. ``r2`` is the
        coefficient of determination. ``mae`` is 1 - MAE / MAE of the median (scikit-learn's
        ``d2_absolute_error_score``).

        Args:
            outputs: of the design, shape (rows, outputs); logits of a classification.
            teacher: of the network on the same rows, of the same shape.
            labels: class of each row; the network's decisions stand in where there are none. The numbers of a
                regression are compared with the network's.
            weights: how much each row counts, shape (rows,); ``None``: all the same.
        """
        if self.name == "r2":
            return r2(outputs, teacher, weights)
        if self.name == "mae":
            return float(d2_absolute_error_score(teacher, outputs, sample_weight=weights))
        classes = Task.LOGITS.decide(teacher) if labels is None else np.asarray(labels, dtype=np.int64)
        if self.name == "accuracy":
            return float(np.average(Task.LOGITS.decide(outputs) == classes, weights=weights))
        if self.name == "efficiency":
            assert self.rate is not None
            return _efficiency(_signal(outputs), classes, self.rate, weights)
        return _auc(outputs, classes, weights)


def parse_objective(text: str, task: Task, n_outputs: int) -> Objective:
    """Return the objective of that name.

    Args:
        text: ``accuracy``, ``auc``, ``efficiency@0.01``, ``r2`` or ``mae``.
        task: what the outputs mean.
        n_outputs: how many there are.

    Raises:
        InputError: there is none of that name, or it means nothing for the task.
    """
    name, _, given = text.strip().lower().partition("@")
    known = {choice.partition("@")[0] for choice in (*_OF_CLASSES, *_OF_NUMBERS)}
    if name not in known or bool(given) != (name == "efficiency"):
        raise InputError(
            f"--objective is '{text}': give {', '.join(_OF_CLASSES)} for a classification or "
            f"{' or '.join(_OF_NUMBERS)} for a regression, e.g. efficiency@0.01"
        )
    fitting = _OF_CLASSES if task.is_classification else _OF_NUMBERS
    if name not in {choice.partition("@")[0] for choice in fitting}:
        kind = "classification" if task.is_classification else "regression"
        raise InputError(f"--objective is '{text}', but the task is a {kind}: give {' or '.join(fitting)}")
    if name != "efficiency":
        return Objective(name)
    if n_outputs > 2:
        raise InputError(
            f"--objective is '{text}', which needs signal and background, but the network has {n_outputs} "
            "classes: give auc or accuracy"
        )
    try:
        rate = float(given)
    except ValueError:
        rate = -1.0
    if not 0 < rate < 1:
        raise InputError(f"--objective is '{text}': give a rate between 0 and 1, e.g. efficiency@0.01")
    return Objective(name, rate)


def rare_objective(task: Task, teacher: FloatArray, labels: NDArray[np.generic] | None) -> Objective | None:
    """Return what designs are judged by where one of two classes is rare: accuracy says little there.

    It is the efficiency at the rate at which the network itself lets background through, or the AUC where too
    few rows of background pass to tell that rate.

    Args:
        task: what the outputs mean.
        teacher: the network's outputs on the training rows, shape (rows, outputs); logits.
        labels: class of each row; ``None`` where there are none.
    """
    if labels is None or not task.is_classification or teacher.shape[1] > 2:
        return None
    signal = np.asarray(labels) == 1
    if not 0 < min(np.mean(signal), np.mean(~signal)) < RARE:
        return None
    passed = np.asarray(Task.LOGITS.decide(teacher))[~signal] == 1
    if not _LEAST_ROWS <= np.count_nonzero(passed) < len(passed):
        return Objective("auc", chosen=True)
    return Objective("efficiency", float(np.mean(passed)), chosen=True)


def _signal(outputs: FloatArray) -> FloatArray:
    """Return one number a row, the larger the more like signal."""
    return outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]


def _efficiency(signal: FloatArray, classes: IntArray, rate: float, weights: FloatArray | None) -> float:
    if not _both(classes == 1, weights):
        return 0.0
    false_rate, true_rate, _ = roc_curve(classes == 1, signal, sample_weight=weights, drop_intermediate=False)
    return float(np.max(true_rate[false_rate <= rate], initial=0.0))


def _both(is_signal: NDArray[np.bool_], weights: FloatArray | None) -> bool:
    """Whether there are rows that count of both classes."""
    counted = is_signal if weights is None else is_signal[weights > 0]
    return bool(0 < np.count_nonzero(counted) < len(counted))


def _auc(outputs: FloatArray, classes: IntArray, weights: FloatArray | None) -> float:
    if outputs.shape[1] <= 2:
        if not _both(classes == 1, weights):
            return 0.5
        return float(roc_auc_score(classes == 1, _signal(outputs), sample_weight=weights))
    found = []
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    likely = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    for k in range(outputs.shape[1]):
        if _both(classes == k, weights):
            found.append(float(roc_auc_score(classes == k, likely[:, k], sample_weight=weights)))
    return float(np.mean(found)) if found else 0.5
