"""The original network taken down the same road, in a process of its own while the search runs."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.dense_layers import dense_layers
from sr2hls.baseline.hls import write_network
from sr2hls.baseline.original import Original, quantize_original
from sr2hls.baseline.quantised_network import FloatLayer
from sr2hls.baseline.smallest_network import on_input_grid
from sr2hls.circuit import Circuit, build_circuit, synthesise, with_shorter_stages
from sr2hls.errors import InputError, ToolError
from sr2hls.hls.project import HlsProject
from sr2hls.options import CompileOptions, Synthesis
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.program.ends import Ends
from sr2hls.program.program import Program
from sr2hls.progress import SilentProgress
from sr2hls.rtl.join import around
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.vendor.hls_flow import FlowSteps
from sr2hls.synthesis.vendor.hls_tool import VendorHls
from sr2hls.synthesis.vendor.launch import Launcher
from sr2hls.target import Target

_WATCH_S = 0.5
OriginalResult = tuple[Original | None, Circuit | None, tuple[str, ...]]


@contextmanager
def original_beside(
    prepared: Prepared, options: CompileOptions, directory: Path
) -> Iterator["Future[OriginalResult]"]:
    """Take the original network down the same road, in a process of its own while the search runs."""
    pool = ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),)
    )
    try:
        layers = _layers(prepared) if options.baseline else "the comparison was not asked for"
        if isinstance(layers, str):
            done: Future[OriginalResult] = Future()
            done.set_result((None, None, (f"no original network beside the design: {layers}",)))
            yield done
        else:
            ends = Ends(prepared.inputs.maps, options.with_argmax, prepared.problem.task.is_classification)
            features = prepared.problem.test.inputs if ends.maps is None else prepared.dataset.test.X
            test = np.asarray(features, dtype=np.float64)
            yield pool.submit(_build_original, prepared.problem, layers, directory, options, ends, test)
    except BaseException:
        for process in list(pool._processes.values()):
            _terminate(process)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _end_with(parent: int) -> None:
    """Make this process and the tools that it starts end when the parent does, even if that is killed.

    Left alone they would go on, and write where the next run of the same command writes too.
    """
    os.setpgid(0, 0)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _terminate(process: BaseProcess) -> None:
    try:
        os.killpg(process.pid or 0, signal.SIGTERM)
    except ProcessLookupError:  # it has not got as far as to have a group of its own
        process.terminate()


def _layers(prepared: Prepared) -> list[FloatLayer] | str:
    """Return the network over the circuit's inputs, or why it cannot be taken apart."""
    try:
        layers = dense_layers(prepared.teacher.layers(), classifier=prepared.problem.task.is_classification)
    except InputError as error:
        return str(error)
    scaler = prepared.inputs.scaler
    return on_input_grid(layers, scaler.offset, scaler.scale)


def _build_original(
    problem: Problem,
    layers: list[FloatLayer],
    directory: Path,
    options: CompileOptions,
    ends: Ends,
    test: FloatArray,
) -> OriginalResult:
    """Build the network with the design's ends; ``test``, (samples, inputs), arrives at its ports."""
    try:
        original = quantize_original(problem, layers)
        write_network(original.network, directory / "hls", options.target, options.backend.value)
    except InputError as error:
        return None, None, (str(error),)
    program, logic = (
        ends.around(original.program),
        around(ends, original.program, to_alkaid(original.network)),
    )

    def built(target: Target) -> Circuit:
        circuit = build_circuit(
            program,
            directory,
            test,
            target=target,
            synthesis=Synthesis.ESTIMATE,
            progress=SilentProgress(),
            name="network",
            backend=None,
            logic=logic,
            simulated=False,
        )
        # The model of programs was checked on formulas, not on networks of thousands of LUTs.
        return replace(circuit, hardware=None)

    circuit = built(options.target)
    try:
        if options.synthesis.takes_hls and ends != Ends(binary=ends.binary):
            raise ToolError(
                "its HLS project has neither argmax nor scaling of inputs; leave them out, or use yosys"
            )
        hardware = _hardware(circuit, directory, options)
        # As for the design: stages that came out too long are cut once more, those of the ends with them.
        shorter = with_shorter_stages(program, circuit.rtl, options.target, hardware, logic)
        if shorter is not None:
            circuit = built(shorter)
            hardware = _hardware(circuit, directory, options)
        return original, replace(circuit, hardware=hardware), ()
    except ToolError as error:
        # Hundreds of times the design's size: what a tool cannot place or finish is said beside its figures.
        return original, circuit, (f"{original.label} has no figures: {error}",)


def _hardware(circuit: Circuit, directory: Path, options: CompileOptions) -> HardwareReport | None:
    if options.synthesis is Synthesis.ESTIMATE:
        return None
    if options.synthesis.takes_hls:
        # The HLS tool takes the network's own project, not one of the program.
        return network_hardware(circuit.program, directory / "hls", options)
    return synthesise(options.synthesis, circuit.rtl, options.target)


def network_hardware(program: Program, directory: Path, options: CompileOptions) -> HardwareReport:
    """Return what AMD's HLS tool says about the network's hls4ml project.

    Args:
        program: what the project computes, for its types.
        directory: of the project that `write_network` wrote.
        options: part, clock and backend.

    Raises:
        ToolError: the tool is missing or fails.
    """
    project = HlsProject(
        directory=directory,
        name="network",
        backend=options.backend.value,
        part=options.target.part,
        clock_ns=options.target.clock_ns,
        input_types=program.input_types,
        output_types=program.output_types,
        interface=("input_t", "result_t"),
        program=None,
    )
    return VendorHls(launcher=Launcher.from_environment()).run(project, FlowSteps(csim=False)).hardware()
