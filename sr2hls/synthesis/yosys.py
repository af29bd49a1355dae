"""Yosys for AMD devices: resources after synthesis, and the longest path of the netlist, estimated."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sr2hls.errors import InputError
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.synthesis.base import HdlDesign, known_timing
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.level_delays import ERROR, MODEL, ULTRASCALE_PLUS
from sr2hls.synthesis.netlist_path import NetlistPath, longest_path
from sr2hls.synthesis.yosys_run import PREPARE, AbcError, YosysResult, keep_netlist, missing_yosys, run_yosys
from sr2hls.target import MAPPED_SHARES, Family, Target

# Cells of Yosys' techlibs/xilinx (cells_sim.v, cells_xtra.v).
_DSP = re.compile(r"DSP48E\d?|DSP48|DSP58")
_BRAM36 = re.compile(r"RAMB36E\d|RAMB36\w*")
_BRAM18 = re.compile(r"RAMB18E\d|RAMB18\w*")
_FF = re.compile(r"FD[RSCP]E(_1)?|LD[CP]E")
_SRL = re.compile(r"SRL16E?|SRLC16E?|SRLC32E")
_FAMILIES = (Family.ULTRASCALE_PLUS, Family.ULTRASCALE, Family.SERIES7)

_THOROUGH = "scratchpad -copy abc9.script.flow3 abc9.script"
"""The most thorough of the scripts for ABC that come with Yosys."""
_MAPPED_AGAIN = 4000
"""LUTs up to which a netlist is mapped for less than the period, too: a network takes minutes a time."""
_LIMIT = "delay limit"
_LIMITS = (
    f"{' and '.join(f'{share:g}' for share in MAPPED_SHARES)} of the period, of what meets the clock the "
    f"fewest LUTs; the first alone above {_MAPPED_AGAIN} LUTs"
)


def xilinx_passes(
    family: Family, top: str, limit_ns: float, *, dsp: bool, thorough: bool = True, keep: Sequence[str] = ()
) -> list[str]:
    """Return the passes from sources to mapped cells.

    Args:
        family: of AMD devices.
        top: top module.
        limit_ns: delay limit of the LUT mapper, so that ABC saves area where there is time.
        dsp: whether products may become DSP blocks.
        thorough: whether ABC runs its most thorough script. Its `&synch2` puts carry chains out of order in
            some designs, which ABC then refuses.
        keep: modules that stay apart instead of being flattened into what is around them.
    """
    passes = [line.format(top=top) for line in PREPARE]
    if keep:
        passes.insert(1, f"setattr -mod -set keep_hierarchy 1 {' '.join(keep)}")
    passes.append(_limit(limit_ns))
    if thorough:
        passes.append(_THOROUGH)
    command = f"synth_xilinx -family {family.value} -top {top} -flatten -noiopad -noclkbuf"
    return [*passes, command if dsp else f"{command} -nodsp"]


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
        """Return LUT, FF, CARRY, DSP and BRAM after synthesis for the family of the target's part.

        Raises:
            InputError: the part is not from AMD.
        """
        if target.family not in _FAMILIES:
            raise InputError(
                f"part '{target.part}' is not from AMD: use the tool '{target.family.value}' for it"
            )
        mapped = [_map(design, target, MAPPED_SHARES[0], dsp=dsp, timeout_s=timeout_s)]
        if mapped[0].luts <= _MAPPED_AGAIN:
            mapped += [_map(design, target, s, dsp=dsp, timeout_s=timeout_s) for s in MAPPED_SHARES[1:]]
        best = min(mapped, key=lambda m: m.rank(target.clock_ns))
        result = best.result
        keep_netlist(design, result, "xilinx")
        measured = Provenance(
            Origin.MEASURED, f"Yosys {result.version}", f"{target.part} ({target.family.value})", "synthesis"
        )
        return HardwareReport(
            design=design.top,
            tool=self.name,
            version=result.version,
            part=target.part,
            step="synthesis",
            settings={
                "passes": "; ".join(best.passes).replace(_limit(best.limit_ns), _limit(None)),
                _LIMIT: _LIMITS,
                "dsp": "allowed" if dsp else "none",
            },
            lut_by_size=luts_by_size(result.cells),
            **{k: Figure(n, "", measured) for k, n in resources(result.cells).items()},
            **_timing(best.path, design, target, measured),
        )


@dataclass(frozen=True, slots=True)
class _Mapped:
    """A netlist, the passes and the mapper's limit that it comes from, and its longest path where known."""

    result: YosysResult
    passes: tuple[str, ...]
    limit_ns: float
    path: NetlistPath | None

    @property
    def luts(self) -> float:
        return sum(luts_by_size(self.result.cells).values())

    def rank(self, clock_ns: float) -> tuple[float, float]:
        """Return what is the less, the better: by how much the clock is missed, then LUTs."""
        late = 0.0 if self.path is None else max(0.0, self.path.ns - clock_ns)
        return late, self.luts


