"""Columns and arrays that are no plain numbers: read as what they are, or refused in one sentence."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from sr2hls.data import load_dataset
from sr2hls.errors import InputError

ROWS = 60
X = np.random.default_rng(0).normal(size=(ROWS, 3)).astype(np.float32)
Y = np.arange(ROWS) % 2


def table(folder: Path, **columns: object) -> Path:
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": Y, **columns})
    frame.to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize(("column", "values"), [
    ("bool", Y > 0), ("int8", Y.astype(np.int8)), ("uint8", Y.astype(np.uint8)),
    ("half", X[:, 2].astype(np.float16)),
    ("nullable", pd.array(Y, dtype="Int64")), ("text", [str(v) for v in Y]),
])  # fmt: skip
def test_columns_of_numbers_in_any_form(column: str, values: object, tmp_path: Path) -> None:
    data = load_dataset(table(tmp_path, c=values))
    np.testing.assert_allclose(data.X[:, 2], np.asarray(values, dtype=np.float64))
    assert data.classes == ("0", "1")


def test_categories_are_classes(tmp_path: Path) -> None:
    data = load_dataset(table(tmp_path, y=pd.Categorical(np.where(Y, "sig", "bkg"))))
    assert data.classes == ("bkg", "sig") and not data.ordered
    assert np.array_equal(data.y, Y)


@pytest.mark.parametrize(("values", "message"), [
    (pd.date_range("2020", periods=ROWS), r"column 'c' of '.*' holds datetime64\[.*\] and no real numbers"),
    (pd.Categorical(np.where(Y, "s", "b")), "row 0 of '.*' has 'b' in column 'c', which is no number"),
    ([[1.0, 2.0]] * ROWS, "in column 'c', which is no number"),
    (pd.array([None, *Y[1:]], dtype="Int64"), "row 0 of '.*' has nan in column 'c'"),
])  # fmt: skip
def test_columns_of_something_else(values: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_dataset(table(tmp_path, c=values))


def test_an_index_of_pandas_is_a_column(tmp_path: Path) -> None:
    pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": Y}).set_index("a").to_parquet(tmp_path / "i.parquet")
    data = load_dataset(tmp_path / "i.parquet", features=("a", "b"))
    np.testing.assert_array_equal(data.X, X[:, :2])


def test_arrays_in_groups_are_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file.create_dataset("run/X", data=X)
        file.create_dataset("run/y", data=Y)
    with pytest.raises(InputError, match=r"keys 'run/X', 'run/y': name it with --features, and"):
        load_dataset(tmp_path / "g.h5")
    data = load_dataset(tmp_path / "g.h5", features=("run/X",), target="run/y")
    np.testing.assert_array_equal(data.X, X)
    assert data.classes == ("0", "1")
    with pytest.raises(InputError, match="name it with --features"):
        load_dataset(tmp_path / "g.h5", features=("run/Z",))
