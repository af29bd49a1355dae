"""A program as projects on disk, compared with it, synthesised and proven."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from alkaid.types import CombLogic
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.errors import ToolError
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.project import HlsProject, write_hls
from sr2hls.options import Synthesis
from sr2hls.program.interpreter import Interpreter, quantize_inputs
from sr2hls.program.program import Program
from sr2hls.progress import Progress
from sr2hls.prove.bound import Bound
from sr2hls.prove.circuit import netlist_of, prove_circuit
from sr2hls.prove.rtl import ProofSubject
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.project import RtlProject, cycles_for, logic_for, write_rtl
from sr2hls.rtl.simulate import simulate
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.estimate import estimate
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.registry import tool_named
from sr2hls.synthesis.vendor.hls_flow import FlowSteps
from sr2hls.synthesis.vendor.hls_tool import VendorHls
from sr2hls.synthesis.vendor.launch import Launcher
from sr2hls.synthesis.vendor.vivado import Vivado
from sr2hls.target import Target
from sr2hls.verify.agree import Agreement, check_agreement
from sr2hls.verify.finding import Lint

_SIMULATED_ROWS = 10_000


@dataclass(frozen=True)
class Circuit:
    """What became of a program.

    Attributes:
        program: the program.
        rtl: its RTL project.
        hls: its HLS project; ``None`` where there is none.
        agreements: executors that were compared with the integer interpreter.
        hardware: what the synthesis tool found; ``None`` where no tool was asked for.
        lints: what a user should know about the program.
        bounds: differences from formulas for every input, where they are known.
    """

    program: Program
    rtl: RtlProject
    hls: HlsProject | None
    agreements: tuple[Agreement, ...]
    hardware: HardwareReport | None
    lints: tuple[Lint, ...] = ()
    bounds: tuple[Bound, ...] = ()


def build_circuit(
    program: Program,
    directory: Path,
    inputs: FloatArray,
    *,
    target: Target,
    synthesis: Synthesis,
    progress: Progress,
    name: str = "formula",
    title: str | None = None,
    backend: str | None = "Vitis",
    logic: CombLogic | None = None,
    simulated: bool = True,
    prove_s: float = 0.0,
) -> Circuit:
    """Write the projects of a program, compare all executors on data and synthesise.

    Args:
        program: what to build.
        directory: where; the projects are its ``hls`` and ``rtl``.
        inputs: circuit inputs to compare on, shape (samples, inputs).
        target: part, clock and budgets.
        synthesis: which tool to run.
        progress: told of the stages.
        name: top function and module.
        title: how stages call the design; by default by the name.
        backend: hls4ml backend; ``None`` writes no HLS project.
        logic: see `write_rtl`.
        simulated: simulate the Verilog; a large network's simulator takes minutes to compile, so that its
            logic is compared instead, as alkaid interprets it.
        prove_s: seconds to prove each claim about the Verilog and the mapped netlist; 0 only tests them.

    Raises:
        VerificationError: executors disagree, or a claim is refuted.
        ToolError: a tool is missing or fails.
    """
    title = title or name
    raw = quantize_inputs(program, inputs)
    expected = Interpreter(program).run(raw)
    agreements = []
    hls = None
    if backend is not None:
        with progress.stage(f"{title}: HLS project"):
            hls = write_hls(program, directory / "hls", target=target, backend=backend, name=name)
        with progress.stage(f"{title}: C++ against interpreter"):
            compiled = CompiledProgram(hls)
            agreements.append(check_agreement(program, "C++ (g++)", compiled.run, raw, expected))
    some = slice(0, _SIMULATED_ROWS)

    def described(target: Target) -> tuple[RtlProject, Agreement]:
        """Write the Verilog for a target; return it with its comparison."""
        with progress.stage(f"{title}: RTL project"):
            rtl = write_rtl(
                program, directory / "rtl", target=target, name=name, vectors=raw[:256], logic=logic
            )
        if simulated:
            kind, what, run = "Verilog", "Verilog (Verilator)", partial(simulate, rtl)
        else:
            kind, what = "logic", "RTL logic (alkaid's interpreter)"
            run = partial(run_logic, to_alkaid(program) if logic is None else logic, program)
        with progress.stage(f"{title}: {kind} against interpreter"):
            return rtl, check_agreement(program, what, run, raw[some], expected[some])

    rtl, compared = described(target)
    hardware = None
    found: list[Agreement] = []
    if synthesis is Synthesis.ESTIMATE:
        hardware = estimate(program, rtl, target)
    else:
        with progress.stage(f"{title}: synthesis ({synthesis.value})"):
            if synthesis.takes_hls:
                cosim = synthesis is Synthesis.VITIS_COSIM
                hardware, found = synthesise_hls(hls, program, raw[some], expected[some], cosim=cosim)
            else:
                hardware = synthesise(synthesis, rtl, target)
    shorter = with_shorter_stages(program, rtl, target, hardware, logic)
    if shorter is not None:
        # The delay model knows nothing of the mapping: stages that came out too long are cut once more.
        target = shorter
        rtl, compared = described(target)
        with progress.stage(f"{title}: synthesis ({synthesis.value})"):
            hardware = synthesise(synthesis, rtl, target)
    rows = (*agreements, compared, *found)
    if prove_s > 0 and simulated:
        with progress.stage(f"{title}: proofs"):
            proven = logic_for(program, target) if logic is None else logic
            rows, proofs = prove_circuit(ProofSubject(program, rtl, proven, netlist_of(rtl)), rows, prove_s)
        for proof in proofs:
            if not proof.proven:
                progress.note(f"{name}: {proof.claim} is tested and not proven: {proof.note}")
    return Circuit(program, rtl, hls, rows, hardware)


def with_shorter_stages(
    program: Program,
    rtl: RtlProject,
    target: Target,
    hardware: HardwareReport | None,
    logic: CombLogic | None = None,
) -> Target | None:
    """Return a target whose stages are shorter, where the netlist's path is too long for the clock.

    Args:
        program: what the project computes.
        rtl: the project.
        target: that it was cut for.
        hardware: what the tool found.
        logic: that it was written from, where it was given (see `write_rtl`).

    Returns:
        The target; ``None`` where the clock is met, no stage more comes of it, or the path is not known.
    """
    path = None if hardware is None or hardware.levels is None else hardware.critical_path_ns
    if path is None or path.value <= target.clock_ns:
        return None
    shorter = target.cut_for(path.value)
    return shorter if cycles_for(program, shorter, logic) > rtl.latency_cycles else None


def run_logic(logic: CombLogic, program: Program, raw: NDArray[np.int64]) -> NDArray[np.int64]:
    """Run a program's logic as alkaid does: raw inputs, shape (samples, inputs), to raw outputs."""
    inputs = raw * np.array([t.step for t in program.input_types])
    outputs = np.asarray(logic.predict(inputs)).reshape(len(raw), -1)
    raw_outputs = np.rint(outputs / np.array([t.step for t in program.output_types]))
    return np.asarray(raw_outputs, dtype=np.int64)


