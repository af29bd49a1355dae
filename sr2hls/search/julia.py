"""Whether PySR can run here, found out without importing it: importing PySR would download Julia."""

import ast
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sr2hls.errors import ToolError

_INSTALL = "import pysr"  # the first import makes juliapkg install Julia and the package


@dataclass(frozen=True, slots=True)
class PySRSignature:
    """Parameters of the installed PySR.

    Attributes:
        version: version of PySR.
        init: parameters of ``PySRRegressor``.
        fit: parameters of its ``fit``.
    """

    version: str
    init: frozenset[str]
    fit: frozenset[str]


def pysr_signature(source: Path | None = None, version: str | None = None) -> PySRSignature:
    """Read the parameters of PySR from its source, without importing it.

    Args:
        source: its sr.py; found in the installation if ``None``.
        version: its version; that of the installation if ``None``.

    Raises:
        ToolError: PySR is not installed, or is laid out differently.
    """
    if source is None:
        spec = importlib.util.find_spec("pysr")
        if spec is None or spec.origin is None:
            raise ToolError("PySR is not installed: run pip install pysr, or use the engine 'operon'")
        source = Path(spec.origin).with_name("sr.py")
        version = version or importlib.metadata.version("pysr")
    found: dict[str, frozenset[str]] = {}
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "PySRRegressor":
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name in ("__init__", "fit"):
                    names = [a.arg for a in (*method.args.args, *method.args.kwonlyargs)]
                    found[method.name] = frozenset(names) - {"self"}
    if len(found) != 2:
        raise ToolError(f"no PySRRegressor in {source}: this version of PySR is not known, use 1.5 or 2.x")
    return PySRSignature(version or "unknown", found["__init__"], found["fit"])


@dataclass(frozen=True, slots=True)
class JuliaStatus:
    """What PySR would find.

    Attributes:
        ready: whether PySR can start without downloading anything.
        reason: one line, why or why not.
        executable: the Julia that would be used.
    """

    ready: bool
    reason: str
    executable: Path | None = None


def julia_status() -> JuliaStatus:
    """Look for Julia with SymbolicRegression where PySR would look (juliapkg's project). Starts nothing."""
    if importlib.util.find_spec("pysr") is None:
        return JuliaStatus(False, "PySR is not installed")
    project = _project()
    executable = _executable(project)
    if executable is None:
        return JuliaStatus(False, "Julia is not installed")
    manifests = sorted(project.glob("Manifest*.toml"))
    if not any("SymbolicRegression" in m.read_text(encoding="utf-8", errors="replace") for m in manifests):
        return JuliaStatus(False, "Julia is there, SymbolicRegression.jl is not installed for it", executable)
    return JuliaStatus(True, f"PySR {importlib.metadata.version('pysr')} with Julia is installed", executable)


def _project() -> Path:
    # As juliapkg decides it (juliapkg/state.py): an override, the virtual or conda environment, the depot.
    override = os.environ.get("PYTHON_JULIAPKG_PROJECT")
    if override:
        return Path(override)
    prefix = sys.prefix if sys.prefix != sys.base_prefix else os.environ.get("CONDA_PREFIX")
    if prefix:
        return Path(prefix) / "julia_env"
    depot = os.environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep)[0] or str(Path.home() / ".julia")
    return Path(depot) / "environments" / "pyjuliapkg"


def _executable(project: Path) -> Path | None:
    candidates = [os.environ.get("PYTHON_JULIAPKG_EXE"), shutil.which("julia")]
    meta = project / "pyjuliapkg" / "meta.json"
    if meta.is_file():
        with contextlib.suppress(ValueError):
            candidates.insert(0, json.loads(meta.read_text(encoding="utf-8")).get("executable"))
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    return None


def install_julia(progress: Callable[[str], None]) -> JuliaStatus:
    """Download and install Julia and SymbolicRegression.jl for PySR; several hundred megabytes, some minutes.

    Call it only when the user asked for it.

    Args:
        progress: called with each line that the installation prints.

    Raises:
        ToolError: it failed; the message has its last lines.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHON_JULIAPKG_OFFLINE"}
    lines: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-c", _INSTALL],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            progress(lines[-1])
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if code != 0:
        last = " / ".join(line for line in lines[-3:] if line)
        raise ToolError(
            f"installing Julia for PySR failed: {last or 'no output'}; check the network and try again"
        )
    return julia_status()
