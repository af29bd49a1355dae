"""The jet example: its sample, its checkpoints, and the definitions of its features."""

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sr2hls.data import InputFormat, load_dataset
from sr2hls.teacher import load_teacher

FOLDER = Path(__file__).parents[2] / "examples" / "jet_tagger"
CLASSES = ("g", "q", "w", "z", "t")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch):
    """Imports a file of the example, which sees the files beside it."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        found = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, found)
        spec.loader.exec_module(found)
        return found

    return load


def test_sample(module) -> None:
    path = FOLDER / "jets.npz"
    assert path.stat().st_size <= 4_000_000
    data = load_dataset(path, n_features=16)
    assert data.classes == CLASSES
    assert data.names.display == module("features").NAMES
    assert (len(data.train.X), len(data.validation.X), len(data.test.X)) == (28_200, 9_400, 9_400)
    assert data.y is not None
    np.testing.assert_array_equal(np.bincount(data.y), 9_400)
    assert data.constant == ()
    np.testing.assert_array_equal(data.X[:, 6], data.X[:, 8])  # both D2 with exponent 1, as in the public set
    mass = [float(np.median(data.X[data.y == k, 14])) for k in range(5)]
    assert 70 < mass[2] < 85 < mass[3] < 100 < 150 < mass[4] < 180  # GeV: W, Z, top


CHECKPOINTS = [
    ("jet_tagger.onnx", None),
    ("jet_tagger.pt2", None),
    ("jet_tagger.state_dict.pt", f"{FOLDER / 'network.py'}:jet_tagger"),
]


@pytest.mark.parametrize(("name", "model"), CHECKPOINTS)
def test_checkpoints(name: str, model: str | None) -> None:
    test = load_dataset(FOLDER / "jets.npz").test
    teacher = load_teacher(FOLDER / name, model=model)
    assert (teacher.n_features, teacher.n_outputs, teacher.task) == (16, 5, "logits")
    accuracy = float((teacher.decide(test.X) == test.y).mean())
    assert 0.655 < accuracy < 0.662
    shapes = [layer.weight.shape for layer in teacher.layers() if hasattr(layer, "weight")]
    assert shapes == [(64, 16), (32, 64), (32, 32), (5, 32)]
    assert teacher.scaler is not None
    for path in (b"/home", b"/root", b".py"):
        assert path not in (FOLDER / name).read_bytes()


def test_six_bit_inputs_keep_the_decisions() -> None:
    data = load_dataset(FOLDER / "jets.npz")
    teacher = load_teacher(FOLDER / "jet_tagger.onnx")
    form = InputFormat.fit(data.train.X, data.names)
    X = data.validation.X
    assert (teacher.decide(form.snap(X)) == teacher.decide(X)).mean() > 0.96


def reference_features(pt_all: np.ndarray, jet_pt: float, groomed: np.ndarray, mass: float) -> list[float]:
    """The definitions written out with itertools."""
    z = groomed[:, 0] / groomed[:, 0].sum()

    def distance(i: int, j: int) -> float:
        dphi = (groomed[i, 2] - groomed[j, 2] + np.pi) % (2 * np.pi) - np.pi
        return float(np.hypot(groomed[i, 1] - groomed[j, 1], dphi))

    def e2(b: int) -> float:
        return sum(z[i] * z[j] * distance(i, j) ** b for i, j in itertools.combinations(range(len(z)), 2))

    def e3(b: int, pairs: int) -> float:
        total = 0.0
        for i, j, k in itertools.combinations(range(len(z)), 3):
            nearest = sorted([distance(i, j), distance(i, k), distance(j, k)])[:pairs]
            total += z[i] * z[j] * z[k] * float(np.prod(nearest)) ** b
        return total

    share = pt_all / jet_pt
    return [
        float((share * np.log(share)).sum()),
        e2(0), e2(1), e2(2),
        e3(1, 3) / e2(1) ** 2, e3(2, 3) / e2(2) ** 2,
        e3(1, 3) / e2(1) ** 3, e3(2, 3) / e2(2) ** 3,
        e3(1, 3) / e2(1) ** 3, e3(1, 3) / e2(2) ** 1.5,
        e3(1, 1) / e2(1), e3(2, 1) / e2(2),
        e3(1, 2) / e2(1) ** 2, e3(2, 2) / e2(2) ** 2,
        mass, float(len(pt_all)),
    ]  # fmt: skip


def test_features_follow_their_definitions(module) -> None:
    features = module("features")
    generator = np.random.default_rng(2)
    for n in (3, 4, 9):
        pt, rapidity = generator.exponential(50, n) + 1, generator.normal(0, 0.3, n)
        groomed = np.stack([pt, rapidity, generator.uniform(0, 2 * np.pi, n)], axis=1)
        pt_all = np.append(groomed[:, 0], [2.0, 3.0])
        jet_pt = pt_all.sum() * 0.99
        found = features.jet_features(pt_all, jet_pt, groomed, 91.2)
        np.testing.assert_allclose(found, reference_features(pt_all, jet_pt, groomed, 91.2), rtol=1e-9)


def test_features_of_a_jet_of_one_particle(module) -> None:
    found = module("features").jet_features(np.array([10.0]), 10.0, np.array([[10.0, 0.1, 0.2]]), 0.0)
    np.testing.assert_array_equal(found, [0.0] * 15 + [1.0])


def test_detector(module) -> None:
    detector = module("detector")

    def massless(pt: float, eta: float, phi: float) -> list[float]:
        return [pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)]

    track = massless(5.0, 0.3, 1.0)
    soft_track, far_track = massless(0.9, 0.3, 1.0), massless(50.0, 4.5, 1.0)
    photons = [massless(100.0, 0.5, 2.001), massless(50.0, 0.5005, 2.0012)]
    momenta = np.array([track, soft_track, far_track, *photons])
    charged = np.array([True, True, True, False, False])
    seen = np.stack(
        [detector.detect(momenta, charged, ~charged, np.random.default_rng(s)) for s in range(400)]
    )
    assert seen.shape == (400, 2, 4)
    np.testing.assert_array_equal(seen[:, 0], np.broadcast_to(track, (400, 4)))
    energy = 100 * np.cosh(0.5) + 50 * np.cosh(0.5005)
    sigma = np.hypot(0.07 * np.sqrt(energy), 0.007 * energy)
    assert abs(seen[:, 1, 3].mean() - energy) < 4 * sigma / 20
    assert 0.8 < seen[:, 1, 3].std() / sigma < 1.2
    eta, phi = detector.eta_phi(seen[:, 1])
    assert np.abs(eta - 0.5).max() < 0.0175
    assert np.abs(phi - 2.0).max() < 0.0175


@pytest.mark.slow
def test_generator_makes_jets_like_those_of_the_sample(module) -> None:
    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    from scipy.stats import ks_2samp

    generate = module("generate")
    sample = load_dataset(FOLDER / "jets.npz")
    for k, label in enumerate(CLASSES):
        jets = generate.generate(label, 150, seed=77)
        np.testing.assert_array_equal(jets[:20], generate.generate(label, 20, seed=77))
        for i in range(16):
            assert ks_2samp(jets[:, i], sample.X[sample.y == k, i]).pvalue > 1e-4, (label, i)


@pytest.mark.slow
def test_training_reaches_the_committed_accuracy(module, tmp_path: Path) -> None:
    train = module("train")
    parts, names, classes = train.load(FOLDER / "jets.npz")
    model = train.train(parts, epochs=15, batch=256, rate=4e-3, seed=1)
    assert train.measure(model, *parts["test"], classes)["accuracy"] > 0.645
    train.export(model, tmp_path)
    X = load_dataset(FOLDER / "jets.npz").test.X[:50]
    one, two = (load_teacher(tmp_path / f"jet_tagger.{kind}").predict(X) for kind in ("onnx", "pt2"))
    np.testing.assert_allclose(one, two, atol=1e-4)
    assert len(names) == 16
