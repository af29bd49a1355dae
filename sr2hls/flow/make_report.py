"""The report of a result, put together from what the stages gave; for networks and for given formulas."""

from collections.abc import Mapping, Sequence

import numpy as np

from sr2hls.baseline.beside import OriginalResult
from sr2hls.circuit import Circuit
from sr2hls.data import InputFormat
from sr2hls.design import Design, decision_notes, float_outputs
from sr2hls.errors import InputError
from sr2hls.flow.judgement import judge
from sr2hls.flow.rank_designs import preference_note
from sr2hls.flow.record_checks import verification
from sr2hls.flow.record_points import considered_points, network_points
from sr2hls.flow.record_reading import formula_records, reading_of
from sr2hls.flow.rows import Rows
from sr2hls.options import CircuitOptions, CompileOptions, LowerOptions
from sr2hls.prepare import Prepared
from sr2hls.program.ends import DECISION, Ends
from sr2hls.program.types import Overflow, Rounding
from sr2hls.progress import Progress
from sr2hls.report import model
from sr2hls.report.build import feature_records, formula_record, named_program, run_record
from sr2hls.report.estimates import hls_row
from sr2hls.report.hardware import HardwareRow, Subject, compare
from sr2hls.report.judgement import SimpleModels
from sr2hls.report.latex import formula_latex
from sr2hls.report.metrics import measure
from sr2hls.report.model import DesignPoint, Report
from sr2hls.search import Candidate, Frontier
from sr2hls.search.formula_source import FormulaSource
from sr2hls.store.files import sha256_of
from sr2hls.teacher.task import Task
from sr2hls.verify.decision import constant_decisions

NO_ORIGINAL: OriginalResult = (None, None, ())


def network_report(
    prepared: Prepared,
    design: Design,
    circuit: Circuit,
    options: CompileOptions,
    progress: Progress,
    considered: Sequence[Design],
    points: Sequence[DesignPoint] = (),
    original: OriginalResult = NO_ORIGINAL,
    *,
    simple: SimpleModels,
) -> Report:
    """Return the report of a design that was distilled from a network.

    Args:
        prepared: teacher, data and problem.
        design: the one that became a circuit.
        circuit: its projects and figures.
        options: of the run.
        progress: has the wall times.
        considered: designs that it was chosen among, itself one of them.
        points: designs of an exploration to set beside it.
        original: the network in fixed point, its circuit and notes on it.
        simple: what simple models reach on the test rows.
    """
    problem = prepared.problem
    names = dict(zip(problem.types, problem.feature_names, strict=True))
    classifies = problem.task.is_classification
    ends = Ends(prepared.inputs.maps, options.with_argmax, classifies)
    frontiers = [d.proposal.frontier for d in considered if d.proposal.frontier is not None]
    rows = _network_rows(prepared, design, circuit, options, original)
    data = _network_data(prepared, circuit, options)
    task = model.TaskRecord(
        kind="classification" if classifies else "regression",
        outputs=problem.class_names,
        decision=None if not classifies else "argmax" if problem.n_outputs > 1 else "output > 0",
    )
    return Report(
        title=options.checkpoint.stem,
        run=run_record(options, progress.times, seed=options.seed, command=options.command),
        task=task,
        teacher=_teacher(prepared, options),
        data=data,
        formulas=tuple(formula_records(prepared, design)),
        reading=reading_of(prepared, design),
        fronts=()
        if not frontiers
        else _fronts(
            frontiers[0],
            problem.feature_names,
            problem.class_names,
            "mean squared error to the network's output",
            latex=names,
        ),
        designs=(
            *considered_points(prepared, design, considered, rows, ends),
            *points,
            *network_points(problem, original, rows),
        ),
        fidelity=tuple(
            measure(
                name,
                Task.LOGITS if classifies else Task.REGRESSION,
                problem.class_names,
                teacher=split.outputs,
                formulas=design.float_outputs(split.inputs),
                design=design.predict(split.inputs),
                labels=split.labels,
            )
            for name, split in problem.splits.items()
        ),
        program=named_program(circuit.program, data, task),
        verification=verification(design, circuit, "test split", original[1]),
        judgement=judge(problem, design, simple),
        same=tuple(decision_notes(problem, design)),
        hardware=rows,
        comparisons=compare(rows),
        notes=(
            *preference_note(problem, design, considered),
            *ends_notes(prepared.inputs, options),
            *prepared.dataset.warnings(),
            *(note for frontier in frontiers[:1] for note in frontier.notes),
            *design.notes,
            *original[2],
        ),
    )


