"""Formulas, and the program that stands for them."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.costs import tree_of
from sr2hls.errors import DegenerateDesignError, VerificationError
from sr2hls.problem import Problem
from sr2hls.program.emit import EmitOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowered, Lowering, OutputError
from sr2hls.program.passes import optimize
from sr2hls.program.precision import PrecisionOptions, fit_precision
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType
from sr2hls.search.expressions import evaluate
from sr2hls.search.front import Frontier
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.decision import constant_decisions
from sr2hls.verify.degenerate import degeneracies, refuse_degenerate
from sr2hls.verify.finding import Lint
from sr2hls.verify.vanished import drop_vanished_terms

_COARSEST = (1.0, 2.0**-3, 2.0**-6)
"""Errors at which the search for a precision begins; finer ones are for designs that come out degenerate."""
ROWS = 12_000
"""Rows on which precision is chosen and designs are checked: a thousandth of the accuracy shows on them."""


def feature_name(position: int) -> str:
    """Return what definitions call a feature in a decimal unit, ``u = x + zero``, by the input's position."""
    return f"feature{position}"


@dataclass(frozen=True)
class Proposal:
    """Formulas for all outputs, in floating point.

    Attributes:
        name: of its files; lower case, with hyphens.
        label: what it is, for people.
        formulas: output name to formula over the input names and those of `definitions`.
        definitions: values that formulas share, name and formula; each may read those above it.
        frontier: fronts that the formulas were chosen from, where there are any.
    """

    name: str
    label: str
    formulas: Mapping[str, sp.Expr]
    definitions: tuple[tuple[str, sp.Expr], ...] = ()
    frontier: Frontier | None = None

    @property
    def title(self) -> str:
        """How reports call it: by its name and by what it is."""
        return f"{self.name}: {self.label}"

    def inlined(self, but: Container[str] = ()) -> dict[str, sp.Expr]:
        """Return the formulas over the inputs alone, as people read them.

        Args:
            but: names of definitions that stay.
        """
        known: dict[sp.Symbol, sp.Expr] = {}
        for name, expr in self.definitions:
            if name not in but:
                known[sp.Symbol(name)] = expr.xreplace(known)
        return {name: formula.xreplace(known) for name, formula in self.formulas.items()}


