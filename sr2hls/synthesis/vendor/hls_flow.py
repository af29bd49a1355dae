"""The generations of AMD's HLS tools: how each is called, and where its reports are."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sr2hls.errors import InputError, ToolError
from sr2hls.hls.project import HlsProject
from sr2hls.store.files import write_text
from sr2hls.synthesis.vendor.launch import Launcher
from sr2hls.templates import render

CONFIG = "sr2hls_hls_config.cfg"
WORK_DIR = "sr2hls_vitis"


class Flow(StrEnum):
    """A way to run HLS; the value is the executable that has to be there."""

    VITIS_RUN = "vitis-run"
    """Vitis 2024 and later, running hls4ml's script."""
    VITIS_COMPONENT = "v++"
    """Vitis 2024 and later, as a component: v++ for synthesis, vitis-run for simulation."""
    VITIS_HLS = "vitis_hls"
    """Vitis HLS 2020.2 to 2023.2."""
    VIVADO_HLS = "vivado_hls"
    """Vivado HLS up to 2020.1."""

    @property
    def backend(self) -> str:
        """Backend of hls4ml whose projects the tool reads."""
        return "Vivado" if self is Flow.VIVADO_HLS else "Vitis"


@dataclass(frozen=True, slots=True)
class FlowSteps:
    """What to do with a project.

    Attributes:
        csim: C simulation against the vectors in the project.
        synth: C synthesis.
        cosim: simulation of the RTL against the vectors in the project.
    """

    csim: bool = True
    synth: bool = True
    cosim: bool = False

    def __post_init__(self) -> None:
        if self.cosim and not self.synth:
            raise InputError("cosimulation needs the RTL that synthesis makes: ask for both")
        if not (self.csim or self.synth):
            raise InputError("nothing to do: ask for csim, synth or cosim")


def find_flow(launcher: Launcher, backend: str) -> Flow:
    """Return the newest tool that is there and reads the projects of a backend.

    Raises:
        ToolError: there is none; the message says what to install.
    """
    flows = [flow for flow in Flow if flow.backend == backend]
    for flow in flows:
        if launcher.has(flow.value):
            return flow
    others = [flow for flow in Flow if flow.backend != backend and launcher.has(flow.value)]
    if others:
        raise ToolError(
            f"only '{others[0].value}' is there, and the project is for hls4ml's backend {backend}: write it "
            f"with backend='{others[0].backend}'"
        )
    wanted = "Vivado HLS (up to 2020.1)" if backend == "Vivado" else "Vitis HLS or Vitis"
    raise ToolError(
        f"none of {', '.join(f.value for f in flows)} is there: install {wanted} and put it on PATH, or give "
        "its settings64.sh or a container command"
    )


def commands(flow: Flow, project: HlsProject, steps: FlowSteps) -> list[list[str]]:
    """Write what the tool reads into the project and return the commands to run there.

    Raises:
        InputError: the project is for the other backend.
    """
    if flow.backend != project.backend:
        raise InputError(
            f"the project '{project.directory}' was written for {project.backend}; '{flow.value}' needs "
            f"backend='{flow.backend}'"
        )
    switches = {"csim": steps.csim, "synth": steps.synth, "cosim": steps.cosim}
    if flow is Flow.VIVADO_HLS:
        chosen = " ".join(f"{name}={int(on)}" for name, on in switches.items())
        validation = int(steps.csim and steps.cosim)
        options = f"reset=1 {chosen} validation={validation} export=0 vsynth=0 fifo_opt=0"
        return [[flow.value, "-f", "build_prj.tcl", options]]
    if flow is Flow.VITIS_COMPONENT:
        return _component_commands(project, steps)
    write_text(project.directory / "build_opt.tcl", render("vendor/build_opt.tcl.j2", None, **switches))
    if flow is Flow.VITIS_HLS:
        return [[flow.value, "-f", "build_prj.tcl"]]
    return [[flow.value, "--mode", "hls", "--tcl", "build_prj.tcl"]]


def _component_commands(project: HlsProject, steps: FlowSteps) -> list[list[str]]:
    names = {"csim": f"csim_{CONFIG}", "synth": CONFIG, "cosim": f"cosim_{CONFIG}"}
    for step, name in names.items():
        text = render(
            "vendor/hls_config.cfg.j2",
            part=project.part,
            clock_ns=project.clock_ns,
            top=project.name,
            cosim=step == "cosim",
        )
        write_text(project.directory / name, text)

    def simulate(step: str) -> list[str]:
        return ["vitis-run", "--mode", "hls", f"--{step}", "--config", names[step], "--work_dir", WORK_DIR]

    found = [simulate("csim")] if steps.csim else []
    if steps.synth:
        compile_ = ["v++", "--compile", "--mode", "hls", "--config", names["synth"], "--work_dir", WORK_DIR]
        found.append(compile_)
    return [*found, simulate("cosim")] if steps.cosim else found


def report_dir(flow: Flow, project: HlsProject) -> Path:
    """Return the directory below which the reports of a flow are."""
    if flow is Flow.VITIS_COMPONENT:
        return project.directory / WORK_DIR / "hls"
    return project.directory / f"{project.name}_prj" / "solution1"
