"""An exploration from start to end: designs of many sizes, each a verified circuit with a report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sr2hls.baseline.beside import OriginalResult, original_beside
from sr2hls.build import Built
from sr2hls.circuit import build_circuit
from sr2hls.design import check_design, decision_notes
from sr2hls.errors import InputError
from sr2hls.explore.candidates import Candidate, candidates
from sr2hls.explore.frontier import Frontier, Point, markdown, write_frontier
from sr2hls.explore.plot import draw
from sr2hls.explore.points import design_points, full_name
from sr2hls.find import Found, Proposal
from sr2hls.hls.compiler import compiler
from sr2hls.options import ExploreOptions, options_of
from sr2hls.prepare import Prepared, prepare
from sr2hls.progress import Progress, SilentProgress
from sr2hls.report.hardware import HardwareRow, Subject, compare
from sr2hls.report.store import JSON_NAME, load_report, write_report
from sr2hls.rundir import RunDirectory
from sr2hls.search.base import Frontier as SearchFrontier
from sr2hls.store.directory import Directory
from sr2hls.store.files import write_text
from sr2hls.story import Stages, make_report
from sr2hls.target import Target

_NETWORK = "network"


@dataclass(frozen=True)
class Exploration:
    """What an exploration gives.

    Attributes:
        frontier: all designs with their figures.
        output: folder with a folder of each design.
    """

    frontier: Frontier
    output: Path


def explore(
    checkpoint: str | Path,
    data: str | Path,
    output: str | Path,
    *,
    part: str = Target().part,
    clock_ns: float = Target().clock_ns,
    progress: Progress | None = None,
    **options: Any,
) -> Exploration:
    """Make designs of many sizes, verify and synthesise each, and report them side by side.

    Args:
        checkpoint: the trained network.
        data: file with a row a sample.
        output: folder of the result.
        part: full part name.
        clock_ns: clock period, nanoseconds.
        progress: told of every stage.
        options: any other field of `ExploreOptions`, e.g. ``luts``.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    asked = options_of(ExploreOptions, checkpoint, data, output, Target(part, clock_ns), options)
    return explore_network(asked, progress)


def explore_network(options: ExploreOptions, progress: Progress | None = None) -> Exploration:
    """Make designs of many sizes, verify and synthesise each, and report them side by side.

    The same options and folder go on where an earlier exploration stopped.

    Args:
        options: see `ExploreOptions`.
        progress: told of every stage; by default nothing is shown.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    progress = progress or SilentProgress()
    compiler()  # its C++ is proven after the search: say before it if that cannot be
    with RunDirectory(options) as run:
        return _explore(options, run, progress)


def _explore(options: ExploreOptions, run: RunDirectory, progress: Progress) -> Exploration:
    prepared = prepare(options, progress)
    prepared.inputs.save(run.path / "inputs.json")
    with original_beside(prepared, options, run.path / "network") as original_job:
        points = []
        for candidate in candidates(prepared, options, run, progress):
            points.append(_point(prepared, candidate, options, run.path, progress))
            _write(_frontier(prepared, options, points), run.path)
        if not points:
            raise InputError("no design was made: give fewer bits to the inputs, or more --luts")
        with progress.stage("original network"):
            original = original_job.result()
    frontier = _with_network(_frontier(prepared, options, points), prepared, original)
    with progress.stage("report"):
        _set_beside(frontier, run.path)
        _write(frontier, run.path)
    return Exploration(frontier, run.path)


def _point(
    prepared: Prepared, candidate: Candidate, options: ExploreOptions, folder: Path, progress: Progress
) -> Point:
    """Return a design's point; its circuit is built unless its folder has a report already."""
    problem, design, place = prepared.problem, candidate.design, folder / candidate.name
    report = load_report(place) if (place / JSON_NAME).is_file() else None
    if report is None:
        Directory.at(folder).folder(candidate.name)
        lints = check_design(problem, design)
        circuit = build_circuit(
            design.program,
            place,
            problem.test.inputs,
            target=options.target,
            synthesis=options.synthesis,
            progress=progress,
            backend=options.backend.value,
        )
        split = problem.validation
        score = problem.score(design.predict(split.inputs), split)
        proposal = Proposal(full_name(candidate.name, candidate.label), design.formulas, score)
        found = Found(SearchFrontier((), tuple(problem.feature_names)), (proposal,))
        built = Built(found, (design,), design, lints, circuit)
        first = decision_notes(problem, design)
        notes = (*first, *prepared.dataset.warnings(), *design.notes)
        report = make_report(Stages(prepared, built, None, None, notes), options, progress)
        write_report(report, place)
    row = next((r for r in report.hardware if r.subject is Subject.DESIGN), None)
    validation, test = problem.validation, problem.test
    on_validation, on_test = design.predict(validation.inputs), design.predict(test.inputs)
    return Point(
        name=candidate.name,
        label=candidate.label,
        validation=problem.score(on_validation, validation),
        test=problem.score(on_test, test),
        fidelity=problem.fidelity(on_test, test),
        validation_fidelity=problem.fidelity(on_validation, validation),
        hardware=row,
        notes=design.notes,
    )


def _frontier(prepared: Prepared, options: ExploreOptions, points: list[Point]) -> Frontier:
    problem = prepared.problem
    has_labels = problem.test.labels is not None
    kind = "accuracy" if problem.task.is_classification else "R²"
    return Frontier(
        title=options.checkpoint.stem,
        score=kind if has_labels else "fidelity",
        teacher_validation=problem.teacher_score(problem.validation),
        teacher_test=problem.teacher_score(problem.test),
        part=options.target.part,
        clock_ns=options.target.clock_ns,
        points=tuple(points),
    )


def _with_network(frontier: Frontier, prepared: Prepared, result: OriginalResult) -> Frontier:
    original, circuit, _ = result
    if original is None or circuit is None:
        return frontier
    problem = prepared.problem
    on_validation = original.network.predict(problem.validation.inputs)
    on_test = original.network.predict(problem.test.inputs)
    score = problem.score(on_test, problem.test)
    hardware = circuit.hardware
    point = Point(
        name=_NETWORK,
        label=original.label,
        subject="network",
        validation=problem.score(on_validation, problem.validation),
        test=score,
        fidelity=problem.fidelity(on_test, problem.test),
        validation_fidelity=problem.fidelity(on_validation, problem.validation),
        hardware=None
        if hardware is None
        else HardwareRow.of(hardware, Subject.NETWORK, original.label, score),
    )
    return frontier.model_copy(update={"points": (*frontier.points, point)})


def _set_beside(frontier: Frontier, folder: Path) -> None:
    """Set the other designs and the original network beside each design in its report."""
    network = [] if frontier.network is None else [frontier.network.hardware]
    beside = [row for row in network if row is not None]
    for point in frontier.designs:
        report = load_report(folder / point.name)
        rows = (*(r for r in report.hardware if r.subject is not Subject.NETWORK), *beside)
        designs = design_points(frontier, folder, point.name)
        changed = {"hardware": rows, "designs": designs, "comparisons": compare(rows)}
        write_report(report.model_copy(update=changed), folder / point.name)


def _write(frontier: Frontier, folder: Path) -> None:
    write_frontier(frontier, folder)
    write_text(folder / "frontier.md", markdown(frontier))
    draw(frontier, folder)
