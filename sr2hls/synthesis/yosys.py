"""Yosys for AMD devices: resources after synthesis; timing comes from the RTL's delay model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sr2hls.errors import InputError
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.synthesis.base import HdlDesign, known_timing
from sr2hls.synthesis.report import HardwareReport
from sr2hls.synthesis.yosys_run import PREPARE, missing_yosys, run_yosys
from sr2hls.target import Family, Target

# Cells of Yosys' techlibs/xilinx (cells_sim.v, cells_xtra.v).
_DSP = re.compile(r"DSP48E\d?|DSP48|DSP58")
_BRAM36 = re.compile(r"RAMB36E\d|RAMB36\w*")
_BRAM18 = re.compile(r"RAMB18E\d|RAMB18\w*")
_FF = re.compile(r"FD[RSCP]E(_1)?|LD[CP]E")
_SRL = re.compile(r"SRL16E?|SRLC16E?|SRLC32E")
_FAMILIES = (Family.ULTRASCALE_PLUS, Family.ULTRASCALE, Family.SERIES7)

_MAPPER = ("scratchpad -set abc9.D {delay_ps}", "scratchpad -copy abc9.script.flow3 abc9.script")
"""LUT mapping: the clock as the delay limit, so that ABC saves area where there is time, and the most
thorough of the scripts that come with Yosys."""


@dataclass(frozen=True, slots=True)
class Yosys:
    """`synth_xilinx` with fixed options, out of context: no pads, no clock buffers."""

    name: str = "yosys"

    def missing(self) -> str | None:
        """Return what to install for the tool to work, None where it works."""
        return missing_yosys()

    def synthesise(
        self, design: HdlDesign, target: Target, *, dsp: bool = True, timeout_s: float = 3600.0
    ) -> HardwareReport:
        """Return LUT, FF, CARRY, DSP and BRAM after synthesis for the family of the target's part."""
        if target.family not in _FAMILIES:
            raise InputError(
                f"part '{target.part}' is not from AMD: use the tool '{target.family.value}' for it"
            )
        command = f"synth_xilinx -family {target.family.value} -top {design.top} -flatten -noiopad -noclkbuf"
        if not dsp:
            command += " -nodsp"
        delay_ps = round(1000 * target.clock_ns)
        mapper = [line.format(delay_ps=delay_ps) for line in _MAPPER]
        passes = [*(line.format(top=design.top) for line in PREPARE), *mapper, command]
        result = run_yosys(design, passes, timeout_s=timeout_s)
        measured = Provenance(
            Origin.MEASURED, f"Yosys {result.version}", f"{target.part} ({target.family.value})", "synthesis"
        )
        return HardwareReport(
            design=design.top,
            tool=self.name,
            version=result.version,
            part=target.part,
            step="synthesis",
            settings={"passes": "; ".join(passes), "dsp": "allowed" if dsp else "none"},
            lut_by_size=_luts(result.cells),
            **_resources(result.cells, measured),
            **known_timing(design, target),
        )


def _luts(cells: Mapping[str, int]) -> dict[int, int]:
    """Return the number of LUT cells by their inputs; INV is a LUT1 that Yosys names apart."""
    sizes = {size: cells.get(f"LUT{size}", 0) for size in range(1, 7)}
    sizes[1] += cells.get("INV", 0)
    return {size: n for size, n in sizes.items() if n}


def _count(cells: Mapping[str, int], pattern: re.Pattern[str]) -> int:
    return sum(n for cell, n in cells.items() if pattern.fullmatch(cell))


def _resources(cells: Mapping[str, int], measured: Provenance) -> dict[str, Figure]:
    counts = {
        "lut": sum(_luts(cells).values()),
        "ff": _count(cells, _FF),
        "carry": _count(cells, re.compile(r"CARRY[48]")),
        "dsp": _count(cells, _DSP),
        # Two RAMB18 fit into one block of 36 kbit.
        "bram": _count(cells, _BRAM36) + _count(cells, _BRAM18) / 2,
        "uram": _count(cells, re.compile(r"URAM288\w*")),
        "srl": _count(cells, _SRL),
        "wide_mux": _count(cells, re.compile(r"MUXF[5-9]")),
    }
    return {name: Figure(value, "", measured) for name, value in counts.items()}
