"""What a synthesis tool is, and which there are.

A tool is one file with one class; `TOOLS` in `sr2hls.synthesis.registry` names it. It takes an `HdlDesign`,
which an RTL project gives, or anyone who has sources and the name of a top module.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.rtl.project import RtlProject
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.target import Target


@dataclass(frozen=True, slots=True)
class HdlDesign:
    """Verilog or VHDL with a single clock.

    Attributes:
        top: top module.
        sources: source files, those without dependencies first.
        clock: name of the clock port, None for combinational logic.
        latency_cycles: cycles from input to output registers, where known.
        ii: initiation interval in cycles, where known.
        stage_delay: longest path between registers by a model, where known.
        netlist: directory that a tool with a mapped netlist writes it to, as Verilog; the file's stem is the
            name of the library of cells that Yosys has models for.
    """

    top: str
    sources: tuple[Path, ...]
    clock: str | None = "clk"
    latency_cycles: int | None = None
    ii: int | None = None
    stage_delay: Figure | None = None
    netlist: Path | None = None

    @classmethod
    def of(cls, project: RtlProject) -> "HdlDesign":
        """Return the design of a project."""
        return cls(
            top=project.name,
            sources=project.sources,
            latency_cycles=project.latency_cycles,
            ii=project.ii,
            stage_delay=project.stage_delay,
        )


class SynthesisTool(Protocol):
    """A tool that turns HDL into a `HardwareReport`."""

    @property
    def name(self) -> str:
        """Name on the command line, e.g. ``yosys``."""

    def missing(self) -> str | None:
        """Return what to install for the tool to work, None where it works."""

    def synthesise(
        self, design: HdlDesign, target: Target, *, dsp: bool = True, timeout_s: float = 3600.0
    ) -> HardwareReport:
        """Synthesise a design.

        Args:
            design: sources and top module.
            target: part and clock.
            dsp: whether multiplications may become DSP blocks.
            timeout_s: limit on the wall time.

        Raises:
            ToolError: the tool is missing, fails or exceeds the limit.
            InputError: the tool does not know the target's part.
        """


def known_timing(design: HdlDesign, target: Target, path: Figure | None = None) -> dict[str, Figure]:
    """Return the figures that no tool measures: latency, initiation interval, clock, longest path.

    Cycles are counted. Nanoseconds are those cycles at the clock that was asked for, or at the longest path
    where that is longer: an estimate, as no tool has timed the circuit.

    Args:
        design: has the cycles, and the longest stage by the model that it was pipelined by, before mapping.
        target: has the clock that was asked for.
        path: longest path of the mapped netlist, which counts instead of the longest stage.
    """
    figures: dict[str, Figure] = {}
    slowest = path or design.stage_delay
    asked = Provenance(Origin.MEASURED, "the pipeline of the RTL", target.part, "RTL generation")
    figures["clock_ns"] = Figure(target.clock_ns, "ns", Provenance(Origin.MEASURED, "target", target.part))
    if design.latency_cycles is not None:
        figures["latency_cycles"] = Figure(design.latency_cycles, "cycles", asked)
        late = slowest is not None and slowest.value > target.clock_ns
        period = slowest.value if slowest is not None and late else target.clock_ns
        source = slowest.provenance.source if slowest is not None and late else "the clock asked for"
        estimate = Provenance(
            Origin.ESTIMATED, f"cycles of the RTL times {source}", target.part, "RTL generation"
        )
        figures["latency_ns"] = Figure(design.latency_cycles * period, "ns", estimate)
    if design.ii is not None:
        figures["ii"] = Figure(design.ii, "cycles", asked)
    if slowest is not None:
        figures["critical_path_ns"] = slowest
    return figures
