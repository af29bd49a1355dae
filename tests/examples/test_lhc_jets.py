"""The public jets' example offline: real readers, a real fetch from a local server, the whole command."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import _openml

from sr2hls.errors import InputError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "lhc_jets"
SHORT = ["c1_b0", "c1_b1", "c1_b2", "c2_b1", "c2_b2", "d2_b1", "d2_b2", "d2_a1_b1", "d2_a1_b2", "m2_b1",
         "m2_b2", "n2_b1", "n2_b2"]  # fmt: skip
COLUMNS = ["zlogz", *(f"{n}_mmdt" for n in SHORT), "mass_mmdt", "multiplicity"]
ROWS = 1_500


@pytest.fixture
def dataset(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    import dataset as module

    yield module
    sys.modules.pop("dataset", None)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Generated jets with the columns of the public set."""
    with np.load(ROOT / "examples" / "jet_tagger" / "jets.npz", allow_pickle=False) as data:
        rows = np.random.default_rng(0).permutation(len(data["X"]))[:ROWS]
        result = pd.DataFrame(data["X"][rows].astype(np.float64), columns=COLUMNS)
        result["class"] = data["classes"][data["y"][rows]]
    return result


def arff_text(frame: pd.DataFrame) -> str:
    head = ["@RELATION hls4ml_lhc_jets_hlf", *(f"@ATTRIBUTE {c} REAL" for c in COLUMNS)]
    head += ["@ATTRIBUTE class {g,q,t,w,z}", "@DATA"]
    rows = [",".join([*(repr(float(v)) for v in row[:-1]), row[-1]]) for row in frame.itertuples(index=False)]
    return "\n".join([*head, *rows]) + "\n"


