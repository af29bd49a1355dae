"""Rules on widths: bits that are never used."""

from collections.abc import Iterator

import numpy as np

from sr2hls.program import ops
from sr2hls.program.size import used_bits
from sr2hls.program.types import narrowest
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.finding import Lint, Severity

_REMEDY = "optimise the program (sr2hls.program.passes.optimize), which drops them"


def unused_widths(design: CheckedDesign) -> Iterator[Lint]:
    """Find leading bits that no input reaches, index bits without effect and values that nothing reads."""
    program = design.program
    for position, op in enumerate(program.ops):
        formula = op.origin
        if not program.users[position] and position not in program.outputs:
            yield Lint(
                "unused-value", Severity.WARNING, f"%{position}", formula,
                f"{design.where(position)} is not read by anything", "leave it out",
            )  # fmt: skip
            continue
        if isinstance(op, ops.Table):
            bits = len(op.values).bit_length() - 1
            unused = bits - len(used_bits(np.array(op.values, dtype=np.int64)))
            if unused:
                yield Lint(
                    "unused-width", Severity.WARNING, f"%{position}", formula,
                    f"{unused} of the {bits} index bits of {design.where(position)} have no effect", _REMEDY,
                )  # fmt: skip
        if isinstance(op, ops.Input | ops.Constant):
            continue
        held = program.ranges[position]
        spare = op.type.width - narrowest(held.low, held.high, held.frac).width
        if spare > 0:
            yield Lint(
                "unused-width", Severity.WARNING, f"%{position}", formula,
                f"{spare} of the {op.type.width} bits of {design.where(position)} ({op.type}) are never "
                f"used: it ranges over {op.type.value(held.low):g} to {op.type.value(held.high):g}", _REMEDY,
            )  # fmt: skip
