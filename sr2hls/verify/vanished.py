"""Terms that rounding has left out of a circuit are taken out of its formulas, too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.program import ops
from sr2hls.program.interpreter import dequantize_outputs
from sr2hls.program.lower_formulas import OutputError
from sr2hls.program.program import Program
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.rules.inputs import find_dropped_inputs


@dataclass(frozen=True)
class Honest:
    """A program with formulas that say what it computes.

    Attributes:
        program: the program; what it computes is as before.
        formulas: output name to formula, without the terms that have vanished.
        errors: output name to the difference of program and formula on the design's data.
        notes: which terms were left out.
    """

    program: Program
    formulas: Mapping[str, sp.Expr]
    errors: Mapping[str, OutputError]
    notes: tuple[str, ...] = ()


def drop_vanished_terms(design: CheckedDesign, names: Mapping[str, str] | None = None) -> Honest:
    """Take out of the formulas what the program has rounded to nothing.

    Precision is chosen by what a design is for. A term can then turn out to be smaller than the last bit that
    is worth having: the program does not read its input any more. The formula that is reported must not show
    the term either. Terms of a sum become their mean on the data; elsewhere the input becomes its mean.

    Args:
        design: program, formulas, data and errors.
        names: the user's names of inputs and outputs, for the notes.

    Returns:
        The same program. Formulas and errors are as before where nothing has vanished.
    """
    formulas, notes = dict(design.formulas), []
    shown = dict(names or {})
    for found in find_dropped_inputs(design):
        k = design.program.input_names.index(found.input)
        values = design.raw[:, k] * design.program.input_types[k].step
        formulas[found.output] = _held(formulas[found.output], sp.Symbol(found.input), values)
        notes.append(
            f"'{shown.get(found.input, found.input)}' is left out of "
            f"'{shown.get(found.output, found.output)}': at the precision that was chosen its share "
            f"(without it the formula is off by {found.change:.3g} rms) rounds to nothing"
        )
    program = _without_vanished_constants(design.program, formulas)
    if not notes and program is design.program:
        return Honest(design.program, design.formulas, design.bounds)
    changed = replace(design, program=program, formulas=formulas)
    return Honest(program, formulas, _errors(changed), tuple(notes))


def _held(formula: sp.Expr, symbol: sp.Symbol, values: NDArray[np.floating]) -> sp.Expr:
    """Return a formula whose terms of one input alone are their means; the input's mean stands elsewhere."""
    mean = sp.Float(float(np.mean(values)))
    kept = []
    for term in sp.Add.make_args(sp.expand_mul(formula)):
        if term.free_symbols == {symbol}:
            column = np.broadcast_to(sp.lambdify(symbol, term, "numpy")(values), values.shape)
            kept.append(sp.Float(float(np.mean(column))))
        else:
            kept.append(term.subs(symbol, mean))
    return sp.Add(*kept)


def _without_vanished_constants(program: Program, formulas: dict[str, sp.Expr]) -> Program:
    """Say that outputs are 0 whose formulas are constants below their last bit."""
    changed = list(program.ops)
    for name, position in zip(program.output_names, program.outputs, strict=True):
        op = changed[position]
        if isinstance(op, ops.Constant) and op.raw == 0 and formulas.get(name, sp.Symbol("x")).is_number:
            formulas[name] = sp.Integer(0)
            if op.origin not in ("", "0"):
                changed[position] = replace(op, origin="0")
    return program if tuple(changed) == tuple(program.ops) else replace(program, ops=tuple(changed))


def _errors(design: CheckedDesign) -> dict[str, OutputError]:
    given = dequantize_outputs(design.program, design.outputs)
    wanted = np.stack([design.formula_values(name) for name in design.program.output_names], axis=1)
    return {
        name: OutputError(float(np.sqrt(np.mean(column**2))), float(np.abs(column).max()))
        for name, column in zip(design.program.output_names, (given - wanted).T, strict=True)
    }
