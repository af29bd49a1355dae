"""The public LHC jets to circuits, beside published ones: one command.

    python examples/lhc_jets/run.py                     # fetches the set, about 5 minutes a size
    python examples/lhc_jets/run.py --file jets.parquet # a copy of one's own
    python examples/lhc_jets/run.py --problem magic     # the MAGIC gamma telescope
    python examples/lhc_jets/run.py --problem airfoil   # a regression: the noise of NASA's airfoils
    python examples/lhc_jets/run.py --quick             # few rows, few epochs, one size

Trains the 16-64-32-32-5 teacher on the customary split (80/20, seed 42), compiles it to readable formulas
with a report, explores circuits of several sizes, and writes ``table.md`` with the published rows.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from dataset import fetch, read, write_split
from table import Row, markdown, published, standard_error

import sr2hls
from sr2hls.errors import Sr2hlsError

sys.path.insert(0, str(Path(__file__).parent.parent / "jet_tagger"))
import regression
import train as training


@dataclass(frozen=True)
class Source:
    """A set of OpenML.

    Attributes:
        name: its name.
        version: its version; ``active`` is the newest.
        published: whether published rows stand beside it.
        regression: whether its target is a number.
    """

    name: str
    version: int | str
    published: bool = False
    regression: bool = False


PROBLEMS = {
    "jets": Source("hls4ml_lhc_jets_hlf", 1, published=True),
    "magic": Source("MagicTelescope", 1),
    "airfoil": Source("airfoil_self_noise", "active", regression=True),
}
SIZES = (41, 93, 156, 245, 400)
READABLE_LUT = 120


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problem", choices=PROBLEMS, default="jets")
    parser.add_argument("--file", type=Path, help="a copy: .arff, .parquet, .csv, .npz or .h5")
    parser.add_argument("--cache", type=Path, help="folder for what is fetched; scikit-learn's by default")
    parser.add_argument("--out", type=Path, default=Path("runs/lhc_jets"))
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--luts", type=int, nargs="+", default=SIZES)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    try:
        run(args)
    except Sr2hlsError as error:
        parser.exit(2, f"{error}\n")


def run(args: argparse.Namespace) -> None:
    """Fetch, train, compile, write the table."""
    source = PROBLEMS[args.problem]
    args.out.mkdir(parents=True, exist_ok=True)
    data, network = args.out / "data.npz", args.out / "jet_tagger.onnx"
    frame = read(args.file) if args.file else fetch(source.name, source.version, args.cache)
    write_split(frame, data, args.seed, 6_000 if args.quick else None, regression=source.regression)
    score, n_test = teach(args, source, data)
    error = None if source.regression else standard_error(score, n_test)
    rows = [Row("the network, floating point", score, error, None, None, None, "")]
    effort = "low" if args.quick else "medium"
    sr2hls.compile(
        network, data, args.out / "readable", strategies=("readable",), max_lut=READABLE_LUT, effort=effort,
        baseline=not args.quick,
    )  # fmt: skip
    rows += circuits(network, data, args.out / "circuits", args.luts[:1] if args.quick else args.luts, effort,
                     None if source.regression else n_test)  # fmt: skip
    text = markdown(
        [*rows, *(published() if source.published else [])], "R²" if source.regression else "accuracy"
    )
    (args.out / "table.md").write_text(text, encoding="utf-8")
    print(text)


def teach(args: argparse.Namespace, source: Source, data: Path) -> tuple[float, int]:
    """Train and export the teacher; return its score on the test part and the rows of that part."""
    torch.set_num_threads(1)
    epochs, batch = (3, 256) if args.quick else (args.epochs, 1024)
    if source.regression:
        parts = regression.load(data)
        # Small sets take small steps, and more of them.
        model = regression.train(parts, 10 * epochs, 64, 4e-3, args.seed)
        score = regression.measure(model, *parts["test"])
    else:
        parts, _, classes = training.load(data)
        model = training.train(parts, epochs, batch, 4e-3, args.seed)
        score = float(training.measure(model, *parts["test"], classes)["accuracy"])
    training.export(model, args.out)
    return score, len(parts["test"][1])


def circuits(
    network: Path, data: Path, out: Path, luts: tuple[int, ...], effort: str, n_test: int | None
) -> list[Row]:
    """Return a row for each circuit that no smaller one equals on validation data.

    An accuracy has a standard error over ``n_test`` rows; R² has none here.
    """
    strategies = ("readable",) if effort == "low" else ("readable", "lut-network")
    found = sr2hls.explore(
        network, data, out, luts=tuple(luts), baseline=False, effort=effort, strategies=strategies
    )
    rows = []
    for point in found.frontier.best():
        figures = {} if point.hardware is None else point.hardware.figures
        lut, dsp = figures.get("lut"), figures.get("dsp")
        rows.append(
            Row(
                f"sr2hls, {point.label}", point.test,
                None if n_test is None else standard_error(point.test, n_test),
                None if lut is None else int(lut.value), None if dsp is None else int(dsp.value), None,
                "" if lut is None else f"{lut.origin}: {lut.source}, {lut.step} ({lut.part})",
            )
        )  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
