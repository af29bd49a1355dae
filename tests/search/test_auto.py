"""The choice of an engine is told with its reason; nothing is started or downloaded to find out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.errors import InputError, ToolError
from sr2hls.options import Effort
from sr2hls.search import OperonEngine, PySREngine, PySRSettings, choose_engine
from sr2hls.search.eql import EQLEngine
from sr2hls.search.pysr import julia as julia_module
from sr2hls.search.pysr.julia import JuliaStatus, julia_status
from sr2hls.search.pysr.signature import pysr_signature

JULIA = JuliaStatus(True, "PySR 2.7.2 with Julia is installed")
NO_JULIA = JuliaStatus(False, "Julia is not installed")


@pytest.mark.parametrize("status", [JULIA, NO_JULIA])
def test_auto_takes_the_engine_that_the_evidence_is_for(status: JuliaStatus) -> None:
    engine, reason = choose_engine(status=lambda: status)
    assert isinstance(engine, OperonEngine)
    assert reason.startswith("engine operon (embedded): in the same time it came as close as PySR")
    assert "benchmarks/results/engines_direct.md" in reason and "\n" not in reason


def test_the_evidence_says_so_for_every_task() -> None:
    table = Path(__file__).parents[2] / "benchmarks" / "results" / "engines_direct.json"
    rows = json.loads(table.read_text())["rows"]
    operon = {(r["task"], r["output"]): r["losses"] for r in rows if r["engine"] == "operon"}
    won: dict[str, list[bool]] = {}
    for row in rows:
        if row["engine"] == "pysr":
            for ours, theirs in zip(operon[row["task"], row["output"]], row["losses"], strict=True):
                won.setdefault(row["task"], []).append(ours <= max(1.01 * theirs, 1e-12))
    assert set(won) == {"heat", "jets", "field", "gravitation"}
    assert all(sum(w) > len(w) / 2 for w in won.values()), won


def test_auto_takes_pysr_where_only_pysr_will_do() -> None:
    settings = PySRSettings(fit={"X_units": ["m"]})
    engine, reason = choose_engine(pysr=settings, status=lambda: JULIA)
    assert isinstance(engine, PySREngine) and engine.settings is settings
    assert reason == "engine pysr: there are settings for it"
    engine, reason = choose_engine(operators=("+", "erf"), status=lambda: JULIA)
    assert isinstance(engine, PySREngine)
    assert reason == "engine pysr: the embedded engine (Operon) has no operator 'erf'"
    engine, _ = choose_engine(operators=("+", "erf"), status=lambda: NO_JULIA)
    assert isinstance(engine, OperonEngine), "which says that it has no such operator"


def test_effort_and_cost_reach_pysr() -> None:
    cost = additive_cycles(published_cycles())
    engine, _ = choose_engine("pysr", effort=Effort.HIGH, complexity=cost)
    assert isinstance(engine, PySREngine)
    assert engine.settings.effort is Effort.HIGH and engine.complexity is cost


def test_named_engines() -> None:
    assert choose_engine("operon")[0].name == "operon"
    assert choose_engine("pysr")[0].name == "pysr"
    assert choose_engine("eql") == (EQLEngine(rounds=2), "engine eql: asked for")
    assert choose_engine("eql", eql=EQLEngine(rounds=5))[0] == EQLEngine(rounds=5)
    with pytest.raises(InputError, match="engine 'gplearn' is unknown: use auto, pysr, operon or eql"):
        choose_engine("gplearn")


def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str | None) -> Path:
    julia = tmp_path / "bin" / "julia"
    julia.parent.mkdir()
    julia.write_text('#!/bin/sh\ntouch "$(dirname "$0")/started"\n')
    julia.chmod(0o755)
    project = tmp_path / "project"
    project.mkdir()
    if manifest is not None:
        (project / "Manifest.toml").write_text(manifest)
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(project))
    monkeypatch.setenv("PYTHON_JULIAPKG_EXE", str(julia))
    return julia


def test_julia_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    julia = _project(tmp_path, monkeypatch, None)
    status = julia_status()
    assert not status.ready
    assert status.reason == "Julia is there, SymbolicRegression.jl is not installed for it"
    assert status.executable == julia


def test_julia_with_the_package_is_found_without_starting_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    julia = _project(tmp_path, monkeypatch, '[[deps.SymbolicRegression]]\nversion = "2.7.2"\n')
    assert julia_status().ready
    assert not (julia.parent / "started").exists()
    assert "pysr" not in sys.modules


def test_the_variables_of_juliacall_are_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    julia = _project(tmp_path, monkeypatch, '[[deps.SymbolicRegression]]\nversion = "2.7.2"\n')
    monkeypatch.setenv("PYTHON_JULIACALL_EXE", str(julia))
    assert julia_status().reason.startswith(
        "PYTHON_JULIACALL_EXE and PYTHON_JULIACALL_PROJECT have to be set"
    )
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("PYTHON_JULIACALL_PROJECT", str(other))
    assert julia_status().reason == "Julia is there, SymbolicRegression.jl is not installed for it"
    (other / "Manifest-v1.11.toml").write_text("[[deps.SymbolicRegression]]")
    assert julia_status().ready
    monkeypatch.setenv("PYTHON_JULIACALL_EXE", "no-such-julia")
    assert julia_status().reason == "PYTHON_JULIACALL_EXE names no program: 'no-such-julia'"


def test_no_julia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(tmp_path))
    monkeypatch.delenv("PYTHON_JULIAPKG_EXE", raising=False)
    monkeypatch.setattr(julia_module.shutil, "which", lambda name: None)
    assert julia_status() == JuliaStatus(False, "Julia is not installed")


def test_importing_the_search_imports_neither_pysr_nor_julia() -> None:
    modules = "('pysr', 'juliacall', 'juliapkg')"
    code = f"import sys, sr2hls.search; sys.exit(any(m in sys.modules for m in {modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=os.environ.copy()).returncode == 0


def test_damaged_pysr_is_named(tmp_path: Path) -> None:
    (tmp_path / "sr.py").write_text("x = 1\n")
    with pytest.raises(ToolError, match=r"no PySRRegressor in .*sr\.py"):
        pysr_signature(tmp_path / "sr.py", "9.9")


def test_failed_installation_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    # As juliapkg does without a network: progress on one stream, a traceback and last words on the other.
    code = """
import atexit, sys
atexit.register(lambda: print("[juliapkg] leaving", file=sys.stderr))
print("[juliapkg] Querying Julia versions from https://julialang-s3.julialang.org")
raise OSError("<urlopen error [Errno -2] Name or service not known>")
"""
    monkeypatch.setattr(julia_module, "_INSTALL", code)
    lines: list[str] = []
    message = r"failed: OSError: <urlopen error \[Errno -2\] Name or service not known>; check the network"
    with pytest.raises(ToolError, match=message):
        julia_module.install_julia(lines.append)
    assert lines == ["[juliapkg] Querying Julia versions from https://julialang-s3.julialang.org"]
