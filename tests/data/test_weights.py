"""Weights of rows: read from every format, never taken for a feature, checked."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from sr2hls.data import load_dataset
from sr2hls.errors import InputError

ROWS = 40
RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(ROWS, 2)).round(6), RNG.integers(0, 2, ROWS)
WEIGHTS = RNG.uniform(0, 2, ROWS).round(6)


def frame(weights: np.ndarray = WEIGHTS) -> pd.DataFrame:
    return pd.DataFrame({"pt": X[:, 0], "event_weight": weights, "eta": X[:, 1], "label": Y})


def csv(folder: Path) -> Path:
    frame().to_csv(folder / "d.csv", index=False)
    return folder / "d.csv"


def parquet(folder: Path) -> Path:
    frame().to_parquet(folder / "d.parquet")
    return folder / "d.parquet"


def npz(folder: Path) -> Path:
    np.savez(folder / "d.npz", X=X, y=Y, event_weight=WEIGHTS, names=np.array(["pt", "eta"]))
    return folder / "d.npz"


def hdf5(folder: Path) -> Path:
    with h5py.File(folder / "d.h5", "w") as file:
        file["X"], file["y"], file["event_weight"] = X, Y, WEIGHTS[:, None]
        file["names"] = np.array(["pt", "eta"], dtype="S")
    return folder / "d.h5"


def hdf5_table(folder: Path) -> Path:
    with h5py.File(folder / "d.h5", "w") as file:
        file["rows"] = frame().to_records(index=False)
    return folder / "d.h5"


@pytest.mark.parametrize("write", [csv, parquet, npz, hdf5, hdf5_table])
def test_each_part_has_the_weights_of_its_rows(write: Callable[[Path], Path], tmp_path: Path) -> None:
    data = load_dataset(write(tmp_path), weights="event_weight")
    assert data.names.display == ("pt", "eta")
    for part in (data.train, data.validation, data.test):
        assert part.weights is not None
        assert np.array_equal(part.weights, WEIGHTS[part.rows])
        assert np.array_equal(part.X, X[part.rows])


def test_without_the_option_a_column_is_a_feature_and_rows_have_no_weights(tmp_path: Path) -> None:
    data = load_dataset(csv(tmp_path))
    assert data.names.display == ("pt", "event_weight", "eta")
    assert data.train.weights is None


def test_weights_stay_with_their_rows_where_rows_are_dropped(tmp_path: Path) -> None:
    bad = frame()
    bad.loc[[3, 17], "pt"] = np.nan
    bad.to_csv(tmp_path / "d.csv", index=False)
    data = load_dataset(tmp_path / "d.csv", weights="event_weight", drop_nonfinite=True)
    kept = np.delete(WEIGHTS, [3, 17])
    assert data.weights is not None and np.array_equal(data.weights, kept)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.where(np.arange(ROWS) == 7, -0.5, WEIGHTS), r"the weight of row 7 of .* is -0\.5: give finite"),
        (np.where(np.arange(ROWS) == 2, np.nan, WEIGHTS), r"the weight of row 2 of .* is nan: give finite"),
        (np.zeros(ROWS), "all weights of .* are 0: at least one row has to count"),
        (np.array(["much"] * ROWS), "the weights of .* are no numbers"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights: np.ndarray, message: str, tmp_path: Path) -> None:
    frame(weights).to_csv(tmp_path / "d.csv", index=False)
    with pytest.raises(InputError, match=message):
        load_dataset(tmp_path / "d.csv", weights="event_weight")


def test_a_name_that_is_not_there_or_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'weight': it has 'pt', 'event_weight'"):
        load_dataset(csv(tmp_path), weights="weight")
    with pytest.raises(InputError, match=r"'label' of .* cannot be weights and feature or target"):
        load_dataset(csv(tmp_path), weights="label")
    with pytest.raises(InputError, match="no array 'weight' for the weights: it has 'X', 'y'"):
        load_dataset(npz(tmp_path), weights="weight")
    np.savez(tmp_path / "d.npz", X=X, y=Y, short=np.ones(3))
    with pytest.raises(InputError, match=r"weights of .* have the shape \(3,\) for 40 rows"):
        load_dataset(tmp_path / "d.npz", weights="short")
