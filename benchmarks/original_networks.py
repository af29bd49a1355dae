"""The original jet network at given widths, quantisation-aware trained, through alkaid."""

import time
from collections.abc import Iterator
from pathlib import Path

from frontier_rows import Row, row_of

from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.dense_layers import dense_layers
from sr2hls.baseline.original import quantize_original
from sr2hls.baseline.smallest_network import on_input_grid
from sr2hls.circuit import build_circuit
from sr2hls.options import Synthesis
from sr2hls.prepare import Prepared
from sr2hls.progress import SilentProgress
from sr2hls.target import Target

GROUP = "original network, alkaid"


def network_row(prepared: Prepared, bits: int, target: Target, folder: Path) -> Iterator[Row]:
    """Train the network with weights and hidden values of ``bits`` bits, and synthesise it.

    The circuit's inputs are those of every other design. Its Verilog is not simulated: a simulator of a
    network compiles for minutes; alkaid's interpreter of the same logic is compared instead.
    """
    started = time.perf_counter()
    problem, scaler = prepared.problem, prepared.inputs.scaler
    layers = dense_layers(prepared.teacher.layers(), classifier=True)
    original = quantize_original(
        problem, on_input_grid(layers, scaler.offset, scaler.scale), precision=(bits, bits)
    )
    folder.mkdir(parents=True, exist_ok=True)
    circuit = build_circuit(
        original.program,
        folder,
        problem.test.inputs,
        target=target,
        synthesis=Synthesis.YOSYS,
        progress=SilentProgress(),
        name="network",
        backend=None,
        logic=to_alkaid(original.network),
        simulated=False,
    )
    row = row_of(GROUP, f"network-{bits}", original.label, problem, circuit)
    print(f"{row.label}: {row.test:.4f}, {row.lut} LUT, {time.perf_counter() - started:.0f} s", flush=True)
    yield row
