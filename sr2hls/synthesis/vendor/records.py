"""What AMD's reports say, as they say it. A figure that a report leaves out is None, never 0."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resources:
    """Resources of a device or a design.

    Attributes:
        lut: look-up tables.
        ff: flip-flops.
        dsp: DSP blocks.
        bram_18k: block RAMs of 18 kbit; two of them are one of 36 kbit.
        uram: UltraRAMs.
    """

    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    bram_18k: int | None = None
    uram: int | None = None


@dataclass(frozen=True, slots=True)
class CsynthReport:
    """C synthesis of Vivado HLS or Vitis HLS. Cycles are clock cycles, times nanoseconds.

    Attributes:
        tool: ``Vivado HLS`` or ``Vitis HLS``, where the report says.
        version: of the tool.
        top: top function.
        part: FPGA part.
        family: product family, as the tool names it.
        target_clock_ns: clock period asked for.
        clock_uncertainty_ns: what the tool keeps free of it.
        estimated_clock_ns: longest path by the tool's estimate.
        latency_min: least latency, cycles.
        latency_avg: average latency, cycles.
        latency_max: largest latency, cycles.
        interval_min: least initiation interval, cycles.
        interval_max: largest initiation interval, cycles.
        pipeline: how the top function is pipelined: ``yes``, ``no``, ``none``, ``function``, ``dataflow``.
        used: resources by the tool's estimate, before RTL synthesis.
        available: resources of the part.
    """

    tool: str | None
    version: str
    top: str
    part: str
    family: str | None
    target_clock_ns: float
    clock_uncertainty_ns: float | None
    estimated_clock_ns: float | None
    latency_min: int | None
    latency_avg: int | None
    latency_max: int | None
    interval_min: int | None
    interval_max: int | None
    pipeline: str | None
    used: Resources
    available: Resources


@dataclass(frozen=True, slots=True)
class CosimReport:
    """Simulation of the RTL of one language against the C testbench.

    Attributes:
        rtl: ``Verilog`` or ``VHDL``.
        status: as the tool says, e.g. ``Pass`` or ``Fail``.
        latency_min: least latency, cycles.
        latency_avg: average latency, cycles.
        latency_max: largest latency, cycles.
        interval_min: least initiation interval, cycles.
        interval_avg: average initiation interval, cycles.
        interval_max: largest initiation interval, cycles.
        total_cycles: cycles of the whole simulation.
    """

    rtl: str
    status: str
    latency_min: int | None
    latency_avg: int | None
    latency_max: int | None
    interval_min: int | None
    interval_avg: int | None
    interval_max: int | None
    total_cycles: int | None

    @property
    def passed(self) -> bool:
        """Whether the RTL gave what the testbench expects."""
        return self.status.lower() == "pass"


@dataclass(frozen=True, slots=True)
class UtilizationReport:
    """Vivado's ``report_utilization``.

    Attributes:
        version: of Vivado.
        design: top module.
        part: FPGA part.
        state: ``Synthesized``, ``Routed`` and so on.
        lut: LUT sites, where two small LUTs may share one.
        lut_as_memory: those of them that are memories or shift registers.
        srl: shift registers among them.
        ff: registers.
        carry: CARRY4 or CARRY8 cells.
        wide_mux: F7, F8 and F9 multiplexers.
        dsp: DSP blocks.
        bram: block RAM tiles of 36 kbit; a half one counts 0.5.
        uram: UltraRAMs.
        lut_by_size: LUT1 to LUT6 cells.
    """

    version: str
    design: str
    part: str
    state: str
    lut: int | None
    lut_as_memory: int | None
    srl: int | None
    ff: int | None
    carry: int | None
    wide_mux: int | None
    dsp: int | None
    bram: float | None
    uram: int | None
    lut_by_size: dict[int, int] | None


@dataclass(frozen=True, slots=True)
class TimingReport:
    """Vivado's ``report_timing_summary``. Times are nanoseconds.

    Attributes:
        version: of Vivado.
        design: top module.
        worst_slack: setup; negative where the clock is missed.
        total_negative_slack: setup, over all endpoints.
        failing_endpoints: setup.
        worst_hold_slack: hold.
        period: of the clock with the shortest period.
        met: whether all constraints are met.
    """

    version: str
    design: str
    worst_slack: float | None
    total_negative_slack: float | None
    failing_endpoints: int | None
    worst_hold_slack: float | None
    period: float | None
    met: bool

    @property
    def critical_path_ns(self) -> float | None:
        """Shortest period that the worst path allows: clock period less slack."""
        if self.period is None or self.worst_slack is None:
            return None
        return self.period - self.worst_slack
