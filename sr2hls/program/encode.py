"""A program as arrays of integers: what the interpreter reads."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.exact import Interval, div_shift
from sr2hls.program.program import Program
from sr2hls.program.quantize import QuantizeCode
from sr2hls.program.types import Overflow

OPCODE: dict[type[ops.Operation], int] = {kind: code for code, kind in enumerate(ops.OPERATIONS)}
PREDICATE: dict[ops.Predicate, int] = {predicate: code for code, predicate in enumerate(ops.Predicate)}


class Column(IntEnum):
    """Columns of the code: one row an operation."""

    OPCODE = 0
    SLOT = 1
    """Where the result goes."""
    ARG0 = 2
    ARG1 = 3
    ARG2 = 4
    SHIFT0 = 5
    """Left shifts that align the operands."""
    SHIFT1 = 6
    AUX = 7
    """Input index, raw constant, predicate, offset of the table, or shift of a division."""
    FIRST_EXTRA = 8
    """Where the operands of an operation of any arity begin in the list of extras."""
    N_EXTRA = 9
    QUANTIZE = 10
    DROP = 11
    ROUNDING = 12
    OVERFLOW = 13
    LOW = 14
    HIGH = 15
    MASK = 16


class Quantize(IntEnum):
    """How much of the quantisation rule an operation needs."""

    NOTHING = 0
    SHIFT = 1
    GENERAL = 2


@dataclass(frozen=True)
class Code:
    """A program in the form that the interpreter runs.

    Attributes:
        rows: (operations, columns) as `Column` says.
        extras: (n, 2): slot, and left shift (`Argmax`) or width (`Table`).
        tables: entries of all tables, one after the other.
        n_slots: values that are alive at the same time.
        output_slots: slots of the outputs when the last operation has run.
    """

    rows: IntArray
    extras: IntArray
    tables: IntArray
    n_slots: int
    output_slots: IntArray


def encode(program: Program) -> Code:
    """Encode a program."""
    slots, n_slots = _allocate(program)
    rows = np.zeros((len(program.ops), len(Column)), dtype=np.int64)
    extras: list[tuple[int, int]] = []
    tables: list[int] = []
    for position, op in enumerate(program.ops):
        row = rows[position]
        row[Column.OPCODE] = OPCODE[type(op)]
        row[Column.SLOT] = slots[position]
        fracs = [program.ops[a].type.frac for a in op.args]
        for k, arg in enumerate(op.args[:3]):
            row[Column.ARG0 + k] = slots[arg]
        match op:
            case ops.Input(index=index):
                row[Column.AUX] = index
            case ops.Constant(raw=raw):
                row[Column.AUX] = raw
            case ops.Compare(predicate=predicate):
                row[Column.AUX] = PREDICATE[predicate]
                row[Column.SHIFT0], row[Column.SHIFT1] = _alignment(fracs)
            case ops.Add() | ops.Sub() | ops.Min() | ops.Max():
                row[Column.SHIFT0], row[Column.SHIFT1] = _alignment(fracs)
            case ops.Select():
                row[Column.SHIFT0], row[Column.SHIFT1] = _alignment(fracs[1:])
            case ops.Div():
                types = [program.ops[a].type for a in op.args]
                row[Column.AUX] = div_shift(types[0], types[1], op.type)
            case ops.Table(values=values):
                row[Column.AUX] = len(tables)
                tables.extend(values)
                row[Column.FIRST_EXTRA], row[Column.N_EXTRA] = len(extras), len(op.args)
                extras.extend((slots[a], program.ops[a].type.width) for a in op.args)
            case ops.Argmax():
                row[Column.FIRST_EXTRA], row[Column.N_EXTRA] = len(extras), len(op.args)
                extras.extend(zip([slots[a] for a in op.args], _alignment(fracs), strict=True))
        _encode_quantisation(row, op, program.exact[position])
    return Code(
        rows=rows,
        extras=np.array(extras, dtype=np.int64).reshape(-1, 2),
        tables=np.array(tables, dtype=np.int64),
        n_slots=n_slots,
        output_slots=np.array([slots[i] for i in program.outputs], dtype=np.int64),
    )


def _alignment(fracs: list[int]) -> list[int]:
    return [max(fracs) - f for f in fracs]


def _encode_quantisation(row: IntArray, op: ops.Operation, exact: Interval) -> None:
    code = QuantizeCode.of(op.type)
    drop = exact.frac - op.type.frac
    # SAT_SYM takes the most negative value away even from a result that would fit.
    low = -code.high if op.type.overflow is Overflow.SAT_SYM and op.type.signed else code.low
    fits = drop <= 0 and low <= exact.low << -drop and exact.high << -drop <= code.high
    if isinstance(op, ops.Input | ops.Constant | ops.Table) or (fits and drop == 0):
        row[Column.QUANTIZE] = Quantize.NOTHING
    elif fits:
        row[Column.QUANTIZE] = Quantize.SHIFT
    else:
        row[Column.QUANTIZE] = Quantize.GENERAL
    row[Column.DROP] = drop
    row[Column.ROUNDING], row[Column.OVERFLOW] = code.rounding, code.overflow
    row[Column.LOW], row[Column.HIGH] = code.low, code.high
    row[Column.MASK] = np.uint64(code.mask).astype(np.int64)


def _allocate(program: Program) -> tuple[list[int], int]:
    """Give each value a slot; a slot is free again after the last operation that reads it."""
    last_use = list(range(len(program.ops)))
    for position, op in enumerate(program.ops):
        for arg in op.args:
            last_use[arg] = position
    for output in program.outputs:
        last_use[output] = len(program.ops)
    expiring: list[list[int]] = [[] for _ in range(len(program.ops) + 1)]
    slots: list[int] = []
    free: list[int] = []
    n_slots = 0
    for position in range(len(program.ops)):
        # The result is written while the operands are still read: they expire after it.
        if free:
            slots.append(free.pop())
        else:
            slots.append(n_slots)
            n_slots += 1
        expiring[last_use[position]].append(slots[position])
        free.extend(expiring[position])
    return slots, n_slots
