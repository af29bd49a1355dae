"""Formulas as a circuit that keeps what they are for: the program, and what it was checked on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.costs import tree_of
from sr2hls.errors import VerificationError
from sr2hls.problem import Problem, Split
from sr2hls.program.emit import EmitOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower import Lowering, OutputError
from sr2hls.program.passes import optimize
from sr2hls.program.precision import PrecisionOptions, fit_precision
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType
from sr2hls.search.expressions import evaluate
from sr2hls.verify.degenerate import refuse_degenerate
from sr2hls.verify.design import Design as CheckedDesign
from sr2hls.verify.finding import Lint

FloatArray = NDArray[np.float64]

_ROWS = 12_000
"""Rows on which precision is chosen: enough that a thousandth of the accuracy is seen, and quick."""


@dataclass(frozen=True)
class Design:
    """Formulas and the program that stands for them.

    Attributes:
        formulas: output name to formula over the input names and those of `definitions`.
        program: the program.
        errors: output name to the difference of program and formula on training data.
        notes: what a user should know about the lowering.
        definitions: values that formulas share, name and formula; each may read those above it.
        value_types: types of definitions that are rounded, by name; the others are not.
    """

    formulas: Mapping[str, sp.Expr]
    program: Program
    errors: Mapping[str, OutputError]
    notes: tuple[str, ...] = ()
    definitions: tuple[tuple[str, sp.Expr], ...] = ()
    value_types: Mapping[str, FixedType] = field(default_factory=dict)

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return the circuit's outputs, shape (samples, outputs), for circuit inputs."""
        return Interpreter(self.program).predict(inputs)

    def float_outputs(self, inputs: FloatArray) -> FloatArray:
        """Return the formulas' values, rounded where types say so, shape (samples, outputs)."""
        return float_outputs(self.formulas, inputs, self.definitions, self.value_types)

    def inlined(self) -> dict[str, sp.Expr]:
        """Return the formulas over the inputs alone, as people read them; types say what is rounded."""
        known: dict[sp.Symbol, sp.Expr] = {}
        for name, expr in self.definitions:
            known[sp.Symbol(name)] = expr.xreplace(known)
        return {name: formula.xreplace(known) for name, formula in self.formulas.items()}


def float_outputs(
    formulas: Mapping[str, sp.Expr],
    inputs: FloatArray,
    definitions: Sequence[tuple[str, sp.Expr]] = (),
    value_types: Mapping[str, FixedType] | None = None,
) -> FloatArray:
    """Return the values of formulas over x0, x1, ..., shape (samples, outputs), for inputs.

    Args:
        formulas: output name to formula.
        inputs: shape (samples, inputs).
        definitions: see `Design`.
        value_types: see `Design`.
    """
    columns: dict[str, FloatArray] = {f"x{k}": inputs[:, k] for k in range(inputs.shape[1])}
    for name, expr in definitions:
        columns[name] = _value(expr, columns, len(inputs))
        if value_types and name in value_types:
            type_ = value_types[name]
            columns[name] = np.asarray(quantize_real(columns[name], type_) * type_.step, dtype=np.float64)
    return np.stack([_value(f, columns, len(inputs)) for f in formulas.values()], axis=1)


def _value(expr: sp.Expr, columns: Mapping[str, FloatArray], rows: int) -> FloatArray:
    value = np.asarray(evaluate(tree_of(expr), columns), dtype=np.float64)
    return np.asarray(np.broadcast_to(value, (rows,)))


def make_design(
    problem: Problem,
    formulas: Mapping[str, sp.Expr],
    *,
    max_loss: float = 0.004,
    options: EmitOptions | None = None,
) -> Design:
    """Compile formulas with the fewest bits that cost at most ``max_loss`` of the score.

    Args:
        problem: types, training data and score.
        formulas: output name to formula over the input names.
        max_loss: how much of the score rounding may cost on training data.
        options: how subexpressions become tables.

    Raises:
        LoweringError: a formula has no fixed-point form, or rounding costs more at any precision.
        VerificationError: a pass changed a value of the program.
    """
    rows = Split(
        problem.train.inputs[:_ROWS],
        problem.train.outputs[:_ROWS],
        None if problem.train.labels is None else problem.train.labels[:_ROWS],
    )
    lowering = Lowering(formulas, problem.types, rows.inputs, options)
    lowered, _ = fit_precision(
        lowering, lambda outputs: problem.score(outputs, rows), PrecisionOptions(max_loss=max_loss)
    )
    program = optimize(lowered.program)
    if not np.array_equal(Interpreter(program).predict(rows.inputs), lowered.outputs):
        raise VerificationError(
            "an optimisation changed what the program computes on the training data: please report it; "
            "nothing was written"
        )
    return Design(dict(formulas), program, lowered.errors, lowered.notes)


def check_design(problem: Problem, design: Design) -> tuple[Lint, ...]:
    """Refuse a degenerate design; return what else a user should know about it.

    Raises:
        DegenerateDesignError: a table or output is constant, an input drops out, a result is outside of the
            stated error.
    """
    inputs = problem.train.inputs[:_ROWS]
    # Formulas in several lines are compared line by line where they are made.
    formulas = {} if design.definitions else design.formulas
    return refuse_degenerate(CheckedDesign(design.program, formulas, inputs, design.errors))
