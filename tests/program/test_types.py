from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sr2hls.errors import ProgramError
from sr2hls.program.types import FixedType, Overflow, Rounding, narrowest

from .strategies import fixed_types


def test_range_of_signed_and_unsigned() -> None:
    # ap_fixed<8,3>: -4 to 4 - 1/32; ap_ufixed<8,3>: 0 to 8 - 1/32.
    signed, unsigned = FixedType(True, 8, 3), FixedType(False, 8, 3)
    assert (signed.min, signed.max, signed.step) == (-4.0, 4 - 1 / 32, 1 / 32)
    assert (unsigned.min, unsigned.max) == (0.0, 8 - 1 / 32)


def test_binary_point_may_lie_outside_of_the_bits() -> None:
    assert FixedType(True, 4, 10).step == 64
    assert FixedType(False, 4, -2).max == 15 / 64


def test_str_is_the_hls_spelling() -> None:
    assert str(FixedType(True, 16, 6)) == "ap_fixed<16,6>"
    rounded = FixedType(False, 5, 0, Rounding.RND_CONV, Overflow.SAT_SYM)
    assert str(rounded) == "ap_ufixed<5,0,RND_CONV,SAT_SYM>"


@pytest.mark.parametrize(("signed", "width"), [(True, 0), (True, 65), (False, 64), (False, -1)])
def test_width_outside_of_the_limits_is_refused(signed: bool, width: int) -> None:
    with pytest.raises(ProgramError, match=rf"width {width} of .* is not in 1 to {64 if signed else 63}"):
        FixedType(signed, width, 0)


def test_exponent_outside_of_double_is_refused() -> None:
    with pytest.raises(ProgramError, match="2000 integer bits are outside of what a double can hold"):
        FixedType(True, 8, 2000)


@given(fixed_types(64), st.integers(-(2**63), 2**63 - 1))
def test_exact_value(type_: FixedType, raw: int) -> None:
    assert type_.exact(raw) == Fraction(raw) / Fraction(2) ** (type_.width - type_.integer)


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**40), st.integers(-8, 8))
def test_narrowest_holds_the_interval_and_one_bit_less_does_not(low: int, span: int, frac: int) -> None:
    high = low + span
    type_ = narrowest(low, high, frac)
    assert type_.frac == frac
    assert type_.raw_min <= low <= high <= type_.raw_max
    assert type_.signed == (low < 0)
    if type_.width > 1:
        smaller = FixedType(type_.signed, type_.width - 1, type_.integer - 1)
        assert low < smaller.raw_min or high > smaller.raw_max


def test_narrowest_beyond_64_bits_is_refused() -> None:
    with pytest.raises(ProgramError, match="width 66"):
        narrowest(-(2**64) - 1, 0, 0)
