"""The committed circuits and their network on further test jets, with standard errors.

    python examples/jet_tagger/generate.py --jets 6000 --seed 201 --out FOLDER/jets_a.npz     (and so on)
    python benchmarks/large_test.py FOLDER [--designs hw_reports/jet_tagger STUDY/cascade-240-free]

The files ``*.npz`` of the folder are what `examples/jet_tagger/generate.py` writes; rows of split 2 count. A
design's folder holds ``program.json`` or ``rtl/program.json``, with ``inputs.json`` there or above; LUTs and
cycles are those of its report. Nothing is chosen by these jets.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.data import InputFormat
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.serialize import load
from sr2hls.report.hardware import FigureKey, Subject
from sr2hls.report.store import load_report
from sr2hls.store.files import write_text
from sr2hls.teacher import load_teacher

ROOT = Path(__file__).resolve().parent.parent
JETS = ROOT / "examples" / "jet_tagger"
DESIGNS = tuple(
    ROOT / "hw_reports" / name for name in ("jet_tagger", "jet_tagger_100_nodes", "jet_tagger_200_nodes")
)


@dataclass(frozen=True, slots=True)
class Row:
    """One circuit.

    Attributes:
        name: of its folder.
        lut: LUT1 to LUT6 cells, from its report; ``None`` where there is none.
        cycles: register stages, from its report.
        test: accuracy on the example's test split.
        further: accuracy on the further test jets.
        error: one standard error of that.
        share: of the network's accuracy on the further jets.
        share_error: one standard error of the share; both answer for the same jets.
    """

    name: str
    lut: float | None
    cycles: float | None
    test: float
    further: float
    error: float
    share: float
    share_error: float


@dataclass(frozen=True)
class Rows:
    """Jets that are judged on.

    Attributes:
        X: raw features, shape (jets, features).
        y: class of each, shape (jets,).
        network: whether the network is right, shape (jets,).
    """

    X: FloatArray
    y: NDArray[np.int64]
    network: NDArray[np.bool_]


def rows_of(files: Sequence[Path]) -> Rows:
    """Return the test rows of some files, with the answers of the example's network."""
    X, y = [], []
    for path in files:
        with np.load(path) as data:
            mine = data["split"] == 2
            X.append(np.asarray(data["X"][mine], dtype=np.float64))
            y.append(np.asarray(data["y"][mine], dtype=np.int64))
    features, labels = np.concatenate(X), np.concatenate(y)
    decided = load_teacher(JETS / "jet_tagger.onnx").predict(features).argmax(axis=1)
    return Rows(features, labels, decided == labels)


def one(folder: Path, example: Rows, further: Rows) -> Row:
    """Return what a circuit reaches, and what its report says of its size."""
    interpreter = Interpreter(load(_found(folder, "program.json", "rtl/program.json")))
    inputs = InputFormat.load(_found(folder, "inputs.json", "../inputs.json", "../../inputs.json"))

    def right(rows: Rows) -> NDArray[np.bool_]:
        decided = interpreter.predict(inputs.values(rows.X)).argmax(axis=1)
        return np.asarray(decided == rows.y)

    judged = right(further)
    lut, cycles = _measured(folder)
    share, share_error = ratio(judged, further.network)
    name = f"{folder.parent.name}, network" if folder.name == "network" else folder.name
    return Row(
        name, lut, cycles, float(right(example).mean()), float(judged.mean()), error(judged), share,
        share_error,
    )  # fmt: skip


def error(right: NDArray[np.bool_]) -> float:
    """Return one standard error of the mean of what is right, shape (jets,)."""
    return float(right.std() / math.sqrt(len(right)))


def ratio(right: NDArray[np.bool_], other: NDArray[np.bool_]) -> tuple[float, float]:
    """Return a mean's share of another over the same jets, both of shape (jets,), and its standard error.

    First order in the deviations: that of the mean of ``right - share · other``, in units of the other.
    """
    share = float(right.mean() / other.mean())
    left = right - share * other
    return share, float(left.std() / math.sqrt(len(left)) / other.mean())


def _found(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise SystemExit(f"'{folder}' has none of {', '.join(names)}: give the folder of a design")


def _measured(folder: Path) -> tuple[float | None, float | None]:
    """Return LUTs and cycles by the report; a result's ``network`` is the network beside its circuit."""
    subject, home = (Subject.NETWORK, folder.parent) if folder.name == "network" else (Subject.DESIGN, folder)
    if not (home / "report.json").is_file():
        return None, None
    figures = next((row.figures for row in load_report(home).hardware if row.subject is subject), {})
    lut, cycles = figures.get(FigureKey.LUT), figures.get(FigureKey.LATENCY_CYCLES)
    return (None if lut is None else lut.value), (None if cycles is None else cycles.value)


def page(rows: Sequence[Row], example: Rows, further: Rows, files: Sequence[Path]) -> str:
    """Return the table as Markdown."""
    lines = [
        "# The circuits on the large test set",
        "",
        "Made by `python benchmarks/large_test.py FOLDER --designs ...` with "
        f"{', '.join(p.name for p in files)}: {len(further.y):,}",
        "further test jets, by which nobody has chosen anything. In floating point the network has "
        f"{further.network.mean():.4f} ±",
        f"{error(further.network):.4f} on them and {example.network.mean():.4f} ± "
        f"{error(example.network):.4f} on the {len(example.y):,} of the example. ±: one standard error;",
        "that of a share takes into account that circuit and network answer for the same jets. LUT: Yosys,",
        "after synthesis, xcup; measured. Cycles: register stages at 5 ns.",
        "",
        "| design | LUT | cycles | test | further test | of the network's, further test |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.name} | {_figure(r.lut)} | {_figure(r.cycles)} | {r.test:.4f} "
        f"| {r.further:.4f} ± {r.error:.4f} | {r.share:.4f} ± {r.share_error:.4f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def main() -> None:
    """Evaluate and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="with files *.npz of further jets")
    parser.add_argument("--designs", type=Path, nargs="+", default=list(DESIGNS))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "large_test.md")
    args = parser.parse_args()
    files = sorted(args.folder.glob("*.npz"))
    if not files:
        raise SystemExit(f"'{args.folder}' has no file *.npz: make some with examples/jet_tagger/generate.py")
    further, example = rows_of(files), rows_of([JETS / "jets.npz"])
    text = page([one(folder, example, further) for folder in args.designs], example, further, files)
    write_text(args.out, text)
    print(text)


if __name__ == "__main__":
    main()
