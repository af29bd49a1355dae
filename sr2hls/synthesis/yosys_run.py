"""Yosys through pyosys: sources in, counts of cells (and a netlist) out."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sr2hls.errors import InputError, ToolError
from sr2hls.store.directory import Directory
from sr2hls.store.room import refuse_full
from sr2hls.synthesis.base import HdlDesign
from sr2hls.tied import run_tied

_MAPPED = re.compile(r"^Extracted \d+ AND gates and \d+ wires from module `(\w+)'", re.MULTILINE)
_VERILOG = frozenset({".v", ".sv"})


PREPARE = (
    "hierarchy -check -top {top}",
    "proc",
    "opt_expr",
    "opt_clean",
    "alumacc",
    "opt_clean",
)
"""Passes before the technology's own flow.

Adders become carry chains module by module: were the design flat already, Yosys would merge each sum of
several values into compressors, two LUTs a bit instead of one. Widths are not reduced before: of operands of
different widths `alumacc` takes the narrower one for the first, whose logic a carry chain cannot absorb (see
`sr2hls.rtl.adder_chains`).
"""


@dataclass(frozen=True, slots=True)
class YosysResult:
    """What a run leaves behind.

    Attributes:
        cells: how many cells there are of each type in the top module.
        version: of Yosys.
        netlist: Yosys' JSON netlist, where one was asked for.
        modules: the same counts for every module that is left, the top among them.
        verilog: the netlist as Verilog, where the design wants one.
    """

    cells: dict[str, int]
    version: str
    netlist: str | None = None
    modules: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    verilog: str | None = None


class AbcError(ToolError):
    """ABC, Yosys' LUT mapper, failed.

    Attributes:
        module: what it was mapping.
    """

    def __init__(self, message: str, module: str) -> None:
        super().__init__(message)
        self.module = module


def missing_yosys() -> str | None:
    """Return what to install, None where pyosys is there."""
    return None if find_spec("pyosys") else "Yosys: run 'pip install pyosys'"


def yosys_version() -> str:
    """Return the version of pyosys, which is that of Yosys.

    Raises:
        ToolError: it is not installed.
    """
    try:
        return version("pyosys")
    except PackageNotFoundError:
        raise ToolError("Yosys is not installed: run 'pip install pyosys'") from None


def run_yosys(
    design: HdlDesign,
    passes: Sequence[str],
    *,
    timeout_s: float,
    netlist: bool = False,
    repeated: bool = False,
) -> YosysResult:
    """Read a design's sources, run passes on it and count its cells.

    Args:
        design: sources and top module.
        passes: of Yosys.
        timeout_s: limit on the wall time.
        netlist: whether to return the netlist.
        repeated: whether a module may come in several sources; the first is taken.

    Raises:
        ToolError: pyosys is missing, a pass fails, or the limit is exceeded.
        AbcError: the LUT mapper failed.
        InputError: a source is not Verilog.
    """
    found = yosys_version()
    with tempfile.TemporaryDirectory(prefix="sr2hls-yosys-") as scratch:
        work = Path(scratch)
        names = []
        # Copies under plain names: safe for a Yosys command line, whatever the user's files are called.
        for number, source in enumerate(design.sources):
            if source.suffix not in _VERILOG:
                raise InputError(f"Yosys reads Verilog only and '{source}' is something else")
            names.append(f"source{number}{source.suffix}")
            shutil.copy(source, work / names[-1])
        read = f"read_verilog -sv -defer{' -nooverwrite' if repeated else ''} {' '.join(names)}"
        script = [read, *passes, "tee -q -o stat.json stat -json"]
        if netlist:
            # Models of cells, boxes to Yosys, are megabytes: they are left out.
            script += ["select *", "write_json -selected netlist.json", "select -clear"]
        if design.netlist is not None:
            script.append("write_verilog -noattr mapped.v")
        _run_worker(script, work, timeout_s)
        modules = _cells(json.loads((work / "stat.json").read_text(encoding="utf-8")))
        if design.top not in modules:
            raise ToolError(f"Yosys reported no cells of the module '{design.top}'")
        text = (work / "netlist.json").read_text(encoding="utf-8") if netlist else None
        mapped = work / "mapped.v"
        verilog = mapped.read_text(encoding="utf-8") if design.netlist is not None else None
    return YosysResult(modules[design.top], found, text, modules, verilog)


def keep_netlist(design: HdlDesign, result: YosysResult, library: str) -> None:
    """Write a design's netlist where it wants it.

    Args:
        design: has the directory.
        result: has the Verilog.
        library: of the cells that it is made of, the stem of the file's name.

    Raises:
        InputError: it cannot be written.
    """
    if design.netlist is not None and result.verilog is not None:
        Directory.at(design.netlist).write(f"{library}.v", result.verilog)


def _run_worker(script: Sequence[str], work: Path, timeout_s: float) -> None:
    command = [sys.executable, "-m", "sr2hls.synthesis.yosys_worker"]
    try:
        done = run_tied(command, timeout_s=timeout_s, cwd=work, text="\n".join(script))
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"Yosys did not finish within {timeout_s:g} s: raise the limit or shrink the design"
        ) from None
    if done.returncode:
        refuse_full(work)
        lines = (done.stdout + done.stderr).splitlines()
        error = next(
            (line for line in reversed(lines) if "ERROR" in line), lines[-1] if lines else "no message"
        )
        message = f"Yosys failed with code {done.returncode}: {error.strip()[:400]}"
        mapped = _MAPPED.findall(done.stdout)
        if mapped and "output.aig" in error:
            raise AbcError(f"{message} (ABC could not map '{mapped[-1]}')", mapped[-1])
        raise ToolError(message)


def _cells(statistics: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {
        name.removeprefix("\\"): {str(k): int(n) for k, n in module.get("num_cells_by_type", {}).items()}
        for name, module in statistics.get("modules", {}).items()
    }
