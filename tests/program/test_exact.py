"""Intervals hold every result that the reference can compute."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.exact import Interval, aligned
from sr2hls.program.program import Program
from sr2hls.program.reference import evaluate
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import corner_inputs

from .strategies import programs


def every_value(program: Program) -> Program:
    """Return the program with every value as an output."""
    names = tuple(f"v{k}" for k in range(len(program)))
    return Program(program.ops, tuple(range(len(program))), program.input_names, names)


@settings(max_examples=150, deadline=None)
@given(programs(max_width=10), st.integers(0, 2**20))
def test_ranges_hold_every_value(program: Program, seed: int) -> None:
    whole = every_value(program)
    for row in corner_inputs(program, 12, seed):
        for value, interval in zip(evaluate(whole, [int(v) for v in row]), whole.ranges, strict=True):
            assert interval.low <= value <= interval.high


@settings(max_examples=60, deadline=None)
@given(programs(max_width=3, max_operations=8))
def test_ranges_hold_every_value_on_every_input(program: Program) -> None:
    whole = every_value(program)
    for row in itertools.product(*[range(t.raw_min, t.raw_max + 1) for t in program.input_types]):
        for value, interval in zip(evaluate(whole, row), whole.ranges, strict=True):
            assert interval.low <= value <= interval.high


@pytest.mark.parametrize("kind", [k for k in ops.OPERATIONS if k.arity == 2 and k is not ops.Compare])
@pytest.mark.parametrize("rounding", list(Rounding))
@pytest.mark.parametrize("overflow", list(Overflow))
def test_two_operands_in_full(kind: type[ops.Operation], rounding: Rounding, overflow: Overflow) -> None:
    """Every pair of values: the range holds all results; without overflow it is no wider than needed."""
    a, b = FixedType(True, 3, 1), FixedType(False, 2, 2)
    for type_ in (FixedType(True, 3, 2, rounding, overflow), FixedType(True, 8, 5, rounding, overflow)):
        program = Program(
            (ops.Input(type=a, index=0), ops.Input(type=b, index=1), kind(args=(0, 1), type=type_)),
            (2,), ("a", "b"), ("y",),
        )  # fmt: skip
        results = [evaluate(program, (x, y))[0] for x in range(-4, 4) for y in range(4)]
        held = program.ranges[2]
        assert held.low <= min(results)
        assert max(results) <= held.high
        if type_.width == 8 and kind in (ops.Add, ops.Sub, ops.Mul, ops.Min, ops.Max):
            assert (held.low, held.high) == (min(results), max(results))


def test_division_by_zero_is_in_the_range() -> None:
    build = Builder({"a": FixedType(True, 3, 3), "b": FixedType(True, 3, 3)})
    quotient = build.div(0, 1, FixedType(True, 10, 10))
    narrow = FixedType(True, 5, 5, Rounding.TRN, Overflow.SAT)
    program = build.program({"y": build.cast(quotient, narrow)})
    assert evaluate(program, (3, 0)) == [15]
    assert program.ranges[2] == Interval(-512, 511, 0)


def test_a_denominator_that_cannot_be_small_narrows_the_quotient() -> None:
    build = Builder({"a": FixedType(True, 6, 6), "b": FixedType(False, 3, 3)})
    denominator = build.add(1, build.constant(8, 0))
    program = build.program({"y": build.div(0, denominator, FixedType(True, 10, 10))})
    assert program.ranges[-1] == Interval(-4, 3, 0)


def test_a_square_is_not_negative() -> None:
    build = Builder({"a": FixedType(True, 4, 4)})
    square = build.mul(0, 0)
    assert build.range(square) == Interval(0, 64, 0)
    assert build.type(square) == FixedType(False, 7, 7)


def test_saturation_clips_and_wrapping_keeps_what_fits() -> None:
    for overflow, expected in [(Overflow.SAT, (0, 7)), (Overflow.SAT_ZERO, (0, 7)),
                               (Overflow.WRAP, (-8, 7))]:  # fmt: skip
        build = Builder({"a": FixedType(False, 5, 5)})
        type_ = FixedType(True, 4, 4, Rounding.TRN, overflow)
        held = build.range(build.cast(0, type_))
        assert (held.low, held.high) == expected


@given(st.integers(-100, 100), st.integers(0, 100), st.integers(-5, 5), st.integers(0, 9))
def test_at_and_bits(low: int, span: int, frac: int, more: int) -> None:
    interval = Interval(low, low + span, frac)
    finer = interval.at(frac + more)
    assert (finer.low, finer.high, finer.frac) == (low * 2**more, (low + span) * 2**more, frac + more)
    assert -(2 ** (interval.bits - 1)) <= low
    assert low + span < 2 ** (interval.bits - 1)
    assert {i.frac for i in aligned([interval, finer])} == {frac + more}


def test_an_interval_cannot_lose_bits() -> None:
    with pytest.raises(ValueError, match="cannot lose fractional bits"):
        Interval(0, 1, 3).at(2)
