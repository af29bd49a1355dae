"""Every format gives the same data, in one piece or in many."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sr2hls.data import load_dataset
from sr2hls.data.dataset import open_source

NAMES = ("pt", "eta", "multiplicity")


def table(n: int = 60) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    generator = np.random.default_rng(11)
    return generator.normal(size=(n, 3)).round(6), generator.integers(0, 3, n)


def frame() -> pd.DataFrame:
    X, y = table()
    return pd.DataFrame(X, columns=list(NAMES)).assign(label=y)


def npz(folder: Path) -> Path:
    X, y = table()
    np.savez(folder / "d.npz", X=X, y=y, names=np.array(NAMES))
    return folder / "d.npz"


def npz_other_keys(folder: Path) -> Path:
    X, y = table()
    np.savez_compressed(folder / "d.npz", features=X, labels=np.eye(3)[y], feature_names=np.array(NAMES))
    return folder / "d.npz"


def csv(folder: Path) -> Path:
    frame().to_csv(folder / "d.csv", index=False)
    return folder / "d.csv"


def csv_semicolons(folder: Path) -> Path:
    frame().to_csv(folder / "d.csv", index=False, sep=";")
    return folder / "d.csv"


def text_spaces(folder: Path) -> Path:
    frame().to_csv(folder / "d.txt", index=False, sep=" ")
    return folder / "d.txt"


def tsv(folder: Path) -> Path:
    frame().to_csv(folder / "d.tsv", index=False, sep="\t")
    return folder / "d.tsv"


def parquet(folder: Path) -> Path:
    frame().to_parquet(folder / "d.parquet")
    return folder / "d.parquet"


def hdf5(folder: Path) -> Path:
    X, y = table()
    with h5py.File(folder / "d.h5", "w") as file:
        file["X"], file["y"], file["feature_names"] = X, y, np.array(NAMES, dtype="S")
    return folder / "d.h5"


def hdf5_table(folder: Path) -> Path:
    with h5py.File(folder / "d.h5", "w") as file:
        file["table"] = frame().to_records(index=False)
    return folder / "d.h5"


MAKERS = [npz, npz_other_keys, csv, csv_semicolons, text_spaces, tsv, parquet, hdf5, hdf5_table]


@pytest.mark.parametrize("make", MAKERS)
def test_all_formats_agree(make: Callable[[Path], Path], tmp_path: Path) -> None:
    X, y = table()
    data = load_dataset(make(tmp_path))
    np.testing.assert_array_equal(data.X, X)
    assert data.y is not None
    np.testing.assert_array_equal(data.y, y)
    assert data.names.display == NAMES
    assert data.classes == ("0", "1", "2")
    assert data.n_features == 3
    assert data.warnings() == ()


@pytest.mark.parametrize("make", MAKERS)
def test_pieces_add_up(make: Callable[[Path], Path], tmp_path: Path) -> None:
    X, _ = table()
    pieces = [piece for piece, _ in open_source(make(tmp_path)).read(7)]
    assert [len(piece) for piece in pieces] == [7] * 8 + [4]
    np.testing.assert_array_equal(np.concatenate(pieces), X)


def test_npy_has_features_only(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", table()[0].astype(np.float32))
    data = load_dataset(tmp_path / "d.npy")
    assert data.y is None
    assert data.classes is None
    assert data.X.dtype == np.float32
    assert data.names.display == ("x0", "x1", "x2")
    assert data.train.y is None


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    data = load_dataset(csv(tmp_path), features=["multiplicity", "pt"], target="eta")
    X, _ = table()
    np.testing.assert_array_equal(data.X, X[:, [2, 0]])
    np.testing.assert_array_equal(data.y, X[:, 1])
    assert data.classes is None


def test_one_hot_columns(tmp_path: Path) -> None:
    X, y = table()
    one_hot = pd.DataFrame(np.eye(3)[y], columns=["j_g", "j_q", "j_t"])
    pd.concat([pd.DataFrame(X, columns=list(NAMES)), one_hot], axis=1).to_parquet(tmp_path / "d.parquet")
    data = load_dataset(tmp_path / "d.parquet", target=["j_g", "j_q", "j_t"])
    np.testing.assert_array_equal(data.y, y)
    assert data.classes == ("j_g", "j_q", "j_t")
    assert data.n_features == 3


def test_arrays_are_chosen_by_key(tmp_path: Path) -> None:
    X, y = table()
    np.savez(tmp_path / "d.npz", jets=X, kind=y, X=X[:, :1])
    data = load_dataset(tmp_path / "d.npz", features="jets", target="kind")
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.y, y)


def test_table_without_names(tmp_path: Path) -> None:
    X, _ = table()
    np.savetxt(tmp_path / "d.csv", X, delimiter=",")
    data = load_dataset(tmp_path / "d.csv")
    np.testing.assert_allclose(data.X, X)
    assert data.names.display == ("x0", "x1", "x2")


def test_progress_is_called(tmp_path: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    load_dataset(npz(tmp_path), progress=lambda done, todo: calls.append((done, todo)))
    assert calls == [(60, 60)]


@pytest.mark.parametrize("kind", ["npy", "parquet", "h5"])
def test_large_files_stream_in_little_memory(kind: str, tmp_path: Path) -> None:
    import tracemalloc

    X = np.zeros((200_000, 50), np.float32)
    X[:, 0] = np.arange(len(X))
    path = tmp_path / f"d.{kind}"
    if kind == "npy":
        np.save(path, X)
    elif kind == "parquet":
        pd.DataFrame(X, columns=[f"c{i}" for i in range(50)]).to_parquet(path, row_group_size=20_000)
    else:
        with h5py.File(path, "w") as file:
            file["X"] = X
    tracemalloc.start()
    total = 0.0
    for piece, _ in open_source(path).read(10_000):
        total += float(piece[:, 0].astype(np.float64).sum())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == len(X) * (len(X) - 1) / 2
    assert peak < X.nbytes / 2
