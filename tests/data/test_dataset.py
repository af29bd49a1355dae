"""Columns of arrays, selected by name."""

from pathlib import Path

import numpy as np
import pytest

from sr2hls.data import load_dataset
from sr2hls.errors import InputError


def test_columns_of_an_array_are_selected_by_name(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(60, 3))
    np.savez(tmp_path / "d.npz", X=X, y=np.arange(60) % 2, names=np.array(["pt", "eta", "mass"]))
    found = load_dataset(tmp_path / "d.npz", features=("mass", "pt"))
    assert found.names.display == ("mass", "pt")
    assert np.array_equal(found.X, X[:, [2, 0]])
    with pytest.raises(InputError, match="has no feature 'colour': it has pt, eta, mass"):
        load_dataset(tmp_path / "d.npz", features=("colour",))
