"""The report of a compilation, put together from what its stages gave."""

from collections.abc import Sequence
from dataclasses import dataclass

from sr2hls.baseline.original import Original
from sr2hls.build import Built
from sr2hls.circuit import Circuit
from sr2hls.design import Design
from sr2hls.errors import InputError
from sr2hls.explore.frontier import load_frontier
from sr2hls.explore.points import design_points
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.program.predict import program_model
from sr2hls.progress import Progress
from sr2hls.report import model
from sr2hls.report.build import build_report, feature_records, formula_record, run_record
from sr2hls.report.estimates import hls_row
from sr2hls.report.hardware import FigureKey, HardwareFigure, HardwareRow, Subject
from sr2hls.report.latex import formula_latex
from sr2hls.report.metrics import measure
from sr2hls.report.model import Report
from sr2hls.search.names import with_names
from sr2hls.store.files import sha256_of
from sr2hls.teacher.task import Task


@dataclass(frozen=True)
class Stages:
    """What the stages of a compilation gave.

    Attributes:
        prepared: teacher, data, problem.
        built: what the search found, and the circuit of the design that was chosen.
        original: the network in fixed point, ``None`` where it was not asked for or cannot be had.
        original_circuit: its projects and figures.
        notes: what a reader has to know.
    """

    prepared: Prepared
    built: Built
    original: Original | None
    original_circuit: Circuit | None
    notes: tuple[str, ...]


def make_report(stages: Stages, options: CompileOptions, progress: Progress) -> Report:
    """Return the report of a compilation."""
    problem = stages.prepared.problem
    names = dict(zip(problem.types, problem.feature_names, strict=True))
    rows = _hardware(stages, options)
    return build_report(
        title=options.checkpoint.stem,
        run=run_record(options, progress.times, seed=options.seed, command=options.command),
        task=model.Task(
            kind="classification" if problem.task.is_classification else "regression",
            outputs=problem.class_names,
            decision=_decision(problem),
        ),
        teacher=_teacher(stages.prepared, options),
        data=_data(stages, options),
        formulas=[
            *(formula_record(name, expr, names) for name, expr in stages.built.chosen.definitions),
            *(
                formula_record(problem.class_names[k], expr, names)
                for k, expr in enumerate(stages.built.chosen.formulas.values())
            ),
        ],
        fronts=_fronts(stages, names),
        designs=[
            *_designs(stages, rows),
            *_explored(options, stages.built.found.proposals[0].name),
        ],
        fidelity=[
            measure(
                name,
                _meaning(problem),
                problem.class_names,
                teacher=split.outputs,
                formulas=stages.built.chosen.float_outputs(split.inputs),
                design=stages.built.chosen.predict(split.inputs),
                labels=split.labels,
            )
            for name, split in problem.splits.items()
        ],
        program=stages.built.chosen.program,
        agreements=[
            model.Agreement(
                executor=a.executor,
                vectors=a.vectors,
                values=a.values,
                differences=0,
                source=a.source or "test split",
                proof=a.proof,
            )
            for a in stages.built.circuit.agreements
        ],
        checks=_checks(stages),
        hardware=rows,
        notes=stages.notes,
    )


def _meaning(problem: Problem) -> Task:
    return Task.LOGITS if problem.task.is_classification else Task.REGRESSION


def _decision(problem: Problem) -> str | None:
    if not problem.task.is_classification:
        return None
    return "argmax" if problem.n_outputs > 1 else "output > 0"


def _teacher(prepared: Prepared, options: CompileOptions) -> model.Teacher:
    try:
        layers = prepared.teacher.layers()
    except InputError:
        layers = ()
    return model.Teacher(
        kind=options.checkpoint.suffix.removeprefix("."),
        file=options.checkpoint.name,
        sha256=sha256_of(options.checkpoint),
        layers=tuple(type(layer).__name__ for layer in layers),
        n_parameters=prepared.teacher.n_parameters,
    )


def _data(stages: Stages, options: CompileOptions) -> model.Data:
    prepared = stages.prepared
    scaler = prepared.inputs.scaler
    splits, X = prepared.problem.splits, prepared.dataset.train.X
    features = feature_records(tuple(prepared.problem.types), X, stages.built.chosen.program)
    return model.Data(
        file=options.data.name,
        sha256=sha256_of(options.data),
        splits=tuple(model.Split(name=n, rows=len(s)) for n, s in splits.items()),
        features=tuple(
            f.model_copy(update={"name": shown})
            for f, shown in zip(features, prepared.problem.feature_names, strict=True)
        ),
        scaler=model.Scaler(
            kind=str(scaler.kind),
            source="fitted on the training split" if options.scaler == "auto" else options.scaler,
            shift=tuple(float(v) for v in scaler.offset),
            scale=tuple(float(1 / v) for v in scaler.scale),
        ),
    )


