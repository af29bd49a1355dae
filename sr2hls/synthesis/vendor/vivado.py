"""Vivado out of context: synthesis of RTL, and implementation."""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sr2hls.errors import InputError, ToolError
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.store.directory import Directory
from sr2hls.synthesis.base import HdlDesign, known_timing
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.vendor.launch import Launcher, run_tool
from sr2hls.synthesis.vendor.records import TimingReport, UtilizationReport
from sr2hls.synthesis.vendor.vivado_reports import read_timing, read_utilization
from sr2hls.target import Target
from sr2hls.templates import render

SCRIPT = "sr2hls_ooc.tcl"


@dataclass(frozen=True, slots=True)
class Vivado:
    """Vivado in batch mode, without pads.

    Attributes:
        launcher: how it is started.
        implement: go on to place and route.
        work_dir: where it runs and leaves its reports; by default a directory that is removed afterwards.
    """

    launcher: Launcher = field(default_factory=Launcher)
    implement: bool = False
    work_dir: Path | None = None
    name: str = "vivado"

    def missing(self) -> str | None:
        """Return what to install for the tool to work, None where it works."""
        if self.launcher.has("vivado"):
            return None
        return "install Vivado and put it on PATH, or give its settings64.sh or a container"

    def synthesise(
        self, design: HdlDesign, target: Target, *, dsp: bool = True, timeout_s: float = 4 * 3600.0
    ) -> HardwareReport:
        """Return resources and timing after synthesis, or after place and route.

        Raises:
            ToolError: Vivado is missing, has no licence, fails or takes too long.
            InputError: a source is missing, or neither Verilog nor VHDL.
        """
        if not self.launcher.has("vivado"):
            raise ToolError(f"'vivado' is not there: {self.missing()}")
        if self.work_dir is not None:
            return self._run(design, target, dsp, timeout_s, Directory.at(self.work_dir).path)
        with tempfile.TemporaryDirectory(prefix="sr2hls_vivado_") as directory:
            try:
                return self._run(design, target, dsp, timeout_s, Path(directory))
            except ToolError as error:
                # The log goes with the directory: keep what the message points at.
                log = Path(directory) / "vivado.log.txt"
                kept = Directory.at(Path.cwd()).write(f"sr2hls_vivado_{design.top}.log", log.read_bytes())
                raise ToolError(str(error).replace(str(log), str(kept))) from error

    def _run(
        self, design: HdlDesign, target: Target, dsp: bool, timeout_s: float, directory: Path
    ) -> HardwareReport:
        write_script(design, target, directory, dsp=dsp, implement=self.implement)
        run_tool(
            ["vivado", "-mode", "batch", "-nojournal", "-nolog", "-notrace", "-source", SCRIPT],
            launcher=self.launcher,
            directory=directory,
            log=directory / "vivado.log.txt",
            timeout_s=timeout_s,
        )
        stage = "implementation" if self.implement else "synthesis"
        try:
            utilization = read_utilization(directory / f"{stage}_utilization.rpt")
            timing = read_timing(directory / f"{stage}_timing.rpt")
        except InputError as error:
            raise ToolError(f"Vivado ended without its reports: {error}") from error
        return vivado_report(utilization, timing, design, target, dsp=dsp)


def write_script(design: HdlDesign, target: Target, directory: Path, *, dsp: bool, implement: bool) -> Path:
    """Write the script and the clock constraint; return the script's path.

    Raises:
        InputError: a source is missing, or neither Verilog nor VHDL.
    """
    verilog: list[str] = []
    vhdl: list[str] = []
    for source in design.sources:
        if not source.is_file():
            raise InputError(f"the source '{source}' of '{design.top}' is missing")
        kind = {".v": verilog, ".sv": verilog, ".vhd": vhdl, ".vhdl": vhdl}.get(source.suffix)
        if kind is None:
            raise InputError(f"'{source}' is neither Verilog (.v, .sv) nor VHDL (.vhd, .vhdl)")
        kind.append(str(source.resolve()))
    filters = {"tcl": tcl_quote}
    if design.clock is not None:
        constraint = render("vendor/clock.xdc.j2", filters, clock=design.clock, clock_ns=target.clock_ns)
        (directory / "clock.xdc").write_text(constraint, encoding="utf-8")
    script = directory / SCRIPT
    text = render(
        "vendor/vivado_ooc.tcl.j2",
        filters,
        top=design.top,
        part=target.part,
        verilog=verilog,
        vhdl=vhdl,
        clock=design.clock,
        constraints="clock.xdc",
        dsp=dsp,
        implement=implement,
    )
    script.write_text(text, encoding="utf-8")
    return script


def vivado_report(
    utilization: UtilizationReport, timing: TimingReport, design: HdlDesign, target: Target, *, dsp: bool
) -> HardwareReport:
    """Return Vivado's two reports as one record with sources."""
    routed = utilization.state.lower().startswith("routed")
    step = "place and route" if routed else "synthesis"
    source = f"Vivado {utilization.version}"
    fact = Provenance(Origin.MEASURED, source, target.part, step)
    sites = f"{source}, LUT cells added up (on {utilization.lut} LUT sites)"
    # Before routing the delays of nets are Vivado's guess.
    delay = fact if routed else Provenance(Origin.ESTIMATED, f"{source}'s net delays", target.part, step)
    by_size = utilization.lut_by_size
    luts = utilization.lut if by_size is None else sum(by_size.values())
    path = timing.critical_path_ns

    def figure(value: float | None, unit: str, where: Provenance = fact) -> Figure | None:
        return None if value is None else Figure(value, unit, where)

    known = known_timing(design, target)
    known.pop("critical_path_ns", None)
    return HardwareReport(
        design=design.top,
        tool="vivado",
        version=utilization.version,
        part=target.part,
        step=step,
        settings={"mode": "out_of_context", "flatten_hierarchy": "full", "dsp": "allowed" if dsp else "none"},
        lut=figure(
            luts, "LUT", fact if by_size is None else Provenance(Origin.MEASURED, sites, target.part, step)
        ),
        lut_by_size=by_size,
        ff=figure(utilization.ff, "FF"),
        carry=figure(utilization.carry, "CARRY"),
        dsp=figure(utilization.dsp, "DSP"),
        bram=figure(utilization.bram, "BRAM36"),
        uram=figure(utilization.uram, "URAM"),
        srl=figure(utilization.srl, "SRL"),
        wide_mux=figure(utilization.wide_mux, "MUXF"),
        critical_path_ns=figure(path, "ns", delay),
        fmax_mhz=figure(1e3 / path if path else None, "MHz", delay),
        **known,
    )


def tcl_quote(value: object) -> str:
    """Return a value as one word of Tcl, whatever characters it has.

    Raises:
        InputError: it has a line break or another control character.
    """
    text = str(value)
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise InputError(f"{text!r} has a control character and cannot go into a Tcl script")
    return '"' + re.sub(r'([\\$\[\]"{}])', r"\\\1", text) + '"'
