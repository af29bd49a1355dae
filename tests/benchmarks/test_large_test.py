"""The page of the large test set says what circuits do, and how sure that is."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import large_test

ROOT = Path(__file__).resolve().parents[2]
JETS = ROOT / "examples" / "jet_tagger" / "jets.npz"


def test_a_committed_circuit_has_the_accuracy_of_its_report() -> None:
    rows = large_test.rows_of([JETS])
    found = large_test.one(ROOT / "hw_reports" / "jet_tagger", rows, rows)
    assert found.test == found.further == pytest.approx(0.6340, abs=5e-5)
    assert (found.lut, found.cycles) == (81, 1)
    assert "| jet_tagger | 81 | 1 | 0.6340 | 0.6340 ± 0.0050 |" in large_test.page(
        [found], rows, rows, [JETS]
    )


def test_the_error_of_a_share_is_that_of_shares_of_many_draws() -> None:
    rng = np.random.default_rng(0)

    def draw(jets: int) -> tuple[np.ndarray, np.ndarray]:
        network = rng.random(jets) < 0.66
        return np.where(rng.random(jets) < 0.2, rng.random(jets) < 0.5, network), network

    shares = [large_test.ratio(*draw(2000))[0] for _ in range(400)]
    share, error = large_test.ratio(*draw(2000))
    assert error == pytest.approx(float(np.std(shares)), rel=0.15)
    assert share == pytest.approx(float(np.mean(shares)), abs=4 * error)
