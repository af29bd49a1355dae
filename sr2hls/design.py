"""Formulas as a circuit that keeps what they are for: the program, and what it was checked on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from sr2hls.search.expressions import evaluate
from sr2hls.verify.decision import constant_decisions
from sr2hls.verify.degenerate import degeneracies, refuse_degenerate
from sr2hls.verify.design import Design as CheckedDesign
from sr2hls.verify.finding import Lint
from sr2hls.verify.vanished import drop_vanished_terms

FloatArray = NDArray[np.float64]

_COARSEST = (1.0, 2.0**-3, 2.0**-6)
"""Errors at which the search for a precision begins; finer ones are for designs that come out degenerate."""
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
    """

    formulas: Mapping[str, sp.Expr]
    program: Program
    errors: Mapping[str, OutputError]
    notes: tuple[str, ...] = ()
    definitions: tuple[tuple[str, sp.Expr], ...] = ()

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return the circuit's outputs, shape (samples, outputs), for circuit inputs."""
        return Interpreter(self.program).predict(inputs)

    def float_outputs(self, inputs: FloatArray) -> FloatArray:
        """Return the formulas' values in floating point, shape (samples, outputs)."""
        return float_outputs(self.formulas, inputs, self.definitions)


def float_outputs(
    formulas: Mapping[str, sp.Expr], inputs: FloatArray, definitions: Sequence[tuple[str, sp.Expr]] = ()
) -> FloatArray:
    """Return the values of formulas over x0, x1, ..., shape (samples, outputs), for inputs."""
    columns: dict[str, FloatArray] = {f"x{k}": inputs[:, k] for k in range(inputs.shape[1])}
    for name, expr in definitions:
        columns[name] = _value(expr, columns, len(inputs))
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
    names = dict(zip(problem.types, problem.feature_names, strict=True))
    names |= dict(zip(problem.output_names, problem.class_names, strict=True))
    found: list[Design] = []
    for coarsest in _COARSEST:
        precision = PrecisionOptions(max_loss=max_loss, coarsest=coarsest, trim=not found)
        lowered, _ = fit_precision(lowering, lambda outputs: problem.score(outputs, rows), precision)
        program = optimize(lowered.program)
        if not np.array_equal(Interpreter(program).predict(rows.inputs), lowered.outputs):
            raise VerificationError(
                "an optimisation changed what the program computes on the training data: please report it; "
                "nothing was written"
            )
        checked = CheckedDesign(program, formulas, rows.inputs, lowered.errors)
        honest = drop_vanished_terms(checked, names)
        notes = (*lowered.notes, *honest.notes)
        found.append(Design(honest.formulas, honest.program, honest.errors, notes))
        if not degeneracies(CheckedDesign(honest.program, honest.formulas, rows.inputs, honest.errors)):
            return found[-1]
    return found[0]  # it will be refused, with its reasons


def decision_notes(problem: Problem, design: Design) -> tuple[str, ...]:
    """Say where network or circuit give the same for every test row; these notes come first in a report."""
    test = problem.test
    circuit = design.predict(test.inputs)
    notes = constant_decisions(problem.task, problem.class_names, circuit, test.outputs)
    if problem.objective is None:
        return notes
    reached, teacher = problem.score(circuit, test), problem.teacher_score(test)
    return (
        f"{problem.objective} on test rows: {reached:.4f} by the circuit, {teacher:.4f} by the network",
        *notes,
    )


def sound_designs(problem: Problem, designs: Sequence[Design]) -> list[Design]:
    """Return the designs that are not degenerate; where all are, all of them, to be refused with reasons."""
    inputs = problem.train.inputs[:_ROWS]

    def is_sound(design: Design) -> bool:
        formulas = {} if design.definitions else design.formulas
        return not degeneracies(CheckedDesign(design.program, formulas, inputs, design.errors))

    return [design for design in designs if is_sound(design)] or list(designs)


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
