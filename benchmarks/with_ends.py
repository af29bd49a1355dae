"""What argmax and the scaling of inputs take around a committed circuit.

    python benchmarks/with_ends.py jet_tagger --raw-bits 11 > benchmarks/results/with_ends.md

The program and the inputs of ``hw_reports/NAME`` are built as they are, with the class, and with raw features
of some bits as well, whose types are chosen by the training rows of the example's data. Accuracy is that of
the very circuit on the test rows; LUTs, registers and levels are measured by Yosys, the path is estimated.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from sr2hls.data import InputFormat
from sr2hls.program.ends import NO_ENDS, Ends
from sr2hls.program.interpreter import Interpreter, quantize_inputs
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.yosys import Yosys
from sr2hls.target import Target

ROOT = Path(__file__).resolve().parent.parent


def synthesised(program: Program) -> HardwareReport:
    """Return what Yosys gives for a program at 5 ns."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_rtl(program, Path(folder) / "rtl", target=Target(), name="formula")
        return Yosys().synthesise(HdlDesign.of(project), Target(), dsp=False)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, default=ROOT / "examples" / "jet_tagger" / "jets.npz")
    parser.add_argument("--raw-bits", type=int, nargs="*", default=[11])
    args = parser.parse_args()
    folder = ROOT / "hw_reports" / args.name
    core, inputs = load(folder / "program.json"), InputFormat.load(folder / "inputs.json")
    with np.load(args.data) as data:
        X, y, split = data["X"], data["y"], data["split"]
    print(f"# Argmax and scaling of inputs around `hw_reports/{args.name}`\n")
    print("Made by `benchmarks/with_ends.py`, which says how.\n")
    print("| around it | accuracy, test | LUT | FF | cycles | levels | path, ns (estimated) |")
    print("|---|---|---|---|---|---|---|")
    rows = [("nothing", inputs, NO_ENDS), ("argmax", inputs, Ends(argmax=True))]
    for bits in args.raw_bits:
        raw = inputs.with_raw(X[split == 0], bits, {})
        rows.append((f"argmax, scaling of {bits}-bit features", raw, Ends(raw.maps, argmax=True)))
    for title, form, ends in rows:
        program = ends.around(core)
        ports = X[split == 2] if form.raw_types is not None else form.values(X[split == 2])
        outputs = Interpreter(program).predict(quantized(program, ports))
        decided = outputs[:, -1] if ends.argmax else outputs.argmax(axis=1)
        found = synthesised(program)
        figures = (found.lut, found.ff, found.latency_cycles, found.levels)
        cells = " | ".join("–" if f is None else f"{f.value:g}" for f in figures)
        path = "–" if found.critical_path_ns is None else f"{found.critical_path_ns.value:.2f}"
        print(f"| {title} | {np.mean(decided == y[split == 2]):.4f} | {cells} | {path} |", flush=True)


def quantized(program: Program, ports: np.ndarray) -> np.ndarray:
    """Return values on the grid of a program's inputs."""
    return quantize_inputs(program, ports) * np.array([t.step for t in program.input_types])


if __name__ == "__main__":
    main()
