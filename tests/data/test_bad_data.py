"""What is refused, in which words."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from sr2hls.data import load_dataset
from sr2hls.errors import InputError, UnsafeFileError

X = np.random.default_rng(1).normal(size=(30, 4))
Y = np.arange(30) % 3


def write(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def npz(**arrays: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        np.savez(folder / "d.npz", **arrays)
        return folder / "d.npz"

    return make


def csv(text: str) -> Callable[[Path], Path]:
    return write("d.csv", text.encode())


def h5(fill: Callable[[h5py.File, Path], None]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with h5py.File(folder / "d.h5", "w") as file:
            fill(file, folder)
        return folder / "d.h5"

    return make


def bad_row(value: float) -> np.ndarray:
    rows = X.copy()
    rows[12, 2] = value
    rows[20, 0] = np.nan
    return rows


def bomb(folder: Path) -> Path:
    """A member of zeros that unpacks to 3 GiB: written piece by piece, so that the test stays small."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (100_000, 4000)}
    )
    with zipfile.ZipFile(folder / "d.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("X.npy", header.getvalue() + bytes(1000))
    content = bytearray((folder / "d.npz").read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (3_200_000_128).to_bytes(4, "little")
    (folder / "d.npz").write_bytes(content)
    return folder / "d.npz"


def liar(folder: Path) -> Path:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**6)}
    )
    with zipfile.ZipFile(folder / "d.npz", "w") as archive:
        archive.writestr("X.npy", header.getvalue() + bytes(1000))
    return folder / "d.npz"


class Trace:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, ("trace",)


def external_link(file: h5py.File, folder: Path) -> None:
    file["X"] = h5py.ExternalLink("/etc/passwd", "/X")


def soft_link(file: h5py.File, folder: Path) -> None:
    file["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")
    del file["elsewhere"]
    file["X"] = h5py.SoftLink("/elsewhere/X")


def external_storage(file: h5py.File, folder: Path) -> None:
    (folder / "raw.bin").write_bytes(bytes(8 * 40))
    file.create_dataset(
        "X", shape=(10, 4), dtype="f8", external=[(str(folder / "raw.bin"), 0, h5py.h5f.UNLIMITED)]
    )


def huge_h5(file: h5py.File, folder: Path) -> None:
    file.create_dataset("X", shape=(10**9, 10**6), dtype="f8", chunks=(1000, 1000), compression="gzip")


def objects(folder: Path) -> Path:
    np.savez(folder / "d.npz", X=np.array([Trace()], dtype=object), allow_pickle=True)
    return folder / "d.npz"


