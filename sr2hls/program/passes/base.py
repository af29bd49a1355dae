"""What a pass is, and how passes are run one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sr2hls.errors import ProgramError
from sr2hls.program.program import Program, verify
from sr2hls.program.size import estimate_luts, same_bits


class Pass(Protocol):
    """A rewriting of programs that keeps every bit of every output on every input."""

    @property
    def name(self) -> str:
        """Name of the pass, for messages."""

    def apply(self, program: Program) -> Program:
        """Return the rewritten program."""


@dataclass(frozen=True, slots=True)
class PassManager:
    """Runs passes until nothing changes; a program is verified whenever one is made, so around each pass.

    A pass whose result is estimated to be larger is left out, so that the size never grows.

    Attributes:
        passes: what to run, in this order.
        max_rounds: most rounds of all passes.
    """

    passes: Sequence[Pass]
    max_rounds: int = 8

    def run(self, program: Program) -> Program:
        """Return the program after all passes; the same program gives the same result.

        Raises:
            ProgramError: a pass changed what the program takes or gives.
        """
        verify(program)
        best = _measure(program)
        for _ in range(self.max_rounds):
            before = program
            for step in self.passes:
                changed = step.apply(program)
                _check(step, program, changed)
                measure = _measure(changed)
                if measure[0] <= best[0]:
                    program, best = changed, measure
            if program == before:
                break
        return program


def _measure(program: Program) -> tuple[int, int]:
    return estimate_luts(program), len(program)


def _check(step: Pass, before: Program, after: Program) -> None:
    if (before.input_names, before.input_types) != (after.input_names, after.input_types):
        raise ProgramError(f"pass '{step.name}' changed the inputs of the program")
    if before.output_names != after.output_names:
        raise ProgramError(f"pass '{step.name}' changed the outputs of the program")
    for name, a, b in zip(before.output_names, before.output_types, after.output_types, strict=True):
        if not same_bits(a, b):
            raise ProgramError(f"pass '{step.name}' changed the type of output '{name}' from {a} to {b}")
