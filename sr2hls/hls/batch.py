"""The C++ of a design run on arrays: one call for all samples."""

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.errors import InputError, ProgramError
from sr2hls.hls.ap_types import ap_types_dir
from sr2hls.hls.compiler import compile_shared
from sr2hls.hls.cpp import emit, formula
from sr2hls.hls.cpp_types import ExactType, bits_type, cpp_type
from sr2hls.program.interpreter import dequantize_outputs, quantize_inputs
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.store.directory import Directory
from sr2hls.templates import render, template_path


@dataclass(frozen=True, slots=True)
class BatchFunction:
    """One C function of ``templates/hls/batch.cpp.j2``.

    Attributes:
        symbol: its name.
        call: C++ that computes ``y`` from ``x``.
        input: type of an element of ``x``.
        output: type of an element of ``y``.
        input_types: type whose raw values each input is given as.
        output_types: type whose raw values each output is returned as.
    """

    symbol: str
    call: str
    input: str
    output: str
    input_types: tuple[str, ...]
    output_types: tuple[str, ...]

    @classmethod
    def of(cls, program: Program, symbol: str, call: str) -> "BatchFunction":
        """Describe a function that takes and returns a program's raw values."""
        return cls(
            symbol=symbol,
            call=call,
            input=str(ExactType.common(program.input_types)),
            output=str(ExactType.common(program.output_types)),
            input_types=tuple(cpp_type(bits_type(t)) for t in program.input_types),
            output_types=tuple(cpp_type(bits_type(t)) for t in program.output_types),
        )

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(self.input_types)

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.output_types)


class CompiledFunction:
    """A compiled function over raw values, run on whole arrays.

    Args:
        library: shared library that holds the function.
        symbol: its name.
        input_types: types of the inputs.
        output_types: types of the outputs.
        threads: how many threads share a call.
    """

    def __init__(
        self,
        library: Path,
        symbol: str,
        input_types: Sequence[FixedType],
        output_types: Sequence[FixedType],
        threads: int = 1,
    ) -> None:
        if threads < 1:
            raise InputError(f"threads is {threads}: give at least 1")
        self.library = library
        self.input_types = tuple(input_types)
        self.output_types = tuple(output_types)
        self.threads = threads
        self._function: Any = getattr(ctypes.CDLL(str(library)), symbol)
        pointer = ctypes.POINTER(ctypes.c_int64)
        self._function.argtypes = [pointer, pointer, ctypes.c_size_t]
        self._function.restype = None

    def run(self, raw: NDArray[np.integer[Any]]) -> IntArray:
        """Return raw outputs, shape (samples, outputs), for raw inputs, shape (samples, inputs).

        Raises:
            ProgramError: the shape is wrong, or a raw input is outside of its type.
        """
        inputs = np.ascontiguousarray(raw, dtype=np.int64)
        n = len(self.input_types)
        if inputs.ndim != 2 or inputs.shape[1] != n:
            raise ProgramError(f"raw inputs have the shape {inputs.shape}; the design takes (samples, {n})")
        outputs = np.empty((len(inputs), len(self.output_types)), dtype=np.int64)
        if not len(inputs):
            return outputs
        low, high = inputs.min(axis=0), inputs.max(axis=0)
        for k, type_ in enumerate(self.input_types):
            if low[k] < type_.raw_min or high[k] > type_.raw_max:
                raise ProgramError(
                    f"raw input {k} ranges over {low[k]} to {high[k]}, outside of its type {type_}"
                )
        # The first call may read weights from files: it must not be shared by threads.
        self._call(inputs[:1], outputs[:1])
        edges = np.linspace(0, len(inputs), self.threads + 1).astype(int)
        parts = [(inputs[a:b], outputs[a:b]) for a, b in pairwise(edges) if a < b]
        if len(parts) == 1:
            self._call(*parts[0])
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                for done in [pool.submit(self._call, *part) for part in parts]:
                    done.result()
        return outputs

    def _call(self, inputs: IntArray, outputs: IntArray) -> None:
        pointer = ctypes.POINTER(ctypes.c_int64)
        self._function(inputs.ctypes.data_as(pointer), outputs.ctypes.data_as(pointer), len(inputs))


class CompiledFormula(CompiledFunction):
    """The C++ of one program, run on arrays."""

    def __init__(self, library: Path, symbol: str, program: Program, threads: int = 1) -> None:
        super().__init__(library, symbol, program.input_types, program.output_types, threads)
        self.program = program

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return real outputs, shape (samples, outputs), for real inputs, quantised to the input types."""
        return dequantize_outputs(self.program, self.run(quantize_inputs(self.program, X)))


def compile_programs(
    programs: Sequence[Program], directory: Path, *, quantize_inputs: bool = False, threads: int = 1
) -> list[CompiledFormula]:
    """Compile many programs in one translation unit, without a project around them.

    Args:
        programs: what to compile.
        directory: where the C++ and the library are written.
        quantize_inputs: as in `sr2hls.hls.cpp.formula`.
        threads: how many threads share a call.

    Raises:
        ToolError: there is no compiler, or it fails.
    """
    folder = Directory.at(directory)
    functions, includes = [], []
    for k, program in enumerate(programs):
        code = emit(formula(program, f"formula{k}", quantize_inputs=quantize_inputs))
        includes.append(folder.write(f"formula{k}.h", f'#include "nnet_sr2hls.h"\n\n{code}').name)
        functions.append(BatchFunction.of(program, f"run{k}", f"formula{k}::compute(x, y)"))
    text = render("hls/batch.cpp.j2", includes=includes, functions=functions)
    source = folder.write("batch.cpp", text)
    include_dirs = [folder.path, template_path("hls"), ap_types_dir()]
    library = compile_shared([source], folder.path, include_dirs=include_dirs)
    return [CompiledFormula(library, f"run{k}", p, threads) for k, p in enumerate(programs)]
