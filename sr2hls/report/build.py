"""Put a report together from what the stages gave."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import attrs
import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from sr2hls.program.program import Program
from sr2hls.report.fidelity import SplitFidelity
from sr2hls.report.graph import program_record
from sr2hls.report.hardware import HardwareRow, compare
from sr2hls.report.judgement import Judgement
from sr2hls.report.latex import formula_latex
from sr2hls.report.model import (
    Agreement,
    Check,
    Data,
    DesignPoint,
    Feature,
    Formula,
    Front,
    Plain,
    ProgramRecord,
    Report,
    Run,
    StageTime,
    Task,
    Teacher,
    Verification,
)
from sr2hls.report.reading import Reading
from sr2hls.report.record import FixedPoint
from sr2hls.report.versions import versions


def build_report(
    *,
    title: str,
    run: Run,
    task: Task,
    teacher: Teacher | None,
    data: Data,
    formulas: Sequence[Formula],
    reading: Reading | None = None,
    fronts: Sequence[Front] = (),
    designs: Sequence[DesignPoint] = (),
    fidelity: Sequence[SplitFidelity] = (),
    program: Program | None = None,
    agreements: Sequence[Agreement] = (),
    checks: Sequence[Check] = (),
    hardware: Sequence[HardwareRow] = (),
    judgement: Judgement | None = None,
    same: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Report:
    """Return the report of a result; the comparison of hardware figures is made here.

    Args:
        title: name of the result.
        run: how it was made (see `run_record`).
        task: what the network is for.
        teacher: the network, ``None`` where formulas came from elsewhere.
        data: the data (see `feature_records`).
        formulas: the chosen formula of each output (see `formula_record`).
        reading: how the formulas are to be read, and their terms.
        fronts: what the search found, an output each.
        designs: whole designs considered, with the network and any published one as points beside them.
        fidelity: what `sr2hls.report.metrics` measured, a split each.
        program: the fixed-point program.
        agreements: comparisons of executors with the integer interpreter.
        checks: checks and warnings about the design.
        hardware: figures of the design, the network and others, a run of a tool each.
        judgement: what designs are judged by, and what other models reach.
        same: sentences on a network or circuit that gives the same for every row; they come first.
        notes: what a reader has to know.
    """
    return Report(
        title=title,
        run=run,
        task=task,
        teacher=teacher,
        data=data,
        formulas=tuple(formulas),
        reading=reading,
        fronts=tuple(fronts),
        designs=tuple(designs),
        fidelity=tuple(fidelity),
        program=None if program is None else _program(program, data, task),
        verification=Verification(executors=tuple(agreements), checks=tuple(checks)),
        hardware=tuple(hardware),
        comparisons=compare(hardware),
        judgement=judgement,
        same=tuple(same),
        notes=tuple(notes),
    )


def _program(program: Program, data: Data, task: Task) -> ProgramRecord:
    """Return the program with the users' names, where there is one for each input and output."""
    inputs = [f.name for f in data.features] if len(data.features) == program.n_inputs else None
    # The class, where it is an output, comes after the scores and has no name of the user's.
    more = program.output_names[len(task.outputs) :]
    outputs = [*task.outputs, *more] if len(task.outputs) <= program.n_outputs else None
    return program_record(program, inputs, outputs)


def formula_record(
    output: str,
    expr: sp.Expr,
    names: Mapping[str, str] | None = None,
    *,
    complexity: float | None = None,
    loss: float | None = None,
) -> Formula:
    """Return the record of a formula.

    Args:
        output: name of the output.
        expr: formula.
        names: names of its symbols to the user's names.
        complexity: as the engine counts it; by default the number of nodes of the expression.
        loss: its loss in the search.
    """
    count = sum(1 for _ in sp.preorder_traversal(expr)) if complexity is None else complexity
    shown = {s: sp.Symbol((names or {}).get(s.name, s.name)) for s in expr.free_symbols}
    return Formula(
        output=output,
        sympy=str(expr.xreplace(shown)),
        latex=formula_latex(expr, names),
        complexity=float(count),
        loss=loss,
    )


def feature_records(names: Sequence[str], X: ArrayLike, program: Program | None) -> tuple[Feature, ...]:
    """Return the inputs with their ranges in the data and their hardware types.

    Args:
        names: names of the columns.
        X: rows of the training split, shape (rows, columns), before any scaler.
        program: the program; a column that is not among its inputs, or that nothing reads, gets no type.
    """
    rows = np.asarray(X, dtype=np.float64)
    types = {}
    if program is not None:
        for i, (name, type_) in enumerate(zip(program.input_names, program.input_types, strict=True)):
            if program.users[i] or i in program.outputs:
                types[name] = FixedPoint.of(type_)
    return tuple(
        Feature(name=n, type=types.get(n), low=float(rows[:, i].min()), high=float(rows[:, i].max()))
        for i, n in enumerate(names)
    )


def run_record(
    options: attrs.AttrsInstance,
    times: Mapping[str, float],
    *,
    seed: int,
    command: Sequence[str] = (),
    tools: Mapping[str, str] | None = None,
) -> Run:
    """Return the record of a run that ends now.

    Args:
        options: options of the run.
        times: stage to its seconds.
        seed: seed of the run.
        command: the command line.
        tools: versions of tools that are not Python packages.
    """
    return Run(
        command=tuple(command),
        options={k: v for k, v in plain_options(options).items() if k != "command"},
        seed=seed,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions() | dict(tools or {}),
        stages=tuple(StageTime(name=n, seconds=round(s, 3)) for n, s in times.items()),
    )


def plain_options(options: attrs.AttrsInstance) -> dict[str, Plain]:
    """Return options as plain values; paths lose their folders."""
    return {field.name: _plain(getattr(options, field.name)) for field in attrs.fields(type(options))}


def _plain(value: object) -> Plain:
    match value:
        case Enum():
            return str(value.value)
        case Path():
            return value.name
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list() if value and all(isinstance(v, tuple) and len(v) == 2 for v in value):
            return {str(k): str(v) for k, v in value}
        case tuple() | list():
            return [str(v) for v in value]
        case _:
            return str(value)
