"""The quantisation rule against the words of UG1399, in exact fractions."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.program.quantize import QuantizeCode, quantize_raw, requantize, rounded_raw
from sr2hls.program.types import FixedType, Overflow, Rounding

from .strategies import fixed_types

HALF = Fraction(1, 2)


def round_by_definition(value: Fraction, mode: Rounding) -> int:
    """Round to an integer; nothing here is shared with the code under test."""
    below, above = math.floor(value), math.ceil(value)
    if mode is Rounding.TRN:
        return below
    if mode is Rounding.TRN_ZERO:
        return below if value >= 0 else above
    if value - below < HALF:
        return below
    if value - below > HALF:
        return above
    return {
        Rounding.RND: above,
        Rounding.RND_ZERO: below if value >= 0 else above,
        Rounding.RND_INF: above if value >= 0 else below,
        Rounding.RND_MIN_INF: below,
        Rounding.RND_CONV: below if below % 2 == 0 else above,
    }[mode]


def bound_by_definition(raw: int, type_: FixedType) -> int:
    low, high = type_.raw_min, type_.raw_max
    if type_.overflow is Overflow.SAT_SYM and type_.signed:
        low = -high
    if low <= raw <= high:
        return raw
    if type_.overflow is Overflow.WRAP:
        wrapped = raw % 2**type_.width
        return wrapped - 2**type_.width if type_.signed and wrapped >= 2 ** (type_.width - 1) else wrapped
    if type_.overflow is Overflow.SAT_ZERO:
        return 0
    return high if raw > high else low


def quantize_by_definition(value: Fraction, type_: FixedType) -> int:
    scaled = value * Fraction(2) ** type_.frac
    return bound_by_definition(round_by_definition(scaled, type_.rounding), type_)


@pytest.mark.parametrize("rounding", list(Rounding))
@pytest.mark.parametrize("overflow", list(Overflow))
@pytest.mark.parametrize("signed", [True, False])
def test_every_small_case(rounding: Rounding, overflow: Overflow, signed: bool) -> None:
    for width in (1, 2, 3):
        for frac in (-1, 0, 2):
            type_ = FixedType(signed, width, width - frac, rounding, overflow)
            for raw_frac in range(frac - 2, frac + 4):
                for raw in range(-40, 41):
                    expected = quantize_by_definition(Fraction(raw) / Fraction(2) ** raw_frac, type_)
                    assert quantize_raw(raw, raw_frac, type_) == expected


@settings(max_examples=500)
@given(fixed_types(64), st.integers(-(2**130), 2**130), st.integers(-70, 130))
def test_any_width_and_drop(type_: FixedType, raw: int, raw_frac: int) -> None:
    expected = quantize_by_definition(Fraction(raw) / Fraction(2) ** raw_frac, type_)
    assert quantize_raw(raw, raw_frac, type_) == expected


@settings(max_examples=300)
@given(fixed_types(12), st.integers(-300, 300), st.integers(1, 6), st.sampled_from([-1, 0, 1]))
def test_ties_and_their_neighbours(type_: FixedType, whole: int, drop: int, beside: int) -> None:
    raw = (whole << drop) + (1 << (drop - 1)) + (beside if drop > 1 else 0)
    expected = quantize_by_definition(Fraction(raw) / Fraction(2) ** (type_.frac + drop), type_)
    assert requantize(raw, drop, *QuantizeCode.of(type_)) == expected


@pytest.mark.parametrize(
    ("mode", "of_plus_2_5", "of_minus_2_5", "of_minus_2_75"),
    [
        # Examples by hand: 2.5, -2.5 and -2.75 to integers.
        (Rounding.TRN, 2, -3, -3),
        (Rounding.TRN_ZERO, 2, -2, -2),
        (Rounding.RND, 3, -2, -3),
        (Rounding.RND_ZERO, 2, -2, -3),
        (Rounding.RND_INF, 3, -3, -3),
        (Rounding.RND_MIN_INF, 2, -3, -3),
        (Rounding.RND_CONV, 2, -2, -3),
    ],
)
def test_modes_by_hand(mode: Rounding, of_plus_2_5: int, of_minus_2_5: int, of_minus_2_75: int) -> None:
    type_ = FixedType(True, 8, 8, mode)
    assert [quantize_raw(raw, 2, type_) for raw in (10, -10, -11)] == [
        of_plus_2_5,
        of_minus_2_5,
        of_minus_2_75,
    ]


@given(st.integers(-(2**70), 2**70), st.integers(-10, 70), st.sampled_from(list(Rounding)))
def test_rounding_alone(raw: int, drop: int, mode: Rounding) -> None:
    assert rounded_raw(raw, drop, mode) == round_by_definition(Fraction(raw) / Fraction(2) ** drop, mode)