def _fronts(stages: Stages, names: dict[str, str]) -> list[model.Front]:
    problem, frontier = stages.prepared.problem, stages.built.found.frontier
    fronts = []
    for k, front in enumerate(frontier.fronts):
        candidates = tuple(
            model.Candidate(
                formula=str(c.display(problem.feature_names)),
                latex=formula_latex(c.expr, names),
                loss=c.loss,
                cost=c.cost,
                complexity=c.complexity,
                engine=c.engine,
            )
            for c in front.candidates
            if c.cost is not None
        )
        unit = f"{frontier.cost_model.get('unit', '')} ({frontier.cost_model.get('origin', 'estimated')})"
        fronts.append(
            model.Front(
                output=problem.class_names[k],
                loss="mean squared error to the network's output",
                cost=unit,
                candidates=candidates,
            )
        )
    return fronts


def _designs(stages: Stages, rows: Sequence[HardwareRow]) -> list[model.DesignPoint]:
    problem = stages.prepared.problem
    test = problem.test
    points = []
    for proposal, design in zip(stages.built.found.proposals, stages.built.designs, strict=True):
        outputs = design.predict(test.inputs)
        chosen = design is stages.built.chosen
        row = next((r for r in rows if chosen and r.subject is Subject.DESIGN), None)
        points.append(
            model.DesignPoint(
                name=proposal.name,
                score=problem.score(outputs, test),
                fidelity=problem.fidelity(outputs, test),
                split="test",
                lut=row.figures.get(FigureKey.LUT) if row else _estimated_size(design),
                latency_ns=row.figures.get(FigureKey.LATENCY_NS) if row else None,
                formulas={
                    name: str(with_names(f, problem.feature_names))
                    for name, f in (
                        *zip(problem.class_names, design.formulas.values(), strict=True),
                        *design.definitions,
                    )
                },
                chosen=chosen,
            )
        )
    for row in rows:
        if row.subject is Subject.NETWORK and stages.original is not None:
            outputs = stages.original.network.predict(test.inputs)
            points.append(
                model.DesignPoint(
                    name=row.label,
                    score=problem.score(outputs, test),
                    fidelity=problem.fidelity(outputs, test),
                    split="test",
                    lut=row.figures.get(FigureKey.LUT),
                    latency_ns=row.figures.get(FigureKey.LATENCY_NS),
                    subject="network",
                )
            )
    return points


def _explored(options: CompileOptions, name: str) -> list[model.DesignPoint]:
    """Return the other designs of the exploration that the one called ``name`` was taken from."""
    if options.explored is None:
        return []
    frontier = load_frontier(options.explored)
    points = design_points(frontier, options.explored, "")
    return [p for p in points if p.subject == "design" and p.name != name]


def _estimated_size(design: Design) -> HardwareFigure:
    luts, _ = program_model().predict(design.program)
    return HardwareFigure.of(luts)


def _hardware(stages: Stages, options: CompileOptions) -> list[HardwareRow]:
    problem, rows = stages.prepared.problem, []
    test = problem.test
    if stages.built.circuit.hardware is not None:
        score = problem.score(stages.built.chosen.predict(test.inputs), test)
        rows.append(HardwareRow.of(stages.built.circuit.hardware, Subject.DESIGN, "formulas", score))
    circuit, original = stages.original_circuit, stages.original
    if circuit is not None and original is not None and circuit.hardware is not None:
        score = problem.score(original.network.predict(test.inputs), test)
        rows.append(HardwareRow.of(circuit.hardware, Subject.NETWORK, original.label, score))
    hls = None if options.synthesis.takes_hls else hls_row(stages.built.circuit.hls, options.target)
    return rows if hls is None else [*rows, hls]


def _checks(stages: Stages) -> list[model.Check]:
    checks = [
        model.Check(
            name=f"error of {name}",
            passed=True,
            detail=f"rms {e.rms:.4g}, largest {e.largest:.4g} from its formula on training data",
        )
        for name, e in stages.built.chosen.errors.items()
    ]
    checks += [
        model.Check(name=lint.rule, passed=False, detail=f"{lint.message}: {lint.remedy}")
        for lint in stages.built.lints
    ]
    if stages.original_circuit is not None:
        for a in stages.original_circuit.agreements:
            checks.append(
                model.Check(
                    name=f"network: {a.executor}",
                    passed=True,
                    detail=f"{a.values} values of {a.vectors} test rows equal to the interpreter's",
                )
            )
    return checks