@dataclass(frozen=True)
class Design:
    """A proposal in fixed point.

    Attributes:
        proposal: the formulas.
        program: what the circuit computes.
        errors: output name to the difference of program and formula on training data.
        notes: what a user should know about the lowering.
        value_types: types of definitions and outputs that are rounded, by name; the others are not.
        before: the program before its passes, which give the same bits; None where none ran.
    """

    proposal: Proposal
    program: Program
    errors: Mapping[str, OutputError]
    notes: tuple[str, ...] = ()
    value_types: Mapping[str, FixedType] = field(default_factory=dict)
    before: Program | None = None

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return the circuit's outputs, shape (samples, outputs), for circuit inputs (samples, inputs)."""
        return Interpreter(self.program).predict(inputs)

    def float_outputs(self, inputs: FloatArray) -> FloatArray:
        """Return the formulas' values, rounded where types say so, shape (samples, outputs)."""
        return float_outputs(self.proposal.formulas, inputs, self.proposal.definitions, self.value_types)


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
        definitions: see `Proposal`.
        value_types: see `Design`.
    """
    columns: dict[str, FloatArray] = {f"x{k}": inputs[:, k] for k in range(inputs.shape[1])}
    types = value_types or {}
    for name, expr in definitions:
        columns[name] = _rounded(_value(expr, columns, len(inputs)), types.get(name))
    outputs = [_rounded(_value(f, columns, len(inputs)), types.get(name)) for name, f in formulas.items()]
    return np.stack(outputs, axis=1)


def _rounded(values: FloatArray, type_: FixedType | None) -> FloatArray:
    if type_ is None:
        return values
    return np.asarray(quantize_real(values, type_) * type_.step, dtype=np.float64)


def _value(expr: sp.Expr, columns: Mapping[str, FloatArray], rows: int) -> FloatArray:
    value = np.asarray(evaluate(tree_of(expr), columns), dtype=np.float64)
    return np.asarray(np.broadcast_to(value, (rows,)))


def make_design(
    problem: Problem,
    proposal: Proposal,
    *,
    max_loss: float = 0.004,
    options: EmitOptions | None = None,
) -> Design:
    """Compile formulas with the fewest bits that cost at most ``max_loss`` of the score.

    Args:
        problem: types, training data and score.
        proposal: formulas over the input names.
        max_loss: how much of the score rounding may cost on training data.
        options: how subexpressions become tables.

    Raises:
        LoweringError: a formula has no fixed-point form, or rounding costs more at any precision.
        VerificationError: a pass changed a value of the program.
    """
    rows = problem.train.first(ROWS)
    lowering = Lowering(proposal.formulas, problem.types, rows.inputs, options)
    names = dict(zip(problem.types, problem.feature_names, strict=True))
    names |= dict(zip(problem.output_names, problem.class_names, strict=True))
    found: list[Design] = []
    for coarsest in _COARSEST:
        precision = PrecisionOptions(max_loss=max_loss, coarsest=coarsest, trim=not found)
        lowered, _ = fit_precision(lowering, lambda outputs: problem.score(outputs, rows), precision)
        made = optimised(proposal, lowered, rows.inputs)
        honest = drop_vanished_terms(_checked(made, rows.inputs), names)
        notes = (*made.notes, *honest.notes)
        formulas = replace(proposal, formulas=honest.formulas)
        found.append(Design(formulas, honest.program, honest.errors, notes, before=made.before))
        if not degeneracies(_checked(found[-1], rows.inputs)):
            return found[-1]
    return found[0]  # it will be refused, with its reasons


def decision_notes(problem: Problem, design: Design) -> tuple[str, ...]:
    """Say where network or circuit give the same for every test row; these come first in a report."""
    test = problem.test
    return constant_decisions(problem.task, problem.class_names, design.predict(test.inputs), test.outputs)


def optimised(proposal: Proposal, lowered: Lowered, inputs: FloatArray) -> Design:
    """Return the design of a lowered proposal; passes may change no value for inputs (samples, inputs).

    Raises:
        VerificationError: one did.
    """
    program = optimize(lowered.program)
    if not np.array_equal(Interpreter(program).predict(inputs), lowered.outputs):
        raise VerificationError(
            "an optimisation changed what the program computes on the training data: please report it; "
            "nothing was written"
        )
    return Design(proposal, program, lowered.errors, lowered.notes, before=lowered.program)


def check_design(
    design: Design, inputs: FloatArray, *, written: Mapping[str, str] | None = None
) -> tuple[Lint, ...]:
    """Refuse a degenerate design; return what else a user should know about it.

    Args:
        design: what is checked.
        inputs: circuit inputs that its errors were measured on, shape (samples, inputs).
        written: program's input to the user's name, where someone wrote the formulas: then no input of theirs
            may drop out, even if it matters less than the stated error.

    Raises:
        DegenerateDesignError: a table or output is constant, an input drops out, a result is outside of the
            stated error.
    """
    lints = refuse_degenerate(_checked(design, inputs))
    program = design.program
    for k, name in enumerate(program.input_names):
        read = program.users[k] or k in program.outputs
        if written is not None and not read and any(lint.value == name for lint in lints):
            raise DegenerateDesignError(
                f"degenerate design: what the input '{written[name]}' adds is less than the error that is "
                "allowed, and the circuit does not read it: allow a smaller error, give the input more bits, "
                "or take it out of the formulas"
            )
    return lints


def _checked(design: Design, inputs: FloatArray) -> CheckedDesign:
    formulas = design.proposal.formulas
    if design.proposal.definitions:
        # Formulas in several lines are compared line by line where they are made. A score that is meant to be
        # a constant, to which the others are compared, is no fault.
        formulas = {name: formula for name, formula in formulas.items() if not formula.free_symbols}
    return CheckedDesign(design.program, formulas, inputs, design.errors)