def formulas_report(
    options: LowerOptions,
    progress: Progress,
    source: FormulaSource,
    rows: Rows,
    inputs: InputFormat,
    design: Design,
    circuit: Circuit,
) -> Report:
    """Return the report of formulas that were given.

    Args:
        options: of the run.
        progress: has the wall times.
        source: the formulas, and those they were chosen among.
        rows: what their inputs look like.
        inputs: how these become the circuit's inputs.
        design: the formulas in fixed point.
        circuit: its projects and figures.
    """
    outputs = rows.classes or tuple(f.output for f in source.frontier.fronts)
    shown = dict(zip(inputs.names.identifiers, source.names, strict=True))
    features = feature_records(inputs.names.identifiers, rows.splits["train"][0], circuit.program)
    path = options.source_path
    hardware = _rows(circuit, options, None)
    data = model.Data(
        file=rows.file,
        sha256=rows.sha256,
        splits=tuple(model.SplitRecord(name=n, rows=len(X)) for n, (X, _) in rows.splits.items()),
        features=_named(features, source.names),
    )
    task = model.TaskRecord(
        kind="classification" if rows.classes else "regression",
        outputs=outputs,
        decision="argmax" if rows.classes else None,
    )
    return Report(
        title=options.source[:80] if path is None else path.resolve().name,
        run=run_record(options, progress.times, seed=options.seed, command=options.command),
        task=task,
        teacher=None,
        data=data,
        formulas=tuple(
            formula_record(n, e, shown, complexity=c.complexity, loss=_finite(c.loss))
            for n, e, c in zip(outputs, design.proposal.formulas.values(), source.chosen, strict=True)
        ),
        fronts=_fronts(
            source.frontier, source.frontier.input_names, outputs, "as the file has it", source.chosen
        ),
        fidelity=tuple(
            measure(
                name,
                Task.LOGITS if rows.classes else Task.REGRESSION,
                outputs,
                # The formulas see the inputs as they are: rounding these is part of the circuit's error.
                formulas=float_outputs(design.proposal.formulas, X),
                design=design.predict(inputs.values(X)),
                labels=labels,
            )
            for name, (X, labels) in rows.splits.items()
        ),
        program=named_program(circuit.program, data, task),
        verification=verification(design, circuit, "test rows"),
        hardware=hardware,
        comparisons=compare(hardware),
        same=constant_decisions(
            Task.LOGITS if rows.classes else Task.REGRESSION,
            outputs,
            design.predict(inputs.values(rows.splits["test"][0])),
        ),
        notes=(*ends_notes(inputs, options), *rows.warnings, *source.frontier.notes, *design.notes),
    )


def ends_notes(inputs: InputFormat, options: CircuitOptions) -> tuple[str, ...]:
    """Say what is built around the formulas, where anything is."""
    found = []
    if options.with_scaler:
        kinds = ", ".join(dict.fromkeys(str(t.with_modes(Rounding.TRN, Overflow.WRAP)) for t in inputs.types))
        found.append(
            f"features arrive in the fixed-point types of their table, rounded and saturated upstream; each "
            f"becomes (feature - offset) / scale in {kinds}, rounded to nearest and saturated, as rational "
            "arithmetic gives it for every value of its type"
        )
    if options.with_argmax:
        found.append(f"the output '{DECISION}' is the class: the largest output, of equals the first")
    return tuple(found)


def _teacher(prepared: Prepared, options: CompileOptions) -> model.TeacherRecord:
    try:
        layers = prepared.teacher.layers()
    except InputError:
        layers = ()
    return model.TeacherRecord(
        kind=options.checkpoint.suffix.removeprefix("."),
        file=options.checkpoint.name,
        sha256=sha256_of(options.checkpoint),
        layers=tuple(type(layer).__name__ for layer in layers),
        n_parameters=prepared.teacher.n_parameters,
    )


