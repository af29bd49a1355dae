"""HLS projects through AMD's tools: C simulation, synthesis and cosimulation."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sr2hls.errors import ToolError, VerificationError
from sr2hls.hls.project import VECTORS, HlsProject
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.vendor.cosim import read_cosim
from sr2hls.synthesis.vendor.csynth import read_csynth
from sr2hls.synthesis.vendor.hls_flow import Flow, FlowSteps, commands, find_flow, report_dir
from sr2hls.synthesis.vendor.launch import Launcher, run_tool
from sr2hls.synthesis.vendor.records import CosimReport, CsynthReport

_VERDICT = re.compile(r"SR2HLS: (\d+) samples, (\d+) wrong")


@dataclass(frozen=True, slots=True)
class HlsRun:
    """What the tool found out about a project.

    Attributes:
        flow: the tool.
        csim_samples: vectors that agreed in C simulation, None where it did not run.
        csynth: C synthesis, None where it did not run.
        cosim: cosimulation, None where it did not run.
        logs: what the tool printed.
    """

    flow: Flow
    csim_samples: int | None
    csynth: CsynthReport | None
    cosim: CosimReport | None
    logs: tuple[Path, ...]

    def hardware(self) -> HardwareReport:
        """Return what C synthesis says, with cosimulated cycles where there are any.

        Raises:
            ToolError: C synthesis did not run.
        """
        if self.csynth is None:
            raise ToolError(f"'{self.flow.value}' made no report of C synthesis")
        return hardware_report(self.csynth, self.cosim)


@dataclass(frozen=True, slots=True)
class VendorHls:
    """AMD's HLS tools.

    Attributes:
        launcher: how they are started.
        flow: which of them; by default the newest that is there.
    """

    launcher: Launcher = field(default_factory=Launcher)
    flow: Flow | None = None
    name: str = "amd-hls"

    def missing(self) -> str | None:
        """Return what to install for the tool to work, None where it works."""
        if any(self.launcher.has(flow.value) for flow in Flow):
            return None
        return "install Vitis (or Vivado HLS) and put it on PATH, or give its settings64.sh or a container"

    def run(
        self,
        project: HlsProject,
        steps: FlowSteps | None = None,
        *,
        timeout_s: float = 4 * 3600.0,
        on_line: Callable[[str], None] | None = None,
    ) -> HlsRun:
        """Run a project through the tool.

        Args:
            project: with vectors (`HlsProject.write_vectors`) where it is to be simulated.
            steps: what to do; by default C simulation and synthesis.
            timeout_s: most seconds for each command.
            on_line: called with each line that the tool prints.

        Raises:
            ToolError: the tool is missing, fails or takes too long, or leaves no report.
            VerificationError: a simulation disagrees with the vectors.
            InputError: the project is for the other backend.
        """
        steps = steps or FlowSteps()
        flow = self.flow or find_flow(self.launcher, project.backend)
        if (steps.csim or steps.cosim) and not (project.directory / VECTORS).is_file():
            raise ToolError(
                f"'{project.directory}' has no vectors to simulate with: write them with write_vectors()"
            )
        if not self.launcher.has(flow.value):
            raise ToolError(f"'{flow.value}' is not there: put it on PATH, or give its settings64.sh")
        logs: list[Path] = []
        text = ""
        for number, command in enumerate(commands(flow, project, steps)):
            logs.append(project.directory / f"sr2hls_{flow.name.lower()}_{number}.log")
            try:
                text += run_tool(
                    command,
                    launcher=self.launcher,
                    directory=project.directory,
                    log=logs[-1],
                    timeout_s=timeout_s,
                    on_line=on_line,
                )
            except ToolError:
                _raise_disagreement(flow, project, logs[-1])
                raise
        return HlsRun(
            flow=flow,
            csim_samples=_csim_samples(text, logs[0]) if steps.csim else None,
            csynth=_csynth(flow, project) if steps.synth else None,
            cosim=_cosim(flow, project) if steps.cosim else None,
            logs=tuple(logs),
        )

    def synthesise(
        self, project: HlsProject, *, csim: bool = False, cosim: bool = False, timeout_s: float = 4 * 3600.0
    ) -> HardwareReport:
        """Return what C synthesis of a project says, with cosimulated cycles if asked for.

        Raises:
            ToolError: as `run`.
            VerificationError: as `run`.
            InputError: as `run`.
        """
        found = self.run(project, FlowSteps(csim=csim, synth=True, cosim=cosim), timeout_s=timeout_s)
        return found.hardware()


def _raise_disagreement(flow: Flow, project: HlsProject, log: Path) -> None:
    """Say that bits differ, where that is why a tool failed: it is no failure of the tool."""
    verdict = _VERDICT.search(log.read_text(encoding="utf-8", errors="replace"))
    if verdict and int(verdict.group(2)):
        raise VerificationError(
            f"the simulation of '{project.name}' differs from the program in {verdict.group(2)} of "
            f"{verdict.group(1)} samples: see '{log}'"
        )
    report = report_dir(flow, project) / "sim" / "report" / f"{project.name}_cosim.rpt"
    if report.is_file() and any(not r.passed for r in read_cosim(report)):
        raise VerificationError(f"the cosimulation of '{project.name}' failed: see '{report}'")


def _csim_samples(text: str, log: Path) -> int:
    verdict = _VERDICT.search(text)
    if verdict is None:
        raise ToolError(f"C simulation ended without a verdict: see '{log}'")
    return int(verdict.group(1))


def _csynth(flow: Flow, project: HlsProject) -> CsynthReport:
    return read_csynth(_report(report_dir(flow, project) / "syn" / "report", f"{project.name}_csynth.xml"))


def _cosim(flow: Flow, project: HlsProject) -> CosimReport:
    path = _report(report_dir(flow, project) / "sim" / "report", f"{project.name}_cosim.rpt")
    reports = read_cosim(path)
    if not reports or any(not r.passed for r in reports):
        raise VerificationError(f"the cosimulation of '{project.name}' failed: see '{path}'")
    return reports[0]


def _report(directory: Path, name: str) -> Path:
    path = directory / name
    if not path.is_file():
        raise ToolError(f"the tool left no report '{path}': look into its log beside the project")
    return path


def hardware_report(csynth: CsynthReport, cosim: CosimReport | None = None) -> HardwareReport:
    """Return what C synthesis says, as a record with sources.

    Cycles are facts of the generated RTL. Resources and the clock are the tool's own estimates before RTL
    synthesis and marked so; AMD states no error for them.
    """
    tool = csynth.tool or ("Vivado HLS" if _is_vivado_hls(csynth.version) else "Vitis HLS")
    source = f"{tool} {csynth.version}"
    fact = Provenance(Origin.MEASURED, source, csynth.part, "C synthesis")
    guess = Provenance(Origin.ESTIMATED, f"{source}'s estimate", csynth.part, "C synthesis")
    simulated = Provenance(Origin.MEASURED, source, csynth.part, "cosimulation")
    latency, ii = (csynth.latency_max, fact), (csynth.interval_max, fact)
    if cosim is not None:
        latency = (cosim.latency_max, simulated) if cosim.latency_max is not None else latency
        ii = (cosim.interval_max, simulated) if cosim.interval_max is not None else ii
    used = csynth.used
    estimate = csynth.estimated_clock_ns

    def figure(value: float | None, unit: str, where: Provenance) -> Figure | None:
        return None if value is None else Figure(value, unit, where)

    return HardwareReport(
        design=csynth.top,
        tool="amd-hls",
        version=csynth.version,
        part=csynth.part,
        step="C synthesis",
        settings={
            "clock_uncertainty_ns": ""
            if csynth.clock_uncertainty_ns is None
            else str(csynth.clock_uncertainty_ns)
        },
        lut=figure(used.lut, "LUT", guess),
        ff=figure(used.ff, "FF", guess),
        dsp=figure(used.dsp, "DSP", guess),
        bram=figure(None if used.bram_18k is None else used.bram_18k / 2, "BRAM36", guess),
        uram=figure(used.uram, "URAM", guess),
        latency_cycles=figure(latency[0], "cycles", latency[1]),
        ii=figure(ii[0], "cycles", ii[1]),
        latency_ns=figure(
            None if latency[0] is None else latency[0] * csynth.target_clock_ns, "ns", latency[1]
        ),
        clock_ns=figure(csynth.target_clock_ns, "ns", fact),
        critical_path_ns=figure(estimate, "ns", guess),
        fmax_mhz=figure(1e3 / estimate if estimate else None, "MHz", guess),
    )


def _is_vivado_hls(version: str) -> bool:
    """Vivado HLS ended with 2020.1."""
    return tuple(int(v) for v in version.split(".")[:2] if v.isdigit()) <= (2020, 1)
