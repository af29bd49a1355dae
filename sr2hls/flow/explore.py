"""An exploration from start to end: designs of many sizes, each a verified circuit with a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sr2hls.baseline.beside import OriginalResult, original_beside
from sr2hls.design import Design
from sr2hls.errors import DegenerateDesignError, InputError
from sr2hls.flow.designs import Designs, withdraw
from sr2hls.flow.implement import Inputs, implement
from sr2hls.flow.judgement import simple_scores
from sr2hls.flow.make_report import network_report
from sr2hls.flow.plan import PREPARING, building, finishing
from sr2hls.flow.readability import readable_nodes
from sr2hls.flow.run_folder import RunFolder
from sr2hls.hls.compiler import compiler
from sr2hls.options import ExploreOptions, called_with
from sr2hls.prepare import INPUTS_NAME, Prepared, prepare
from sr2hls.progress import Progress, SilentProgress
from sr2hls.report.frontier import MARKDOWN_NAME, DesignFrontier, FrontierPoint, markdown, write_frontier
from sr2hls.report.hardware import HardwareRow, Subject, compare
from sr2hls.report.judgement import SimpleModels
from sr2hls.report.plot import draw
from sr2hls.report.points import design_points
from sr2hls.report.store import JSON_NAME, load_report, write_report
from sr2hls.store.directory import Directory
from sr2hls.threads import one_thread

_NETWORK = "network"


@dataclass(frozen=True)
class Exploration:
    """What an exploration gives.

    Attributes:
        frontier: all designs with their figures.
        folder: has a folder of each design.
    """

    frontier: DesignFrontier
    folder: Path


@called_with(ExploreOptions)
def explore(options: ExploreOptions) -> Exploration:
    """Make designs of many sizes, verify and synthesise each, and report them side by side.

    Its arguments are the fields of `ExploreOptions`: the checkpoint, the data and the folder of the result,
    then any other by name, e.g. ``luts``.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    return explore_network(options)


@one_thread()
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
    compiler()  # its C++ is compared after the search: say before it if that cannot be
    with RunFolder(options) as run:
        progress.plan(PREPARING | finishing(options))
        prepared = prepare(options, progress)
        prepared.inputs.save(run.path / INPUTS_NAME)
        with original_beside(prepared, options, run.path / _NETWORK) as job:
            points = _points(prepared, options, run, progress)
            with progress.stage("original network"):
                original = job.result()
        frontier = _with_network(_frontier(prepared, options, points), prepared, original)
        with progress.stage("report"):
            _set_beside(frontier, run.path)
            _write(frontier, run.path)
        return Exploration(frontier, run.path)


def _points(
    prepared: Prepared, options: ExploreOptions, run: RunFolder, progress: Progress
) -> list[FrontierPoint]:
    """Return a point of every design that is found; what is finished is written at once.

    Raises:
        InputError: there is none.
    """
    designs = Designs(prepared, options, options.luts, run, progress)
    circuits = {stage: s for name in designs.names for stage, s in building(name, options).items()}
    progress.plan(designs.plan() | circuits)
    simple = simple_scores(prepared.problem, run, progress)
    points: list[FrontierPoint] = []
    for design in designs.found():
        try:
            points.append(_point(prepared, design, options, run.path, progress, simple))
        except DegenerateDesignError as error:
            progress.note(f"{design.proposal.name} is left out: {error}")
            continue
        _write(_frontier(prepared, options, points), run.path)
    withdraw(progress, circuits)
    if not points:
        raise InputError("no design was made: give fewer bits to the inputs, or more --luts")
    return points


def _point(
    prepared: Prepared,
    design: Design,
    options: ExploreOptions,
    folder: Path,
    progress: Progress,
    simple: SimpleModels,
) -> FrontierPoint:
    """Return a design's point; its circuit is built unless its folder has a report already."""
    proposal = design.proposal
    place = Directory.at(folder).folder(proposal.name).path
    if (place / JSON_NAME).is_file():
        report = load_report(place)
    else:
        describe = partial(
            network_report,
            prepared,
            options=options,
            progress=progress,
            considered=(design,),
            simple=simple,
        )
        report = implement(
            design,
            Inputs.of(prepared),
            options,
            place,
            describe=describe,
            progress=progress,
            title=proposal.name,
        ).report
    row = next((r for r in report.hardware if r.subject is Subject.DESIGN), None)
    problem = prepared.problem
    on_validation, on_test = (design.predict(s.inputs) for s in (problem.validation, problem.test))
    return FrontierPoint(
        name=proposal.name,
        label=proposal.label,
        validation=problem.score(on_validation, problem.validation),
        test=problem.score(on_test, problem.test),
        fidelity=problem.fidelity(on_test, problem.test),
        validation_fidelity=problem.fidelity(on_validation, problem.validation),
        nodes=readable_nodes(problem, design),
        hardware=row,
        notes=design.notes,
    )


def _frontier(prepared: Prepared, options: ExploreOptions, points: Sequence[FrontierPoint]) -> DesignFrontier:
    problem = prepared.problem
    return DesignFrontier(
        title=options.checkpoint.stem,
        score=problem.score_name,
        teacher_validation=problem.teacher_score(problem.validation),
        teacher_test=problem.teacher_score(problem.test),
        part=options.target.part,
        clock_ns=options.target.clock_ns,
        points=tuple(points),
    )


def _with_network(frontier: DesignFrontier, prepared: Prepared, result: OriginalResult) -> DesignFrontier:
    original, circuit, _ = result
    if original is None or circuit is None:
        return frontier
    problem, found = prepared.problem, circuit.hardware
    on_validation, on_test = (original.network.predict(s.inputs) for s in (problem.validation, problem.test))
    score = problem.score(on_test, problem.test)
    point = FrontierPoint(
        name=_NETWORK,
        label=original.label,
        subject="network",
        validation=problem.score(on_validation, problem.validation),
        test=score,
        fidelity=problem.fidelity(on_test, problem.test),
        validation_fidelity=problem.fidelity(on_validation, problem.validation),
        hardware=None if found is None else HardwareRow.of(found, Subject.NETWORK, original.label, score),
    )
    return frontier.model_copy(update={"points": (*frontier.points, point)})


def _set_beside(frontier: DesignFrontier, folder: Path) -> None:
    """Set the other designs and the original network beside each design in its report."""
    network = [] if frontier.network is None else [frontier.network.hardware]
    beside = [row for row in network if row is not None]
    for point in frontier.designs:
        report = load_report(folder / point.name)
        rows = (*(r for r in report.hardware if r.subject is not Subject.NETWORK), *beside)
        designs = design_points(frontier, folder, point.name)
        changed = {"hardware": rows, "designs": designs, "comparisons": compare(rows)}
        write_report(report.model_copy(update=changed), folder / point.name)


def _write(frontier: DesignFrontier, folder: Path) -> None:
    write_frontier(frontier, folder)
    Directory.at(folder).write(MARKDOWN_NAME, markdown(frontier))
    draw(frontier, folder)