def _network_data(prepared: Prepared, circuit: Circuit, options: CompileOptions) -> model.Data:
    problem, scaler = prepared.problem, prepared.inputs.scaler
    features = feature_records(tuple(problem.types), prepared.dataset.train.X, circuit.program)
    return model.Data(
        file=options.data.name,
        sha256=sha256_of(options.data),
        splits=tuple(model.SplitRecord(name=n, rows=len(s)) for n, s in problem.splits.items()),
        features=_named(features, problem.feature_names),
        scaler=model.Scaler(
            kind=str(scaler.kind),
            source="fitted on the training split" if options.scaler == "auto" else options.scaler,
            shift=tuple(float(v) for v in scaler.offset),
            scale=tuple(float(1 / v) for v in scaler.scale),
        ),
    )


def _named(features: Sequence[model.Feature], names: Sequence[str]) -> tuple[model.Feature, ...]:
    return tuple(f.model_copy(update={"name": n}) for f, n in zip(features, names, strict=True))


def _fronts(
    frontier: Frontier,
    inputs: Sequence[str],
    outputs: Sequence[str],
    loss: str,
    chosen: Sequence[Candidate] = (),
    latex: Mapping[str, str] | None = None,
) -> tuple[model.FrontRecord, ...]:
    """Return the fronts of all outputs; one of a single formula is none."""
    unit = f"{frontier.cost_model.get('unit', '')} ({frontier.cost_model.get('origin', 'estimated')})"
    fronts = []
    for front, output in zip(frontier.fronts, outputs, strict=True):
        candidates = tuple(
            model.CandidateRecord(
                formula=str(c.display(inputs)),
                latex=None if latex is None else formula_latex(c.expr, latex),
                loss=c.loss,
                cost=float(c.cost),
                complexity=c.complexity,
                engine=c.engine,
                chosen=any(c is one for one in chosen),
            )
            for c in front.candidates
            if c.cost is not None and _finite(c.loss) is not None
        )
        if len(candidates) > 1:
            fronts.append(
                model.FrontRecord(
                    output=output, loss=loss, cost=unit, candidates=candidates, told=_told(frontier)
                )
            )
    return tuple(fronts)


def _told(frontier: Frontier) -> tuple[model.ToldCosts, ...]:
    names = model.ToldCosts.model_fields.keys()
    return tuple(
        model.ToldCosts.model_validate(
            {k: v for k, v in told.items() if k in names} | {"engine": engine, "adds_up": not told["mapping"]}
        )
        for engine, told in frontier.told.items()
    )


def _finite(loss: float) -> float | None:
    return float(loss) if np.isfinite(loss) else None


def _network_rows(
    prepared: Prepared, design: Design, circuit: Circuit, options: CompileOptions, original: OriginalResult
) -> tuple[HardwareRow, ...]:
    problem, (network, its_circuit, _) = prepared.problem, original
    score = problem.score(design.predict(problem.test.inputs), problem.test)
    rows = _rows(circuit, options, score)
    if network is not None and its_circuit is not None and its_circuit.hardware is not None:
        score = problem.score(network.network.predict(problem.test.inputs), problem.test)
        row = HardwareRow.of(its_circuit.hardware, Subject.NETWORK, network.label, score)
        place = 0 if circuit.hardware is None else 1
        rows = (*rows[:place], row, *rows[place:])
    return rows


def _rows(
    circuit: Circuit, options: CompileOptions | LowerOptions, score: float | None
) -> tuple[HardwareRow, ...]:
    """Return the design's figures, and those of its HLS project by the model of its scheduler."""
    found = circuit.hardware
    rows = (
        None if found is None else HardwareRow.of(found, Subject.DESIGN, "formulas", score),
        None if options.synthesis.takes_hls else hls_row(circuit.hls, options.target),
    )
    return tuple(row for row in rows if row is not None)