def synthesise_hls(
    hls: HlsProject | None,
    program: Program,
    raw: NDArray[np.int64],
    expected: NDArray[np.int64],
    *,
    cosim: bool = False,
) -> tuple[HardwareReport, list[Agreement]]:
    """Run AMD's HLS tool: C simulation against the interpreter's outputs, then C synthesis.

    Args:
        hls: the project.
        program: what it computes.
        raw: raw inputs to simulate, shape (samples, inputs).
        expected: the interpreter's raw outputs, shape (samples, outputs).
        cosim: simulate the RTL of the tool against them, too; latency is then that of the simulation.

    Raises:
        ToolError: the tool is missing or fails, or there is no HLS project.
        VerificationError: a simulation differs.
    """
    if hls is None:
        raise ToolError("Vitis takes an HLS project, which this design has not: use yosys or vivado")
    hls.write_vectors(raw, expected)
    steps = FlowSteps(csim=True, synth=True, cosim=cosim)
    found = VendorHls(launcher=Launcher.from_environment()).run(hls, steps)
    names = ["C simulation", "RTL cosimulation"] if cosim else ["C simulation"]
    values = len(raw) * program.n_outputs
    return found.hardware(), [Agreement(f"{n} ({found.flow.value})", len(raw), values) for n in names]


def synthesise(synthesis: Synthesis, rtl: RtlProject, target: Target) -> HardwareReport:
    """Run the tool that is asked for on the RTL.

    Raises:
        ToolError: the tool is missing or fails; the message says what to install.
    """
    dsp = bool(target.budget.max_dsp)
    if synthesis in (Synthesis.VIVADO, Synthesis.VIVADO_ROUTED):
        routed = synthesis is Synthesis.VIVADO_ROUTED
        vivado = Vivado(launcher=Launcher.from_environment(), implement=routed)
        return vivado.synthesise(HdlDesign.of(rtl), target, dsp=dsp)
    design = replace(HdlDesign.of(rtl), netlist=rtl.directory / "netlist")
    return tool_named(synthesis.value).synthesise(design, target, dsp=dsp)
