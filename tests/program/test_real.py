"""Doubles into fixed-point types, against exact fractions of the same doubles."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import ProgramError
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding

from .strategies import fixed_types
from .test_quantize import quantize_by_definition


@settings(max_examples=400)
@given(fixed_types(64, lo=-70, hi=70), st.floats(allow_nan=False, allow_infinity=False))
def test_any_double(type_: FixedType, value: float) -> None:
    assert quantize_real(value, type_) == quantize_by_definition(Fraction(value), type_)


@settings(max_examples=400)
@given(fixed_types(20), st.integers(-(2**20), 2**20), st.integers(-2, 2))
def test_near_ties(type_: FixedType, half_steps: int, ulps: int) -> None:
    value = half_steps * type_.step / 2
    for _ in range(abs(ulps)):
        value = float(np.nextafter(value, np.inf if ulps > 0 else -np.inf))
    assert quantize_real(value, type_) == quantize_by_definition(Fraction(value), type_)


@pytest.mark.parametrize("rounding", list(Rounding))
def test_just_above_minus_one_half(rounding: Rounding) -> None:
    # 1 - 0.49999999999999994 rounds to 0.5 in floating point: the cut-off part must not come from floor.
    value = float(np.nextafter(-0.5, 0))
    type_ = FixedType(True, 8, 8, rounding)
    assert quantize_real(value, type_) == quantize_by_definition(Fraction(value), type_)


@pytest.mark.parametrize("overflow", list(Overflow))
@pytest.mark.parametrize("value", [1.7e308, -1.7e308, 5e-324, -5e-324, 2.0**63, -(2.0**63), 2.0**64])
def test_extreme_doubles(overflow: Overflow, value: float) -> None:
    for type_ in (FixedType(True, 64, 44), FixedType(False, 63, 63), FixedType(True, 8, -60)):
        type_ = type_.with_modes(Rounding.TRN, overflow)
        assert quantize_real(value, type_) == quantize_by_definition(Fraction(value), type_)


def test_shapes_are_kept() -> None:
    assert quantize_real(np.zeros((3, 2)), FixedType(True, 4, 2)).shape == (3, 2)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ProgramError, match=r"not finite and has no meaning in ap_fixed<4,2>"):
        quantize_real([0.0, value], FixedType(True, 4, 2))
