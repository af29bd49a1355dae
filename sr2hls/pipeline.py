"""A trained network to a verified circuit: the whole story, told straight through. Read this first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sr2hls.baseline.beside import original_beside
from sr2hls.build import build_design
from sr2hls.circuit import Circuit
from sr2hls.design import Design, decision_notes
from sr2hls.hls.compiler import compiler
from sr2hls.options import CompileOptions, options_of
from sr2hls.prepare import prepare
from sr2hls.progress import Progress, SilentProgress
from sr2hls.report.model import Report
from sr2hls.report.notebook import to_notebook
from sr2hls.report.store import write_report
from sr2hls.rundir import RunDirectory
from sr2hls.story import Stages, make_report
from sr2hls.target import Budget, Target


@dataclass(frozen=True)
class CompileResult:
    """What a compilation gives.

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

    def _repr_html_(self) -> str:
        return to_notebook(self.report)


def compile(
    checkpoint: str | Path,
    data: str | Path,
    output: str | Path,
    *,
    part: str = Target().part,
    clock_ns: float = Target().clock_ns,
    max_latency_ns: float | None = None,
    max_lut: int | None = None,
    max_dsp: int | None = None,
    max_bram: int | None = None,
    min_fidelity: float | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> CompileResult:
    """Distil a trained network into formulas and compile them to a verified circuit.

    Args:
        checkpoint: the trained network.
        data: file with a row a sample.
        output: folder of the result.
        part: full part name.
        clock_ns: clock period, nanoseconds.
        max_latency_ns: most latency, nanoseconds.
        max_lut: most LUTs.
        max_dsp: most DSPs.
        max_bram: most BRAMs.
        min_fidelity: least agreement with the network, 0 to 1.
        progress: told of every stage.
        options: any other field of `CompileOptions`.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    budget = Budget(max_latency_ns, max_lut, max_dsp, max_bram, min_fidelity)
    target = Target(part, clock_ns, budget)
    asked = options_of(CompileOptions, checkpoint, data, output, target, options)
    return compile_network(asked, progress)


def compile_network(options: CompileOptions, progress: Progress | None = None) -> CompileResult:
    """Distil a trained network into formulas and compile them to a verified circuit.

    Args:
        options: see `CompileOptions`.
        progress: told of every stage; by default nothing is shown.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    progress = progress or SilentProgress()
    compiler()  # its C++ is proven after the search: say before it if that cannot be
    with RunDirectory(options) as run:
        prepared = prepare(options, progress)
        prepared.inputs.save(run.path / "inputs.json")

        with original_beside(prepared, options, run.path / "network") as original_job:
            built = build_design(prepared.problem, options, run, progress)
            with progress.stage("original network"):
                original, original_circuit, notes = original_job.result()

        first = decision_notes(prepared.problem, built.chosen)
        notes = (
            *first,
            *prepared.dataset.warnings(),
            *built.found.frontier.notes,
            *built.chosen.notes,
            *notes,
        )
        stages = Stages(prepared, built, original, original_circuit, notes)
        with progress.stage("report"):
            report = make_report(stages, options, progress)
            write_report(report, run.path)
        return CompileResult(report, built.chosen, built.circuit, run.path)
