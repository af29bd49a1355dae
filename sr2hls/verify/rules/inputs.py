"""Rules on inputs: those that the formulas use and the program does not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.verify.checked_design import NEGLIGIBLE, CheckedDesign, rms
from sr2hls.verify.finding import Lint, Severity


@dataclass(frozen=True, slots=True)
class DroppedInput:
    """An input that a formula uses and that does not influence its output in the program.

    Attributes:
        output: name of the output.
        input: name of the input.
        change: error of the formula without the input (rms, in the output's unit), as far as it adds up.
        explained: the error that the design states for the output is as large as that.
        trials: rows on which it had no influence; ``None`` where the program proves that it can have none.
    """

    output: str
    input: str
    change: float
    explained: bool
    trials: int | None


def find_dropped_inputs(design: CheckedDesign) -> Iterator[DroppedInput]:
    """Find inputs that a formula uses and that cannot influence its output in the program."""
    if not design.formulas:
        return
    before = design.values
    reach = _reach(design.reduced)
    for output, formula in design.formulas.items():
        at = design.program.output_names.index(output)
        for name in sorted(str(s) for s in formula.free_symbols):
            k = design.program.input_names.index(name)
            proven = k not in reach[at]
            other = _other_values(design, k)
            if not proven and (Interpreter(design.program).run(other)[:, at] != design.outputs[:, at]).any():
                continue
            after = design.evaluated(other)
            node = design.graph.outputs[output]
            # Both differ from what the input's mean would give: the square of their difference is twice that.
            change = rms(after[node] - before[node]) / math.sqrt(2)
            allowed = max(design.allowed(output), design.program.output_types[at].step if not proven else 0.0)
            if change <= NEGLIGIBLE * rms(before[node]) or (not proven and change <= allowed):
                continue
            yield DroppedInput(output, name, change, change <= allowed, None if proven else len(other))


def dropped_inputs(design: CheckedDesign) -> Iterator[Lint]:
    """Say which inputs cannot influence outputs whose formulas use them."""
    for found in find_dropped_inputs(design):
        formula = design.formulas[found.output]
        how = "cannot influence" if found.trials is None else f"did not once in {found.trials} trials change"
        yield Lint(
            rule="dropped-input",
            severity=Severity.WARNING if found.explained else Severity.ERROR,
            value=found.input,
            formula=str(formula),
            message=f"input '{found.input}' {how} output '{found.output}' = {formula}, which uses it",
            remedy=(
                f"allow a smaller error for '{found.output}' (without '{found.input}' it is off by "
                f"{found.change:.3g} rms), give '{found.input}' more bits, or take it out of the formula"
            ),
        )


def _reach(program: Program) -> list[set[int]]:
    """Return, for each output, the inputs that it depends on."""
    inputs: list[set[int]] = []
    for position, op in enumerate(program.ops):
        if position < program.n_inputs:
            inputs.append({position})
        else:
            inputs.append(set().union(*(inputs[a] for a in op.args)))
    return [inputs[i] for i in program.outputs]


def _other_values(design: CheckedDesign, k: int) -> np.ndarray:
    """Return the raw inputs with one column in another order, so that each row has another value."""
    rng = np.random.default_rng(design.seed)
    other = design.raw.copy()
    other[:, k] = rng.permutation(other[:, k])
    return other
