"""The choice of an engine is told with its reason; nothing is started or downloaded to find out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sr2hls.errors import InputError, ToolError
from sr2hls.search import OperonEngine, PySREngine, choose_engine
from sr2hls.search import julia as julia_module
from sr2hls.search.eql import EQLEngine
from sr2hls.search.julia import JuliaStatus, julia_status, pysr_signature


def test_auto_takes_operon_without_julia() -> None:
    engine, reason = choose_engine(status=lambda: JuliaStatus(False, "Julia is not installed"))
    assert isinstance(engine, OperonEngine)
    assert reason.startswith(
        "engine operon (embedded): Julia is not installed; 'sr2hls doctor --install-julia'"
    )
    assert "\n" not in reason


def test_auto_takes_pysr_with_julia() -> None:
    engine, reason = choose_engine(status=lambda: JuliaStatus(True, "PySR 2.7.2 with Julia is installed"))
    assert isinstance(engine, PySREngine)
    assert reason == "engine pysr: PySR 2.7.2 with Julia is installed"


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
    monkeypatch.setattr(julia_module, "_INSTALL", "print('resolving'); raise SystemExit('no network')")
    lines: list[str] = []
    with pytest.raises(ToolError, match="installing Julia for PySR failed: resolving / no network"):
        julia_module.install_julia(lines.append)
    assert lines == ["resolving", "no network"]
