"""The one way from a design to a result: check, build, verify, synthesise, report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.circuit import Circuit, build_circuit
from sr2hls.data import InputFormat
from sr2hls.design import ROWS, Design, check_design
from sr2hls.errors import VerificationError
from sr2hls.options import CircuitOptions, CompileOptions, LowerOptions
from sr2hls.prepare import Prepared
from sr2hls.program.ends import Ends
from sr2hls.program.interpreter import Interpreter, quantize_inputs
from sr2hls.program.program import Program
from sr2hls.progress import Progress
from sr2hls.prove.bound import error_bounds
from sr2hls.prove.formula import formula_row
from sr2hls.prove.passes import passes_row
from sr2hls.report.model import Report
from sr2hls.report.notebook import to_notebook
from sr2hls.report.store import write_report

TITLE = "formula"
"""How stages call the design of a run that implements only one."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a design is checked on.

    Attributes:
        format: how raw features become the circuit's inputs.
        train: circuit inputs that the design's errors were measured on, shape (samples, inputs).
        test: features that all executors are compared on, shape (samples, inputs).
        classifies: whether the outputs are scores of classes.
    """

    format: InputFormat
    train: FloatArray
    test: FloatArray
    classifies: bool

    @classmethod
    def of(cls, prepared: Prepared) -> "Inputs":
        """Return what designs of prepared data are checked on."""
        train = prepared.problem.train.first(ROWS).inputs
        classifies = prepared.problem.task.is_classification
        return cls(prepared.inputs, train, np.asarray(prepared.dataset.test.X, dtype=np.float64), classifies)

    def ends(self, options: CircuitOptions) -> Ends:
        """Return what is built around a design."""
        return Ends(self.format.maps, options.with_argmax, self.classifies)

    @property
    def ports(self) -> FloatArray:
        """What arrives at the ports of the circuit for the features of `test`, shape (samples, inputs)."""
        return self.test if self.format.raw_types is not None else self.format.values(self.test)


@dataclass(frozen=True, eq=False)
class Result:
    """What a flow gives.

    Attributes:
        report: everything there is to say.
        design: the formulas and their program.
        circuit: projects, agreements of the executors, figures of the tool.
        folder: has all of it.
        inputs: how raw features become the circuit's inputs.
    """

    report: Report
    design: Design
    circuit: Circuit
    folder: Path
    inputs: InputFormat

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return the circuit's outputs, shape (rows, outputs), for raw features (rows, inputs)."""
        return self.design.predict(self.inputs.values(X))

    def _repr_html_(self) -> str:
        return to_notebook(self.report)


def implement(
    design: Design,
    inputs: Inputs,
    options: CompileOptions | LowerOptions,
    folder: Path,
    *,
    describe: Callable[[Design, Circuit], Report],
    progress: Progress,
    accept: Callable[[Circuit], None] = lambda circuit: None,
    title: str = TITLE,
    written: Mapping[str, str] | None = None,
) -> Result:
    """Check a design, build its projects, compare them with its program, prove them, synthesise and report.

    Args:
        design: what becomes a circuit.
        inputs: what it is checked on.
        options: target, backend and synthesis tool.
        folder: of the result; the projects are its ``hls`` and ``rtl``.
        describe: makes the report of what was built.
        progress: told of every stage.
        accept: refuses a circuit before it is reported, e.g. one that breaks a budget.
        title: how stages call the design.
        written: see `check_design`.

    Raises:
        DegenerateDesignError: the circuit would not compute what the formulas say.
        VerificationError: executors disagree.
        ToolError: a tool is missing or fails.
    """
    ends = inputs.ends(options)
    with progress.stage(f"{title}: checks"):
        lints = check_design(design, inputs.train, written=written)
        built = ends.around(design.program)
        check_ends(design, built, inputs)
    circuit = build_circuit(
        built,
        folder,
        inputs.ports,
        target=options.target,
        synthesis=options.synthesis,
        progress=progress,
        title=title,
        backend=options.backend.value,
        prove_s=options.prove_s,
    )
    circuit = replace(circuit, lints=lints)
    accept(circuit)
    if options.prove_s > 0:
        with progress.stage(f"{title}: passes"):
            circuit = _held_against_passes(design, circuit, options.prove_s, progress, title)
        with progress.stage(f"{title}: formulas"):
            circuit = _held_against_formulas(design, circuit, options.prove_s, progress, title)
    with progress.stage("report"):
        report = describe(design, circuit)
        write_report(report, folder)
    return Result(report, design, circuit, folder, inputs.format)


def check_ends(design: Design, built: Program, inputs: Inputs) -> None:
    """Compare what is built with the design on its scaled inputs and numpy's argmax, on the test rows.

    Raises:
        VerificationError: a value differs.
    """
    scaled = inputs.format.values(inputs.test)
    scores = Interpreter(design.program).run(quantize_inputs(design.program, scaled))
    found = Interpreter(built).run(quantize_inputs(built, inputs.ports))
    steps = np.array([type_.step for type_ in design.program.output_types])
    same = np.array_equal(found[:, : scores.shape[1]], scores)
    if found.shape[1] > scores.shape[1]:
        decided = (scores * steps).argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0
        same = same and np.array_equal(found[:, -1], decided)
    if not same:
        raise VerificationError(
            "the circuit with its argmax and its scaling of inputs differs from the design on the test rows: "
            "please report it; nothing was written"
        )


def _held_against_passes(
    design: Design, circuit: Circuit, limit_s: float, progress: Progress, title: str
) -> Circuit:
    """Return a circuit with the row of the program before its passes, where there were any."""
    row, proof = passes_row(design, limit_s)
    if row is None or proof is None:
        return circuit
    if not proof.proven:
        progress.note(f"{title}: {proof.claim} is tested and not proven: {proof.note}")
    return replace(circuit, agreements=(*circuit.agreements, row))


def _held_against_formulas(
    design: Design, circuit: Circuit, limit_s: float, progress: Progress, title: str
) -> Circuit:
    """Return a circuit with what is proven about its program and the formulas: equal, or how far off."""
    row, proof = formula_row(design, limit_s)
    if row is not None:
        circuit = replace(circuit, agreements=(*circuit.agreements, row))
    if proof is not None and proof.proven:
        return circuit
    if proof is not None:
        progress.note(f"{title}: {proof.claim} is tested and not proven: {proof.note}")
    if design.proposal.definitions:
        return circuit
    bounds, reasons = error_bounds(design.program, design.proposal.formulas, limit_s)
    for reason in reasons:
        progress.note(f"{title}: {reason}")
    return replace(circuit, bounds=bounds)
