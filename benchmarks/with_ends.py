"""What argmax and the scaling of inputs take around a committed circuit, and around the network.

    python benchmarks/with_ends.py jet_tagger --networks 4x4,5x6 > benchmarks/results/with_ends.md

The program and the inputs of ``hw_reports/NAME`` are built as they are, with the class, and with raw features
of some bits as well, whose types are chosen by the training rows of the example's data. ``--networks`` trains
the example's network with weights and hidden values of so many bits, for the same inputs, and builds it
as it is and with everything. Accuracy is that of the very circuit on the test rows; LUTs, shift registers
made of LUTs (SRL), flip-flops and levels are measured by Yosys, the path is estimated. Stages that are too
long for 5 ns by that path are cut once more, in every row.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from alkaid.types import CombLogic

from sr2hls.arrays import FloatArray
from sr2hls.baseline.alkaid import to_alkaid
from sr2hls.baseline.dense_layers import dense_layers
from sr2hls.baseline.original import quantize_original
from sr2hls.baseline.smallest_network import on_input_grid
from sr2hls.circuit import build_circuit
from sr2hls.data import InputFormat
from sr2hls.options import CompileOptions, Synthesis
from sr2hls.prepare import prepare
from sr2hls.program.ends import NO_ENDS, Ends
from sr2hls.program.interpreter import Interpreter, quantize_inputs
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.progress import SilentProgress
from sr2hls.rtl.join import around
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.target import Target

ROOT = Path(__file__).resolve().parent.parent
JETS = ROOT / "examples" / "jet_tagger"


@dataclass(frozen=True)
class Subject:
    """What ends are built around.

    Attributes:
        label: what it is, for people.
        program: without ends.
        logic: alkaid's logic for it, where it is not made from the program.
    """

    label: str
    program: Program
    logic: CombLogic | None = None


def synthesised(subject: Subject, ends: Ends, ports: FloatArray) -> HardwareReport:
    """Return what Yosys gives for a subject with its ends at 5 ns; ``ports`` are compared on the way."""
    logic = None if subject.logic is None else around(ends, subject.program, subject.logic)
    with tempfile.TemporaryDirectory() as folder:
        circuit = build_circuit(
            ends.around(subject.program),
            Path(folder),
            ports,
            target=Target(),
            synthesis=Synthesis.YOSYS,
            progress=SilentProgress(),
            backend=None,
            logic=logic,
            simulated=False,
        )
    assert circuit.hardware is not None
    return circuit.hardware


def networks(data: Path, checkpoint: Path, wanted: str) -> Iterator[Subject]:
    """Yield the example's network, trained with each pair of bits of weights and values."""
    options = CompileOptions(checkpoint=checkpoint, data=data, output=Path("unused"))
    prepared = prepare(options, SilentProgress())
    scaler = prepared.inputs.scaler
    layers = on_input_grid(
        dense_layers(prepared.teacher.layers(), classifier=True), scaler.offset, scaler.scale
    )
    for pair in wanted.split(",") if wanted else []:
        weights, values = (int(bits) for bits in pair.split("x"))
        original = quantize_original(prepared.problem, layers, precision=(weights, values))
        yield Subject(original.label, original.program, to_alkaid(original.network))


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, default=JETS / "jets.npz")
    parser.add_argument("--checkpoint", type=Path, default=JETS / "jet_tagger.onnx")
    parser.add_argument("--networks", default="", help="bits of weights and values, e.g. 4x4,5x6")
    parser.add_argument("--raw-bits", type=int, nargs="*", default=[11])
    args = parser.parse_args()
    folder = ROOT / "hw_reports" / args.name
    inputs = InputFormat.load(folder / "inputs.json")
    with np.load(args.data) as data:
        X, y, split = data["X"], data["y"], data["split"]
    print(f"# Argmax and scaling of inputs around `hw_reports/{args.name}`\n")
    print("Made by `benchmarks/with_ends.py`, which says how.\n")
    print("| design | around it | accuracy, test | LUT | SRL | FF | cycles | levels | path, ns (estimated) |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows = [("nothing", inputs, NO_ENDS), ("argmax", inputs, Ends(argmax=True))]
    for bits in args.raw_bits:
        raw = inputs.with_raw(X[split == 0], bits, {})
        rows.append((f"argmax, scaling of {bits}-bit features", raw, Ends(raw.maps, argmax=True)))
    subjects = [Subject("circuit", load(folder / "program.json"))]
    subjects += networks(args.data, args.checkpoint, args.networks)
    for subject in subjects:
        for title, form, ends in rows if subject.logic is None else (rows[0], *rows[2:]):
            ports = X[split == 2] if form.raw_types is not None else form.values(X[split == 2])
            print(line(subject, title, ends, np.asarray(ports), y[split == 2]), flush=True)


def line(subject: Subject, title: str, ends: Ends, ports: FloatArray, labels: np.ndarray) -> str:
    """Return a line of the table."""
    program = ends.around(subject.program)
    outputs = Interpreter(program).predict(quantized(program, ports))
    decided = outputs[:, -1] if ends.argmax else outputs.argmax(axis=1)
    found = synthesised(subject, ends, ports)
    figures = (found.lut, found.srl, found.ff, found.latency_cycles, found.levels)
    cells = " | ".join("–" if f is None else f"{f.value:g}" for f in figures)
    path = "–" if found.critical_path_ns is None else f"{found.critical_path_ns.value:.2f}"
    return f"| {subject.label} | {title} | {np.mean(decided == labels):.4f} | {cells} | {path} |"


def quantized(program: Program, ports: np.ndarray) -> np.ndarray:
    """Return values on the grid of a program's inputs."""
    return quantize_inputs(program, ports) * np.array([t.step for t in program.input_types])


if __name__ == "__main__":
    main()
