"""The fast counts of LUTs, of passes and of LUT networks, against the measured model and against synthesis.

The programs are those that the model is judged on and was never fitted to, with LUTs by Yosys 0.70
(`benchmarks/data/cost_model`, made by `benchmarks/cost_model.py`).
"""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from sr2hls.lut_network.samples_and_loss import LossKind
from sr2hls.lut_network.table_network import LutNetwork
from sr2hls.lut_network.to_program import network_program
from sr2hls.program.passes import optimize
from sr2hls.program.predict import program_model
from sr2hls.program.serialize import from_dict
from sr2hls.program.size import estimate_luts
from sr2hls.program.types import FixedType

DATA = Path(__file__).parents[2] / "benchmarks" / "data" / "cost_model"


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """LUTs by synthesis, by the model and by the passes' count, shape (programs, 3)."""
    with (DATA / "figures.csv").open(encoding="utf-8", newline="") as lines:
        measured = {r["name"]: r["lut"] for r in csv.DictReader(lines) if r["part"] == "judge" and r["lut"]}
    with gzip.open(DATA / "programs.jsonl.gz", "rt", encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    programs = {e["name"]: from_dict(e["program"]) for e in entries if e["name"] in measured}
    luts = program_model().luts
    return np.array([[float(measured[n]), luts(p), estimate_luts(p)] for n, p in programs.items()])


def test_the_model_is_near_synthesis(counts: np.ndarray) -> None:
    ratio = counts[:, 1] / counts[:, 0]
    assert len(ratio) >= 60
    assert np.median(np.abs(ratio - 1)) < 0.10
    assert np.mean((ratio > 0.8) & (ratio < 1.3)) >= 0.9


def test_the_count_of_passes_is_within_bounds_of_the_model(counts: np.ndarray) -> None:
    """It counts the carries of rounding and the rows of products in full, so it is above the model."""
    ratio = counts[:, 2] / counts[:, 1]
    assert np.median(ratio) < 1.15
    assert ratio.min() > 0.95 and ratio.max() < 1.8


@pytest.mark.parametrize("seed", range(4))
def test_the_count_of_lut_networks_is_within_bounds_of_the_model(seed: int) -> None:
    """It takes every bit of a table for a LUT, while the model knows that some are equal or constant."""
    rng = np.random.default_rng(seed)
    network = LutNetwork([5] * 8, 3)
    for _ in range(3):
        terms = []
        for k in rng.permutation(8)[: int(rng.integers(3, 9))]:
            bits = int(rng.integers(2, 6))
            terms.append(network.add([int(k)], bits, rng.integers(0, 1 << bits, 32)))
        network.outputs.append(network.add(terms, network.sum_bits(terms), None))
    types = {f"x{k}": FixedType(False, 5, 5) for k in range(8)}
    program = optimize(network_program(network, types, ("a", "b", "c"), LossKind.CLASSES))
    assert 0.85 < network.luts() / program_model().luts(program) < 1.45
