"""The kinds of problems that the benchmark makes are what they are said to be."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import kinds


def test_a_product_is_learned_by_its_network_and_by_no_line() -> None:
    net, X, y = kinds.product()
    assert y is not None
    with torch.no_grad():
        decided = net(torch.from_numpy(X.astype(np.float32))).numpy().argmax(axis=1)
    assert np.mean(decided == y) > 0.92
    line = np.linalg.lstsq(np.c_[X, np.ones(len(X))], y - 0.5, rcond=None)[0]
    assert np.mean((np.c_[X, np.ones(len(X))] @ line > 0) == y) < 0.8


def test_a_page_has_a_row_of_each_design() -> None:
    row = {"kind": "product", "design": "linear", "of": "accuracy", "score": 0.74, "fidelity": 0.76}
    rows = [{**row, "lut": None, "cpu_s": None}, {**row, "design": "additive", "lut": 99.6, "cpu_s": 3.2}]
    text = kinds.page(rows, "low")
    assert "| product | linear | accuracy | 0.740 | 0.760 |  |  |" in text
    assert "| product | additive | accuracy | 0.740 | 0.760 | 100 | 3 |" in text


@pytest.mark.parametrize("kind", ["product"])
def test_the_committed_table_has_the_kind(kind: str) -> None:
    designs = [r["design"] for r in kinds.kept() if r["kind"] == kind]
    assert {"network", "linear", "quadratic", "boosted trees"} < set(designs)
    assert {d.partition("-")[0].partition(":")[0] for d in designs} >= {"readable", "additive", "lut"}
