"""What a set of programs covers: operations, widths, signs, and modes where they decide something."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sr2hls.program import ops
from sr2hls.program.exact import overflows
from sr2hls.program.program import Program
from sr2hls.program.types import Overflow, Rounding

_GIVEN = (ops.Input, ops.Constant, ops.Table)
"""Their values are raw values of their types: no mode has a say."""


@dataclass(frozen=True)
class Use:
    """One operation of a program.

    Attributes:
        op: the operation.
        rounds: its exact result can have bits below the result's last one.
        overflows: its exact result can lie outside of the result type.
    """

    op: ops.Operation
    rounds: bool
    overflows: bool


def uses(programs: Sequence[Program]) -> Iterator[Use]:
    """Return every operation of programs."""
    for program in programs:
        for op, exact in zip(program.ops, program.exact, strict=True):
            given = isinstance(op, _GIVEN)
            yield Use(
                op, not given and exact.frac > op.type.frac, not given and any(overflows(exact, op.type))
            )


def coverage_tables(programs: Sequence[Program]) -> str:
    """Return what programs cover as Markdown: operations, modes, widths."""
    found = list(uses(programs))
    lines = [
        "| operation | in all | signed | unsigned | widths | rounds | can overflow |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in ops.OPERATIONS:
        mine = [use for use in found if type(use.op) is kind]
        widths = [use.op.type.width for use in mine]
        signed = sum(use.op.type.signed for use in mine)
        lines.append(
            f"| {kind.__name__.lower()} | {len(mine)} | {signed} | {len(mine) - signed} "
            f"| {f'{min(widths)} to {max(widths)}' if widths else '–'} "
            f"| {sum(use.rounds for use in mine)} | {sum(use.overflows for use in mine)} |"
        )
    lines += ["", "Operations whose result is both rounded and can overflow, by their modes:", ""]
    pairs = Counter(
        (use.op.type.rounding, use.op.type.overflow) for use in found if use.rounds and use.overflows
    )
    lines.append("| | " + " | ".join(overflow.value for overflow in Overflow) + " |")
    lines.append("|---|" + "---|" * len(Overflow))
    for rounding in Rounding:
        counts = (str(pairs[rounding, overflow]) for overflow in Overflow)
        lines.append(f"| {rounding.value} | " + " | ".join(counts) + " |")
    lines += ["", widths_line(found)]
    return "\n".join(lines)


def widths_line(found: Sequence[Use]) -> str:
    """Return a sentence on the widths of the results."""
    widths = {use.op.type.width for use in found}
    missing = [str(w) for w in range(1, 65) if w not in widths]
    said = f"all but {', '.join(missing)}" if missing else "all of them"
    return f"Widths of results from 1 to 64 bits: {said}."
