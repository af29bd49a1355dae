"""Rules on inputs: those that the formulas use and the program does not."""

from collections.abc import Iterator

import numpy as np

from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.verify.design import NEGLIGIBLE, Design, rms
from sr2hls.verify.finding import Lint, Severity


def dropped_inputs(design: Design) -> Iterator[Lint]:
    """Find inputs that a formula uses and that cannot influence its output in the program."""
    if not design.formulas:
        return
    before = design.values
    reach = _reach(design.reduced)
    for output, formula in design.formulas.items():
        at = design.program.output_names.index(output)
        used = sorted(str(s) for s in formula.free_symbols)
        for name in used:
            k = design.program.input_names.index(name)
            proven = k not in reach[at]
            other = _other_values(design, k)
            if not proven and (Interpreter(design.program).run(other)[:, at] != design.outputs[:, at]).any():
                continue
            after = design.evaluated(other)
            node = design.graph.outputs[output]
            change = rms(after[node] - before[node])
            allowed = max(design.allowed(output), design.program.output_types[at].step if not proven else 0.0)
            if change <= NEGLIGIBLE * rms(before[node]) or (not proven and change <= allowed):
                continue
            how = "cannot influence" if proven else f"did not once in {len(other)} trials change"
            yield Lint(
                rule="dropped-input",
                severity=Severity.WARNING if change <= allowed else Severity.ERROR,
                value=name,
                formula=str(formula),
                message=f"input '{name}' {how} output '{output}' = {formula}, which uses it",
                remedy=(
                    f"allow a smaller error for '{output}' (other values of '{name}' change it by "
                    f"{change:.3g} rms), give '{name}' more bits, or take it out of the formula"
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


def _other_values(design: Design, k: int) -> np.ndarray:
    """Return the raw inputs with one column in another order, so that each row has another value."""
    rng = np.random.default_rng(design.seed)
    other = design.raw.copy()
    other[:, k] = rng.permutation(other[:, k])
    return other
