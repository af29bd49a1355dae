"""Damaged files: a clean message, no crash, no hang. Seeded mutations; what they found is kept as a case."""

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzz_inputs import spoil_bytes, spoil_member

from sr2hls.data import InputFormat, load_dataset, load_scaler
from sr2hls.errors import InputError, Sr2hlsError


def good(kind: str, folder: Path) -> Path:
    generator = np.random.default_rng(1)
    X, y = generator.normal(size=(40, 3)), np.arange(40) % 2
    path = folder / f"good.{kind}"
    if kind == "npz":
        np.savez(path, X=X, y=y, names=np.array(["a", "b", "c"]), classes=np.array(["s", "b"]))
    elif kind == "npy":
        np.save(path, X)
    elif kind == "csv":
        np.savetxt(path, np.column_stack([X, y]), delimiter=",", header="a,b,c,label", comments="")
    elif kind == "parquet":
        pd = pytest.importorskip("pandas")
        pd.DataFrame(X, columns=["a", "b", "c"]).assign(label=y).to_parquet(path)
    elif kind == "h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            file["X"], file["y"] = X, y
    else:
        InputFormat.fit(X).save(path)
    return path


LOADERS: dict[str, Callable[[Path], object]] = {
    "npz": load_dataset,
    "npy": load_dataset,
    "csv": load_dataset,
    "parquet": load_dataset,
    "h5": load_dataset,
    "json": lambda path: (load_scaler(path), InputFormat.load(path)),
}


def batter(kind: str, folder: Path, tries: int, seed: int) -> None:
    content = good(kind, folder).read_bytes()
    generator = random.Random(seed)
    refused = 0
    for number in range(tries):
        inside = kind == "npz" and number % 3
        data = spoil_member(content, generator) if inside else spoil_bytes(content, generator)
        path = folder / f"bad.{kind}"
        path.write_bytes(data)
        began = time.process_time()
        try:
            with np.errstate(all="ignore"):
                LOADERS[kind](path)
        except Sr2hlsError as error:
            refused += 1
            assert str(error).isprintable(), repr(str(error))
        assert time.process_time() - began < 5, f"{kind}, try {number}, seed {seed}"
    assert refused > tries / 5


@pytest.mark.parametrize("kind", LOADERS)
def test_damaged_files(kind: str, tmp_path: Path) -> None:
    batter(kind, tmp_path, 60, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("kind", LOADERS)
def test_many_damaged_files(kind: str, seed: int, tmp_path: Path) -> None:
    batter(kind, tmp_path, 3000, seed)


def test_names_that_are_no_characters(tmp_path: Path) -> None:
    names = np.array(["a", "b"])
    names.view(np.uint32)[1] = 0x7FFFFFFF
    for key in ("names", "classes", "y"):
        np.savez(tmp_path / "d.npz", X=np.ones((2, 2)), **{"y": np.arange(2), key: names})
        with pytest.raises(InputError, match=r"a name holds what is no character"):
            load_dataset(tmp_path / "d.npz")


def test_a_member_under_another_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=np.ones((2, 2)))
    data = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "d.npz").write_bytes(data.replace(b"X.npy", b"Z.npy", 1))
    with pytest.raises(InputError, match=r"'.*d.npz' cannot be read \(File name in directory"):
        load_dataset(tmp_path / "d.npz")


def test_a_header_that_does_not_end(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.ones((2, 2)))
    data = (tmp_path / "d.npy").read_bytes()
    (tmp_path / "d.npy").write_bytes(data.replace(b"}", b"(", 1))
    with pytest.raises(InputError, match=r"'.*d.npy' (cannot be read|is no numpy array)"):
        load_dataset(tmp_path / "d.npy")


def test_labels_of_another_type(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=np.ones((2, 2)), y=np.array(["2020-01-01", "2021-01-01"], dtype="M8[D]"))
    with pytest.raises(InputError, match=r"the labels of '.*' are of type datetime64\[D\]: they have"):
        load_dataset(tmp_path / "d.npz")


def test_labels_of_hundreds_of_digits(tmp_path: Path) -> None:
    rows = [f"0.{k},{k % 2}" for k in range(20)]
    (tmp_path / "d.csv").write_text("\n".join(["a,label", *rows, "0.5,1" + "1" * 400]) + "\n")
    with pytest.raises(InputError, match=r"the label 1{20}… of '.*d\.csv' is larger than 64 bits hold"):
        load_dataset(tmp_path / "d.csv")
