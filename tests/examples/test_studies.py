"""The studies in their short forms: the code behind the figures of their READMEs, on less of everything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, out: Path, script: str = "run.py") -> Any:
    """Run an example as its README says, ``--quick``, and return what it wrote."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name / script), "--quick", "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=500,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "|---|" in done.stdout
    assert script != "run.py" or any(out.glob("*.png"))
    return json.loads((out / "results.json").read_text(encoding="utf-8"))


def test_neural_ode(tmp_path):
    (row,) = run("neural_ode", tmp_path)
    assert row["exact"]
    assert row["loss after fine-tuning"] <= row["loss before fine-tuning"] < 1e-3


def test_units(tmp_path):
    rows = run("units", tmp_path)
    for row in rows:
        assert row["consistent"] == (row["search"] == "with units")
        moon = row["rms error on the Moon"]
        assert moon < 0.05 if row["consistent"] else moon > 0.3
        assert row["rms error on Earth"] < 0.05


@pytest.mark.slow
def test_staged(tmp_path):
    results = run("staged", tmp_path)
    stages, control = results["staged"], results["control"]
    assert stages["R² on new data"] > max(0.5, control["R² on new data"])
    assert stages["latent against true f, R² of an affine map"] > 0.8


@pytest.mark.slow
def test_hybrid(tmp_path):
    """The hybrid project computes what its parts compute, and is smaller than the whole network."""
    results = run("staged", tmp_path, script="hybrid.py")
    assert results["differences"] == 0
    assert results["values compared with formula and g apart"] == 4000
    assert results["estimated LUT"]["hybrid"] < results["estimated LUT"]["network"]
    for name in ("network", "hybrid"):
        assert results["R² of the C++"][name] == pytest.approx(results["R² in float"][name], abs=0.02)


@pytest.mark.slow
def test_pinn_heat(tmp_path):
    results = run("pinn_heat", tmp_path)
    assert results["heat"]["mse network to exact"] < 1e-4
    assert min(p["mse to network"] for p in results["polynomials"]) < 1e-2
    (circuit,) = results["hardware"]
    assert circuit["LUT"] > 0
    assert circuit["rms to formula"] < 0.02
    assert len(circuit["verified"]) == 1


@pytest.mark.slow
def test_graph_forces(tmp_path):
    results = run("graph_forces", tmp_path)
    (spring,) = results["forces"]
    assert spring["R² of messages"] > 0.7
    sparse = results["sparse messages"]
    assert sparse["L1 weight 1"]["share of the first two"] > sparse["L1 weight 0"]["share of the first two"]
    assert results["hardware"]["LUT"] > 0
    assert len(results["hardware"]["verified"]) == 2
