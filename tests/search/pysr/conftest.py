"""A machine on which PySR seems set up: a package that stands in for it runs in PySR's process."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from sr2hls.search.pysr import process as process_module

STANDIN = Path(__file__).parent / "standin"


@pytest.fixture
def julia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Julia and SymbolicRegression.jl as files, so that PySR's process is started."""
    program = tmp_path / "bin" / "julia"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    project = tmp_path / "project"
    project.mkdir()
    (project / "Manifest.toml").write_text('[[deps.SymbolicRegression]]\nversion = "1.13.0"\n')
    for name in ("PYTHON_JULIACALL_EXE", "PYTHON_JULIACALL_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(project))
    monkeypatch.setenv("PYTHON_JULIAPKG_EXE", str(program))
    return program


@pytest.fixture
def standin(
    julia: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Callable[[], dict[str, Any]]]:
    """Let the stand-in run, and end as a word says; returns what gives the call that it saw."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    path = os.pathsep.join(p for p in (str(STANDIN), os.environ.get("PYTHONPATH", "")) if p)
    monkeypatch.setenv("PYTHONPATH", path)

    def set_way(
        way: str, run: Path | None = None, names: tuple[str, ...] = ()
    ) -> Callable[[], dict[str, Any]]:
        told = tmp_path / "told.json"
        monkeypatch.setenv("PYSR_STANDIN", way)
        monkeypatch.setenv("PYSR_STANDIN_TOLD", str(told))
        if run is not None:
            monkeypatch.setenv("PYSR_STANDIN_RUN", str(run))
            monkeypatch.setenv("PYSR_STANDIN_NAMES", json.dumps(names))
        return lambda: json.loads(told.read_text())  # type: ignore[no-any-return]

    return set_way


@pytest.fixture
def nothing_left(tmp_path: Path) -> Callable[[], bool]:
    """Tell whether neither a temporary folder nor a process of PySR's is left."""
    scratch = tmp_path / "scratch"

    def tell() -> bool:
        left = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                environment = process.environ()
                if environment.get("TMPDIR") == str(scratch) and process_module._MARK in environment:
                    left.append(process)
        return not left and not list(scratch.glob("sr2hls_pysr_*"))

    return tell
