"""Designs for the jets of the example in one table: sr2hls' frontier and what else there is.

python benchmarks/jet_frontier.py --explored study another_study

Same data and splits, same tool (Yosys for UltraScale+, no DSP, no block RAM) and same clock for: the designs
of an exploration (``sr2hls explore``; made here where none is given), the original network at fixed widths
through alkaid, the published flow of arXiv 2305.04099, and gradient-boosted trees through conifer (``pip
install conifer``; with GHDL on the PATH its own VHDL is simulated and synthesised as well). All but the
exploration are kept in ``--rows`` and not made again; an empty list ('') leaves a kind out.
"""

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from frontier_rows import Facts, Row, RowStore
from frontier_table import SYMBOLIC, page
from original_networks import GROUP as NETWORK
from original_networks import network_row
from published_rows import demo_rows, pysr_row

from sr2hls.errors import InputError, Sr2hlsError
from sr2hls.flow.explore import explore_network
from sr2hls.options import CompileOptions, Effort, ExploreOptions
from sr2hls.prepare import Prepared, prepare
from sr2hls.progress import SilentProgress
from sr2hls.report.frontier import DesignFrontier, FrontierPoint, load_frontier
from sr2hls.report.hardware import FigureKey
from sr2hls.store.files import sha256_of, write_text

HERE = Path(__file__).resolve().parent
JETS = HERE.parent / "examples" / "jet_tagger"
RESULTS = HERE / "results"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--explored",
        type=Path,
        nargs="*",
        default=[],
        help="outputs of 'sr2hls explore' for the example's jets",
    )
    parser.add_argument("--rows", type=Path, default=RESULTS / "jet_frontier.json", help="rows kept")
    parser.add_argument("--out", type=Path, default=RESULTS / "jet_frontier.md", help="the table")
    parser.add_argument("--work", type=Path, help="keep the projects in this folder")
    parser.add_argument(
        "--networks", type=widths, default="4,6,8", help="widths of the original network, bits"
    )
    parser.add_argument("--published", type=formulas, default="pysr,demo", help="formulas for that flow")
    parser.add_argument("--trees", type=sizes, default="1x4,4x3,10x3,20x4", help="trees a class x depth")
    parser.add_argument("--effort", type=Effort, default=Effort.MEDIUM, help="of the searches")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jet-frontier-") as scratch:
        try:
            run(args, (args.work or Path(scratch)).resolve())
        except Sr2hlsError as error:
            sys.exit(f"error: {error}")


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
    found = {path.name: load_frontier(path) for path in args.explored}
    if not found:
        found = {"explored": explore(options, work / "explored")}
    rows = [
        row if len(found) == 1 else replace(row, name=f"{folder}: {row.name}")
        for folder, frontier in found.items()
        for row in explored_rows(frontier, facts)
    ]
    store = RowStore(args.rows, facts)
    for bits in args.networks:
        make = partial(network_row, prepared, bits, options.target, work / f"network-{bits}")
        rows += store.group(f"network-{bits}", make)
    if "pysr" in args.published:
        rows += store.group("pysr", partial(pysr_row, options, work / "published"))
    if "demo" in args.published:
        rows += store.group("demo", partial(demo_rows, prepared, options, work / "published"))
    rows += boosted_rows(args.trees, prepared, options, store, work)
    text = page(rows, facts, store.seconds, bool(args.explored))
    write_text(args.out, text)
    print(text)


def listed(text: str) -> list[str]:
    """Return what commas separate; nothing for an empty text."""
    return text.split(",") if text else []


def widths(text: str) -> list[int]:
    """Read ``4,6,8``."""
    return [int(item) for item in listed(text)]


def formulas(text: str) -> list[str]:
    """Read ``pysr,demo``."""
    if set(listed(text)) - {"pysr", "demo"}:
        raise argparse.ArgumentTypeError(f"'{text}': there are pysr and demo")
    return listed(text)


def sizes(text: str) -> list[tuple[int, int]]:
    """Read ``4x3,10x3``."""
    pairs = [item.split("x") for item in listed(text)]
    return [(int(n_trees), int(depth)) for n_trees, depth in pairs]


def boosted_rows(
    wanted: list[tuple[int, int]], prepared: Prepared, options: CompileOptions, store: RowStore, work: Path
) -> list[Row]:
    """Return rows of boosted trees, and of conifer's own VHDL where GHDL is there or they are kept.

    Raises:
        InputError: conifer is not installed.
    """
    if not wanted:
        return []
    if importlib.util.find_spec("conifer") is None:
        raise InputError("boosted trees need conifer: run 'pip install conifer', or give --trees ''")
    from conifer_vhdl import ghdl_missing
    from tree_rows import tree_rows, vhdl_rows_apart

    found: list[Row] = []
    for kind, rows_of in (("trees", tree_rows), ("vhdl", vhdl_rows_apart)):
        for n_trees, depth in wanted:
            key = f"{kind}-{n_trees}x{depth}"
            if kind == "vhdl" and (n_trees == 1 or (ghdl_missing() and key not in store)):
                continue
            asked = (prepared.problem, n_trees, depth, options.seed, options.target, work / key)
            found += store.group(key, partial(rows_of, *asked))
    return found


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


def explore(options: CompileOptions, folder: Path) -> DesignFrontier:
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


def explored_rows(frontier: DesignFrontier, facts: Facts) -> Iterator[Row]:
    """Rows of the designs of an exploration, and of the original network if it has that.

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
    network = [] if frontier.network is None else [frontier.network]
    return (_explored(point) for point in (*frontier.designs, *network))


def _explored(point: FrontierPoint) -> Row:
    hardware = point.hardware
    return Row(
        SYMBOLIC if point.subject == "design" else NETWORK,
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
        agreement="in its folder",
        srl=point.value(FigureKey.SRL),
        mapped=point.value(FigureKey.LEVELS) is not None,
    )


if __name__ == "__main__":
    main()
