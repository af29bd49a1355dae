"""Whether PySR can run here: found out from files, by starting Julia, or by letting it be installed."""

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

from sr2hls.errors import ToolError
from sr2hls.search.pysr.process import Ended, ProcessOutcome, run_child
from sr2hls.search.pysr.request import write_start

_INSTALL = "import pysr"  # the first import makes juliapkg install Julia and the package
_ERROR = re.compile(r"^(ERROR: |[\w.]*(Error|Exception)\b)")
_OTHERWISE = "run 'sr2hls doctor --install-julia', which downloads Julia, or use the engine 'operon'"


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
    """Look for Julia with SymbolicRegression where PySR would look. Starts nothing.

    As juliacall decides it: ``PYTHON_JULIACALL_EXE`` and ``PYTHON_JULIACALL_PROJECT`` together, else the
    project of juliapkg.
    """
    if importlib.util.find_spec("pysr") is None:
        return JuliaStatus(False, "PySR is not installed")
    exe, own = os.environ.get("PYTHON_JULIACALL_EXE"), os.environ.get("PYTHON_JULIACALL_PROJECT")
    if bool(exe) != bool(own):
        return JuliaStatus(
            False, "PYTHON_JULIACALL_EXE and PYTHON_JULIACALL_PROJECT have to be set together, not one alone"
        )
    project = Path(own) if own else _project()
    executable = _found(exe) if exe else _executable(project)
    if executable is None:
        return JuliaStatus(
            False, f"PYTHON_JULIACALL_EXE names no program: '{exe}'" if exe else "Julia is not installed"
        )
    manifests = sorted(project.glob("Manifest*.toml"))
    if not any("SymbolicRegression" in m.read_text(encoding="utf-8", errors="replace") for m in manifests):
        return JuliaStatus(False, "Julia is there, SymbolicRegression.jl is not installed for it", executable)
    return JuliaStatus(True, f"PySR {importlib.metadata.version('pysr')} with Julia is installed", executable)


def checked_julia() -> None:
    """Check that PySR can start without downloading anything.

    Raises:
        ToolError: it cannot; the message says what to do.
    """
    status = julia_status()
    if not status.ready:
        raise ToolError(f"{status.reason}: {_OTHERWISE}")


def start_julia(limit_s: float) -> ProcessOutcome:
    """Start Julia in a process of its own, as a search does, and return what it says of itself.

    Args:
        limit_s: seconds that it may take.

    Raises:
        ToolError: it is not there, does not start, or takes longer.
    """
    checked_julia()
    with tempfile.TemporaryDirectory(prefix="sr2hls_pysr_") as folder:
        write_start(Path(folder))
        outcome = run_child(Path(folder), start_limit=limit_s)
    if outcome.ended is Ended.INTERRUPTED:
        raise KeyboardInterrupt
    if outcome.ended is not Ended.FINISHED:
        raise ToolError(f"Julia does not start: {outcome.error}")
    return outcome


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
    kept = None
    meta = project / "pyjuliapkg" / "meta.json"
    with suppress(OSError, ValueError):
        kept = json.loads(meta.read_text(encoding="utf-8")).get("executable")
    candidates = (kept, os.environ.get("PYTHON_JULIAPKG_EXE"), "julia")
    return next((found for name in candidates if name and (found := _found(name))), None)


def _found(name: str) -> Path | None:
    path = shutil.which(name)
    return None if path is None else Path(path)


def install_julia(progress: Callable[[str], None]) -> JuliaStatus:
    """Download and install Julia and SymbolicRegression.jl for PySR; several hundred megabytes, some minutes.

    Call it only when the user asked for it.

    Args:
        progress: called with each line that the installation prints.

    Raises:
        ToolError: it failed; the message has the error.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHON_JULIAPKG_OFFLINE"}
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", _INSTALL],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    errors: list[str] = []
    reader = Thread(target=_pass_on, args=(process.stderr, errors, progress), daemon=True)
    reader.start()
    lines: list[str] = []
    try:
        _pass_on(process.stdout, lines, progress)
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    reader.join()
    if code != 0:
        raise ToolError(
            f"installing Julia for PySR failed: {_error_of(errors or lines)}; check the network and try again"
        )
    return julia_status()


def _pass_on(stream: IO[str] | None, kept: list[str], progress: Callable[[str], None]) -> None:
    traceback = False
    for line in stream or ():
        kept.append(line.rstrip())
        traceback = traceback or line.startswith("Traceback")
        if not traceback:
            progress(kept[-1])


def _error_of(lines: list[str]) -> str:
    """Return the last line that is an error; Python's and Julia's stand at its beginning."""
    said = [line.strip() for line in lines if line.strip()]
    return next((line for line in reversed(said) if _ERROR.match(line)), said[-1] if said else "no output")
