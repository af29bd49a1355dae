"""The one way from a design to a result: check, build, verify, synthesise, report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.circuit import Circuit, build_circuit
from sr2hls.data import InputFormat
from sr2hls.design import ROWS, Design, check_design
from sr2hls.options import CompileOptions, LowerOptions
from sr2hls.prepare import Prepared
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
        test: circuit inputs that all executors are compared on, shape (samples, inputs).
    """

    format: InputFormat
    train: FloatArray
    test: FloatArray

    @classmethod
    def of(cls, prepared: Prepared) -> "Inputs":
        """Return what designs of prepared data are checked on."""
        problem = prepared.problem
        return cls(prepared.inputs, problem.train.first(ROWS).inputs, problem.test.inputs)


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
    """Check a design, build its projects, prove them equal to its program, synthesise and report.

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
    with progress.stage(f"{title}: checks"):
        lints = check_design(design, inputs.train, written=written)
    circuit = build_circuit(
        design.program,
        folder,
        inputs.test,
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
