import os
import stat
from pathlib import Path

import numpy as np
import pytest

from sr2hls.hls.project import HlsProject, write_hls
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType
from sr2hls.target import Target


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Put executables on PATH that stand where AMD's would: fixtures for how the drivers start tools, read
    what they leave and report their failures. They are shell scripts and do nothing of what the tools do.
    """
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")

    def add(name: str, body: str) -> Path:
        path = directory / name
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return add


@pytest.fixture
def make_project(tmp_path):
    def make(backend: str = "Vitis", *, vectors: bool = True) -> HlsProject:
        b = Builder({"a": FixedType(True, 6, 3), "b": FixedType(True, 6, 3)})
        program = b.program({"y": b.mul(b["a"], b["b"])})
        project = write_hls(program, tmp_path / "design", target=Target(), backend=backend)
        if vectors:
            raw = np.array([[1, 2], [3, 4], [-32, -32]])
            project.write_vectors(raw, Interpreter(program).run(raw))
        return project

    return make
