"""The map of inputs and the decision, as operations of a program, to the bit."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import InputError
from sr2hls.program.builder import Builder
from sr2hls.program.ends import DECISION, with_argmax, with_input_maps
from sr2hls.program.input_map import ExactMap, ProductMap, fit_map
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding


def _scores(types: list[FixedType]) -> Program:
    build = Builder({f"x{k}": t for k, t in enumerate(types)})
    return build.program({f"y{k}": k for k in range(len(types))})


types = st.builds(FixedType, st.booleans(), st.integers(1, 6), st.integers(-2, 8))


@settings(max_examples=40, deadline=None)
@given(st.lists(types, min_size=2, max_size=6), st.integers(0, 2**32 - 1))
def test_the_class_is_numpys_argmax_the_first_of_equals(kinds: list[FixedType], seed: int) -> None:
    program = with_argmax(_scores(kinds))
    assert program.output_names[-1] == DECISION
    rng = np.random.default_rng(seed)
    raw = np.stack([rng.integers(t.raw_min, t.raw_max, 200, endpoint=True) for t in kinds], axis=1)
    found = Interpreter(program).run(raw)
    values = raw * np.array([t.step for t in kinds])
    assert np.array_equal(found[:, -1], values.argmax(axis=1))
    assert np.array_equal(found[:, :-1], raw)


def test_a_single_score_is_compared_with_0() -> None:
    type_ = FixedType(True, 4, 2)
    program = with_argmax(_scores([type_]), binary=True)
    raw = np.arange(type_.raw_min, type_.raw_max + 1)[:, None]
    assert np.array_equal(Interpreter(program).run(raw)[:, 1], raw[:, 0] > 0)
    with pytest.raises(InputError, match="--with-argmax needs several outputs"):
        with_argmax(_scores([type_]))


def test_the_class_has_another_name_where_an_output_has_its_name() -> None:
    build = Builder({"a": FixedType(False, 3, 3), "b": FixedType(False, 3, 3)})
    program = with_argmax(build.program({DECISION: build["a"], "y": build["b"]}))
    assert program.output_names == (DECISION, "y", f"{DECISION}_")


@st.composite
def exact_maps(draw: st.DrawFn) -> ExactMap:
    raw = FixedType(draw(st.booleans()), draw(st.integers(1, 12)), draw(st.integers(-3, 12)))
    target = FixedType(
        draw(st.booleans()), draw(st.integers(1, 8)), draw(st.integers(-2, 4)), Rounding.RND, Overflow.SAT
    )
    span = Fraction(2) ** raw.integer
    offset = Fraction(draw(st.floats(-1.5, 1.5))) * span
    scale = Fraction(draw(st.floats(0.01, 4.0))) * span * draw(st.sampled_from([1, -1]))
    return ExactMap(raw, target, offset, scale)


@settings(max_examples=50, deadline=None)
@given(exact_maps())
def test_every_raw_value_is_rounded_as_rational_arithmetic_rounds_it(exact: ExactMap) -> None:
    found = fit_map(exact)
    raw = np.arange(exact.raw.raw_min, exact.raw.raw_max + 1)
    wanted = np.array([exact.code(int(r)) for r in raw])
    assert np.array_equal(found.codes(raw), wanted)
    program = with_input_maps(_scores([exact.type]), [found])
    assert program.input_types == (exact.raw,)
    assert np.array_equal(Interpreter(program).run(raw[:, None])[:, 0], wanted)


@pytest.mark.parametrize(("offset", "scale", "factor"), [(0, 1, 1), (Fraction(3, 8), 4, 1), (1, -2, -1)])
def test_a_power_of_two_is_a_shift(offset: Fraction, scale: int, factor: int) -> None:
    raw = FixedType(True, 18, 6)
    exact = ExactMap(
        raw, FixedType(True, 16, 4, Rounding.RND, Overflow.SAT), Fraction(offset), Fraction(scale)
    )
    found = fit_map(exact)
    assert isinstance(found, ProductMap)
    assert abs(found.factor).bit_count() == 1
    assert (found.factor > 0) == (factor > 0)
    drawn = np.random.default_rng(0).integers(raw.raw_min, raw.raw_max, 500)
    assert found.codes(drawn).tolist() == [exact.code(int(r)) for r in drawn]


def test_a_scale_that_no_product_gives_is_refused() -> None:
    wide = FixedType(True, 24, 4, Rounding.RND, Overflow.SAT)
    exact = ExactMap(FixedType(True, 24, 4), wide, Fraction(0), Fraction(3))
    with pytest.raises(InputError, match="neither tables nor a product of at most 56 bits"):
        fit_map(exact)


def test_an_input_that_nothing_reads_stays_a_port() -> None:
    type_ = FixedType(True, 4, 1, Rounding.RND, Overflow.SAT)
    build = Builder({"a": type_, "b": type_})
    program = build.program({"y": build["b"]})
    raw = FixedType(True, 8, 3)
    m = fit_map(ExactMap(raw, type_, Fraction(0), Fraction(3)))
    found = with_input_maps(program, [m, m])
    assert found.input_names == ("a", "b")
    assert not found.users[0]
