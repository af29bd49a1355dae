"""What a tool found out about a circuit: one record for all tools, with where each figure comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

from sr2hls.provenance import Figure


@dataclass(frozen=True, slots=True)
class HardwareReport:
    """Resources and timing of one design. A figure that the tool could not give is None, never 0.

    Attributes:
        design: name of the top module.
        tool: name of the tool.
        version: version of the tool.
        part: FPGA part or family that was synthesised for.
        step: how far the flow went, e.g. ``synthesis`` or ``place and route``.
        settings: every option that changes the result.
        lut: look-up tables: LUT1 to LUT6 cells added up (Xilinx), LUT4 equivalents (ECP5).
        lut_by_size: how many of each number of inputs, where the tool tells.
        ff: flip-flops.
        carry: carry cells (CARRY4 or CARRY8; CCU2C on ECP5).
        dsp: DSP blocks.
        bram: block RAMs.
        uram: UltraRAMs.
        srl: shift registers made of LUTs; not part of ``lut``.
        wide_mux: MUXF7, MUXF8 and alike beside the LUTs.
        latency_cycles: from input to output registers, clock cycles.
        ii: initiation interval, clock cycles.
        latency_ns: from input to output registers, nanoseconds.
        clock_ns: clock period asked for, nanoseconds.
        critical_path_ns: longest path, nanoseconds.
        levels: LUTs and carry chains on the longest path of the mapped netlist.
        fmax_mhz: highest clock frequency, MHz.
    """

    design: str
    tool: str
    version: str
    part: str
    step: str
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    lut: Figure | None = None
    lut_by_size: Mapping[int, int] | None = None
    ff: Figure | None = None
    carry: Figure | None = None
    dsp: Figure | None = None
    bram: Figure | None = None
    uram: Figure | None = None
    srl: Figure | None = None
    wide_mux: Figure | None = None
    latency_cycles: Figure | None = None
    ii: Figure | None = None
    latency_ns: Figure | None = None
    clock_ns: Figure | None = None
    critical_path_ns: Figure | None = None
    levels: Figure | None = None
    fmax_mhz: Figure | None = None

    def figures(self) -> dict[str, Figure]:
        """Return the figures that are there, by name."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, Figure)}

    @property
    def used_luts(self) -> Figure | None:
        """LUTs with those that are shift registers: what a budget of LUTs is about."""
        if self.lut is None or self.srl is None:
            return self.lut
        return replace(self.lut, value=self.lut.value + self.srl.value)

    @property
    def meets_clock(self) -> bool | None:
        """Whether the longest path is within the clock period asked for; ``None`` where one is not known."""
        if self.critical_path_ns is None or self.clock_ns is None:
            return None
        return self.critical_path_ns.value <= self.clock_ns.value
