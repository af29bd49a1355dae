"""``--prove`` reaches every command that builds a circuit, and the report and verify say what it found."""

import json
from pathlib import Path

import pytest
from attrs import evolve, fields

from sr2hls.cli.main import run
from sr2hls.flow.design_file import design_of
from sr2hls.flow.explore import explore_network
from sr2hls.flow.lower import lower_formulas
from sr2hls.options import CompileOptions, ExploreOptions, LowerOptions, StrategyName, Synthesis, Tables


def test_lower_proves_and_bounds(tmp_path: Path) -> None:
    options = LowerOptions(
        source="tanh(2*x) + y/3 - 0.25",
        output=tmp_path / "out",
        ranges=(("x", -1, 1), ("y", 0, 1)),
        input_bits=5,
        synthesis=Synthesis.ESTIMATE,
        prove_s=30.0,
    )
    result = lower_formulas(options)
    how = {row.executor: row.proof for row in result.report.verification.executors}
    assert how["Verilog (Verilator)"] and not how["C++ (g++)"]
    assert how["program before its passes"]
    kept = design_of(tmp_path / "out")
    assert kept is not None and kept.before == result.design.before  # verify repeats it
    (bound,) = result.circuit.bounds
    error = result.design.errors[bound.output]
    assert bound.low <= -error.largest * 0.5 and max(-bound.low, bound.high) >= error.largest
    shown = [c for c in result.report.verification.checks if c.name.endswith("for every input")]
    assert len(shown) == 1 and "Arb of python-flint" in shown[0].detail
    untouched = lower_formulas(evolve(options, prove_s=0.0, output=tmp_path / "fast"))
    assert not any(row.proof for row in untouched.report.verification.executors)
    assert untouched.circuit.bounds == ()


def test_explore_proves_designs_and_verify_repeats_it(
    small: CompileOptions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = {f.name for f in fields(ExploreOptions) if f.init} & {f.name for f in fields(CompileOptions)}
    given = {name: getattr(small, name) for name in shared} | {"baseline": False, "prove_s": 30.0}
    given |= {"output": tmp_path / "study", "strategies": (StrategyName.LUT_NETWORK,)}
    given |= {"tables": Tables.SYMBOLIC, "synthesis": Synthesis.ESTIMATE}
    found = explore_network(ExploreOptions(**given, luts=(12,)))
    (point,) = found.frontier.designs
    report = json.loads((tmp_path / "study" / point.name / "report.json").read_text())
    rows = {row["executor"]: row for row in report["verification"]["executors"]}
    formulas = rows["formulas (rounded as their types say)"]
    assert "table entries" in formulas["proof"] and formulas["source"] == "corners and random"
    assert rows["Verilog (Verilator)"]["proof"]
    assert run(["verify", str(tmp_path / "study" / point.name), "--prove", "30"]) == 0
    assert "formulas (rounded as their types say): proven for every input" in capsys.readouterr().out
