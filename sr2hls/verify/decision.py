"""Circuits that decide the same for every row: right bit for bit, and of no use."""

from collections.abc import Sequence

import numpy as np

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.teacher.task import Task


def constant_decisions(
    task: Task, names: Sequence[str], circuit: FloatArray, teacher: FloatArray | None = None
) -> tuple[str, ...]:
    """Say where network or circuit give the same for every row; these notes come first in a report.

    Args:
        task: what outputs mean; those of a classification are logits.
        names: the user's names of the outputs.
        circuit: outputs of the circuit, shape (rows, outputs).
        teacher: outputs of the network on the same rows; ``None`` where there is none.

    Returns:
        One sentence for each; nothing where rows are told apart.
    """
    if not task.is_classification:
        return tuple(_constant_outputs(names, circuit, teacher))
    decided = Task.LOGITS.decide(circuit)
    wanted = None if teacher is None else Task.LOGITS.decide(teacher)
    notes = []
    if wanted is not None and (only := _only(wanted)) is not None:
        notes.append(
            f"the network decides {_class(names, only)} for all {len(wanted)} test rows, so that agreement "
            "with it says nothing: check the network, and whether the features are scaled as in its training"
        )
    if (only := _only(decided)) is not None:
        beside = ""
        if wanted is not None and not notes:
            beside = f", the network for {np.mean(wanted == only):.4g} of them"
        notes.append(
            f"the circuit decides {_class(names, only)} for all {len(decided)} test rows{beside}: it tells "
            "nothing apart"
        )
    return tuple(notes)


def _only(classes: IntArray) -> int | None:
    """Return the class that all rows have, if they have the same."""
    return int(classes[0]) if len(classes) and (classes == classes[0]).all() else None


def _class(names: Sequence[str], number: int) -> str:
    if len(names) > 1:
        return f"'{names[number]}'"
    return f"'{names[0]} > 0'" if number else f"'not {names[0]} > 0'"


def _constant_outputs(names: Sequence[str], circuit: FloatArray, teacher: FloatArray | None) -> list[str]:
    notes = []
    for k, name in enumerate(names):
        if not len(circuit) or np.ptp(circuit[:, k]):
            continue
        spread = 0.0 if teacher is None else float(teacher[:, k].std())
        beside = f", though the network's varies by {spread:.4g} rms" if spread else ""
        value = f"{circuit[0, k]:.6g}"
        notes.append(f"output '{name}' of the circuit is {value} for all {len(circuit)} test rows{beside}")
    return notes
