"""Splits and labels."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest

from sr2hls.data import load_dataset
from sr2hls.data.labels import encode_labels
from sr2hls.data.split import split_rows

PATH = Path("d.npz")


def written(folder: Path, ending: str, arrays: Mapping[str, np.ndarray]) -> Path:
    """A file of named arrays."""
    path = folder / f"d{ending}"
    if ending == ".npz":
        np.savez(path, **arrays)  # type: ignore[arg-type]
        return path
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array.astype("S") if array.dtype.kind == "U" else array
    return path


def test_splits_are_stratified_and_seeded() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 20])
    one, again, other = (split_rows(920, labels, None, PATH, seed=seed) for seed in (1, 1, 2))
    for name, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
        rows = getattr(one, name)
        np.testing.assert_array_equal(rows, getattr(again, name))
        assert not np.array_equal(rows, getattr(other, name))
        np.testing.assert_array_equal(np.bincount(labels[rows]), np.array([600, 300, 20]) * share)
    everything = np.concatenate([one.train, one.validation, one.test])
    np.testing.assert_array_equal(np.sort(everything), np.arange(920))


def test_what_the_file_has_is_kept_and_the_rest_is_drawn_from_its_training_rows() -> None:
    given = {"train": np.arange(80), "test": np.arange(80, 100)}
    split = split_rows(100, None, given, PATH, fractions=(0.6, 0.2, 0.2), seed=0)
    np.testing.assert_array_equal(split.test, given["test"])
    np.testing.assert_array_equal(np.sort(np.concatenate([split.train, split.validation])), given["train"])
    assert len(split.validation) == 20


@pytest.mark.parametrize("ending", [".npz", ".h5"])
@pytest.mark.parametrize(
    "arrays",
    [
        {"split": np.repeat([0, 1, 2], [6, 2, 2])},
        {"split": np.repeat(["train", "val", "test"], [6, 2, 2])},
        {"split": np.repeat([2, 0, 1], [6, 2, 2]), "split_names": np.array(["val", "test", "train"])},
        {"train": np.arange(6), "validation": np.arange(6, 8), "test": np.arange(8, 10)},
        {"train_idx": np.arange(6), "val_idx": np.arange(6, 8), "test_idx": np.arange(8, 10)},
        {"train": np.arange(10) < 6, "valid": np.isin(np.arange(10), [6, 7]), "test": np.arange(10) > 7},
    ],
)
def test_splits_of_the_file(arrays: dict[str, np.ndarray], ending: str, tmp_path: Path) -> None:
    X = np.arange(20.0).reshape(10, 2)
    data = load_dataset(written(tmp_path, ending, {"X": X, **arrays}))
    np.testing.assert_array_equal(data.train.X, X[:6])
    np.testing.assert_array_equal(data.validation.X, X[6:8])
    np.testing.assert_array_equal(data.test.rows, [8, 9])


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_one_pair_of_arrays_a_split(ending: str, tmp_path: Path) -> None:
    X, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    arrays = {"X_train": X[:15], "y_train": y[:15], "X_test": X[15:], "y_test": y[15:]}
    data = load_dataset(written(tmp_path, ending, arrays))
    np.testing.assert_array_equal(data.test.X, X[15:])
    np.testing.assert_array_equal(data.test.y, y[15:])
    assert len(data.train.X) + len(data.validation.X) == 15


def test_split_column_of_a_table_in_hdf5(tmp_path: Path) -> None:
    rows = [(float(i), name) for i, name in enumerate([b"train", b"test", b"val"] * 3)]
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["table"] = np.array(rows, dtype=[("a", "f8"), ("split", "S5")])
    data = load_dataset(tmp_path / "d.h5")
    assert data.n_features == 1
    np.testing.assert_array_equal(data.test.rows, [1, 4, 7])


def test_split_column_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(
        "a,split\n" + "\n".join(f"{i},{s}" for i, s in enumerate(["train", "test", "val"] * 3))
    )
    data = load_dataset(tmp_path / "d.csv")
    assert data.n_features == 1
    np.testing.assert_array_equal(data.test.rows, [1, 4, 7])


@pytest.mark.parametrize(
    ("raw", "classes", "y", "names"),
    [
        (np.array([0, 1, 2, 1]), None, [0, 1, 2, 1], ("0", "1", "2")),
        (np.array([-1, 1, 1, -1]), None, [0, 1, 1, 0], ("-1", "1")),
        (np.array([1.0, 2.0, 1.0]), None, [0, 1, 0], ("1", "2")),
        (np.array([True, False]), None, [1, 0], ("0", "1")),
        (np.array(["w", "g", "w"]), None, [1, 0, 1], ("g", "w")),
        (np.array([b"w", b"g"]), ["w", "g"], [0, 1], ("w", "g")),
        (np.array([0, 2]), ["g", "q", "w"], [0, 2], ("g", "q", "w")),
        (np.eye(3)[[2, 0, 1]], ["g", "q", "w"], [2, 0, 1], ("g", "q", "w")),
        (np.array([[1], [0]]), None, [1, 0], ("0", "1")),
        (np.array([0.5, 1.0]), None, [0.5, 1.0], None),
        (np.linspace(0, 99, 100).round(), None, np.arange(100), None),
        (np.array([[0.5, 1.0], [2.0, 3.0]]), None, [[0.5, 1.0], [2.0, 3.0]], None),
    ],
)
def test_labels_are_understood(raw, classes, y, names) -> None:
    labels = encode_labels(raw, classes, PATH)
    np.testing.assert_array_equal(labels.y, y)
    assert labels.classes == names


def test_whole_numbers_can_be_a_regression() -> None:
    labels = encode_labels(np.array([0, 1, 2]), None, PATH, "regression")
    assert labels.classes is None
    assert labels.y.dtype == np.float64
