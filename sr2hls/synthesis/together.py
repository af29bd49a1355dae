"""Many small designs in one run of Yosys, each kept apart and counted alone.

Yosys reads its libraries of cells anew in each run, about six seconds; a small operator takes a fraction of
one. The designs share nothing. Still, the LUTs of a large table have been seen to differ by up to a quarter
between batches: the mapper breaks ties by what else it has seen.
"""

import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from sr2hls.errors import InputError
from sr2hls.rtl.project import RtlProject
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.ecp5 import ecp5_passes
from sr2hls.synthesis.yosys import xilinx_passes
from sr2hls.synthesis.yosys_run import AbcError, YosysResult, run_yosys
from sr2hls.target import Family
from sr2hls.templates import render

TOP = "together"


def xilinx_together(
    projects: Sequence[RtlProject], family: Family, clock_ns: float, *, dsp: bool, timeout_s: float = 3600.0
) -> dict[str, dict[str, int]]:
    """Return the counts of cells of each project by its name, as the tool `yosys` would map it alone.

    Raises:
        ToolError: Yosys is missing, fails or exceeds the limit.
    """

    def passes(names: Sequence[str], thorough: bool) -> list[str]:
        return xilinx_passes(family, TOP, clock_ns, dsp=dsp, thorough=thorough, keep=names)

    found: dict[str, dict[str, int]] = {}
    rest, refused = list(projects), []
    while rest:
        names = [p.name for p in rest]
        try:
            result = _run(rest, passes(names, True), shared_clock=True, timeout_s=timeout_s)
        except AbcError as error:
            refused += [p for p in rest if p.name == error.module]
            rest = [p for p in rest if p.name != error.module]
            continue
        found.update({name: dict(result.modules[name]) for name in names})
        break
    if refused:
        names = [p.name for p in refused]
        result = _run(refused, passes(names, False), shared_clock=True, timeout_s=timeout_s)
        found.update({name: dict(result.modules[name]) for name in names})
    return found


def ecp5_together(projects: Sequence[RtlProject], *, dsp: bool, timeout_s: float = 3600.0) -> YosysResult:
    """Return counts by project and a netlist of all, each with a clock of its own called `clock_of`.

    Raises:
        ToolError: Yosys is missing, fails or exceeds the limit.
    """
    passes = ecp5_passes(TOP, dsp=dsp, keep=[p.name for p in projects])
    return _run(projects, passes, shared_clock=False, timeout_s=timeout_s, netlist=True)


def clock_of(name: str) -> str:
    """Return the clock port of a project in `ecp5_together`."""
    return f"{name}__clk"


def _run(
    projects: Sequence[RtlProject],
    passes: Sequence[str],
    *,
    shared_clock: bool,
    timeout_s: float,
    netlist: bool = False,
) -> YosysResult:
    names = [p.name for p in projects]
    if len(set(names)) < len(names):
        raise InputError("designs that are synthesised together need names of their own")
    with tempfile.TemporaryDirectory(prefix="sr2hls-together-") as scratch:
        top = Path(scratch) / f"{TOP}.v"
        text = render(
            "rtl/together.v.j2",
            name=TOP,
            n=len(projects),
            designs=projects,
            shared_clock=shared_clock,
            version=version("sr2hls"),
        )
        top.write_text(text, encoding="utf-8")
        # Modules of alkaid's library, and tables named by their digests, are the same in every project.
        sources = {source.name: source for p in projects for source in p.sources}
        design = HdlDesign(TOP, (*sources.values(), top))
        return run_yosys(design, passes, timeout_s=timeout_s, netlist=netlist, repeated=True)
