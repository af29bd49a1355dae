"""Scalers and the fixed-point inputs of the circuit."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sr2hls.data import InputFormat, InputScaler, ScalerKind, choose_input_types, load_scaler
from sr2hls.data.names import FeatureNames
from sr2hls.data.ranges import best_range
from sr2hls.errors import InputError
from sr2hls.program.types import FixedType, Overflow, Rounding

X = np.random.default_rng(3).gamma(2.0, size=(2000, 4)) * np.array([1.0, 100.0, 1e-3, 1.0]) - np.array(
    [0, 50, 0, 5]
)


def identity(types: list[FixedType]) -> InputFormat:
    n = len(types)
    return InputFormat(
        FeatureNames.of(None, n), InputScaler(np.zeros(n), np.ones(n), "identity"), tuple(types)
    )


@given(
    st.booleans(),
    st.integers(1, 32),
    st.integers(-20, 40),
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.floats(-64, 64),
        st.sampled_from([0.5, -0.5, 1.5]),
    ),
)
def test_codes_are_nearest_and_saturate(signed: bool, width: int, integer: int, value: float) -> None:
    type_ = FixedType(signed, width, integer, Rounding.RND, Overflow.SAT)
    exact = math.floor(Fraction(value) * Fraction(2) ** type_.frac + Fraction(1, 2))
    wanted = min(max(exact, type_.raw_min), type_.raw_max)
    form = identity([type_])
    assert form.raw([[value]])[0, 0] == wanted
    assert Fraction(float(form.values([[value]])[0, 0])) == type_.exact(wanted)


@pytest.mark.parametrize("kind", list(ScalerKind))
def test_scalers_go_there_and_back(kind: ScalerKind) -> None:
    scaler = InputScaler.fit(X, kind)
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(X)), X, rtol=1e-12, atol=1e-12)
    Z = scaler.transform(X)
    if kind is ScalerKind.STANDARD:
        np.testing.assert_allclose(Z.mean(0), 0, atol=1e-9)
        np.testing.assert_allclose(Z.std(0), 1)
    if kind is ScalerKind.ROBUST:
        low, middle, high = np.quantile(Z, [0.25, 0.5, 0.75], axis=0)
        np.testing.assert_allclose(middle, 0, atol=1e-9)
        np.testing.assert_allclose(high - low, 1)
    if kind is ScalerKind.POWER_OF_TWO:
        assert (np.log2(scaler.scale) == np.round(np.log2(scaler.scale))).all()
        assert (scaler.offset == 0).all()
    if kind is ScalerKind.RANGE:
        assert ((Z > -1.05) & (Z < 1.05)).mean() > 0.9


def test_a_constant_feature_becomes_zero() -> None:
    rows = X.copy()
    rows[:, 2] = 7.25
    for kind in ScalerKind:
        form = InputFormat.fit(rows, scaler=kind)
        if kind in (ScalerKind.RANGE, ScalerKind.STANDARD, ScalerKind.ROBUST):
            assert (form.raw(rows)[:, 2] == 0).all()
        np.testing.assert_array_equal(form.snap(rows)[:, 2], 7.25)


def test_six_bits_of_the_fitted_range_are_used() -> None:
    form = InputFormat.fit(X)
    assert {str(t) for t in form.types} == {"ap_fixed<6,1,RND,SAT>"}
    codes = form.raw(X)
    assert codes.min() == -32
    assert codes.max() == 31
    assert all(len(np.unique(codes[:, i])) > 55 for i in range(4))
    assert (np.abs(form.snap(X) - X).mean(0) < 0.03 * X.std(0)).all()


def test_the_best_range_beats_full_and_narrow_ranges() -> None:
    values = X[:, 0]

    def error(low: float, high: float) -> float:
        step = (high - low) / 63
        return float(np.abs(low + step * np.clip(np.round((values - low) / step), 0, 63) - values).mean())

    best = error(*best_range(values, 6))
    assert best < error(values.min(), values.max())
    assert best < error(*np.quantile(values, [0.1, 0.9]))


def test_types_fit_the_values() -> None:
    types = choose_input_types(np.array([[0.0, -3.0, 1e-4, 0.0], [0.98, 2.0, 0.0, 0.0]] * 50), [6, 6, 8, 4])
    assert str(types[0]) == "ap_ufixed<6,0,RND,SAT>"
    assert types[1].signed
    assert types[1].min <= -3.0
    assert types[2].max < 3e-4
    assert types[3].width == 4


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"width": 0}, r"input width 0: give 1 to 32 bits"),
        ({"width": 33}, r"input width 33: give 1 to 32 bits"),
        ({"width": [6, 6]}, r"2 input widths for 4 features: give one, or one each"),
        (
            {"scaler": "magic"},
            r"unknown scaler 'magic': give one of range, standard, robust, power-of-two, decimal, identity",
        ),
        (
            {"scaler": InputScaler(np.zeros(2), np.ones(2), "file")},
            r"the scaler is for 2 features, the data have 4",
        ),
        (
            {"types": [FixedType(True, 6, 1)] * 4},
            r"the input 'x0' is ap_fixed<6,1>: give at most 32 bits with RND and SAT",
        ),
        ({"types": []}, r"4 features, a scaler of 4 and 0 types: they have to fit together"),
    ],
)
def test_refused_in_words(options: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        InputFormat.fit(X, **options)  # type: ignore[arg-type]


def test_saved_and_loaded(tmp_path: Path) -> None:
    form = InputFormat.fit(X, FeatureNames.of(["a", "<b>", "c", "d"], 4), width=[4, 5, 6, 7])
    form.save(tmp_path / "inputs.json")
    assert [p.name for p in tmp_path.iterdir()] == ["inputs.json"]
    again = InputFormat.load(tmp_path / "inputs.json")
    assert again.types == form.types
    assert again.names == form.names
    np.testing.assert_array_equal(again.raw(X), form.raw(X))
    np.testing.assert_array_equal(load_scaler(tmp_path / "inputs.json").scale, form.scaler.scale)
    with pytest.raises(InputError, match=r"'.*inputs.json' cannot be written \(No such file"):
        form.save(tmp_path / "nowhere" / "inputs.json")
    (tmp_path / "inputs.json").write_text('{"format": "other"}')
    with pytest.raises(InputError, match=r"is no description of inputs \(format 'other'\)"):
        InputFormat.load(tmp_path / "inputs.json")


def test_scalers_from_files(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"mean": [1.0, 2.0], "std": [2.0, 4.0]}))
    np.savez(tmp_path / "s.npz", mean_=[1.0, 2.0], scale_=[2.0, 4.0])
    for name in ("s.json", "s.npz"):
        np.testing.assert_array_equal(load_scaler(tmp_path / name).transform([[3.0, -2.0]]), [[1.0, -1.0]])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", r"the scaler '.*' cannot be read"),
        ("[1]", r"has no offset and scale: write it as an object with both"),
        ('{"mean": [1]}', r"has none of scale, scale_, std: write it as offset and scale"),
        ('{"mean": ["a"], "std": [1]}', r"'mean' in the scaler '.*' holds no list of numbers"),
        (
            '{"mean": [1], "std": [0]}',
            r"the scaler of feature 0 has the offset 1.0 and the scale 0.0: give finite",
        ),
        (
            '{"mean": [1, 2], "std": [1]}',
            r"a scaler with offsets \(2,\) and scales \(1,\): give one each a feature",
        ),
        ("[" * 100_000, r"the scaler '.*' cannot be read"),
    ],
)
def test_bad_scalers(content: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(InputError, match=text):
        load_scaler(tmp_path / "s.json")


def test_the_scaler_of_a_network() -> None:
    scaler = InputScaler.from_affine(np.array([0.5, 2.0]), np.array([1.0, -4.0]))
    np.testing.assert_allclose(scaler.transform([[3.0, 5.0]]), [[2.5, 6.0]])
    with pytest.raises(InputError, match="the network multiplies feature 1 by 0: leave the feature out"):
        InputScaler.from_affine(np.array([1.0, 0.0]), np.zeros(2))


@pytest.mark.parametrize("key", ["width", "integer", "signed"])
@pytest.mark.parametrize("value", [math.inf, math.nan, -math.inf, 1e308, 10**400, None, [], "x", {}])
def test_numbers_of_a_damaged_description_are_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "inputs.json"
    identity([FixedType(True, 6, 3, Rounding.RND, Overflow.SAT)]).save(path)
    content = json.loads(path.read_text())
    content["types"][0][key] = value
    path.write_text(json.dumps(content))
    if key == "signed":
        InputFormat.load(path)  # anything is true or false
        return
    with pytest.raises(InputError, match=r"inputs\.json' is no description of inputs"):
        InputFormat.load(path)


@pytest.mark.parametrize("value", [math.inf, 1e400, "x", {}, None])
def test_a_scaler_of_a_damaged_description_is_refused(tmp_path: Path, value: object) -> None:
    path = tmp_path / "inputs.json"
    identity([FixedType(True, 6, 3, Rounding.RND, Overflow.SAT)]).save(path)
    content = json.loads(path.read_text())
    content["scaler"]["scale"] = value
    path.write_text(json.dumps(content))
    with pytest.raises(InputError):
        InputFormat.load(path)
