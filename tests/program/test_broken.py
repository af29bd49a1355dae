"""A width one bit too small, a swapped rounding mode, a table off by one: the comparison notices each.

Every mutant of a program that computes anything else on any input has to differ from the reference on the
vectors that the executors are compared on.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.encode import Column
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.reference import evaluate
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import corner_inputs

N_VECTORS = 2000


def example() -> Program:
    """Return a program in which every operation's every bit counts: 12 input bits, all operations."""
    build = Builder({
        "a": FixedType(True, 4, 2), "b": FixedType(True, 4, 3), "c": FixedType(False, 4, 2),
    })  # fmt: skip
    a, b, c = 0, 1, 2
    rounded = build.mul(a, b, FixedType(True, 5, 4, Rounding.RND, Overflow.SAT))
    table = build.table([a], [(5 * k * k + 3) % 32 for k in range(16)], FixedType(False, 5, 2))
    pair = build.table([build.cast(b, FixedType(True, 2, 2)), c], [(7 * k) % 31 - 15 for k in range(64)],
                       FixedType(True, 5, 3))  # fmt: skip
    total = build.sum([rounded, table, pair, build.constant(5, 2)])
    less = build.compare(ops.Predicate.LT, a, c)
    chosen = build.select(less, build.neg(b), build.abs(a))
    quotient = build.div(a, c, FixedType(True, 6, 3, Rounding.RND_CONV, Overflow.SAT))
    bounded = build.min(build.max(quotient, b), build.shift(c, 1))
    return build.program({
        "total": total, "chosen": chosen, "bounded": bounded, "which": build.argmax([a, b, c]),
        "difference": build.sub(c, b), "size": build.abs(a),
        "cut": build.cast(total, FixedType(True, 5, 5, Rounding.RND_ZERO)),
    })  # fmt: skip


def mutants(program: Program) -> Iterator[tuple[str, Program]]:
    """Yield programs with one thing wrong; those that break the contract are left out."""
    for position, op in enumerate(program.ops):
        for what, changed in wrong(op):
            operations = (*program.ops[:position], changed, *program.ops[position + 1 :])
            try:
                yield f"%{position} {op.name}: {what}", replace(program, ops=operations)
            except ProgramError:
                continue


def wrong(op: ops.Operation) -> Iterator[tuple[str, ops.Operation]]:
    t = op.type
    if isinstance(op, ops.Input):
        return
    if t.width > 1:
        yield "top bit missing", replace(op, type=replace(t, width=t.width - 1, integer=t.integer - 1))
        yield "low bit missing", replace(op, type=replace(t, width=t.width - 1))
    yield "sign", replace(op, type=replace(t, signed=not t.signed))
    yield "binary point", replace(op, type=replace(t, integer=t.integer + 1))
    for rounding in Rounding:
        if rounding is not t.rounding:
            yield f"rounding {rounding.value}", replace(op, type=t.with_modes(rounding, t.overflow))
    for overflow in Overflow:
        if overflow is not t.overflow:
            yield f"overflow {overflow.value}", replace(op, type=t.with_modes(t.rounding, overflow))
    if len(op.args) > 1:
        yield "arguments swapped", replace(op, args=(op.args[1], op.args[0], *op.args[2:]))
    match op:
        case ops.Table(values=values):
            for index in range(len(values)):
                by = 1 if index % 2 else -1
                off = (*values[:index], values[index] + by, *values[index + 1 :])
                yield f"entry {index} off by {by}", replace(op, values=off)
            yield "table shifted by one entry", replace(op, values=(*values[1:], values[0]))
        case ops.Constant(raw=raw):
            yield "constant off by one", replace(op, raw=raw - 1)
        case ops.Shift(amount=amount):
            yield "shift off by one", replace(op, amount=amount - 1)
        case ops.Compare(predicate=predicate):
            for other in ops.Predicate:
                if other is not predicate:
                    yield f"predicate {other.value}", replace(op, predicate=other)


def every_input(program: Program) -> np.ndarray:
    ranges = [range(t.raw_min, t.raw_max + 1) for t in program.input_types]
    return np.array(list(itertools.product(*ranges)))


def test_every_mutant_is_noticed() -> None:
    program = example()
    vectors, whole = corner_inputs(program, N_VECTORS, seed=0), every_input(program)
    expected, everything = Interpreter(program).run(vectors), Interpreter(program).run(whole)
    noticed: list[str] = []
    for what, mutant in mutants(program):
        executor = Interpreter(mutant)
        real = mutant.output_types != program.output_types
        if real or not np.array_equal(executor.run(whole), everything):
            assert real or not np.array_equal(executor.run(vectors), expected), f"{what} is not noticed"
            noticed.append(what)
    for kind in ("top bit missing", "low bit missing", "rounding", "overflow", "arguments swapped", "entry",
                 "table shifted", "constant off", "shift off", "predicate"):  # fmt: skip
        assert any(kind in what for what in noticed), kind
    # What the example promises: no top bit is spare, no table entry without effect.
    spare = [what for what, _ in mutants(program) if "top bit" in what and what not in noticed]
    silent = [what for what, _ in mutants(program) if "entry" in what and what not in noticed]
    assert spare == []
    assert silent == []


def test_the_reference_agrees_where_the_mutants_do_not() -> None:
    program = example()
    vectors = corner_inputs(program, 300, seed=1)
    expected = [evaluate(program, [int(v) for v in row]) for row in vectors]
    np.testing.assert_array_equal(Interpreter(program).run(vectors), expected)


@pytest.mark.parametrize("column", [
    Column.OPCODE, Column.SHIFT0, Column.SHIFT1, Column.AUX, Column.DROP, Column.ROUNDING, Column.OVERFLOW,
    Column.LOW, Column.HIGH, Column.MASK, Column.ARG0, Column.ARG1,
])  # fmt: skip
def test_an_executor_that_is_wrong_is_noticed(column: Column) -> None:
    """The interpreter's own code, one number off, against the reference."""
    program = example()
    vectors = corner_inputs(program, N_VECTORS, seed=2)
    expected = np.array([evaluate(program, [int(v) for v in row]) for row in vectors])
    noticed = 0
    for position in range(program.n_inputs, len(program)):
        executor = Interpreter(program)
        row = executor._code.rows[position]
        last = {Column.ROUNDING: len(Rounding) - 1, Column.OVERFLOW: len(Overflow) - 1,
                Column.ARG0: executor._code.n_slots - 1, Column.ARG1: executor._code.n_slots - 1,
                Column.OPCODE: len(ops.OPERATIONS) - 1}  # fmt: skip
        row[column] += 1 if row[column] < last.get(column, 2**62) else -1
        if isinstance(program.ops[position], ops.Table) and column in (Column.OPCODE, Column.AUX):
            continue  # it would read beyond its memory
        if column is Column.OPCODE and row[column] >= 14:
            continue  # needs operands of another kind
        noticed += not np.array_equal(executor.run(vectors), expected)
    assert noticed > 0
