"""Powers by octaves: right to a step of the result, or of the octave where that is coarser."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.octaves import group_of, write_octaves
from sr2hls.program.types import FixedType


@settings(max_examples=20, deadline=None)
@given(
    exponent=st.sampled_from((-2.0, -1.5, -1.0, -0.5, 0.5, 1.5)),
    width=st.integers(3, 14),
    integer=st.integers(-4, 6),
    frac=st.integers(2, 9),
    share=st.floats(0, 0.9),
)
def test_every_code_is_within_a_step_of_its_octave(
    exponent: float, width: int, integer: int, frac: int, share: float
) -> None:
    type_ = FixedType(False, width, integer)
    low = 1 + int(share * ((1 << width) - 1))
    build = Builder({"x": type_})
    seen = (low * type_.step, ((1 << width) - 1) * type_.step)
    value = write_octaves(build, build["x"], exponent, seen, frac, "x")
    if value is None:  # more than 24 leading bits would be needed
        return
    codes = np.arange(low, 1 << width)
    got = Interpreter(build.program({"y": value})).predict(codes[:, None] * type_.step)[:, 0]
    wanted = (codes * type_.step) ** exponent
    group = group_of(exponent)
    assert group is not None
    bits = np.array([int(c).bit_length() for c in codes])
    octave = (width - bits) // group
    coarser = np.maximum(1.0, 2.0 ** (-exponent * group * octave))
    steps = int(octave.max()).bit_length() + 1
    assert (np.abs(got - wanted) <= 2.0**-frac * (1.6 * coarser + 0.5 * steps)).all()


@pytest.mark.parametrize(("exponent", "low"), [(0.3, 1), (-1.0, 0)])
def test_other_powers_and_zero_have_no_octaves(exponent: float, low: int) -> None:
    build = Builder({"x": FixedType(False, 8, 4)})
    assert write_octaves(build, build["x"], exponent, (low / 16, 15.9), 6, "x") is None


def test_a_value_that_may_be_negative_has_no_octaves() -> None:
    build = Builder({"x": FixedType(True, 8, 4)})
    assert write_octaves(build, build["x"], -1.0, (0.5, 7.9), 6, "x") is None
