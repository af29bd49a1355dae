"""Counter-examples run on a simulator, which shows to the user what a solver says."""

import re
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from sr2hls.errors import ToolError
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.prove.proof import Counterexample
from sr2hls.rtl.project import RtlProject
from sr2hls.rtl.simulate import simulate, simulate_many


def differences(
    project: RtlProject, program: Program, found: Counterexample, netlist: Path | None = None
) -> list[str]:
    """Return a sentence for each output that the simulated circuit gives wrongly.

    Args:
        project: the RTL project.
        program: what it should compute.
        found: the inputs, a row each cycle.
        netlist: mapped netlist to simulate in place of the project's Verilog.

    Raises:
        ToolError: Verilator is missing or fails, or the models of cells cannot be found.
    """
    expected = Interpreter(program).run(found.rows)
    if netlist is None:
        given = simulate(project, found.rows)
    else:
        with tempfile.TemporaryDirectory(prefix="sr2hls-cells-") as scratch:
            cells = Path(scratch) / "cells.v"
            cells.write_text(cell_models(netlist), encoding="utf-8")
            mapped = replace(project, sources=(cells, netlist))
            given = simulate_many([mapped], [found.rows])[0]
    wrong = []
    for port, got, want in zip(project.outputs, given[found.at], expected[found.at], strict=True):
        if got != want:
            values = [f"{port.type.value(int(raw)):.12g}" for raw in (got, want)]
            wrong.append(f"output '{port.source}' is {values[0]} instead of {values[1]}")
    return wrong


def cell_models(netlist: Path) -> str:
    """Return Yosys' simulation models of the cells that a netlist names, without their delays.

    The netlist's stem names the library.

    Raises:
        ToolError: Yosys has no such library.
    """
    spec = find_spec("pyosys")
    root = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()
    library = root / "share" / netlist.stem / "cells_sim.v"
    if not library.is_file():
        raise ToolError(f"Yosys has no models of the cells in '{netlist}': run 'pip install pyosys'")
    models = [library, *sorted(library.parent.glob("*sim.vh"))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in models)
    modules = {
        m[1]: m[0] for m in re.finditer(r"^module (\w+)\b.*?^endmodule", text, re.MULTILINE | re.DOTALL)
    }
    found: dict[str, str] = {}
    waiting = [netlist.read_text(encoding="utf-8")]
    while waiting:
        # Models of some cells are made of others.
        for name in set(re.findall(r"\w+", waiting.pop())) & modules.keys() - found.keys():
            found[name] = re.sub(r"\bspecify\b.*?\bendspecify\b", "", modules[name], flags=re.DOTALL)
            waiting.append(found[name])
    return "`timescale 1 ns / 1 ps\n" + "\n".join(found.values()) + "\n"
