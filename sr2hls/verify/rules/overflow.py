"""Rules on ranges: values that wrap or saturate."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program, verify_operation
from sr2hls.program.types import MAX_WIDTH, FixedType, Overflow, narrowest
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.finding import Lint, Severity


def overflows(design: CheckedDesign) -> Iterator[Lint]:
    """Find operations whose exact result can lie outside of their type."""
    program = design.program
    suspects = {k: wide for k in range(len(program)) if (wide := _wide_type(program, k)) is not None}
    counts = _count(design, suspects)
    for position, wide in suspects.items():
        op = program.ops[position]
        share = counts.get(position)
        wraps = op.type.overflow is Overflow.WRAP
        seen = "" if share is None else f"; on the data it does for {share:.3g} of the samples"
        yield Lint(
            rule="overflow",
            severity=Severity.WARNING if wraps and share != 0 else Severity.INFO,
            value=f"%{position}",
            formula=op.origin,
            message=(
                f"{design.where(position)} can {'wrap around' if wraps else 'saturate'}: "
                f"its exact result needs {wide}, it has {op.type}{seen}"
            ),
            remedy="give it more integer bits" + (" or let it saturate" if wraps else ""),
        )


def _wide_type(program: Program, position: int) -> FixedType | None:
    """Return a type without overflow for an operation that can overflow."""
    op = program.ops[position]
    if isinstance(op, ops.Input | ops.Constant | ops.Table | ops.Div):
        return None
    exact = program.exact[position]
    drop = exact.frac - op.type.frac
    low, high = (
        (exact.low >> drop, -(-exact.high >> drop)) if drop > 0 else (exact.low << -drop, exact.high << -drop)
    )
    if op.type.raw_min <= low and high <= op.type.raw_max:
        return None
    low, high = min(low, op.type.raw_min), max(high, op.type.raw_max)
    if max(low.bit_length(), high.bit_length()) >= MAX_WIDTH - 1:
        return None
    wide = narrowest(low, high, op.type.frac).with_modes(op.type.rounding, Overflow.WRAP)
    try:
        verify_operation(replace(op, type=wide), [program.ops[a].type for a in op.args], op.name)
    except ProgramError:
        return None
    return wide


def _count(design: CheckedDesign, suspects: dict[int, FixedType]) -> dict[int, float]:
    """Return for which share of the data each operation overflows; nothing without data."""
    if design.X is None or not suspects:
        return {}
    program = design.program
    wide = tuple(replace(program.ops[k], type=t) for k, t in suspects.items())
    positions = list(suspects)
    outputs = (*positions, *range(len(program), len(program) + len(wide)))
    names = tuple(f"v{k}" for k in range(len(outputs)))
    both = Interpreter(Program((*program.ops, *wide), outputs, program.input_names, names)).run(design.raw)
    n = len(positions)
    return {k: float(np.mean(both[:, i] != both[:, n + i])) for i, k in enumerate(positions)}


def saturated_inputs(design: CheckedDesign) -> Iterator[Lint]:
    """Find inputs whose data lie outside of their type."""
    if design.X is None:
        return
    for k, type_ in enumerate(design.program.input_types):
        column = np.asarray(design.X, dtype=np.float64)[:, k]
        share = float(np.mean((column < type_.min - type_.step) | (column > type_.max + type_.step)))
        if not share:
            continue
        wraps = type_.overflow is Overflow.WRAP
        name = design.program.input_names[k]
        yield Lint(
            rule="input-range",
            severity=Severity.WARNING if wraps or share > 0.01 else Severity.INFO,
            value=name,
            formula=name,
            message=(
                f"{share:.3g} of the data of input '{name}' lie outside of {type_} "
                f"({type_.min:g} to {type_.max:g}) and {'wrap around' if wraps else 'saturate'}"
            ),
            remedy="give it more integer bits" + (" or let it saturate" if wraps else ""),
        )
