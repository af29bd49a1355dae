"""Formulas that people already have, to a verified circuit: the second half of `sr2hls.compile`'s story."""

from dataclasses import dataclass
from pathlib import Path

from sr2hls.circuit import Circuit, build_circuit
from sr2hls.design import Design
from sr2hls.lower.report import make_report
from sr2hls.lower.rows import input_format, input_rows, load_table
from sr2hls.lower.source import read_source, refuse_constants
from sr2hls.options import LowerOptions
from sr2hls.program.lower import Lowering, relative_errors
from sr2hls.program.passes import optimize
from sr2hls.progress import Progress, SilentProgress
from sr2hls.report.model import Report
from sr2hls.report.store import write_report
from sr2hls.rundir import RunDirectory
from sr2hls.search.grammar import CONSTANTS


@dataclass(frozen=True)
class LowerResult:
    """What lowering gives.

    Attributes:
        report: everything there is to say.
        design: the formulas and their program.
        circuit: projects, agreements of the executors, figures of the tool.
        output: folder with all of it.
    """

    report: Report
    design: Design
    circuit: Circuit
    output: Path


def lower_formulas(options: LowerOptions, progress: Progress | None = None) -> LowerResult:
    """Compile formulas from a hall of fame, a PySR run, a file or a string to a verified circuit.

    The same options and folder begin anew, whatever became of an earlier run, and give the same.

    Args:
        options: see `LowerOptions`.
        progress: told of every stage; by default nothing is shown.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    progress = progress or SilentProgress()
    with progress.stage("formulas"):
        source = read_source(options)
    with progress.stage("data"):
        table = load_table(options, len(source.chosen))
        if table is not None and (inputs_too := set(CONSTANTS) & set(table.names.display)):
            source = read_source(options, inputs_too)
        refuse_constants(source)
        rows = input_rows(options, source, table)
    X, formulas = rows.splits["train"][0], source.formulas
    inputs = input_format(options, source.names, X)
    with progress.stage("program"):
        types = dict(zip(inputs.names.identifiers, inputs.types, strict=True))
        lowering = Lowering(formulas, types, inputs.values(X))
        lowered = lowering.within(relative_errors(lowering, options.error))
        design = Design(formulas, optimize(lowered.program), lowered.errors, lowered.notes)
    with RunDirectory(options) as run:
        inputs.save(run.path / "inputs.json")
        circuit = build_circuit(
            design.program,
            run.path,
            inputs.values(rows.splits["test"][0]),
            target=options.target,
            synthesis=options.synthesis,
            progress=progress,
            backend=options.backend.value,
            prove_s=options.prove_s,
        )
        with progress.stage("report"):
            report = make_report(options, progress, source, rows, inputs, design, circuit)
            write_report(report, run.path)
    return LowerResult(report, design, circuit, options.output)
