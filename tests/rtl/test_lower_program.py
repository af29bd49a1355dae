"""Programs as alkaid logic: the same bits as the interpreter, for every operation and mode."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import LoweringError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.verify.random_programs import corner_inputs, random_program


def predicted(program: Program, raw: np.ndarray) -> np.ndarray:
    """Return alkaid's own outputs as raw values."""
    steps_in = 2.0 ** -np.array([t.frac for t in program.input_types])
    steps_out = 2.0 ** np.array([t.frac for t in program.output_types])
    real = to_alkaid(program).predict(raw * steps_in, n_threads=1)
    return np.rint(real * steps_out).astype(np.int64)


def assert_same(program: Program, n_samples: int = 300) -> None:
    raw = corner_inputs(program, n_samples, seed=1)
    np.testing.assert_array_equal(predicted(program, raw), Interpreter(program).run(raw), str(program))


@pytest.mark.parametrize("kind", ops.OPERATIONS[2:], ids=lambda kind: kind.__name__)
def test_every_operation_alone(kind: type[ops.Operation]) -> None:
    for seed in range(12):
        assert_same(random_program(seed, n_operations=4, kinds=(kind,)))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_random_programs(seed: int) -> None:
    assert_same(random_program(seed))


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
def test_every_mode_exhaustively(rounding: Rounding, overflow: Overflow) -> None:
    """All values of a wide input through every mode, signed and unsigned, with and without overflow."""
    source = FixedType(True, 9, 5)
    b = Builder({"x": source})
    outputs = {}
    for signed in (False, True):
        for width, integer in ((5, 3), (4, 6), (12, 6), (3, 0), (1, 1), (2, -3), (7, 9)):
            type_ = FixedType(signed, width, integer, rounding, overflow)
            outputs[f"y{len(outputs)}"] = b.cast(b["x"], type_)
    program = b.program(outputs)
    raw = np.arange(source.raw_min, source.raw_max + 1)[:, None]
    np.testing.assert_array_equal(predicted(program, raw), Interpreter(program).run(raw))


def test_division_exhaustively() -> None:
    n, d = FixedType(True, 7, 4), FixedType(True, 6, 2)
    b = Builder({"n": n, "d": d})
    types = [
        FixedType(True, 9, 5, Rounding.RND_CONV, Overflow.SAT),
        FixedType(False, 6, 6, Rounding.TRN_ZERO, Overflow.WRAP),
        FixedType(True, 4, -4, Rounding.RND_INF, Overflow.SAT_SYM),
    ]
    program = b.program({f"q{k}": b.div(b["n"], b["d"], t) for k, t in enumerate(types)})
    grid = np.meshgrid(np.arange(n.raw_min, n.raw_max + 1), np.arange(d.raw_min, d.raw_max + 1))
    raw = np.stack([g.ravel() for g in grid], axis=1)
    np.testing.assert_array_equal(predicted(program, raw), Interpreter(program).run(raw))


def test_table_over_several_arguments_with_impossible_entries() -> None:
    """The first argument is the highest bits; entries that no index reaches do not matter."""
    b = Builder({"a": FixedType(True, 3, 3), "b": FixedType(False, 2, 2)})
    small = b.min(b["a"], b.constant(1, 0), FixedType(True, 3, 3))
    values = np.arange(32) * 3 - 40
    program = b.program({"y": b.table([small, b["b"]], values, FixedType(True, 8, 8))})
    raw = np.array([[a, c] for a in range(-4, 4) for c in range(4)])
    np.testing.assert_array_equal(predicted(program, raw), Interpreter(program).run(raw))


def test_few_bits_become_one_lookup() -> None:
    b = Builder({"x": FixedType(True, 3, 3), "y": FixedType(True, 3, 3)})
    product = b.mul(b["x"], b["y"], FixedType(True, 4, 4, Rounding.RND, Overflow.SAT))
    logic = to_alkaid(b.program({"p": product}))
    assert [op.opcode for op in logic.ops if op.opcode in (0, 1, 4, 6, 7, 8)] == [8]


def test_constants_have_few_adders() -> None:
    """x · 0.9375 is x - x/16: one adder."""
    b = Builder({"x": FixedType(True, 10, 5)})
    logic = to_alkaid(b.program({"y": b.mul(b["x"], b.constant(15, 4))}))
    assert sum(op.opcode in (0, 1, 4, 7) for op in logic.ops) == 1


def test_values_outside_of_the_generator_are_refused() -> None:
    b = Builder({"x": FixedType(True, 8, 200)})
    with pytest.raises(LoweringError, match=r"fractional bits lies outside of what the RTL generator"):
        to_alkaid(b.program({"y": b.add(b["x"], b["x"])}))


def test_a_negation_takes_the_time_of_its_carry_chain() -> None:
    build = Builder({"x": FixedType(True, 12, 6), "y": FixedType(True, 12, 6)})
    negated = to_alkaid(build.program({"n": build.neg(0)})).latency[1]
    difference = to_alkaid(build.program({"d": build.sub(0, 1)})).latency[1]
    assert 0.9 * difference < negated < 1.1 * difference
