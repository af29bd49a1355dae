"""A trained network to a verified circuit: the whole story, told straight through. Read this first."""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.choose import on_input_grid
from sr2hls.baseline.fold import dense_layers
from sr2hls.baseline.hls import network_to_hls4ml
from sr2hls.baseline.network import FloatLayer
from sr2hls.baseline.original import Original, quantize_original
from sr2hls.circuit import Circuit, build_circuit
from sr2hls.design import Design, check_design, make_design
from sr2hls.errors import BudgetError, InputError
from sr2hls.find import Found, find_formulas
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared, prepare
from sr2hls.problem import Problem
from sr2hls.program.size import estimate_luts
from sr2hls.progress import Progress, SilentProgress
from sr2hls.report.model import Report
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
    known = {f.name for f in fields(CompileOptions)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise InputError(f"unknown option '{unknown[0]}': CompileOptions has {', '.join(sorted(known))}")
    budget = Budget(max_latency_ns, max_lut, max_dsp, max_bram, min_fidelity)
    target = Target(part, clock_ns, budget)
    return compile_network(
        CompileOptions(
            checkpoint=Path(checkpoint), data=Path(data), output=Path(output), target=target, **options
        ),
        progress,
    )


def compile_network(options: CompileOptions, progress: Progress | None = None) -> CompileResult:
    """Distil a trained network into formulas and compile them to a verified circuit.

    Args:
        options: see `CompileOptions`.
        progress: told of every stage; by default nothing is shown.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    progress = progress or SilentProgress()
    run = RunDirectory(options)
    prepared = prepare(options, progress)
    problem, target = prepared.problem, options.target
    prepared.inputs.save(run.path / "inputs.json")

    with _original_beside(prepared, options, run.path / "network") as original_job:
        found = Found.from_dict(
            run.cached("search", lambda: find_formulas(problem, options, progress).to_dict())
        )
        designs = _designs(problem, found, progress)
        chosen = _choose(problem, designs, target)
        with progress.stage("checks"):
            lints = check_design(problem, chosen)
        circuit = build_circuit(
            chosen.program,
            run.path,
            problem.test.inputs,
            target=target,
            synthesis=options.synthesis,
            progress=progress,
            backend=options.backend.value,
        )
        _check_budget(problem, chosen, circuit, target)
        with progress.stage("original network"):
            original, original_circuit, notes = original_job.result()

    notes = (*prepared.dataset.warnings(), *found.frontier.notes, *chosen.notes, *notes)
    stages = Stages(prepared, found, designs, chosen, lints, circuit, original, original_circuit, notes)
    with progress.stage("report"):
        report = make_report(stages, options, progress)
        write_report(report, run.path)
    return CompileResult(report, chosen, circuit, run.path)


def _designs(problem: Problem, found: Found, progress: Progress) -> tuple[Design, ...]:
    designs = []
    with progress.stage("precision", total=len(found.proposals)) as stage:
        for proposal in found.proposals:
            designs.append(make_design(problem, proposal.formulas))
            stage.advance(message=proposal.name)
    return tuple(designs)


def _choose(problem: Problem, designs: tuple[Design, ...], target: Target) -> Design:
    """Return the best design on validation data among those that seem to fit the budget of LUTs.

    A score that is a thousandth lower is worth it for half of the size.
    """
    budget = target.budget.max_lut
    fitting = [d for d in designs if budget is None or estimate_luts(d.program) <= 2 * budget]
    split = problem.validation

    def value(design: Design) -> tuple[float, int]:
        score = problem.score(design.predict(split.inputs), split)
        return round(score, 3), -estimate_luts(design.program)

    return max(fitting or designs, key=value)


def _check_budget(problem: Problem, design: Design, circuit: Circuit, target: Target) -> None:
    """Refuse a circuit that breaks a budget, and say by how much.

    Raises:
        BudgetError: names the budget and the figure.
    """
    budget, found = target.budget, circuit.hardware
    limits = [] if found is None else [
        ("max_lut", budget.max_lut, found.lut),
        ("max_dsp", budget.max_dsp, found.dsp),
        ("max_bram", budget.max_bram, found.bram),
        ("max_latency_ns", budget.max_latency_ns, found.latency_ns),
    ]  # fmt: skip
    for name, limit, figure in limits:
        if limit is not None and figure is not None and figure.value > limit:
            raise BudgetError(
                f"no design meets {name} {limit:g}: the nearest has {figure.value:g}; raise "
                "the budget, give the inputs fewer bits, or search with more effort"
            )
    if budget.min_fidelity is not None:
        fidelity = problem.fidelity(design.predict(problem.validation.inputs), problem.validation)
        if fidelity < budget.min_fidelity:
            raise BudgetError(
                f"no design meets min_fidelity {budget.min_fidelity:g}: the nearest has {fidelity:.4f} on "
                "validation data; lower it, give the inputs more bits, or search with more effort"
            )


OriginalResult = tuple[Original | None, Circuit | None, tuple[str, ...]]


@contextmanager
def _original_beside(
    prepared: Prepared, options: CompileOptions, directory: Path
) -> Iterator["Future[OriginalResult]"]:
    """Take the original network down the same road, in a process of its own while the search runs."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        layers = _layers(prepared) if options.baseline else "the comparison was not asked for"
        if isinstance(layers, str):
            done: Future[OriginalResult] = Future()
            done.set_result((None, None, (f"no original network beside the design: {layers}",)))
            yield done
        else:
            yield pool.submit(_build_original, prepared.problem, layers, directory, options)
    except BaseException:
        for process in list(pool._processes.values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _layers(prepared: Prepared) -> list[FloatLayer] | str:
    """Return the network over the circuit's inputs, or why it cannot be taken apart."""
    try:
        layers = dense_layers(prepared.teacher.layers(), classifier=prepared.problem.task.is_classification)
    except InputError as error:
        return str(error)
    scaler = prepared.inputs.scaler
    return on_input_grid(layers, scaler.offset, scaler.scale)


def _build_original(
    problem: Problem, layers: list[FloatLayer], directory: Path, options: CompileOptions
) -> OriginalResult:
    try:
        original = quantize_original(problem, layers)
        directory.mkdir(exist_ok=True)
        network_to_hls4ml(original.network, directory / "hls", options.target, options.backend.value).write()
    except InputError as error:
        return None, None, (str(error),)
    circuit = build_circuit(
        original.program,
        directory,
        problem.test.inputs,
        target=options.target,
        synthesis=options.synthesis,
        progress=SilentProgress(),
        name="network",
        backend=None,
        logic=to_alkaid(original.network),
        simulated=False,
    )
    return original, circuit, ()
