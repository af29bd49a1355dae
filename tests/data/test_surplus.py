"""Types of columns as users have them, and files with one column more than the network takes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sr2hls.data import Dataset, load_dataset
from sr2hls.errors import InputError

N = 200
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "a": RNG.normal(size=N).astype(np.float32),
        "b": RNG.integers(-128, 128, N).astype(np.int8),
        "c": RNG.integers(0, 256, N).astype(np.uint8),
        "flag": RNG.random(N) > 0.5,
        "code": pd.Categorical(RNG.choice([1, 2, 5], N)),
        "nullable": pd.array(RNG.integers(0, 9, N), dtype="Int64"),
    }
)


def saved(frame: pd.DataFrame, folder: Path, ending: str) -> Path:
    path = folder / f"data{ending}"
    if ending == ".parquet":
        frame.to_parquet(path)
    elif ending == ".csv":
        frame.to_csv(path, index=False)
    else:
        np.save(path, frame.to_numpy(dtype=np.float64))
    return path


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_integers_booleans_and_categories_are_numbers(tmp_path: Path, ending: str) -> None:
    frame = FRAME.assign(label=pd.Categorical(RNG.choice(["sig", "bkg"], N)))
    data = load_dataset(saved(frame, tmp_path, ending))
    assert data.names.display == tuple(FRAME.columns)
    for k, name in enumerate(FRAME.columns):
        np.testing.assert_allclose(data.X[:, k], FRAME[name].to_numpy(dtype=np.float64), rtol=1e-6)
    assert data.classes == ("bkg", "sig")
    assert data.y is not None
    assert np.array_equal(data.y == 1, frame["label"].to_numpy() == "sig")


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, bool])
def test_arrays_of_whole_numbers(tmp_path: Path, dtype: type) -> None:
    X = RNG.integers(0, 200, (N, 3)).astype(dtype)
    np.savez(tmp_path / "d.npz", X=X, y=RNG.random(N) > 0.5)
    data = load_dataset(tmp_path / "d.npz")
    assert np.array_equal(data.X, X.astype(np.float64))
    assert data.classes == ("0", "1")


def test_columns_come_in_the_order_of_their_names_as_given(tmp_path: Path) -> None:
    data = load_dataset(saved(FRAME, tmp_path, ".parquet"), features=["flag", "a"])
    assert np.array_equal(data.X, FRAME[["flag", "a"]].to_numpy(dtype=np.float64))


def test_a_category_that_is_no_number_names_the_options(tmp_path: Path) -> None:
    path = saved(FRAME.assign(kind=pd.Categorical(RNG.choice(["x", "y"], N))), tmp_path, ".parquet")
    with pytest.raises(
        InputError, match=r"in column 'kind', which is no number: .*--features, .*--target-column"
    ):
        load_dataset(path)


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".npy"])
@pytest.mark.parametrize("first", [False, True])
def test_class_numbers_are_taken_as_the_labels(tmp_path: Path, ending: str, first: bool) -> None:
    classes = RNG.integers(0, 3, N)
    frame = FRAME[["a", "b", "c"]].copy()
    frame.insert(0 if first else 3, "signal", classes)
    data: Dataset = load_dataset(saved(frame, tmp_path, ending), n_features=3)
    np.testing.assert_allclose(data.X, FRAME[["a", "b", "c"]].to_numpy(dtype=np.float64), rtol=1e-6)
    assert np.array_equal(data.y, classes)
    shown = "signal" if ending != ".npy" else "x0" if first else "x3"
    assert [w for w in data.warnings() if f"column '{shown}', one more than the network takes, is taken" in w]
    assert data.names.display == (("a", "b", "c") if ending != ".npy" else ("x0", "x1", "x2"))


@pytest.mark.parametrize(("start", "place"), [(0, 0), (1, 0), (0, 2)])
def test_a_column_that_numbers_the_rows_is_left_out(tmp_path: Path, start: int, place: int) -> None:
    frame = FRAME[["a", "b"]].copy()
    frame.insert(place, "number", np.arange(start, N + start))
    data = load_dataset(saved(frame, tmp_path, ".csv"), n_features=2, task="regression")
    assert data.names.display == ("a", "b")
    assert data.y is None
    assert [w for w in data.warnings() if "column 'number' numbers the rows and is left out" in w]


def test_what_is_not_plain_is_asked_for(tmp_path: Path) -> None:
    refused = (
        r"has 3 features but the network takes 2: name the inputs with --features, or the labels with --targ"
    )
    for frame in (
        FRAME[["a", "b", "c"]],  # no classes
        FRAME[["flag", "a"]].assign(more=RNG.integers(0, 2, N)),  # two columns look like that
        FRAME[["a", "flag", "c"]],  # neither the first nor the last
    ):
        with pytest.raises(InputError, match=refused):
            load_dataset(saved(frame, tmp_path, ".parquet"), n_features=2)
    with pytest.raises(InputError, match=refused):
        load_dataset(saved(FRAME[["a", "b", "flag"]], tmp_path, ".parquet"), n_features=2, task="regression")
    with pytest.raises(InputError, match="has 3 features but the network takes 1"):
        load_dataset(saved(FRAME[["a", "b", "flag"]], tmp_path, ".parquet"), n_features=1)
