"""The public LHC jets to circuits, beside published ones: one command.

    python examples/lhc_jets/run.py                     # fetches the set, about 5 minutes a size
    python examples/lhc_jets/run.py --file jets.parquet # a copy of one's own
    python examples/lhc_jets/run.py --problem magic     # the MAGIC gamma telescope
    python examples/lhc_jets/run.py --quick             # few rows, few epochs, one size

Trains the 16-64-32-32-5 teacher on the customary split (80/20, seed 42), makes circuits of several sizes, and
writes ``table.md`` with the published rows.
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
import train as training


@dataclass(frozen=True)
class Source:
    """A set of OpenML: its name and version, and whether published rows stand beside it."""

    name: str
    version: int | str
    published: bool


PROBLEMS = {
    "jets": Source("hls4ml_lhc_jets_hlf", 1, True),
    "magic": Source("MagicTelescope", 1, False),
}
SIZES = (41, 93, 156, 245, 400)


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
    write_split(frame, data, args.seed, 6_000 if args.quick else None)
    torch.set_num_threads(1)
    parts, _, classes = training.load(data)
    epochs, batch = (3, 256) if args.quick else (args.epochs, 1024)
    model = training.train(parts, epochs, batch, 4e-3, args.seed)
    training.export(model, args.out)
    accuracy = training.measure(model, *parts["test"], classes)["accuracy"]
    n_test = len(parts["test"][1])
    rows = [
        Row("the network, floating point", accuracy, standard_error(accuracy, n_test), None, None, None, "")
    ]
    rows += circuits(network, data, args.out / "circuits", args.luts[:1] if args.quick else args.luts,
                     n_test, args.quick)  # fmt: skip
    text = markdown([*rows, *(published() if source.published else [])])
    (args.out / "table.md").write_text(text, encoding="utf-8")
    print(text)


def circuits(
    network: Path, data: Path, out: Path, luts: tuple[int, ...], n_test: int, quick: bool
) -> list[Row]:
    """Return a row for each circuit that no smaller one equals on validation data."""
    effort, strategies = ("low", ("readable",)) if quick else ("medium", ("readable", "lut-network"))
    found = sr2hls.explore(
        network, data, out, luts=tuple(luts), baseline=False, effort=effort, strategies=strategies
    )
    rows = []
    for point in found.frontier.best():
        figures = {} if point.hardware is None else point.hardware.figures
        lut, dsp = figures.get("lut"), figures.get("dsp")
        rows.append(
            Row(
                f"sr2hls, {point.label}", point.test, standard_error(point.test, n_test),
                None if lut is None else int(lut.value), None if dsp is None else int(dsp.value), None,
                "" if lut is None else f"{lut.origin}: {lut.source}, {lut.step} ({lut.part})",
            )
        )  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