def _map(design: HdlDesign, target: Target, share: float, *, dsp: bool, timeout_s: float) -> _Mapped:
    """Map a design for a share of its clock period."""
    limit_ns = target.clock_ns * share
    passes = xilinx_passes(target.family, design.top, limit_ns, dsp=dsp)
    try:
        result = run_yosys(design, passes, timeout_s=timeout_s, netlist=True)
    except AbcError:
        passes = xilinx_passes(target.family, design.top, limit_ns, dsp=dsp, thorough=False)
        result = run_yosys(design, passes, timeout_s=timeout_s, netlist=True)
    assert result.netlist is not None
    path = longest_path(json.loads(result.netlist)["modules"][design.top], ULTRASCALE_PLUS)
    return _Mapped(result, tuple(passes), limit_ns, path)


def _limit(ns: float | None) -> str:
    """Return the pass that limits the mapper's delay, in picoseconds; without a number the name of it."""
    return f"scratchpad -set abc9.D {_LIMIT if ns is None else round(1000 * ns)}"


def _timing(
    path: NetlistPath | None, design: HdlDesign, target: Target, measured: Provenance
) -> dict[str, Figure]:
    """Return the timing with the longest path of the netlist; that of the stages where none is known."""
    if path is None:
        return known_timing(design, target)
    estimate = Provenance(Origin.ESTIMATED, MODEL, measured.part, measured.step, ERROR)
    timing = known_timing(design, target, Figure(path.ns, "ns", estimate))
    return {**timing, "levels": Figure(path.levels, "", measured)}


def luts_by_size(cells: Mapping[str, int]) -> dict[int, int]:
    """Return the number of LUT cells by their inputs; INV is a LUT1 that Yosys names apart."""
    sizes = {size: cells.get(f"LUT{size}", 0) for size in range(1, 7)}
    sizes[1] += cells.get("INV", 0)
    return {size: n for size, n in sizes.items() if n}


def _count(cells: Mapping[str, int], pattern: re.Pattern[str]) -> int:
    return sum(n for cell, n in cells.items() if pattern.fullmatch(cell))


def resources(cells: Mapping[str, int]) -> dict[str, float]:
    """Return the counts of a `HardwareReport` for counts of cells."""
    return {
        "lut": sum(luts_by_size(cells).values()),
        "ff": _count(cells, _FF),
        "carry": _count(cells, re.compile(r"CARRY[48]")),
        "dsp": _count(cells, _DSP),
        # Two RAMB18 fit into one block of 36 kbit.
        "bram": _count(cells, _BRAM36) + _count(cells, _BRAM18) / 2,
        "uram": _count(cells, re.compile(r"URAM288\w*")),
        "srl": _count(cells, _SRL),
        "wide_mux": _count(cells, re.compile(r"MUXF[5-9]")),
    }
