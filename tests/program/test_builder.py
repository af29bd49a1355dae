import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.reference import evaluate
from sr2hls.program.types import FixedType

T = FixedType(True, 6, 3)


def test_equal_operations_are_written_once() -> None:
    build = Builder({"a": T, "b": T})
    first = build.add(build["a"], build["b"], origin="a + b")
    assert build.add(0, 1, origin="the same") == first
    assert build.add(0, 1, T) != first
    assert build.constant(3, 1) == build.constant(6, 2)
    assert build.table([0], [0] * 64, T) == build.table([0], [0] * 64, T)


def test_a_cast_that_changes_nothing_is_not_written() -> None:
    build = Builder({"a": T})
    assert build.cast(0, T) == 0
    assert build.cast(0, FixedType(True, 5, 3)) == 1


def test_unknown_input_is_named() -> None:
    with pytest.raises(ProgramError, match="no input 'c'; it has a, b"):
        Builder({"a": T, "b": T})["c"]


def test_dead_values_are_left_out_but_inputs_stay() -> None:
    build = Builder({"a": T, "b": T})
    build.mul(0, 1)
    program = build.program({"y": build.neg(0)})
    assert [op.name for op in program] == ["input", "input", "neg"]
    assert program.outputs == (2,)


def test_types_are_the_narrowest_that_hold_every_result() -> None:
    build = Builder({"a": T, "b": FixedType(False, 4, 2)})
    # -4 <= a <= 4 - 1/8, 0 <= b <= 4 - 1/4.
    assert build.type(build.add(0, 1)) == FixedType(True, 7, 4)
    assert build.type(build.mul(0, 1)) == FixedType(True, 10, 5)
    assert build.type(build.neg(0)) == FixedType(True, 7, 4)
    assert build.type(build.abs(0)) == FixedType(False, 6, 3)
    assert build.type(build.max(0, 1)) == FixedType(False, 5, 2)
    assert build.type(build.argmax([0, 1, 0])) == FixedType(False, 2, 2)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=7), st.data())
def test_sum_is_exact(widths: list[int], data: st.DataObject) -> None:
    build = Builder({f"x{k}": FixedType(k % 2 == 0, w, w - k % 3) for k, w in enumerate(widths)})
    program = build.program({"y": build.sum(list(range(len(widths))))})
    raw = [data.draw(st.integers(t.raw_min, t.raw_max)) for t in program.input_types]
    total = sum(t.exact(r) for t, r in zip(program.input_types, raw, strict=True))
    assert program.output_types[0].exact(evaluate(program, raw)[0]) == total


def test_sum_of_nothing_is_zero() -> None:
    build = Builder({"a": T})
    program = build.program({"y": build.sum([])})
    assert isinstance(program.ops[-1], ops.Constant)
    assert evaluate(program, [5]) == [0]
