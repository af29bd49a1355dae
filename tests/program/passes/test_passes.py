"""Every pass keeps every output bit: on random programs with corners, and on all inputs of small ones."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.passes import Pass, PassManager, default_passes, optimize
from sr2hls.program.program import Program
from sr2hls.program.reference import evaluate
from sr2hls.program.size import estimate_luts, same_bits
from sr2hls.verify.random_programs import corner_inputs, random_program

from ..strategies import programs

EACH = pytest.mark.parametrize("step", default_passes(), ids=lambda p: p.name)
CHEAP = (
    ops.Constant,
    ops.Add,
    ops.Sub,
    ops.Mul,
    ops.Neg,
    ops.Abs,
    ops.Shift,
    ops.Compare,
    ops.Select,
    ops.Cast,
)


def assert_same(before: Program, after: Program, raw: np.ndarray) -> None:
    assert before.input_types == after.input_types
    assert (before.input_names, before.output_names) == (after.input_names, after.output_names)
    for a, b in zip(before.output_types, after.output_types, strict=True):
        assert same_bits(a, b)
    np.testing.assert_array_equal(Interpreter(after).run(raw), Interpreter(before).run(raw))


def every_input(program: Program) -> np.ndarray:
    ranges = [range(t.raw_min, t.raw_max + 1) for t in program.input_types]
    return np.array(list(itertools.product(*ranges)))


@EACH
@settings(max_examples=12, deadline=None)
@given(programs(max_width=12, max_operations=16), st.integers(0, 2**20))
def test_pass_keeps_every_bit(step: Pass, program: Program, seed: int) -> None:
    assert_same(program, step.apply(program), corner_inputs(program, 300, seed))


@EACH
@settings(max_examples=12, deadline=None)
@given(programs(max_width=3, max_operations=12))
def test_pass_keeps_every_bit_on_every_input(step: Pass, program: Program) -> None:
    assert_same(program, step.apply(program), every_input(program))


@EACH
@settings(max_examples=10, deadline=None)
@given(programs(max_width=5, max_operations=20, kinds=CHEAP), st.integers(0, 2**20))
def test_pass_keeps_every_bit_of_arithmetic(step: Pass, program: Program, seed: int) -> None:
    """Arithmetic and decisions alone: most identities apply to these."""
    assert_same(program, step.apply(program), corner_inputs(program, 300, seed))


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_wide_programs(step: Pass, seed: int) -> None:
    program = random_program(seed, max_width=64, n_operations=12)
    assert_same(program, step.apply(program), corner_inputs(program, 200, seed))


@settings(max_examples=20, deadline=None)
@given(programs(max_width=8, max_operations=16), st.integers(0, 2**20))
def test_pipeline_keeps_every_bit_and_never_grows(program: Program, seed: int) -> None:
    optimized = optimize(program)
    raw = corner_inputs(program, 100, seed)
    assert_same(program, optimized, raw)
    assert estimate_luts(optimized) <= estimate_luts(program)
    expected = [evaluate(program, [int(v) for v in row]) for row in raw[:10]]
    assert [evaluate(optimized, [int(v) for v in row]) for row in raw[:10]] == expected


@settings(max_examples=20, deadline=None)
@given(programs(max_width=3, max_operations=14))
def test_pipeline_keeps_every_bit_on_every_input(program: Program) -> None:
    assert_same(program, optimize(program), every_input(program))


@pytest.mark.parametrize("seed", range(6))
def test_deterministic_and_a_fixed_point(seed: int) -> None:
    program = random_program(seed, max_width=8)
    once = optimize(program)
    assert optimize(program) == once
    again = optimize(once)
    assert estimate_luts(again) == estimate_luts(once)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_many_programs(seed: int) -> None:
    for max_width in (4, 9, 14, 40):
        program = random_program(seed, max_width=max_width)
        raw = corner_inputs(program, 2000, seed)
        for step in default_passes():
            assert_same(program, step.apply(program), raw)
        assert_same(program, optimize(program), raw)


class _Broken:
    """A pass that is wrong in the way asked for."""

    def __init__(self, what: str) -> None:
        self.name = "broken"
        self._what = what

    def apply(self, program: Program) -> Program:
        if self._what == "outputs":
            return Program(program.ops, program.outputs[:1], program.input_names, ("other",))
        if self._what == "inputs":
            names = tuple(f"n{k}" for k in range(program.n_inputs))
            return Program(program.ops, program.outputs, names, program.output_names)
        narrow = ops.Cast(args=(program.outputs[0],), type=program.input_types[0])
        outputs = (len(program), *program.outputs[1:])
        return Program((*program.ops, narrow), outputs, program.input_names, program.output_names)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("outputs", "pass 'broken' changed the outputs of the program"),
        ("inputs", "pass 'broken' changed the inputs of the program"),
        ("types", "pass 'broken' changed the type of output 'y0' from"),
    ],
)
def test_a_pass_that_breaks_the_interface_is_named(what: str, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        PassManager([_Broken(what)]).run(random_program(3))
