"""Executors of one program compared bit by bit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.errors import VerificationError
from sr2hls.program.program import Program

Executor = Callable[[IntArray], IntArray]
"""Raw inputs, shape (samples, inputs), to raw outputs, shape (samples, outputs)."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a comparison covered; no difference was found.

    Attributes:
        executor: name of the executor.
        vectors: samples compared.
        values: output values compared.
        proof: how it was proven for every input; empty where it is only tested.
        source: what the vectors were; empty for the rows that the caller gave.
    """

    executor: str
    vectors: int
    values: int
    proof: str = ""
    source: str = ""


def check_agreement(
    program: Program, name: str, executor: Executor, raw: IntArray, expected: IntArray
) -> Agreement:
    """Compare an executor with the expected outputs of a program.

    Args:
        program: what is executed; its names make the message.
        name: of the executor, e.g. ``Verilog (Verilator)``.
        executor: what to compare.
        raw: raw inputs, shape (samples, inputs).
        expected: raw outputs of the integer interpreter, shape (samples, outputs).

    Raises:
        VerificationError: an output differs; the first one is named.
    """
    found = executor(raw)
    if found.shape != expected.shape:
        raise VerificationError(
            f"{name} gives outputs of the shape {found.shape}, the interpreter {expected.shape}"
        )
    differs = found != expected
    if differs.any():
        row, column = (int(i) for i in np.argwhere(differs)[0])
        raise VerificationError(
            f"{name} differs from the integer interpreter in {int(differs.sum())} of {differs.size} values, "
            f"first in output '{program.output_names[column]}' of row {row}: {found[row, column]} instead of "
            f"{expected[row, column]} (raw, {program.output_types[column]})"
        )
    return Agreement(name, len(raw), expected.size)
