"""The studies, each in its short form: the same code as the figures in their READMEs, on less of everything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, out: Path) -> Any:
    """Run an example as its README says, ``--quick``, and return what it wrote."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name / "run.py"), "--quick", "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=500,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "|---|" in done.stdout
    assert any(out.glob("*.png"))
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