CASES: dict[str, tuple[Callable[[Path], Path], dict[str, object], str]] = {
    "missing": (
        lambda f: f / "d.npz",
        {},
        r"the data file '.*d.npz' does not exist: give a .npz, .npy, .csv",
    ),
    "folder": (lambda f: f, {}, r"the data file '.*' is a folder"),
    "ending": (write("d.root", b"x"), {}, r"'.*d.root' has the ending '.root': give a .npz"),
    "empty npz": (write("d.npz", b""), {}, r"'.*d.npz' is no readable archive"),
    "no npz": (write("d.npz", b"PK\x03\x04" + b"x" * 80), {}, r"'.*d.npz' is no readable archive"),
    "no npy": (write("d.npy", b"x" * 80), {}, r"'d.npy' in '.*' is no numpy array"),
    "no parquet": (write("d.parquet", b"x" * 80), {}, r"'.*d.parquet' is no readable Parquet file"),
    "no h5": (write("d.h5", b"x" * 80), {}, r"'.*d.h5' is no readable HDF5 file"),
    "empty csv": (csv(""), {}, r"'.*d.csv' is empty: give a file with rows of features"),
    "csv of names": (csv("a,b,label\n"), {}, r"'.*d.csv' has no rows"),
    "csv of bytes": (write("d.csv", b"\xff\xfe\x00\x81" * 9), {}, r"'.*d.csv' is no readable text"),
    "ragged csv": (csv("a,b\n1,2\n1,2,3\n"), {}, r"'.*d.csv' is no readable table .*Expected 2 fields"),
    "unnamed": (csv("a,b\n1,2,3\n1,2,3\n"), {}, r"has 2 columns in its first line and 3 in its second"),
    "short row": (csv("a,b\n1,2\n1\n"), {}, r"row 1 of '.*d.csv' has nan in column 'b'"),
    "word": (
        csv("a,b\n1,2\n3,hello\n"),
        {},
        r"row 1 of '.*d.csv' has 'hello' in column 'b', which is no number",
    ),
    "two columns": (csv("a,a\n1,2\n"), {}, r"has two columns named 'a'"),
    "no column": (csv("a,b\n1,2\n"), {"target": "c"}, r"has no column 'c': it has 'a', 'b'"),
    "both": (
        csv("a,b\n1,2\n"),
        {"target": "a", "features": ["a"]},
        r"'a' of '.*' cannot be both a feature and the",
    ),
    "only labels": (csv("label\n1\n"), {}, r"has no column left for the features: it has 'label'"),
    "keys": (
        npz(jets=X, kind=Y),
        {},
        r"none of the usual arrays for the features among its keys 'jets', 'kind'",
    ),
    "no key": (npz(X=X), {"target": "z"}, r"has no array 'z' for the target: it has 'X'"),
    "nan": (
        npz(X=bad_row(np.nan), names=["a", "b", "c", "d"]),
        {},
        r"row 12 of '.*' has nan in column 'c': mend",
    ),
    "infinite": (
        npz(X=bad_row(np.inf)),
        {},
        r"row 12 of '.*' has inf in column 'x2': mend the data, or drop",
    ),
    "all nan": (
        npz(X=X * np.nan),
        {"drop_nonfinite": True},
        r"every row of '.*' has a value that is not finite",
    ),
    "nan label": (
        npz(X=X, y=np.where(Y > 1, np.nan, Y)),
        {},
        r"the label of row 2 of '.*' is nan: every row needs",
    ),
    "one class": (
        npz(X=X, y=Y * 0),
        {},
        r"all rows of '.*' are of one class \('0'\): give data with at least two",
    ),
    "one name": (npz(X=X, y=np.array(["g"] * 30)), {}, r"all rows of '.*' are of one class \('g'\)"),
    "label range": (
        npz(X=X, y=Y, classes=["a", "b"]),
        {},
        r"the label 2 in '.*' is no number of the 2 classes",
    ),
    "label count": (
        npz(X=X, y=Y[:9]),
        {},
        r"the labels of '.*' have the shape \(9,\) for 30 rows of features",
    ),
    "names": (npz(X=X, names=["a"]), {}, r"names 1 features but has 4 columns"),
    "width": (
        npz(X=X),
        {"n_features": 16},
        r"has 4 features but the network takes 16: name the inputs with --features, or the labels",
    ),
    "flat": (
        npz(X=X[0]),
        {},
        r"the features of '.*' have the shape \(4,\): they have to be \(rows, features\)",
    ),
    "no rows": (npz(X=X[:0]), {}, r"the features of '.*' have the shape \(0, 4\)"),
    "words": (npz(X=X.astype(str)), {}, r"the features of '.*' are of type <U\d+: they have to be numbers"),
    "complex": (npz(X=X.astype(complex)), {}, r"the features of '.*' are of type complex128"),
    "few rows": (npz(X=X[:2]), {}, r"the .* part of '.*' has no rows \(2 in all\): give more data"),
    "overlap": (npz(X=X, train=np.arange(20), test=np.arange(10)), {}, r"the splits of '.*' share rows"),
    "row number": (npz(X=X, train=np.arange(99)), {}, r"'train' in '.*' holds no row numbers from 0 to 29"),
    "split name": (
        npz(X=X, split=np.array(["a"] * 30)),
        {},
        r"the split 'a' in '.*' is none of train, validation",
    ),
    "fractions": (
        npz(X=X),
        {"fractions": (1.0, 0.0, 0.0)},
        r"give three positive numbers for train, validation",
    ),
    "bomb": (
        bomb,
        {},
        r"'.*d.npz' unpacks to 3.0 GiB, more than the limit of 2.0 GiB: raise max_bytes if you trust",
    ),
    "limit": (npz(X=X), {"max_bytes": 500}, r"unpacks to 0.0 GiB, more than the limit"),
    "liar": (liar, {}, r"'X.npy' in '.*' claims the shape \(1000000000, 1000000\), more than the 1128 bytes"),
    "h5 link": (
        h5(external_link),
        {},
        r"'X' in '.*d.h5' points to another file: copy the data into one file",
    ),
    "h5 soft link": (h5(soft_link), {}, r"'X' in '.*d.h5' is a link to '/elsewhere/X', and links are not"),
    "h5 storage": (h5(external_storage), {}, r"'X' in '.*d.h5' keeps its data in another file"),
    "h5 huge": (h5(huge_h5), {}, r"'X' in '.*d.h5' unpacks to 7450580.6 GiB, more than the limit"),
    "h5 keys": (
        h5(lambda f, _: f.update(a=1)),
        {},
        r"none of the usual arrays for the features among its keys 'a'",
    ),
    "not one-hot": (npz(X=X, y=X), {"task": "classification"}, r"have 4 columns that are not one-hot"),
    "real classes": (
        npz(X=X, y=X[:, 0]),
        {"task": "classification"},
        r"are no class numbers: give whole numbers",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_in_words(case: str, tmp_path: Path) -> None:
    make, options, text = CASES[case]
    path = make(tmp_path)
    with pytest.raises(InputError, match=text) as caught:
        load_dataset(path, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_python_objects_are_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        UnsafeFileError, match=r"'X.npy' in '.*' holds Python objects, and reading it runs the code"
    ):
        load_dataset(objects(tmp_path))
    assert not (tmp_path / "trace").exists()


def test_rows_that_are_not_finite_can_be_dropped(tmp_path: Path) -> None:
    split = np.repeat([0, 1, 2], 10)
    path = npz(X=bad_row(np.inf), y=Y, split=split)(tmp_path)
    data = load_dataset(path, drop_nonfinite=True)
    keep = np.delete(np.arange(30), [12, 20])
    np.testing.assert_array_equal(data.X, X[keep])
    np.testing.assert_array_equal(data.y, Y[keep])
    np.testing.assert_array_equal(data.validation.X, X[[10, 11, *range(13, 20)]])
    assert data.dropped == 2
    assert "2 rows of" in data.warnings()[0]


def test_constant_columns_are_kept_and_told(tmp_path: Path) -> None:
    rows = X.copy()
    rows[:, 1] = 3.5
    data = load_dataset(npz(X=rows, names=["a", "b", "c", "d"])(tmp_path))
    assert data.constant == (1,)
    assert data.n_features == 4
    assert "constant in every row" in data.warnings()[0]
    assert data.warnings()[0].endswith(": 'b'")


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    names = ["$(rm -rf /)", "<script>alert(1)</script>", "x3", "a\nb\u202e"]
    data = load_dataset(npz(X=X, names=np.array(names))(tmp_path))
    assert data.names.identifiers == ("x0", "x1", "x2", "x3")
    assert data.names.display == ("$(rm -rf /)", "<script>alert(1)</script>", "x3", "a b")


def test_parquet_with_text_and_missing_values(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.0, None, 3.0], "b": ["1", "2", "x"]}).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(InputError, match=r"row 2 of '.*' has 'x' in column 'b', which is no number"):
        load_dataset(tmp_path / "d.parquet")
    with pytest.raises(InputError, match=r"row 1 of '.*' has nan in column 'a'"):
        load_dataset(tmp_path / "d.parquet", features=["a"])
