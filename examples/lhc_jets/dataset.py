"""The public LHC jets: fetched from OpenML, or read from a copy of one's own.

OpenML 42468, ``hls4ml_lhc_jets_hlf``: 830,000 jets, 16 features, the classes g, q, t, w, z (Pierini, Duarte,
Tran, Freytsis, Zenodo 3602260).
"""

from pathlib import Path
from typing import Any
from urllib.error import URLError

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.io import arff
from sklearn.datasets import fetch_openml
from sklearn.model_selection import train_test_split

from sr2hls.errors import InputError

LABELS = ("class", "y", "label", "target")
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1


def fetch(name: str, version: int | str, cache: Path | None) -> pd.DataFrame:
    """Fetch a set of OpenML, its target in the last column; what has been fetched is kept, its MD5 compared.

    Raises:
        InputError: OpenML cannot be reached, or the file is not the one that was published.
    """
    try:
        bunch = fetch_openml(
            name, version=version, as_frame=True, data_home=None if cache is None else str(cache)
        )
    except (URLError, ConnectionError, TimeoutError) as error:
        raise InputError(
            f"OpenML cannot be reached ({error}): run this again with a network, or give --file with a copy "
            f"of '{name}'"
        ) from error
    except ValueError as error:
        raise InputError(f"what OpenML sent for '{name}' is damaged ({error}): run this again") from error
    frame: pd.DataFrame = bunch.frame
    return frame[[*(c for c in frame.columns if c not in bunch.target_names), *bunch.target_names]]


def read(path: Path) -> pd.DataFrame:
    """Read a copy: ARFF, Parquet, CSV, NPZ (X, y, names, classes), or HDF5 as hls4ml's tutorial has it.

    Raises:
        InputError: the file cannot be read, or is of none of these kinds.
    """
    readers = {
        ".arff": _read_arff, ".parquet": pd.read_parquet, ".csv": pd.read_csv, ".npz": _read_npz,
        ".h5": _read_hdf5, ".hdf5": _read_hdf5,
    }  # fmt: skip
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"'{path}' is none of {', '.join(readers)}: convert it to one of them")
    try:
        frame: pd.DataFrame = reader(path)
    except (OSError, ValueError, KeyError, NotImplementedError, arff.ArffError) as error:
        raise InputError(f"'{path}' cannot be read: {error}") from error
    return frame


def write_split(
    frame: pd.DataFrame, path: Path, seed: int, rows: int | None, *, regression: bool = False
) -> None:
    """Write a frame as an NPZ file of sr2hls: ``X``, ``y``, ``names``, ``classes`` and ``split``.

    The target of a regression is the last column; it has no classes.

    A fifth of the rows is for the test, drawn with ``train_test_split(test_size=0.2)`` as hls4ml's tutorial
    does; a tenth of the rest is for validation.

    Raises:
        InputError: the frame has no column of classes, or values that are no numbers.
    """
    label = frame.columns[-1] if regression else next((c for c in LABELS if c in frame.columns), None)
    if label is None:
        raise InputError(f"the data have none of the columns {', '.join(LABELS)}: name the classes so")
    if rows is not None:
        frame = frame.sample(n=min(rows, len(frame)), random_state=seed)
    try:
        X = frame.drop(columns=label).to_numpy(dtype=np.float32)
        targets = {"y": frame[label].to_numpy(dtype=np.float32)} if regression else _classes(frame[label])
    except (TypeError, ValueError) as error:
        raise InputError(f"a column holds what is no number: {error}") from error
    rest, test = train_test_split(np.arange(len(X)), test_size=TEST_SHARE, random_state=seed)
    _, validation = train_test_split(rest, test_size=VALIDATION_SHARE, random_state=seed)
    split = np.zeros(len(X), np.int8)
    split[validation], split[test] = 1, 2
    names = np.array([c for c in frame.columns if c != label], dtype=str)
    np.savez_compressed(path, X=X, names=names, split=split, **targets)


def _classes(labels: "pd.Series[Any]") -> dict[str, NDArray[Any]]:
    classes, y = np.unique(labels.astype(str).to_numpy(dtype=str), return_inverse=True)
    return {"y": y.astype(np.int8), "classes": classes}


def _read_arff(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8") as file:
        data, meta = arff.loadarff(file)
    frame = pd.DataFrame(data)
    for name in meta.names():
        if meta[name][0] == "nominal":
            frame[name] = frame[name].str.decode("utf-8")
    return frame


def _read_npz(path: Path) -> pd.DataFrame:
    with np.load(path, allow_pickle=False) as data:
        frame = pd.DataFrame(data["X"], columns=[str(n) for n in data["names"]])
        frame["class"] = data["classes"][data["y"]]
    return frame


def _read_hdf5(path: Path) -> pd.DataFrame:
    """The files of Zenodo 3602260: ``jets`` (rows, columns), ``jetFeatureNames``, classes one-hot."""
    with h5py.File(path) as file:
        columns = [n.decode() if isinstance(n, bytes) else str(n) for n in file["jetFeatureNames"][:]]
        table: NDArray[np.float64] = file["jets"][:]
    frame = pd.DataFrame(table, columns=columns)
    one_hot = {f"j_{c}": c for c in "gqtwz"}
    chosen = frame[list(one_hot)].to_numpy().argmax(axis=1)
    features = [c for c in columns if c in FEATURES_HDF5]
    result = frame[features].rename(columns=FEATURES_HDF5)
    result["class"] = np.array(list(one_hot.values()))[chosen]
    return result


_SHORT = ("c1_b0", "c1_b1", "c1_b2", "c2_b1", "c2_b2", "d2_b1", "d2_b2", "d2_a1_b1", "d2_a1_b2", "m2_b1",
          "m2_b2", "n2_b1", "n2_b2")  # fmt: skip
FEATURES_HDF5 = {
    "j_zlogz": "zlogz",
    **{f"j_{n}_mmdt": f"{n}_mmdt" for n in _SHORT},
    "j_mass_mmdt": "mass_mmdt",
    "j_multiplicity": "multiplicity",
}
"""Column of the HDF5 files to column of the set of OpenML."""
