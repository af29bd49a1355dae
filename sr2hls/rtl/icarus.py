"""Icarus Verilog as a second simulator: it shares nothing with Verilator and knows unknown values."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from sr2hls.errors import ToolError, VerificationError
from sr2hls.rtl.project import RtlProject
from sr2hls.rtl.verilator import run_tool

_TIMEOUT = 600.0


def find_icarus() -> str | None:
    """Return the version of Icarus Verilog, None where it is not installed."""
    if shutil.which("iverilog") is None or shutil.which("vvp") is None:
        return None
    said = run_tool(["iverilog", "-V"], os.environ, Path.cwd(), "Icarus Verilog", timeout=60)
    match = re.search(r"version (\S+)", said)
    return match[1] if match else "of unknown version"


def run_testbench(project: RtlProject) -> int:
    """Run a project's own testbench on its own vectors; return how many there are.

    Raises:
        ToolError: Icarus Verilog is missing or fails.
        VerificationError: an output differs.
    """
    bench = project.directory / "sim" / f"{project.name}_tb.v"
    with tempfile.TemporaryDirectory(prefix="sr2hls-icarus-") as scratch:
        made = Path(scratch) / "simulation"
        sources = [str(path.resolve()) for path in (*project.sources, bench)]
        command = ["iverilog", "-g2012", "-s", f"{project.name}_tb", "-o", str(made), *sources]
        run_tool(command, os.environ, project.directory, "Icarus Verilog", _TIMEOUT)
        run = ["vvp", "-n", str(made)]
        try:
            said = run_tool(run, os.environ, project.directory, "vvp of Icarus Verilog", _TIMEOUT)
        except ToolError as error:
            # The testbench ends with $fatal where it counts differences.
            if " differences" not in str(error):
                raise
            said = str(error)
    match = re.search(r"(\d+) vectors, (\d+) differences", said)
    if match is None or int(match[2]):
        raise VerificationError(
            f"the Verilog in '{project.directory}' differs from its vectors under Icarus Verilog: "
            f"{match[0] if match else 'its testbench did not end'}"
        )
    return int(match[1])
