"""Piecewise polynomials: within their tolerance on every code, and the same as operations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.segment_writer import write_function
from sr2hls.program.segments import fit_segments
from sr2hls.program.tabulation import Anchor
from sr2hls.program.types import FixedType

FUNCTIONS = {
    "sin": np.sin, "exp": np.exp, "log": np.log, "inverse": np.reciprocal, "root": np.sqrt,
    "step": lambda x: np.where(x > 0.37, 1.0, np.sin(x)), "line": lambda x: 0.3 * x - 1,
}  # fmt: skip


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_code_is_within_the_tolerance(name: str, degree: int) -> None:
    bits, tolerance = 12, 2.0**-9

    def function(codes: np.ndarray) -> np.ndarray:
        return np.asarray(FUNCTIONS[name](codes / 2**10))

    found = fit_segments(function, 100, 4000, bits, degree, tolerance)
    assert found is not None
    checked = 0
    for run in found.runs:
        for code in range(max(run.start, 100), min(run.stop, 4001)):
            number = run.first + ((code - run.start) >> run.shift)
            place = ((code - run.start) % (1 << run.shift)) / (1 << run.shift)
            value = sum(c * place**k for k, c in enumerate(found.coefficients[number]))
            assert abs(value - function(np.array(float(code)))) <= 1.05 * tolerance
            checked += 1
    assert checked == 3901


def test_a_wave_has_segments_of_one_length() -> None:
    found = fit_segments(lambda c: np.sin(c / 40), 0, (1 << 13) - 1, 13, 2, 1e-3)
    assert found is not None
    assert len(found.runs) <= 64
    assert found.largest <= 1e-3


def test_too_many_segments_are_none() -> None:
    rng = np.random.default_rng(0).normal(size=1 << 12)
    assert fit_segments(lambda c: rng[c.astype(int)], 0, (1 << 12) - 1, 12, 1, 1e-3) is None


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(FUNCTIONS)),
    width=st.integers(6, 16),
    low=st.floats(0.05, 2),
    length=st.floats(0.3, 6),
    frac=st.integers(2, 12),
)
def test_the_operations_are_the_function(name: str, width: int, low: float, length: float, frac: int) -> None:
    type_ = FixedType(True, width, 5)
    build = Builder({"x": type_})
    high = min(low + length, type_.max)
    value = write_function(build, Anchor(0, build["x"]), FUNCTIONS[name], (low, high), frac, name)
    if value is None:
        return
    codes = np.arange(np.ceil(low / type_.step), np.floor(high / type_.step) + 1)
    if not len(codes):
        return
    x = codes * type_.step
    got = Interpreter(build.program({"y": value})).predict(x[:, None])[:, 0]
    assert np.abs(got - FUNCTIONS[name](x)).max() <= 1.6 * 2.0**-frac
