"""The original network taken down the same road, in a process of its own while the search runs."""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.choose import on_input_grid
from sr2hls.baseline.fold import dense_layers
from sr2hls.baseline.hls import network_to_hls4ml
from sr2hls.baseline.network import FloatLayer
from sr2hls.baseline.original import Original, quantize_original
from sr2hls.circuit import Circuit, build_circuit
from sr2hls.errors import InputError
from sr2hls.options import CompileOptions
from sr2hls.prepare import Prepared
from sr2hls.problem import Problem
from sr2hls.progress import SilentProgress

OriginalResult = tuple[Original | None, Circuit | None, tuple[str, ...]]


@contextmanager
def original_beside(
    prepared: Prepared, options: CompileOptions, directory: Path
) -> Iterator["Future[OriginalResult]"]:
    """Take the original network down the same road, in a process of its own while the search runs."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        layers = _layers(prepared) if options.baseline else "the comparison was not asked for"
        if isinstance(layers, str):
            done: Future[OriginalResult] = Future()
            done.set_result((None, None, (f"no original network beside the design: {layers}",)))
            yield done
        else:
            yield pool.submit(_build_original, prepared.problem, layers, directory, options)
    except BaseException:
        for process in list(pool._processes.values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _layers(prepared: Prepared) -> list[FloatLayer] | str:
    """Return the network over the circuit's inputs, or why it cannot be taken apart."""
    try:
        layers = dense_layers(prepared.teacher.layers(), classifier=prepared.problem.task.is_classification)
    except InputError as error:
        return str(error)
    scaler = prepared.inputs.scaler
    return on_input_grid(layers, scaler.offset, scaler.scale)


def _build_original(
    problem: Problem, layers: list[FloatLayer], directory: Path, options: CompileOptions
) -> OriginalResult:
    try:
        original = quantize_original(problem, layers)
        directory.mkdir(exist_ok=True)
        network_to_hls4ml(original.network, directory / "hls", options.target, options.backend.value).write()
    except InputError as error:
        return None, None, (str(error),)
    circuit = build_circuit(
        original.program,
        directory,
        problem.test.inputs,
        target=options.target,
        synthesis=options.synthesis,
        progress=SilentProgress(),
        name="network",
        backend=None,
        logic=to_alkaid(original.network),
        simulated=False,
    )
    return original, circuit, ()
