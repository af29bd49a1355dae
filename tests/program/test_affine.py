"""Affine ranges hold on every input, are never wider than intervals, and are narrow where operands depend."""

import numpy as np
import pytest

from sr2hls.program import ops
from sr2hls.program.affine import affine_ranges
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import corner_inputs, random_program

X6 = FixedType(True, 6, 3)
LINEAR = (ops.Constant, ops.Add, ops.Sub, ops.Mul, ops.Neg, ops.Shift, ops.Compare, ops.Cast)


def every_value(program: Program) -> Program:
    """Return the program with all of its values as outputs."""
    names = tuple(f"v{k}" for k in range(len(program)))
    return Program(program.ops, tuple(range(len(program))), program.input_names, names)


@pytest.mark.parametrize("kinds", [LINEAR, ops.OPERATIONS[1:]])
@pytest.mark.parametrize("max_width", [6, 14, 64])
def test_no_value_leaves_its_range(max_width: int, kinds: tuple[type[ops.Operation], ...]) -> None:
    for seed in range(40):
        program = random_program(seed, max_width=max_width, kinds=kinds)
        found = affine_ranges(program)
        values = Interpreter(every_value(program)).run(corner_inputs(program, 1500, seed))
        for k, (held, interval) in enumerate(zip(found.held, program.ranges, strict=True)):
            assert interval.low <= held.low <= values[:, k].min()
            assert values[:, k].max() <= held.high <= interval.high
        for position, first in found.same.items():
            steps = [program.ops[p].type.step for p in (position, first)]
            np.testing.assert_array_equal(values[:, position] * steps[0], values[:, first] * steps[1])
        for position, outcome in found.decided.items():
            op = program.ops[position]
            whole = ops.Compare(args=op.args, type=FixedType(False, 1, 1), predicate=op.predicate)  # type: ignore[attr-defined]
            alone = Program((*program.ops, whole), (len(program),), program.input_names, ("y",))
            assert (Interpreter(alone).run(corner_inputs(program, 1500, seed)) == outcome).all()


def test_operands_that_depend_on_each_other() -> None:
    build = Builder({"a": X6, "b": X6})
    whole = build.cast(0, FixedType(True, 3, 3))
    fraction = build.sub(0, whole)
    nearest = build.sub(0, build.cast(0, FixedType(True, 4, 4, Rounding.RND)))
    other = build.sub(build.add(0, 1), 0)
    nothing = build.sub(build.mul(0, build.constant(3, 0)), build.add(build.add(0, 0), 0))
    less = build.compare(ops.Predicate.LT, 0, build.add(0, build.constant(1, 3)))
    program = build.program({"f": fraction, "n": nearest, "o": other, "z": nothing, "l": less})
    found = affine_ranges(program)
    f, n, o, z, _ = program.outputs
    assert (found.held[f].low, found.held[f].high) == (0, 7)
    assert (found.held[n].low, found.held[n].high) == (-4, 4)
    assert (found.held[o].low, found.held[o].high) == (-32, 31)
    assert (found.held[z].low, found.held[z].high) == (0, 0)
    assert found.decided == {program.outputs[4]: True}
    assert program.ranges[f].high > 7  # what intervals say


def test_a_value_that_may_overflow_is_a_new_symbol() -> None:
    """(a + b) in too few bits is no longer a + b."""
    for overflow in Overflow:
        build = Builder({"a": X6, "b": X6})
        wrapped = build.add(0, 1, FixedType(True, 6, 3, Rounding.TRN, overflow))
        program = build.program({"y": build.sub(wrapped, 0)})
        held = affine_ranges(program).held[program.outputs[0]]
        values = Interpreter(program).run(corner_inputs(program, 3000, 0))
        assert held.low <= values.min()
        assert values.max() <= held.high


def test_long_sums_are_quick_and_right() -> None:
    build = Builder({f"x{k}": FixedType(True, 4, 2) for k in range(80)})
    total = build.sum(list(range(80)))
    program = build.program({"y": build.sub(total, build.sum(list(range(40))))})
    held = affine_ranges(program).held[program.outputs[0]]
    values = Interpreter(program).run(np.full((1, 80), -8))
    assert held.low <= values.min() <= held.high
