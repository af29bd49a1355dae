"""The fast executor against the unbounded reference, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.encode import Column, Quantize, encode
from sr2hls.program.interpreter import BLOCK, Interpreter
from sr2hls.program.program import Program
from sr2hls.program.reference import evaluate
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import corner_inputs, random_program, random_type

from .strategies import programs

WIDE = (ops.Add, ops.Sub, ops.Neg, ops.Abs, ops.Min, ops.Max, ops.Compare, ops.Select, ops.Argmax, ops.Cast,
        ops.Shift, ops.Mul, ops.Div, ops.Constant)  # fmt: skip


def assert_agree(program: Program, n_samples: int, seed: int) -> None:
    raw = corner_inputs(program, n_samples, seed)
    expected = [evaluate(program, [int(v) for v in row]) for row in raw]
    np.testing.assert_array_equal(Interpreter(program).run(raw), expected)


@settings(max_examples=150, deadline=None)
@given(programs(max_width=14, max_operations=20), st.integers(0, 2**20))
def test_random_programs(program: Program, seed: int) -> None:
    assert_agree(program, 30, seed)


@pytest.mark.parametrize("seed", range(60))
def test_seeded_programs(seed: int) -> None:
    assert_agree(random_program(seed), 40, seed)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("max_width", [24, 40, 64])
def test_wide_programs(seed: int, max_width: int) -> None:
    """Whatever the contract lets through is computed without wrapping silently; the rest is refused."""
    assert_agree(random_program(seed, max_width=max_width, n_operations=10, kinds=WIDE), 25, seed)


@pytest.mark.parametrize("rounding", list(Rounding))
@pytest.mark.parametrize("overflow", list(Overflow))
@pytest.mark.parametrize("kind", ops.OPERATIONS[2:])
def test_every_operation_in_every_mode(
    kind: type[ops.Operation], rounding: Rounding, overflow: Overflow
) -> None:
    """All pairs of values of two small types of different resolution, into types with and without sign."""
    a, b = FixedType(True, 4, 2), FixedType(False, 3, 1)
    build = Builder({"a": a, "b": b})
    outputs: dict[str, int] = {}
    for signed in (True, False):
        for width, frac in ((3, 0), (3, 3), (5, 2)):
            type_ = FixedType(signed, width, width - frac, rounding, overflow)
            n_args = kind.arity if kind.arity is not None else 2
            args = ((0, 1, 0) if kind is ops.Select else (0, 1))[:n_args]
            extra: dict[str, object] = {}
            if kind is ops.Table:
                rng = np.random.default_rng(width)
                extra["values"] = tuple(rng.integers(type_.raw_min, type_.raw_max, size=128).tolist())
            predicates = [{"predicate": p} for p in ops.Predicate]
            amounts = [{"amount": k} for k in (-3, -1, 0, 2)]
            variants = {ops.Compare: predicates, ops.Shift: amounts}.get(kind, [extra])
            for more in variants:
                value = build.push(kind(args=args, type=type_, **more))
                outputs[f"y{len(outputs)}"] = value
    program = build.program(outputs)
    raw = np.array([[x, y] for x in range(-8, 8) for y in range(8)])
    expected = [evaluate(program, [int(v) for v in row]) for row in raw]
    np.testing.assert_array_equal(Interpreter(program).run(raw), expected)


@pytest.mark.parametrize("kind", [ops.Add, ops.Sub, ops.Mul, ops.Div, ops.Shift, ops.Neg, ops.Abs, ops.Cast])
def test_refused_or_right_at_the_limit_of_64_bits(kind: type[ops.Operation]) -> None:
    """Types around the limit: either the program is refused or no bit is lost."""
    rng = np.random.default_rng(7)
    refused = accepted = 0
    for seed in range(150):
        types = [random_type(rng, 64) for _ in range(kind.arity or 0)]
        result = random_type(rng, 64)
        extra = {"amount": int(rng.integers(-40, 40))} if kind is ops.Shift else {}
        build = Builder({f"x{k}": t for k, t in enumerate(types)})
        value = build.push(kind(args=tuple(range(len(types))), type=result, **extra))
        try:
            program = build.program({"y": value})
        except ProgramError as error:
            assert "64 that are computed exactly" in str(error)
            refused += 1
            continue
        accepted += 1
        assert_agree(program, 12, seed)
    assert accepted > 20
    if kind is not ops.Cast:
        assert refused > 3


def test_blocks_and_their_ends() -> None:
    program = random_program(11)
    for n in (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7):
        raw = corner_inputs(program, n, n) if n else np.zeros((0, program.n_inputs), dtype=np.int64)
        expected = np.array([evaluate(program, [int(v) for v in row]) for row in raw])
        np.testing.assert_array_equal(Interpreter(program).run(raw), expected.reshape(n, program.n_outputs))


def test_an_input_outside_of_its_type_is_refused_wherever_it_is() -> None:
    """Also one that would end the process: 2 · -2^62 is INT64_MIN, whose quotient with -1 does not exist."""
    wide = FixedType(True, 56, 56)
    build = Builder({"x": wide, "y": FixedType(True, 3, 3)})
    program = build.program({"q": build.div(0, 1, wide)})
    raw = np.ones((40 * BLOCK + 3, 2), dtype=np.int64)
    Interpreter(program).run(raw)
    for row in (0, 5 * BLOCK + 1, len(raw) - 1):
        wrong = raw.copy()
        wrong[row] = [-(2**62), -1]
        for part in (wrong, wrong[max(0, row - 10) : row + 10]):
            with pytest.raises(
                ProgramError, match=r"raw input 'x' ranges over -4611686018427387904 to 1, outs"
            ):
                Interpreter(program).run(part)


def test_slots_are_reused() -> None:
    build = Builder({"x": FixedType(True, 4, 4)})
    value = 0
    for _ in range(30):
        value = build.add(value, 0, FixedType(True, 6, 6, Rounding.TRN, Overflow.SAT))
    code = encode(build.program({"y": value}))
    assert code.n_slots <= 3


def test_quantisation_that_changes_nothing_is_left_out() -> None:
    build = Builder({"x": FixedType(True, 4, 4), "y": FixedType(True, 4, 4)})
    exact, shifted = build.add(0, 1), build.add(0, 1, FixedType(True, 9, 6))
    narrow = build.add(0, 1, FixedType(True, 3, 3))
    symmetric = build.cast(0, FixedType(True, 4, 4, Rounding.TRN, Overflow.SAT_SYM))
    program = build.program({"a": exact, "b": shifted, "c": narrow, "d": symmetric})
    kinds = encode(program).rows[2:, Column.QUANTIZE].tolist()
    assert kinds == [Quantize.NOTHING, Quantize.SHIFT, Quantize.GENERAL, Quantize.GENERAL]


def test_predict_quantises_inputs_and_scales_outputs() -> None:
    build = Builder({"x": FixedType(True, 6, 3, Rounding.RND, Overflow.SAT), "y": FixedType(False, 4, 2)})
    program = build.program({"sum": build.add(0, 1), "less": build.compare(ops.Predicate.LT, 0, 1)})
    X = np.array([[1.0, 0.5], [1.07, 0.49], [100.0, 1.0], [-0.0625, 3.75]])
    # 1.07 to eighths is 1.125, 0.49 to quarters (down) 0.25; 100 saturates at 3.875; -1/16 ties up to 0.
    np.testing.assert_array_equal(
        Interpreter(program).predict(X), [[1.5, 0], [1.375, 0], [4.875, 0], [3.75, 1]]
    )


def test_no_inputs() -> None:
    build = Builder({})
    program = build.program({"y": build.constant(3, 1)})
    np.testing.assert_array_equal(Interpreter(program).predict(np.zeros((4, 0))), np.full((4, 1), 1.5))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((3, 2), dtype=int), r"shape \(3, 2\); the program takes \(samples, 1\)"),
        (np.zeros(3, dtype=int), r"shape \(3,\)"),
        (np.array([[8]]), r"raw input 'x' ranges over 8 to 8, outside of ap_fixed<4,4>"),
        (np.array([[0.5]]), r"raw inputs are of type float64"),
        (np.array([[2**63]], dtype=np.uint64), r"raw inputs are of type uint64"),
    ],
)
def test_bad_raw_inputs(raw: np.ndarray, message: str) -> None:
    build = Builder({"x": FixedType(True, 4, 4)})
    with pytest.raises(ProgramError, match=message):
        Interpreter(build.program({"y": build.neg(0)})).run(raw)


def test_bad_real_inputs() -> None:
    build = Builder({"x": FixedType(True, 4, 4)})
    interpreter = Interpreter(build.program({"y": build.neg(0)}))
    with pytest.raises(ProgramError, match=r"shape \(2, 2\)"):
        interpreter.predict(np.zeros((2, 2)))
    with pytest.raises(ProgramError, match="not finite"):
        interpreter.predict([[np.nan]])
    with pytest.raises(ProgramError, match="raw input 0 is 9, outside of"):
        evaluate(interpreter.program, [9])
