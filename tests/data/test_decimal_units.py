"""Decimal units: steps that are decimal in the feature's unit, hardly coarser than the best ones."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.data import InputFormat, ScalerKind
from sr2hls.data.decimal_units import DecimalUnit, fit_unit
from sr2hls.data.ranges import best_range


def _error(values: np.ndarray, unit: DecimalUnit, frac: int, width: int) -> float:
    step = unit.scale * 2.0**-frac
    codes = np.clip(np.rint((values - unit.offset) / step), -(1 << width >> 1), (1 << width >> 1) - 1)
    return float(np.abs(codes * step + unit.offset - values).mean())


@given(st.integers(0, 10**6), st.floats(-1e4, 1e4), st.floats(1e-4, 1e4), st.integers(2, 9))
@settings(max_examples=60, deadline=None)
def test_steps_are_hardly_coarser_than_the_best(seed: int, middle: float, spread: float, width: int) -> None:
    values = middle + spread * np.random.default_rng(seed).standard_normal(400)
    low, high = best_range(values, width)
    codes = np.clip(np.rint((values - low) / (high - low) * (2**width - 1)), 0, 2**width - 1)
    best = float(np.abs(low + codes / (2**width - 1) * (high - low) - values).mean())
    unit, frac = fit_unit(values, width)
    assert _error(values, unit, frac, width) < 1.9 * best
    assert unit.zero * 2.0**frac == round(unit.zero * 2.0**frac)


def test_a_feature_far_from_zero_has_a_place_of_few_digits() -> None:
    values = np.random.default_rng(0).uniform(300.2, 301.4, 500)
    unit, _ = fit_unit(values, 6)
    assert 300.2 < unit.place < 301.4
    assert len(f"{unit.place:g}".replace(".", "")) <= 4
    assert abs(unit.zero) <= 1


def test_a_mass_in_gev_has_none() -> None:
    values = np.random.default_rng(0).gamma(3.0, 40.0, 5000)
    unit, _ = fit_unit(values, 6)
    assert unit.place == 0 and unit.exponent in (2, 3)


def test_a_feature_that_never_changes_has_a_unit() -> None:
    unit, _ = fit_unit(np.full(50, 3.0), 6)
    assert np.isfinite([unit.offset, unit.scale]).all()


@pytest.fixture
def formats() -> InputFormat:
    rng = np.random.default_rng(1)
    X = np.stack([rng.gamma(3.0, 40.0, 900), rng.uniform(0.001, 0.004, 900), rng.normal(-2, 1, 900)], axis=1)
    return InputFormat.fit(X, width=6, scaler=ScalerKind.DECIMAL)


def test_inputs_and_units_say_the_same_of_a_feature(formats: InputFormat) -> None:
    assert formats.units is not None
    codes = np.arange(-32, 32)
    for k, (unit, type_) in enumerate(zip(formats.units, formats.types, strict=True)):
        x = codes * type_.step
        features = formats.scaler.inverse_transform(np.tile(x[:, None], 3))[:, k]
        assert np.allclose(unit.place + unit.own(x) * unit.scale, features, rtol=1e-12)


def test_units_are_written_and_read(formats: InputFormat, tmp_path: Path) -> None:
    formats.save(tmp_path / "inputs.json")
    again = InputFormat.load(tmp_path / "inputs.json")
    assert again.units == formats.units and again.types == formats.types
    assert again.scaler.kind == "decimal"
