"""Parts of a report, made of what the stages gave."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import attrs
import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from sr2hls.program.program import Program
from sr2hls.report.fixed_point import FixedPoint
from sr2hls.report.graph import program_record
from sr2hls.report.latex import formula_latex
from sr2hls.report.model import (
    Data,
    Feature,
    FormulaRecord,
    Plain,
    ProgramRecord,
    RunRecord,
    StageTime,
    TaskRecord,
)
from sr2hls.report.versions import versions


def named_program(program: Program, data: Data, task: TaskRecord) -> ProgramRecord:
    """Return the record of a program with the user's names, where there is one for each input and output."""
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
) -> FormulaRecord:
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
    return FormulaRecord(
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
) -> RunRecord:
    """Return the record of a run that ends now.

    Args:
        options: options of the run.
        times: stage to its seconds.
        seed: seed of the run.
        command: the command line.
        tools: versions of tools that are not Python packages.
    """
    return RunRecord(
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
