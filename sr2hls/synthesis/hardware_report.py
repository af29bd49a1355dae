"""What a tool found out about a circuit: one record for all tools, with where each figure comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from sr2hls.errors import InputError
from sr2hls.provenance import Figure, Origin, Provenance

_FIGURES = (
    "lut", "ff", "carry", "dsp", "bram", "uram", "srl", "wide_mux",
    "latency_cycles", "ii", "latency_ns", "clock_ns", "critical_path_ns", "levels",
    "fmax_mhz",
)  # fmt: skip


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
        found = {name: getattr(self, name) for name in _FIGURES}
        return {name: figure for name, figure in found.items() if figure is not None}

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

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dictionaries for JSON; figures that are missing are None."""
        data: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in _FIGURES:
                value = None if value is None else figure_to_dict(value)
            elif item.name == "lut_by_size":
                value = None if value is None else {str(k): n for k, n in sorted(value.items())}
            elif item.name == "settings":
                value = dict(value)
            data[item.name] = value
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "HardwareReport":
        """Return the report that `to_dict` wrote.

        Raises:
            InputError: a key is missing or has the wrong form.
        """
        try:
            values: dict[str, Any] = {}
            for item in fields(cls):
                value: Any = data.get("levels") if item.name == "levels" else data[item.name]
                if item.name in _FIGURES:
                    value = None if value is None else figure_from_dict(value)
                elif item.name == "lut_by_size":
                    value = None if value is None else {int(k): int(n) for k, n in value.items()}
                elif item.name == "settings":
                    value = {str(k): str(v) for k, v in value.items()}
                else:
                    value = str(value)
                values[item.name] = value
            return cls(**values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"not a hardware report: {error!r}") from error


def figure_to_dict(figure: Figure) -> dict[str, Any]:
    """Return a figure as a dictionary for JSON."""
    origin = figure.provenance
    return {
        "value": figure.value,
        "unit": figure.unit,
        "origin": origin.origin.value,
        "source": origin.source,
        "part": origin.part,
        "step": origin.step,
        "error": origin.error,
    }


def figure_from_dict(data: Mapping[str, Any]) -> Figure:
    """Return the figure that `figure_to_dict` wrote."""
    provenance = Provenance(
        Origin(data["origin"]), data["source"], data.get("part"), data.get("step"), data.get("error")
    )
    return Figure(data["value"], data["unit"], provenance)
