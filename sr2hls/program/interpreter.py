"""The program run on arrays of samples: the fast executor of the contract."""

from typing import Any, cast

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from sr2hls.arrays import IntArray
from sr2hls.errors import ProgramError
from sr2hls.program.encode import Code, encode
from sr2hls.program.kernels import BLOCK, run_blocks, run_parallel
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real

_FEW_BLOCKS = 32
"""Blocks up to which threads would cost more time than they save."""


class Interpreter:
    """Runs one program on arrays.

    Example:
        >>> Interpreter(program).predict(X)
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._code: Code = encode(program)

    def run(self, raw: NDArray[np.integer[Any]]) -> IntArray:
        """Return raw outputs, shape (samples, outputs), for raw inputs, shape (samples, inputs).

        Raises:
            ProgramError: the shape is wrong, or a raw input is outside of its type.
        """
        given = np.asarray(raw)
        if given.size and (given.dtype.kind not in "biu" or (given.dtype == np.uint64 and given.max() >> 63)):
            raise ProgramError(f"raw inputs are of type {given.dtype}: give integers that fit in int64")
        inputs = np.ascontiguousarray(given, dtype=np.int64)
        if inputs.ndim != 2 or inputs.shape[1] != self.program.n_inputs:
            raise ProgramError(
                f"raw inputs have the shape {inputs.shape}; "
                f"the program takes (samples, {self.program.n_inputs})"
            )
        outputs = np.empty((len(inputs), self.program.n_outputs), dtype=np.int64)
        if not len(inputs):
            return outputs
        code = self._code
        n_blocks = -(-len(inputs) // BLOCK)
        arrays = (code.rows, code.extras, code.tables, inputs, code.n_slots, code.output_slots, outputs)
        if n_blocks <= _FEW_BLOCKS:
            inside = run_blocks(*arrays, 0, n_blocks)
        else:
            # Enough chunks for every thread to share the work evenly.
            inside = run_parallel(*arrays, n_blocks, min(n_blocks, 8 * numba.get_num_threads()))
        if not inside:
            self._refuse(inputs)
        return outputs

    def _refuse(self, inputs: IntArray) -> None:
        """Name the first input that leaves its type."""
        low, high = inputs.min(axis=0), inputs.max(axis=0)
        for k, type_ in enumerate(self.program.input_types):
            if low[k] < type_.raw_min or high[k] > type_.raw_max:
                raise ProgramError(
                    f"raw input '{self.program.input_names[k]}' ranges over {low[k]} to {high[k]}, "
                    f"outside of {type_}"
                )

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return real outputs, shape (samples, outputs), for real inputs, quantised to the input types."""
        return dequantize_outputs(self.program, self.run(quantize_inputs(self.program, X)))


def dequantize_outputs(program: Program, raw: IntArray) -> NDArray[np.float64]:
    """Return the real numbers that raw outputs stand for."""
    steps = np.array([t.step for t in program.output_types])
    return cast("NDArray[np.float64]", raw * steps)


def quantize_inputs(program: Program, X: ArrayLike) -> IntArray:
    """Return the raw inputs for real ones, each quantised to its input's type.

    Raises:
        ProgramError: the shape is wrong, or a value is not finite.
    """
    real = np.asarray(X, dtype=np.float64)
    if real.ndim != 2 or real.shape[1] != program.n_inputs:
        raise ProgramError(
            f"inputs have the shape {real.shape}; the program takes (samples, {program.n_inputs})"
        )
    columns = [quantize_real(real[:, k], type_) for k, type_ in enumerate(program.input_types)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(real), 0), dtype=np.int64)
