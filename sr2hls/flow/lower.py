"""Formulas that people already have, to a verified circuit: the second half of `sr2hls.compile`'s story."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.data import InputFormat
from sr2hls.design import Design, Proposal, optimised
from sr2hls.errors import InputError
from sr2hls.flow.implement import TITLE, Inputs, Result, implement
from sr2hls.flow.make_report import formulas_report
from sr2hls.flow.plan import building
from sr2hls.flow.rows import Rows, input_format, input_rows, load_table
from sr2hls.flow.run_folder import RunFolder
from sr2hls.options import LowerOptions, called_with
from sr2hls.options.lower import DEFAULT_BITS
from sr2hls.program.ends import refuse_argmax
from sr2hls.program.lower_formulas import OutputError
from sr2hls.program.lower_measured import lower_measured
from sr2hls.progress import Progress, SilentProgress
from sr2hls.search.expressions import text_of
from sr2hls.search.formula_source import FormulaSource, read_source, refuse_constants
from sr2hls.search.grammar import CONSTANTS


@called_with(LowerOptions)
def lower(options: LowerOptions) -> Result:
    """Compile formulas from a hall of fame, a PySR run, a file or a string to a verified circuit.

    Its arguments are the fields of `LowerOptions`: the formulas and the folder of the result, then any other
    by name, e.g. ``data`` or ``ranges``.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    return lower_formulas(options)


def lower_formulas(options: LowerOptions, progress: Progress | None = None) -> Result:
    """Compile formulas from a hall of fame, a PySR run, a file or a string to a verified circuit.

    The same options and folder begin anew, whatever became of an earlier run, and give the same.

    Args:
        options: see `LowerOptions`.
        progress: told of every stage; by default nothing is shown.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    progress = progress or SilentProgress()
    progress.plan({"formulas": 1.0, "data": 2.0, "program": 5.0, **building(TITLE, options), "report": 1.0})
    with progress.stage("formulas"):
        source = read_source(options)
    if options.with_argmax:
        refuse_argmax(len(source.chosen), binary=False)
    with progress.stage("data"):
        table = load_table(options, source)
        if table is not None and (inputs_too := set(CONSTANTS) & set(table.names.display)):
            source = read_source(options, inputs_too)
        refuse_constants(source)
        rows = input_rows(options, source, table)
    return _lowered(source, rows, options, progress, is_range=table is None)


def lower_expressions(
    formulas: Mapping[str, sp.Expr],
    X: ArrayLike,
    output: str | Path,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> Result:
    """Compile formulas that are there as sympy expressions, e.g. distilled ones, to a verified circuit.

    Args:
        formulas: output name to formula over x0, x1, ..., the columns of ``X``.
        X: inputs as they will come, shape (rows, columns); columns that no formula reads are left out.
        output: folder of the result.
        progress: told of every stage.
        options: any field of `LowerOptions` but source and data, e.g. ``input_bits`` or ``error``.

    Raises:
        Sr2hlsError: something the user can mend, in one sentence.
    """
    table = np.asarray(X, dtype=np.float64)
    if table.ndim != 2 or not len(table):
        raise InputError(f"the inputs of the formulas have the shape {table.shape}: give (rows, columns)")
    text = "; ".join(f"{name} = {text_of(expr)}" for name, expr in formulas.items())
    asked = LowerOptions(source=text, output=output, **options)
    source = read_source(asked)
    refuse_constants(source)
    used = table[:, [int(name.removeprefix("x")) for name in source.names]]
    rows = Rows("rows given", None, dict.fromkeys(("train", "test"), (used, None)), None, ())
    return _lowered(source, rows, asked, progress or SilentProgress(), is_range=False)


def _lowered(
    source: FormulaSource, rows: Rows, options: LowerOptions, progress: Progress, *, is_range: bool
) -> Result:
    X = rows.splits["train"][0]
    inputs = input_format(options, source, X)
    train = inputs.values(X)
    names = dict(zip(inputs.names.identifiers, source.names, strict=True))
    with progress.stage("program"):
        types = dict(zip(inputs.names.identifiers, inputs.types, strict=True))
        lowered = lower_measured(
            source.formulas,
            types,
            X,
            train,
            error=options.error_asked,
            is_range=is_range,
            # Who gives the bits and no error has chosen what their rounding costs; a note tells it.
            whole_error=options.error is not None or options.input_bits is None,
            shown=names,
        )
        made = optimised(Proposal(TITLE, "formulas given", source.formulas), lowered, train)
        notes = (*_wider(options, inputs), *made.notes)
        design = replace(made, errors=_errors(made, train), notes=notes)
    with RunFolder(options) as run:
        inputs.save(run.path / "inputs.json")
        run.keep_design(design, anew=True)
        return implement(
            design,
            Inputs(inputs, train, rows.splits["test"][0], classifies=False),
            options,
            run.path,
            describe=partial(formulas_report, options, progress, source, rows, inputs),
            progress=progress,
            written=names,
        )


def _wider(options: LowerOptions, inputs: InputFormat) -> tuple[str, ...]:
    """Say that inputs are wider than by default, and why."""
    width = max(t.width for t in inputs.types)
    if options.input_bits is not None or options.input_types or width <= DEFAULT_BITS:
        return ()
    return (
        f"the inputs have {width} bits: rounded to fewer, they alone would take most of the error of "
        f"{options.error_asked:g}; --input-bits gives them another width",
    )


def _errors(design: Design, inputs: FloatArray) -> dict[str, OutputError]:
    """Return the errors of a design as they were measured, or those on these inputs where they are larger."""
    difference = np.abs(design.predict(inputs) - design.float_outputs(inputs))
    return {
        name: OutputError(
            max(error.rms, float(np.sqrt(np.mean(column**2)))), max(error.largest, float(column.max()))
        )
        for (name, error), column in zip(design.errors.items(), difference.T, strict=True)
    }
