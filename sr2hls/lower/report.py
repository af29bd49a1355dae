"""The report of lowered formulas."""

import numpy as np
from numpy.typing import NDArray

from sr2hls.circuit import Circuit
from sr2hls.data import InputFormat
from sr2hls.design import Design, float_outputs
from sr2hls.lower.rows import Rows
from sr2hls.lower.source import Source
from sr2hls.options import LowerOptions
from sr2hls.progress import Progress
from sr2hls.report import model
from sr2hls.report.build import build_report, feature_records, formula_record, run_record
from sr2hls.report.estimates import hls_row
from sr2hls.report.fidelity import SplitFidelity
from sr2hls.report.hardware import HardwareRow, Subject
from sr2hls.report.metrics import measure
from sr2hls.report.model import Report
from sr2hls.search import Candidate, Frontier
from sr2hls.teacher import Task

FloatArray = NDArray[np.float64]


def make_report(
    options: LowerOptions,
    progress: Progress,
    source: Source,
    rows: Rows,
    inputs: InputFormat,
    design: Design,
    circuit: Circuit,
) -> Report:
    """Return the report."""
    frontier, names = source.frontier, source.names
    outputs = rows.classes or tuple(f.output for f in frontier.fronts)
    shown = dict(zip(inputs.names.identifiers, names, strict=True))
    task = Task.LOGITS if rows.classes else Task.REGRESSION
    fidelity = [_fidelity(n, task, outputs, inputs, design, *split) for n, split in rows.splits.items()]
    found = circuit.hardware
    hardware = [] if found is None else [HardwareRow.of(found, Subject.DESIGN, "formulas")]
    hls = None if options.synthesis.takes_hls else hls_row(circuit.hls, options.target)
    hardware += [] if hls is None else [hls]
    features = feature_records(inputs.names.identifiers, rows.splits["train"][0], design.program)
    return build_report(
        title=_title(options),
        run=run_record(options, progress.times, seed=options.seed, command=options.command),
        task=model.Task(
            kind="classification" if rows.classes else "regression",
            outputs=outputs,
            decision="argmax" if rows.classes else None,
        ),
        teacher=None,
        data=model.Data(
            file=rows.file,
            sha256=rows.sha256,
            splits=tuple(model.Split(name=n, rows=len(X)) for n, (X, _) in rows.splits.items()),
            features=tuple(f.model_copy(update={"name": n}) for f, n in zip(features, names, strict=True)),
        ),
        formulas=[
            formula_record(n, e, shown, complexity=c.complexity, loss=_finite(c.loss))
            for n, e, c in zip(outputs, source.formulas.values(), source.chosen, strict=True)
        ],
        fronts=_fronts(frontier, source.chosen, outputs),
        fidelity=fidelity,
        program=design.program,
        agreements=[
            model.Agreement(
                executor=a.executor,
                vectors=a.vectors,
                values=a.values,
                differences=0,
                source=a.source or "test rows",
                proof=a.proof,
            )
            for a in circuit.agreements
        ],
        hardware=hardware,
        notes=(*rows.warnings, *frontier.notes, *design.notes),
    )


def _fidelity(
    name: str,
    task: Task,
    outputs: tuple[str, ...],
    inputs: InputFormat,
    design: Design,
    X: FloatArray,
    labels: NDArray[np.generic] | None,
) -> SplitFidelity:
    # The formulas see the inputs as they are: rounding these is part of the circuit's error.
    return measure(
        name,
        task,
        outputs,
        formulas=float_outputs(design.formulas, X),
        design=design.predict(inputs.values(X)),
        labels=labels,
    )


def _fronts(frontier: Frontier, chosen: tuple[Candidate, ...], outputs: tuple[str, ...]) -> list[model.Front]:
    fronts = []
    for front, one, output in zip(frontier.fronts, chosen, outputs, strict=True):
        known = [c for c in front.candidates if c.cost is not None and _finite(c.loss) is not None]
        if len(known) < 2:
            continue
        candidates = tuple(
            model.Candidate(
                formula=str(c.display(frontier.input_names)),
                loss=c.loss,
                cost=float(c.cost or 0.0),
                complexity=c.complexity,
                engine=c.engine,
                chosen=c is one,
            )
            for c in known
        )
        unit = f"{frontier.cost_model.get('unit', '')} ({frontier.cost_model.get('origin', 'estimated')})"
        fronts.append(model.Front(output=output, loss="as the file has it", cost=unit, candidates=candidates))
    return fronts


def _finite(loss: float) -> float | None:
    return float(loss) if np.isfinite(loss) else None


def _title(options: LowerOptions) -> str:
    path = options.source_path
    return options.source[:80] if path is None else path.resolve().name
