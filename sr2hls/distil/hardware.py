"""Distilled formulas as a verified circuit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from sr2hls.circuit import Circuit, build_circuit
from sr2hls.data import FeatureNames, InputFormat, ScalerKind
from sr2hls.errors import InputError
from sr2hls.options import Synthesis
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.meet import lowering_of, meet
from sr2hls.program.passes import optimize
from sr2hls.program.program import Program
from sr2hls.progress import Progress, SilentProgress
from sr2hls.search.names import safe_names
from sr2hls.target import Target

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FormulaCircuit:
    """Formulas in fixed point, and the projects of their program.

    Attributes:
        inputs: how real inputs become the circuit's.
        program: the program.
        circuit: projects, agreements of the executors, figures of the tool; ``None`` where none was built.
    """

    inputs: InputFormat
    program: Program
    circuit: Circuit | None

    def predict(self, X: ArrayLike) -> FloatArray:
        """Outputs of the circuit, shape (rows, outputs), for real inputs (rows, inputs)."""
        return Interpreter(self.program).predict(self.inputs.values(X))


def formula_circuit(
    formulas: Sequence[sp.Expr],
    X: ArrayLike,
    directory: Path | None,
    *,
    input_bits: int = 10,
    error: float = 0.01,
    names: Sequence[str] | None = None,
    target: Target | None = None,
    synthesis: Synthesis = Synthesis.YOSYS,
    backend: str | None = "Vitis",
    progress: Progress | None = None,
) -> FormulaCircuit:
    """Compile formulas to fixed point, prove the projects equal to the program and synthesise.

    Args:
        formulas: over x0, x1, ..., one for each output.
        X: inputs as they will come, shape (rows, inputs).
        directory: where the projects go; ``None`` stops at the program.
        input_bits: width of each input.
        error: rms rounding error of each output as a share of its standard deviation on ``X``.
        names: of the outputs; y0, y1, ... by default.
        target: part, clock and budgets.
        synthesis: tool for latency and resources.
        backend: hls4ml backend of the HLS project; ``None`` writes only RTL.
        progress: told of the stages.

    Raises:
        InputError: ``X`` does not fit.
        LoweringError: a formula has no fixed-point form that keeps the error.
        VerificationError: executors disagree.
        ToolError: a tool is missing or fails.
    """
    rows = np.asarray(X, dtype=np.float64)
    if rows.ndim != 2 or not len(rows):
        raise InputError(f"the inputs of the formulas have the shape {rows.shape}: give (rows, inputs)")
    titles = tuple(names) if names is not None else tuple(f"y{k}" for k in range(len(formulas)))
    features = FeatureNames.of(safe_names(rows.shape[1]), rows.shape[1])
    inputs = InputFormat.fit(rows, features, width=input_bits, scaler=ScalerKind.IDENTITY)
    types = dict(zip(features.identifiers, inputs.types, strict=True))
    lowering = lowering_of(dict(zip(titles, formulas, strict=True)), types, inputs.values(rows))
    program = optimize(meet(lowering, error).program)
    if directory is None:
        return FormulaCircuit(inputs, program, None)
    directory.mkdir(parents=True, exist_ok=True)
    circuit = build_circuit(
        program,
        directory,
        inputs.values(rows),
        target=target or Target(),
        synthesis=synthesis,
        progress=progress or SilentProgress(),
        backend=backend,
    )
    return FormulaCircuit(inputs, program, circuit)
