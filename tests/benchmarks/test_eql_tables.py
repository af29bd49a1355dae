"""The tables of the equation learners: what is counted, what is kept, what is marked."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import eql_benchmark
from eql_benchmark import FUNCTIONS, Trial, summary, table
from eql_highdim_page import page

TRIAL = Trial("x", "eql", 0, True, True, 0.0, 0.0, 3.0, 2.0, "x0", ())
DESIGN = {
    "data": "jets", "kind": "one input a unit", "budget": 500, "steps": 1000,
    "weights": 20, "inputs": 9, "operators": 7,
    "accuracy_teacher": 0.6584, "accuracy_network": 0.64, "accuracy": 0.65, "agreement": 0.8, "lut": 10.0,
    "ff": 9.0, "dsp": 0.0, "cycles": 1.0, "latency_ns": 5.0, "compared": 94_000, "train_cpu_s": 9.0,
    "seconds": 60.0, "tool": "yosys", "date": "2026-11-28",
}  # fmt: skip


def test_a_function_counts_when_half_of_its_trials_are_recovered() -> None:
    trials = [
        replace(TRIAL, function=function, seed=seed, recovered=seed < hits, test_error=float(seed >= hits))
        for function, hits in {"x": 4, "x^2": 2, "x^3": 1, "xy": 0}.items()
        for seed in range(4)
    ]
    said = summary(trials)
    assert "`eql`: 2 of 13 functions recovered in at least half of the trials; 16 trials" in said
    assert "0.5 CPU minutes, 0.3 on each of two cores; by the clock" in said and "0.4 on each" in said
    rows = table(trials).splitlines()
    assert len(rows) == 2 + len(FUNCTIONS)
    assert rows[2] == "| `x` | 4/4 | 0.0e+00 | 2.0 |" and rows[4].startswith("| `x^3` | 1/4 | 1.0e+00")


def test_trials_are_kept_and_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "results" / "t.json"
    arguments = [
        "t",
        "--trials",
        "1",
        "--functions",
        "x",
        "--engines",
        "operon",
        "--jobs",
        "1",
        "--out",
        str(out),
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    eql_benchmark.main()
    (kept,) = json.loads(out.read_text(encoding="utf-8"))
    assert kept["recovered"] and kept["formula"] == "x0"
    assert "`operon`: 1 of 13" in out.with_suffix(".md").read_text(encoding="utf-8")
    out.with_suffix(".md").unlink()
    eql_benchmark.main()
    assert not out.with_suffix(".md").exists()


def test_designs_stand_in_order_and_what_is_published_is_marked() -> None:
    text = page([DESIGN, {**DESIGN, "kind": "any number", "lut": 60.0, "accuracy": 0.62}])
    frontier = text.split("## Jets")[1].split("## What")[0]
    cells = [line.split(" | ") for line in frontier.splitlines() if line.startswith("| ")][1:]
    luts = [float(c[2]) for c in cells]
    assert luts == sorted(luts) and len(luts) > 10
    assert "| **one input a unit, budget 500** | eql | 10 |" in frontier
    assert "| any number, budget 500 | eql | 60 |" in frontier
    published = text.split("## What is published")[1]
    assert "`published`" in published and "arXiv 2401.09949" in published and "0.8483" in published


def test_the_committed_page_is_made_of_the_committed_designs() -> None:
    """It shows designs of `hw_reports`, too: who renews those renews it."""
    results = Path(__file__).parents[2] / "benchmarks" / "results"
    rows = json.loads((results / "eql_highdim.json").read_text(encoding="utf-8"))
    assert (results / "eql_highdim.md").read_text(encoding="utf-8").startswith(page(rows))
