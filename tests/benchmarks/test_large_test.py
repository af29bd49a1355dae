"""The page of the large test set says what circuits do, and how sure that is."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sr2hls.report.hardware import FigureKey, Subject
from sr2hls.report.store import load_report

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import large_test

ROOT = Path(__file__).resolve().parents[2]
JETS = ROOT / "examples" / "jet_tagger" / "jets.npz"


def test_a_committed_circuit_has_the_figures_of_its_report() -> None:
    folder = ROOT / "hw_reports" / "jet_tagger"
    report = next(row for row in load_report(folder).hardware if row.subject is Subject.DESIGN)
    rows = large_test.rows_of([JETS])
    found = large_test.one(folder, rows, rows)
    assert found.test == found.further == pytest.approx(report.accuracy, abs=1e-12)
    lut = report.figures[FigureKey.LUT]
    assert lut is not None and found.lut == lut.value
    row = f"| jet_tagger | {found.lut:g} | {found.cycles:g} | {found.test:.4f} | {found.test:.4f} ± 0.00"
    assert row in large_test.page([found], rows, rows, [JETS])


def test_the_error_of_a_share_is_that_of_shares_of_many_draws() -> None:
    rng = np.random.default_rng(0)

    def draw(jets: int) -> tuple[np.ndarray, np.ndarray]:
        network = rng.random(jets) < 0.66
        return np.where(rng.random(jets) < 0.2, rng.random(jets) < 0.5, network), network

    shares = [large_test.ratio(*draw(2000))[0] for _ in range(400)]
    share, error = large_test.ratio(*draw(2000))
    assert error == pytest.approx(float(np.std(shares)), rel=0.15)
    assert share == pytest.approx(float(np.mean(shares)), abs=4 * error)
