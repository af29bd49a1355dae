"""A program's circuit, synthesised by Yosys and simulated against the program."""

import tempfile
from pathlib import Path

from sr2hls.arrays import FloatArray
from sr2hls.circuit import build_circuit
from sr2hls.options import Synthesis
from sr2hls.program.program import Program
from sr2hls.progress import SilentProgress
from sr2hls.target import Target


def luts_and_cycles(program: Program, rows: FloatArray) -> tuple[int, int]:
    """Return the LUTs after synthesis and the register stages; ``rows`` are inputs, shape (rows, inputs)."""
    with tempfile.TemporaryDirectory() as folder:
        circuit = build_circuit(
            program,
            Path(folder),
            rows,
            target=Target(),
            synthesis=Synthesis.YOSYS,
            progress=SilentProgress(),
            backend=None,
        )
        assert circuit.hardware is not None and circuit.hardware.lut is not None
        return int(circuit.hardware.lut.value), circuit.rtl.latency_cycles
