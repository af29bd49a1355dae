"""The reference itself, by hand: each operation's meaning in numbers that a person can check."""

from fractions import Fraction

import pytest

from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.quantize import rounded_raw
from sr2hls.program.reference import evaluate
from sr2hls.program.types import FixedType, Rounding

A = FixedType(True, 6, 4)  # quarters from -8
B = FixedType(True, 5, 4)  # halves from -8
WIDE = FixedType(True, 20, 10)


def result(
    kind: type[ops.Operation], a: float, b: float, type_: FixedType = WIDE, **extra: object
) -> Fraction:
    build = Builder({"a": A, "b": B})
    args = (0, 1)[: kind.arity if kind.arity is not None else 2]
    program = build.program({"y": build.push(kind(args=args, type=type_, **extra))})
    return type_.exact(evaluate(program, [int(a * 4), int(b * 2)])[0])


@pytest.mark.parametrize(
    ("kind", "a", "b", "expected"),
    [
        (ops.Add, 1.25, -3.5, -2.25),
        (ops.Sub, 1.25, -3.5, 4.75),
        (ops.Mul, 1.25, -3.5, -4.375),
        (ops.Neg, 1.25, 0, -1.25),
        (ops.Abs, -7.75, 0, 7.75),
        (ops.Min, 1.25, 1.5, 1.25),
        (ops.Max, 1.25, 1.5, 1.5),
        (ops.Cast, -8, 0, -8),
        (ops.Div, 5, 2, 2.5),
        (ops.Div, 5, -2, -2.5),
        (ops.Div, 0, 0, 0),
        (ops.Div, 1, 0, WIDE.max),
        (ops.Div, -1, 0, WIDE.min),
        (ops.Argmax, 1.5, 1.5, 0),
        (ops.Argmax, 1.25, 1.5, 1),
    ],
)
def test_operation(kind: type[ops.Operation], a: float, b: float, expected: float) -> None:
    assert result(kind, a, b) == Fraction(expected)


@pytest.mark.parametrize("a", [-8.0, -1.75, -0.25, 0.0, 0.25, 7.75])
@pytest.mark.parametrize("b", [-8.0, -1.5, -0.5, 0.5, 3.0, 7.5])
@pytest.mark.parametrize("rounding", list(Rounding))
def test_quotient_is_quantised_once(a: float, b: float, rounding: Rounding) -> None:
    type_ = FixedType(True, 12, 8, rounding)
    exact = Fraction(a) / Fraction(b) * 16
    # The exact quotient as raw / 2^k does not exist; scale it so that a tie and its neighbours stay apart.
    scaled = exact * 2**40
    raw = scaled.numerator // scaled.denominator * 2 + (scaled.denominator != 1)
    assert result(ops.Div, a, b, type_) == Fraction(rounded_raw(raw, 41, rounding), 16)


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [("lt", (1, 0, 0)), ("le", (1, 1, 0)), ("gt", (0, 0, 1)), ("ge", (0, 1, 1)), ("eq", (0, 1, 0)),
     ("ne", (1, 0, 1))],
)  # fmt: skip
def test_comparisons_align_the_binary_points(predicate: str, expected: tuple[int, ...]) -> None:
    relation = ops.Predicate(predicate)
    results = tuple(result(ops.Compare, a, 1.5, predicate=relation) for a in (1.25, 1.5, 1.75))
    assert results == expected


@pytest.mark.parametrize(("amount", "expected"), [(0, 1.25), (3, 10), (-1, 0.625), (-4, 0.078125)])
def test_shift_is_exact(amount: int, expected: float) -> None:
    assert result(ops.Shift, 1.25, 0, amount=amount) == Fraction(expected)


def test_select_takes_any_non_zero_condition() -> None:
    build = Builder({"c": A, "a": A, "b": B})
    program = build.program({"y": build.select(0, 1, 2, WIDE)})
    assert [WIDE.value(evaluate(program, [c, 5, 3])[0]) for c in (-32, -1, 0, 1, 31)] == [
        1.25,
        1.25,
        1.5,
        1.25,
        1.25,
    ]


def test_table_index_is_the_bits_first_argument_highest() -> None:
    build = Builder({"a": FixedType(True, 2, 2), "b": FixedType(False, 2, 0)})
    values = [10 * (k >> 2) + (k & 3) for k in range(16)]
    program = build.program({"y": build.table([0, 1], values, FixedType(False, 6, 6))})
    # Two's complement: -1 is 0b11, -2 is 0b10.
    for a, high in ((0, 0), (1, 1), (-2, 2), (-1, 3)):
        assert [evaluate(program, [a, b])[0] for b in range(4)] == [10 * high + b for b in range(4)]
