"""What each pass is for, on programs where the result is known."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.passes import optimize
from sr2hls.program.passes.affine import NarrowAffine
from sr2hls.program.passes.base import Pass
from sr2hls.program.passes.common import ShareSubexpressions
from sr2hls.program.passes.dead import RemoveDeadCode
from sr2hls.program.passes.decide import SimplifyDecisions
from sr2hls.program.passes.fold_constants import FoldConstants
from sr2hls.program.passes.fuse import FuseCasts
from sr2hls.program.passes.index import ReduceIndices
from sr2hls.program.passes.narrow import NarrowRanges
from sr2hls.program.passes.share import ShareTables
from sr2hls.program.passes.simplify import Simplify
from sr2hls.program.passes.split import SplitTables
from sr2hls.program.passes.strength import ReduceStrength, signed_digits
from sr2hls.program.passes.tabulate import Tabulate
from sr2hls.program.program import Program
from sr2hls.program.size import absorbed_tables, estimate_luts, nonzero_digits, table_luts
from sr2hls.program.types import BIT, FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import corner_inputs

P = ops.Predicate
X6 = FixedType(True, 6, 3)
U6 = FixedType(False, 6, 6)


def kinds(program: Program) -> list[str]:
    return [op.name for op in program if not isinstance(op, ops.Input)]


def applied(step: Pass, program: Program) -> Program:
    """Apply a pass and check every bit on 3000 samples."""
    after = step.apply(program)
    raw = corner_inputs(program, 3000, 0)
    np.testing.assert_array_equal(Interpreter(after).run(raw), Interpreter(program).run(raw))
    return after


def two() -> Builder:
    return Builder({"a": X6, "b": X6})


def test_fold_constants() -> None:
    build = two()
    five = build.add(build.constant(2, 0), build.constant(3, 0))
    clipped = build.min(build.abs(0), build.neg(build.constant(1, 3)), FixedType(True, 4, 1))
    program = applied(FoldConstants(), build.program({"y": build.mul(five, five), "z": clipped}))
    assert kinds(program) == ["constant", "constant"]


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda b: b.add(0, b.constant(0, 0)), []),
        (lambda b: b.mul(0, b.constant(1, 0)), []),
        (lambda b: b.mul(b.constant(0, 0), 0), ["constant"]),
        (lambda b: b.mul(0, b.constant(-1, 0)), ["neg"]),
        (lambda b: b.sub(0, 0), ["constant"]),
        (lambda b: b.sub(b.constant(0, 0), 0), ["neg"]),
        (lambda b: b.add(0, b.neg(1)), ["sub"]),
        (lambda b: b.sub(0, b.neg(1)), ["add"]),
        (lambda b: b.neg(b.neg(0)), []),
        (lambda b: b.neg(b.sub(0, 1)), ["sub"]),
        (lambda b: b.abs(b.abs(0)), ["abs"]),
        (lambda b: b.abs(b.neg(0)), ["abs"]),
        (lambda b: b.shift(b.shift(0, 3), -1), ["shift"]),
        (lambda b: b.max(0, b.constant(-9, 0)), []),
        (lambda b: b.min(0, 0), []),
        (lambda b: b.mul(b.neg(0), b.neg(1)), ["mul"]),
        (lambda b: b.mul(b.compare(P.LT, 0, 1), 0), ["compare", "constant", "select"]),
        (lambda b: b.add(0, 0), ["shift"]),
    ],
)  # fmt: skip
def test_simplify(write: object, expected: list[str]) -> None:
    build = two()
    value = write(build)  # type: ignore[operator]
    program = applied(Simplify(), build.program({"y": value}))
    # A cast to the output's type may be left: it is wires.
    assert sorted(k for k in kinds(program) if k != "cast") == sorted(expected)


def test_share_commuted_operands_and_result_types() -> None:
    build = two()
    rounded = FixedType(True, 6, 4, Rounding.RND, Overflow.SAT)
    outputs = {"p": build.mul(0, 1), "q": build.mul(1, 0), "r": build.mul(1, 0, rounded),
               "s": build.compare(P.GT, 0, 1), "t": build.compare(P.LT, 1, 0)}  # fmt: skip
    program = applied(ShareSubexpressions(), build.program(outputs))
    assert Counter(kinds(program)) == {"mul": 1, "compare": 1, "cast": 2}


def test_share_tables_of_swapped_arguments() -> None:
    t = FixedType(False, 3, 3)
    build = Builder({"a": t, "b": t})
    cube = np.random.default_rng(0).integers(0, 8, (8, 8))
    outputs = {"p": build.table([0, 1], cube.ravel(), t), "q": build.table([1, 0], cube.T.ravel(), t)}
    program = applied(ShareSubexpressions(), build.program(outputs))
    assert kinds(program) == ["table"]


def test_dead_code() -> None:
    build = two()
    program = build.program({"y": build.mul(0, 0)})
    whole = Program((*program.ops, ops.Neg(args=(0,), type=X6)), program.outputs, ("a", "b"), ("y",))
    assert applied(RemoveDeadCode(), whole) == program


def test_narrow_leading_bits() -> None:
    build = two()
    wide = build.add(build.abs(0, FixedType(True, 20, 12)), build.abs(1, FixedType(True, 20, 12)),
                     FixedType(True, 30, 15, Rounding.RND, Overflow.SAT))  # fmt: skip
    program = applied(NarrowRanges(), build.program({"y": wide}))
    assert [op.type for op in program][2:5] == [
        FixedType(False, 6, 3),
        FixedType(False, 6, 3),
        FixedType(False, 7, 4),
    ]


def test_narrow_trailing_zeros() -> None:
    build = Builder({"a": X6})
    even = build.table([0], [4 * (k % 5) for k in range(64)], FixedType(False, 8, 4))
    program = applied(NarrowRanges(), build.program({"y": build.mul(even, build.constant(3, 0))}))
    table, product = (next(op for op in program if op.name == kind) for kind in ("table", "mul"))
    assert table.type == FixedType(False, 3, 1)
    assert product.type.width == 4


def test_narrow_keeps_what_saturates_and_wraps() -> None:
    build = two()
    saturated = build.add(0, 1, FixedType(True, 6, 3, Rounding.TRN, Overflow.SAT))
    symmetric = build.mul(0, 1, FixedType(True, 8, 2, Rounding.RND, Overflow.SAT_SYM))
    wrapped = build.mul(0, 0, FixedType(True, 6, 3))
    zero = build.sub(0, 1, FixedType(False, 5, 3, Rounding.TRN, Overflow.SAT_ZERO))
    applied(NarrowRanges(), build.program({"s": saturated, "t": symmetric, "w": wrapped, "z": zero}))


def test_narrow_what_depends_on_each_other() -> None:
    """The fraction x - floor(x) has three bits, a + b - a as many as b; x + 1/8 is always more than x."""
    build = two()
    fraction = build.sub(0, build.cast(0, FixedType(True, 3, 3)))
    back = build.sub(build.add(0, 1), 0)
    more = build.compare(P.GT, build.add(0, build.constant(1, 3)), 0)
    nothing = build.sub(build.sub(build.add(0, 0), 0), 0)
    before = build.program({"f": fraction, "b": back, "m": more, "z": nothing})
    program = applied(NarrowAffine(), before)
    assert [op.type.width for op in program if isinstance(op, ops.Sub)] == [3]
    assert Counter(k for k in kinds(program) if k != "cast") == {"sub": 1, "constant": 2}
    assert estimate_luts(optimize(before)) < 4


def test_sums_of_the_same_terms_in_another_order_are_one() -> None:
    build = Builder({"a": X6, "b": X6, "c": U6})
    outputs = {"p": build.add(build.add(0, 1), 2), "q": build.add(0, build.add(1, 2)),
               "r": build.sub(build.add(build.add(2, 2), 0), build.sub(2, 1))}  # fmt: skip
    program = applied(RemoveDeadCode(), applied(NarrowAffine(), build.program(outputs)))
    assert Counter(k for k in kinds(program) if k != "cast") == {"add": 2}


def test_fuse_casts() -> None:
    build = two()
    target = FixedType(True, 6, 4, Rounding.RND_CONV, Overflow.SAT)
    program = applied(FuseCasts(), build.program({"y": build.cast(build.mul(0, 1), target)}))
    assert kinds(program) == ["mul"]
    assert program.output_types == (target,)
    build = two()
    lossy = build.mul(0, 1, FixedType(True, 7, 4, Rounding.RND))
    kept = applied(FuseCasts(), build.program({"y": build.cast(lossy, target)}))
    assert kinds(kept) == ["mul", "cast"]


@pytest.mark.parametrize("value", [1, 2, 3, 5, 7, 10, -1, -3, -6, 15, 23, 100])
def test_products_with_constants_become_shifts_and_adds(value: int) -> None:
    build = two()
    program = applied(ReduceStrength(), build.program({"y": build.mul(0, build.constant(value, 2))}))
    assert "mul" not in kinds(program)
    adders = sum(k in ("add", "sub") for k in kinds(program))
    assert adders == nonzero_digits(value) - 1


def test_quotients_by_powers_of_two_become_shifts() -> None:
    for value, expected in ((8, ["shift"]), (-8, ["shift", "neg"])):
        build = two()
        quotient = build.div(0, build.constant(value, 1), FixedType(True, 6, 2, Rounding.RND_CONV))
        program = applied(ReduceStrength(), build.program({"y": quotient}))
        assert [k for k in kinds(program) if k != "constant"] == expected


def test_signed_digits() -> None:
    for value in range(-300, 300):
        digits = signed_digits(value)
        assert sum(d << p for p, d in digits) == value
        assert len(digits) == nonzero_digits(value)
        places = [p for p, _ in digits]
        assert all(b - a >= 2 for a, b in pairwise(places))


def test_a_function_of_few_bits_becomes_a_table() -> None:
    build = Builder({"a": X6, "b": U6})
    square = build.mul(0, 0)
    poly = build.add(build.mul(square, 0), build.mul(square, build.constant(5, 2)))
    program = applied(
        Tabulate(), build.program({"y": build.select(build.compare(P.GT, poly, square), poly, square)})
    )
    assert kinds(program) == ["table"]


def test_few_bits_of_two_values_become_a_table() -> None:
    t = FixedType(True, 3, 3)
    build = Builder({"a": t, "b": t})
    program = applied(
        Tabulate(), build.program({"y": build.div(build.mul(0, 0), build.add(1, build.constant(9, 0)), U6)})
    )
    assert kinds(program) == ["table"]


def test_wide_adders_stay() -> None:
    t = FixedType(True, 12, 6)
    build = Builder({"a": t, "b": t})
    assert kinds(applied(Tabulate(), build.program({"y": build.add(0, 1)}))) == ["add"]


def small_tables(count: int) -> tuple[Builder, list[int]]:
    """Return random tables of three bits, the first over four bits, the others over three."""
    rng = np.random.default_rng(4)
    build = Builder({f"x{k}": FixedType(False, 4 if k == 0 else 3, 4) for k in range(count)})
    sizes = [16] + [8] * (count - 1)
    tables = [
        build.table([k], rng.integers(0, 8, n), FixedType(False, 3, 3))
        for k, n in zip(range(count), sizes, strict=True)
    ]
    return build, tables


def test_sums_of_small_tables_stay_since_adders_take_the_tables_in() -> None:
    build, (a, b) = small_tables(2)
    before = build.program({"y": build.add(a, b)})
    alone = [table_luts(before.ops[k].values) for k in (a, b)]  # type: ignore[attr-defined]
    assert estimate_luts(before) == min(alone) + 4, "one table, and four bits of the adder"
    assert "add" in kinds(optimize(before))


def test_which_tables_adders_take_in() -> None:
    build, (a, b, c) = small_tables(3)
    wide = build.table(
        [a, 1, 2], np.arange(512) * 7 % 13, FixedType(False, 4, 4)
    )  # what reads a is no sum alone
    total = build.add(build.add(b, c), wide)
    program = build.program({"y": total})
    assert len(absorbed_tables(program)) == 2, "b and c, beside the wide one"
    twice, (d, e) = small_tables(2)
    both = twice.program({"y": twice.add(d, e), "z": d})
    assert len(absorbed_tables(both)) == 1, "an output is a value of its own"


def test_negation_shift_and_offset_are_absorbed_into_tables() -> None:
    build = Builder({"a": X6, "b": X6})
    f = build.table([0], [(7 * k) % 32 for k in range(64)], FixedType(False, 5, 2))
    g = build.table([1], [(5 * k) % 32 for k in range(64)], FixedType(False, 5, 2))
    total = build.add(build.neg(build.add(f, build.constant(3, 1))), build.shift(build.neg(g), 1))
    program = optimize(build.program({"y": total}))
    assert Counter(k for k in kinds(program) if k != "cast") == {"table": 2, "sub": 1}


def test_unused_index_bits_are_removed() -> None:
    build = Builder({"a": X6, "b": X6})
    values = [(((k >> 9) & 7) * 3 + ((k >> 2) & 3)) % 16 for k in range(4096)]
    program = applied(
        ReduceIndices(), build.program({"y": build.table([0, 1], values, FixedType(False, 4, 4))})
    )
    table = next(op for op in program if isinstance(op, ops.Table))
    assert len(table.values) == 32


def test_repeated_arguments_are_one() -> None:
    t = FixedType(True, 3, 3)
    build = Builder({"a": t, "b": t})
    values = np.random.default_rng(1).integers(0, 16, 512)
    program = applied(
        ReduceIndices(), build.program({"y": build.table([0, 1, 0], values, FixedType(False, 4, 4))})
    )
    table = next(op for op in program if isinstance(op, ops.Table))
    assert table.args == (0, 1)


def test_entries_that_no_input_reaches_do_not_count() -> None:
    build = Builder({"a": FixedType(False, 6, 6)})
    small = build.min(0, build.constant(7, 0), FixedType(False, 6, 6))
    values = [k % 2 if k < 8 else 31 for k in range(64)]
    program = applied(
        ReduceIndices(), build.program({"y": build.table([small], values, FixedType(False, 5, 5))})
    )
    assert not any(isinstance(op, ops.Table) and len(op.values) > 2 for op in program)


def test_tables_that_are_wires_or_constant() -> None:
    build = Builder({"a": X6})
    wire = build.table([0], [4 * (k if k < 32 else k - 64) for k in range(64)], FixedType(True, 8, 5))
    same = build.table([0], [9] * 64, U6)
    program = applied(ReduceIndices(), build.program({"w": wire, "c": same}))
    assert sorted(kinds(program)) == ["constant", "shift"]


def test_duplicate_tables_are_shared() -> None:
    rng = np.random.default_rng(2)
    build = Builder({"a": FixedType(True, 8, 4)})
    values = rng.integers(-30, 30, 256)
    t = FixedType(True, 6, 3)
    outputs = {"f": build.table([0], values, t), "double": build.table([0], values, FixedType(True, 6, 4)),
               "minus": build.table([0], -values, t),
               "more": build.table([0], values + 40, FixedType(False, 7, 4))}  # fmt: skip
    program = applied(ShareTables(), build.program(outputs))
    assert kinds(program).count("table") == 1


def test_tables_with_few_different_rows_are_composed() -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 256, (4, 8))
    code = rng.integers(0, 4, 64)
    build = Builder({"a": FixedType(True, 6, 6), "b": FixedType(False, 3, 3)})
    before = build.program({"y": build.table([0, 1], rows[code].ravel(), FixedType(False, 8, 8))})
    program = applied(SplitTables(), before)
    assert sorted(len(op.values) for op in program if isinstance(op, ops.Table)) == [32, 64]
    assert estimate_luts(program) < estimate_luts(before) / 2


def test_smooth_tables_become_sums() -> None:
    build = Builder({"a": FixedType(False, 10, 0)})
    values = np.round(200 * np.sin(np.arange(1024) / 1024 * 1.5)).astype(int)
    before = build.program({"y": build.table([0], values, FixedType(False, 8, 8))})
    program = applied(SplitTables(), before)
    assert "add" in kinds(program)
    assert estimate_luts(program) < 0.8 * estimate_luts(before)


def test_random_tables_stay_whole() -> None:
    build = Builder({"a": FixedType(False, 8, 8)})
    values = np.random.default_rng(4).integers(0, 256, 256)
    program = build.program({"y": build.table([0], values, FixedType(False, 8, 8))})
    assert applied(SplitTables(), program) == program


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda b: b.compare(P.LT, 0, b.constant(100, 0)), ["constant"]),
        (lambda b: b.compare(P.GE, 0, 0), ["constant"]),
        (lambda b: b.compare(P.LT, b.sub(0, 1), b.constant(0, 0)), ["compare"]),
        (lambda b: b.compare(P.LT, 0, b.constant(0, 0)), ["shift"]),
        (lambda b: b.compare(P.EQ, 0, b.constant(1, 9)), ["constant"]),
        (lambda b: b.compare(P.NE, 0, b.constant(1, 9)), ["constant"]),
        (lambda b: b.compare(P.GT, 0, b.constant(-1, 9)), ["compare", "constant"]),
        (lambda b: b.select(b.constant(1, 0), 0, 1), []),
        (lambda b: b.select(b.compare(P.LT, 0, 1), 1, 1), []),
        (lambda b: b.argmax([0, b.constant(-100, 0), b.constant(-50, 0)]), ["constant"]),
        (lambda b: b.argmax([0, 1]), ["compare"]),
        (lambda b: b.argmax([b.add(0, 1), b.add(b.mul(0, 0), 1), b.add(b.mul(1, 1), 1)]),
         ["argmax", "mul", "mul"]),
    ],
)  # fmt: skip
def test_decisions(write: object, expected: list[str]) -> None:
    build = two()
    value = write(build)  # type: ignore[operator]
    program = applied(SimplifyDecisions(), build.program({"y": value}))
    assert sorted(k for k in kinds(program) if k != "cast") == expected


def test_sign_of_types_with_any_binary_point() -> None:
    for width, integer in ((1, 1), (1, 4), (6, -2), (6, 9), (6, 3), (2, 1)):
        build = Builder({"a": FixedType(True, width, integer), "b": X6})
        sign = build.compare(P.LT, 0, build.constant(0, 0))
        program = applied(SimplifyDecisions(), build.program({"y": sign, "z": build.select(sign, 0, 1)}))
        assert "compare" not in kinds(program)


@pytest.mark.parametrize("predicate", list(P))
@pytest.mark.parametrize("constant", [-33, -32, -31, -9, -1, 0, 1, 5, 31, 32, 47])
@pytest.mark.parametrize("frac", [2, 3, 5])
def test_thresholds(predicate: P, constant: int, frac: int) -> None:
    build = two()
    threshold = build.constant(constant, frac)
    outputs = {"y": build.compare(predicate, 0, threshold), "z": build.compare(predicate, threshold, 0)}
    program = applied(SimplifyDecisions(), build.program(outputs))
    assert all(op.type.frac <= 3 or op.raw == 0 for op in program if isinstance(op, ops.Constant))


def test_size_of_tables() -> None:
    assert table_luts((3,) * 64) == 0
    assert table_luts(tuple(range(64))) == 0  # wires
    assert table_luts(tuple(bin(k).count("1") % 2 for k in range(64))) == 1
    assert table_luts(tuple(np.random.default_rng(0).integers(0, 16, 64).tolist())) == 4
    assert table_luts(tuple(np.random.default_rng(0).integers(0, 2, 256).tolist())) == 4
    assert table_luts(tuple((k // 8) % 3 for k in range(512))) == 2


def test_a_bit_is_the_type_of_decisions() -> None:
    build = two()
    program = optimize(build.program({"y": build.compare(P.LE, 0, 1)}))
    assert program.output_types == (BIT,)
