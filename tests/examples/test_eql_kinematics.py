"""Trajectories, the comparison with the known laws, and the road of the example on a short run."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

FOLDER = Path(__file__).parents[2] / "examples" / "eql_kinematics"
D, V, Z = sympy.symbols("x0 x1 x2")


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch):
    """The modules of the example, which see the files beside them."""
    names = ("data", "law", "model", "run")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(FOLDER))
    import data
    import law
    import run

    yield data, law, run
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["kinematics", "oscillator"])
def test_trajectories_obey_the_equations_of_motion(example, name: str) -> None:
    data, _, _ = example
    system = data.SYSTEMS[name]
    drawn = data.trajectories(system, 50, 40, 0)
    assert drawn.seen.shape == (50, 2 * system.encoder_steps) and drawn.path.shape == (50, 40, 2)
    path = np.concatenate([drawn.start[:, None], drawn.path], axis=1)
    p = drawn.parameter.numpy()[:, None]
    d, v = path[..., 0], path[..., 1]
    if name == "kinematics":
        np.testing.assert_allclose(np.diff(v, axis=1), np.broadcast_to(p, (50, 40)), atol=1e-9)
        np.testing.assert_allclose(np.diff(d, axis=1), v[:, :-1] + p / 2, atol=1e-9)
    else:
        energy = v**2 + p * d**2
        np.testing.assert_allclose(energy, np.broadcast_to(energy[:, :1], energy.shape), atol=1e-9)
        np.testing.assert_allclose(np.diff(d, 2, axis=1), -p * d[:, 1:-1] * 0.01, atol=2e-5)


def test_law_of_kinematics_is_recognised_up_to_the_unit_of_the_code(example) -> None:
    data, law, _ = example
    # z = (a - 0.3) / 2
    true = (D + V + Z + 0.15, V + 2.0 * Z + 0.3)
    found = law.law_of(true, data.KINEMATICS)
    assert found.recovered and found.error < 1e-9
    assert sympy.simplify(found.latent - (law.A - 0.3) / 2) == 0
    for false in (
        (D + V + 1.1 * Z + 0.15, V + 2.0 * Z + 0.3),
        (D + V + Z + 0.15 + 0.01 * D**2, V + 2.0 * Z + 0.3),
        (D + 0.9 * V + Z + 0.15, V + 2.0 * Z + 0.3),
        (D + V + sympy.sin(Z), V + 2.0 * Z),
        (D + V, V),
    ):
        assert not law.law_of(false, data.KINEMATICS).recovered


def test_law_of_the_oscillator(example) -> None:
    data, law, _ = example
    # to second order in the time step of 0.1; z is the squared frequency itself
    true = (D - 0.005 * Z * D + 0.1 * V, V - 0.1 * Z * D - 0.005 * Z * V)
    found = law.law_of(true, data.OSCILLATOR)
    assert found.recovered and found.error < 2e-3
    assert not law.law_of((D + 0.1 * V, V - 0.12 * D), data.OSCILLATOR).recovered
    assert not law.law_of((D + 0.05 * V, V - 0.1 * Z * D), data.OSCILLATOR).recovered


@pytest.mark.parametrize("name", ["kinematics", "oscillator"])
def test_short_run(example, tmp_path: Path, name: str) -> None:
    _, _, run = example
    arguments = f"--quick --horizon 5 --system {name} --test-steps 40 --out"
    learner, control = run.main([*arguments.split(), str(tmp_path)])
    assert learner.propagator == "EQL" and control.propagator == "ReLU network"
    assert len(learner.formulas) == 2 and control.recovered is None
    assert learner.errors[1] < 0.1 and control.errors[1] < 0.1
    assert max(learner.errors) == 40
    assert (tmp_path / f"{name}.png").stat().st_size > 5000
    assert json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))[0]["system"] == name


def test_encoder_of_windows_sees_their_mean(example) -> None:
    data, _, _ = example
    import model

    encoder = model.Model(2, data.OSCILLATOR, False, 0).encoder.eval()
    seen = data.trajectories(data.OSCILLATOR, 6, 3, 0).seen.float()
    z = encoder(seen)
    assert z.shape == (2, 6, 1)
    # the order of the windows does not matter, what is in them does
    swapped = seen.view(6, 20, 10).flip(1).reshape(6, 200)
    torch.testing.assert_close(encoder(swapped), z)
    assert not torch.allclose(encoder(seen.flip(1)), z)


@pytest.mark.slow
def test_law_is_recovered_and_holds_beyond_training(example, tmp_path: Path) -> None:
    _, _, run = example
    learner, control = run.main(["--system", "kinematics", "--out", str(tmp_path)])
    assert learner.recovered and learner.largest_coefficient_error < 1e-2
    assert learner.errors[100] < 1e-2 * control.errors[100]