def write_arff(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "jets.arff"
    path.write_text(arff_text(frame))
    return path


def write_parquet(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "jets.parquet"
    frame.assign(**{"class": frame["class"].astype("category")}).to_parquet(path)
    return path


def write_npz(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "jets.npz"
    classes, y = np.unique(frame["class"].to_numpy().astype(str), return_inverse=True)
    X = frame.drop(columns="class").to_numpy()
    np.savez(path, X=X, y=y, names=np.array(COLUMNS), classes=classes)
    return path


def write_hdf5(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "jets.h5"
    one_hot = np.stack([frame["class"] == c for c in "gqtwz"], axis=1)
    names = ["j_ptfrac", *(f"j_{c}" for c in COLUMNS), *(f"j_{c}" for c in "gqtwz"), "j_undef"]
    table = np.column_stack(
        [np.zeros(len(frame)), frame[COLUMNS].to_numpy(), one_hot, np.zeros(len(frame))]
    ).astype(np.float64)
    with h5py.File(path, "w") as file:
        file["jets"] = table
        file["jetFeatureNames"] = np.array(names, dtype="S")
    return path


@pytest.mark.parametrize("write", [write_arff, write_parquet, write_npz, write_hdf5])
def test_every_kind_of_file_gives_the_same_rows(
    write: Callable[[pd.DataFrame, Path], Path], frame: pd.DataFrame, dataset: ModuleType, tmp_path: Path
) -> None:
    found = dataset.read(write(frame, tmp_path))
    assert list(found.columns) == [*COLUMNS, "class"]
    np.testing.assert_array_equal(found[COLUMNS].to_numpy(), frame[COLUMNS].to_numpy())
    assert found["class"].astype(str).tolist() == frame["class"].tolist()


def test_the_split_is_the_customary_one(frame: pd.DataFrame, dataset: ModuleType, tmp_path: Path) -> None:
    from sklearn.model_selection import train_test_split

    path = tmp_path / "data.npz"
    dataset.write_split(frame, path, 42, None)
    _, test = train_test_split(np.arange(ROWS), test_size=0.2, random_state=42)
    with np.load(path) as data:
        assert set(np.flatnonzero(data["split"] == 2)) == set(test)
        assert np.bincount(data["split"]).tolist() == [1_080, 120, 300]


def test_other_files_are_refused(dataset: ModuleType, tmp_path: Path) -> None:
    other = tmp_path / "jets.root"
    other.write_text("")
    with pytest.raises(InputError, match=r"is none of .arff, .parquet.*: convert it"):
        dataset.read(other)
    damaged = tmp_path / "jets.parquet"
    damaged.write_text("no parquet")
    with pytest.raises(InputError, match=r"jets\.parquet' cannot be read"):
        dataset.read(damaged)


class OpenML(BaseHTTPRequestHandler):
    """OpenML's answers for one data set."""

    answers: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        answer = self.answers.get(self.path)
        self.send_response(200 if answer is not None else 404)
        self.end_headers()
        self.wfile.write(answer or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[OpenML]]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), OpenML)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{running.server_port}"
    for name in ("_SEARCH_NAME", "_DATA_INFO", "_DATA_FEATURES", "_DATA_QUALITIES"):
        monkeypatch.setattr(_openml, name, getattr(_openml, name).replace("https://www.openml.org", base))
    content = arff_text(frame).encode()
    described = {
        "id": "42468", "name": "hls4ml_lhc_jets_hlf", "version": "1", "format": "ARFF", "status": "active",
        "url": f"{base}/data/v1/download/1/jets.arff", "file_id": "1", "default_target_attribute": "class",
        "description": "jets",
        "md5_checksum": hashlib.md5(content).hexdigest(),
    }  # fmt: skip
    features = [
        {"index": str(k), "name": name, "data_type": "nominal" if name == "class" else "numeric",
         "is_target": str(name == "class").lower(), "is_ignore": "false", "is_row_identifier": "false",
         "number_of_missing_values": "0"}
        for k, name in enumerate([*COLUMNS, "class"])
    ]  # fmt: skip
    listed = {
        "data": {"dataset": [{"did": 42468, "name": described["name"], "version": 1, "status": "active"}]}
    }
    name = "hls4ml_lhc_jets_hlf"
    answers = {
        f"/api/v1/json/data/list/data_name/{name}/limit/2/data_version/1": listed,
        "/api/v1/json/data/42468": {"data_set_description": described},
        "/api/v1/json/data/features/42468": {"data_features": {"feature": features}},
        "/api/v1/json/data/qualities/42468": {
            "data_qualities": {"quality": [{"name": "NumberOfInstances", "value": str(len(frame))}]}
        },
    }
    OpenML.answers = {path: json.dumps(answer).encode() for path, answer in answers.items()}
    OpenML.answers["/data/v1/download/1/jets.arff"] = content
    OpenML.asked = []
    yield OpenML
    running.shutdown()
    running.server_close()


def test_the_set_is_fetched_once(
    server: type[OpenML], frame: pd.DataFrame, dataset: ModuleType, tmp_path: Path
) -> None:
    found = dataset.fetch("hls4ml_lhc_jets_hlf", 1, tmp_path)
    np.testing.assert_allclose(found[COLUMNS].to_numpy(), frame[COLUMNS].to_numpy(), rtol=1e-12)
    assert found["class"].astype(str).tolist() == frame["class"].tolist()
    asked = len(server.asked)
    again = dataset.fetch("hls4ml_lhc_jets_hlf", 1, tmp_path)
    assert len(again) == len(found) and len(server.asked) == asked, "the cache answers"


def test_a_damaged_file_is_refused(server: type[OpenML], dataset: ModuleType, tmp_path: Path) -> None:
    server.answers["/data/v1/download/1/jets.arff"] = server.answers["/data/v1/download/1/jets.arff"][:-500]
    with pytest.raises(InputError, match=r"is damaged .*: run this again"):
        dataset.fetch("hls4ml_lhc_jets_hlf", 1, tmp_path)


def test_without_a_network(dataset: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_openml, "_SEARCH_NAME", "http://127.0.0.1:9/{}")
    with pytest.raises(InputError, match=r"OpenML cannot be reached .* or give --file with a copy of 'jets'"):
        dataset.fetch("jets", 1, tmp_path)


def test_the_whole_command(frame: pd.DataFrame, tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "run.py"), "--quick", "--file", str(write_arff(frame, tmp_path))]
    ended = subprocess.run([*command, "--out", str(tmp_path / "out")], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    table = (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    ours = [line for line in table.splitlines() if line.startswith("| sr2hls")]
    assert ours and all("measured: Yosys" in line and "±" in line for line in ours)
    assert "| TreeLUT | 0.7500 | 796 |" in table
    assert (tmp_path / "out" / "readable" / "report.html").is_file()


COLUMNS_OF_AIRFOIL = ["frequency", "angle_of_attack", "chord_length", "free_stream_velocity", "thickness"]


@pytest.fixture
def airfoil() -> pd.DataFrame:
    """A made law with the columns of NASA's airfoils, in dB."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1, (600, 5)) * [20_000, 20, 0.3, 70, 0.05]
    table = pd.DataFrame(values, columns=COLUMNS_OF_AIRFOIL)
    table["sound_pressure"] = 120 - 1e-3 * table["frequency"] - 0.5 * table["angle_of_attack"]
    return table


def test_a_regression_is_taught_in_its_own_unit(
    airfoil: pd.DataFrame, dataset: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "jet_tagger"))
    for name in ("network", "regression"):  # other examples have modules of these names
        monkeypatch.delitem(sys.modules, name, raising=False)
    import regression

    monkeypatch.delitem(sys.modules, "network")

    dataset.write_split(airfoil, tmp_path / "data.npz", 42, None, regression=True)
    parts = regression.load(tmp_path / "data.npz")
    assert [len(parts[name][1]) for name in regression.SPLITS] == [432, 48, 120]
    model = regression.train(parts, 30, 64, 4e-3, 42)
    assert regression.measure(model, *parts["test"]) > 0.9
    assert 100 < float(model(parts["test"][0]).detach().mean()) < 120


@pytest.mark.slow
def test_a_regression_by_the_same_command(airfoil: pd.DataFrame, tmp_path: Path) -> None:
    airfoil.to_csv(tmp_path / "airfoil.csv", index=False)
    command = [sys.executable, str(FOLDER / "run.py"), "--quick", "--problem", "airfoil"]
    command += ["--file", str(tmp_path / "airfoil.csv"), "--out", str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    head, _, *rows = (tmp_path / "out" / "table.md").read_text(encoding="utf-8").splitlines()
    assert head.startswith("| design | R² |")
    scores = {row.split("|")[1].strip(): float(row.split("|")[2]) for row in rows}
    assert scores.pop("the network, floating point") > 0.9
    assert scores and min(scores.values()) > 0.9, "formulas of two lines are easy to find"
