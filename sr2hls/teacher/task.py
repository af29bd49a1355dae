"""What the outputs of a teacher mean."""

import numpy as np

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.errors import InputError
from sr2hls.options.choices import Choice


class Task(Choice):
    """Meaning of the outputs of a network."""

    LOGITS = "logits"
    """One score a class (or one score for two classes): the decision is the largest (or the sign)."""
    PROBABILITIES = "probabilities"
    """As logits, after softmax or sigmoid."""
    REGRESSION = "regression"
    """Numbers that are wanted for themselves."""

    @property
    def is_classification(self) -> bool:
        """Whether outputs stand for classes."""
        return self is not Task.REGRESSION

    def decide(self, outputs: FloatArray) -> IntArray:
        """Return the class of each row.

        Args:
            outputs: of shape (n, k); with k = 1 the classes are 0 and 1.

        Raises:
            InputError: a regression decides nothing.
        """
        if not self.is_classification:
            raise InputError(
                "the task is regression, so that there is no class to decide on: set the task to logits"
            )
        if outputs.shape[1] == 1:
            threshold = 0.0 if self is Task.LOGITS else 0.5
            return (outputs[:, 0] > threshold).astype(np.int64)
        largest: IntArray = np.argmax(outputs, axis=1).astype(np.int64)
        return largest


def guess_task(last_operation: str | None, n_outputs: int) -> Task:
    """Guess the task from the operation that gives the outputs.

    Softmax and sigmoid give probabilities; several outputs of anything else count as logits, one output as a
    regression. A user who knows better says so.
    """
    if last_operation in ("softmax", "sigmoid", "log_softmax"):
        return Task.LOGITS if last_operation == "log_softmax" else Task.PROBABILITIES
    return Task.LOGITS if n_outputs > 1 else Task.REGRESSION
