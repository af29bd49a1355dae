"""Designs for the jets of the example in one table: sr2hls' frontier and what else there is.

python benchmarks/jet_frontier.py --explored study

Same data and splits, same tool (Yosys for UltraScale+, no DSP, no block RAM) and same clock for: the designs
of an exploration (``sr2hls explore``; made here where none is given), the original network at fixed widths
through alkaid, the published flow of arXiv 2305.04099, and gradient-boosted trees through conifer (``pip
install conifer``; with GHDL on the PATH its own VHDL is simulated and synthesised as well). All but the
exploration are kept in ``--rows`` and not made again.
"""

import argparse
import importlib.util
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from frontier_rows import Facts, Row, RowStore
from frontier_table import SYMBOLIC, page
from original_networks import network_row
from published_rows import demo_rows, pysr_row

from sr2hls.errors import InputError
from sr2hls.explore.frontier import Frontier, Point, load_frontier
from sr2hls.explore.run import explore_network
from sr2hls.files import sha256_of, write_text
from sr2hls.options import CompileOptions, Effort, ExploreOptions
from sr2hls.prepare import Prepared, prepare
from sr2hls.progress import SilentProgress
from sr2hls.report.hardware import FigureKey

HERE = Path(__file__).resolve().parent
JETS = HERE.parent / "examples" / "jet_tagger"
RESULTS = HERE / "results"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--explored", type=Path, help="output of 'sr2hls explore' for the example's jets")
    parser.add_argument("--rows", type=Path, default=RESULTS / "jet_frontier.json", help="rows kept")
    parser.add_argument("--out", type=Path, default=RESULTS / "jet_frontier.md", help="the table")
    parser.add_argument("--work", type=Path, help="keep the projects in this folder")
    parser.add_argument("--networks", default="4,6,8", help="widths of the original network, bits")
    parser.add_argument("--trees", default="1x4,4x3,10x3,20x4", help="trees a class x depth")
    parser.add_argument("--effort", type=Effort, default=Effort.MEDIUM, help="of the searches")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jet-frontier-") as scratch:
        run(args, (args.work or Path(scratch)).resolve())


def run(args: argparse.Namespace, work: Path) -> None:
    """Make what is missing and write the table."""
    options = CompileOptions(
        checkpoint=JETS / "jet_tagger.onnx",
        data=JETS / "jets.npz",
        output=work / "search",
        effort=args.effort,
        seed=args.seed,
    )
    prepared = prepare(options, SilentProgress())
    facts = facts_of(prepared, options)
    frontier = load_frontier(args.explored) if args.explored else explore(options, work / "explored")
    rows = list(explored_rows(frontier, facts))
    store = RowStore(args.rows, facts)
    keys = []
    for bits in map(int, args.networks.split(",") if args.networks else ()):
        make = partial(network_row, prepared, bits, options.target, work / f"network-{bits}")
        rows += store.group(keys_add(keys, f"network-{bits}"), make)
    rows += store.group(keys_add(keys, "pysr"), partial(pysr_row, options, work / "published"))
    rows += store.group(keys_add(keys, "demo"), partial(demo_rows, prepared, options, work / "published"))
    if args.trees:
        rows += boosted_rows(args.trees, prepared, options, store, keys, work)
    text = page(rows, facts, sum(store.seconds(k) for k in keys), bool(args.explored))
    write_text(args.out, text)
    print(text)


def keys_add(keys: list[str], key: str) -> str:
    """Note a key and return it."""
    keys.append(key)
    return key


def boosted_rows(
    sizes: str, prepared: Prepared, options: CompileOptions, store: RowStore, keys: list[str], work: Path
) -> list[Row]:
    """Return rows of boosted trees, those of conifer's VHDL last.

    Raises:
        InputError: conifer is not installed.
    """
    if importlib.util.find_spec("conifer") is None:
        raise InputError("boosted trees need conifer: run 'pip install conifer', or give --trees ''")
    from tree_rows import tree_rows

    found: list[Row] = []
    for size in sizes.split(","):
        n_trees, depth = map(int, size.split("x"))
        make = partial(
            tree_rows, prepared.problem, n_trees, depth, options.seed, options.target, work / f"trees-{size}"
        )
        found += store.group(keys_add(keys, f"trees-{size}"), make)
    order = list(dict.fromkeys(row.group for row in found))
    return sorted(found, key=lambda row: order.index(row.group))


def facts_of(prepared: Prepared, options: CompileOptions) -> Facts:
    """Return what all rows have to share."""
    problem = prepared.problem
    return Facts(
        data=sha256_of(options.data),
        checkpoint=sha256_of(options.checkpoint),
        part=options.target.part,
        clock_ns=options.target.clock_ns,
        input_bits=options.input_bits,
        seed=options.seed,
        float_accuracy=problem.teacher_score(problem.test),
        test_rows=len(problem.test),
    )


def explore(options: CompileOptions, folder: Path) -> Frontier:
    """Explore the jets with the options of the other rows."""
    asked = ExploreOptions(
        checkpoint=options.checkpoint,
        data=options.data,
        output=folder,
        effort=options.effort,
        seed=options.seed,
        baseline=False,
    )
    return explore_network(asked).frontier


def explored_rows(frontier: Frontier, facts: Facts) -> Iterator[Row]:
    """Rows of the designs of an exploration.

    Raises:
        InputError: it is of another network, other data or another target.
    """
    asked = (facts.part, facts.clock_ns, facts.float_accuracy)
    if (frontier.part, frontier.clock_ns, frontier.teacher_test) != asked:
        raise InputError(
            f"the exploration is for {frontier.part} at {frontier.clock_ns:g} ns and a network of accuracy "
            f"{frontier.teacher_test:.4f}, the table for {facts.part} at {facts.clock_ns:g} ns and "
            f"{facts.float_accuracy:.4f}: explore the example's jets with the default target"
        )
    return (_explored(point) for point in frontier.designs)


def _explored(point: Point) -> Row:
    hardware = point.hardware
    return Row(
        SYMBOLIC,
        point.name,
        point.label,
        point.validation,
        point.test,
        lut=point.value(FigureKey.LUT),
        ff=point.value(FigureKey.FF),
        dsp=point.value(FigureKey.DSP),
        bram=point.value(FigureKey.BRAM),
        cycles=point.value(FigureKey.LATENCY_CYCLES),
        ns=point.value(FigureKey.LATENCY_NS),
        critical_ns=point.value(FigureKey.CRITICAL_PATH_NS),
        measured_by="–" if hardware is None else f"{hardware.tool}, {hardware.settings.get('step', '')}",
        agreement="C++ and Verilog, in its folder",
    )


if __name__ == "__main__":
    main()
