"""``sr2hls explore``: many designs of one network, from the cheapest to the most faithful."""

from typing import TYPE_CHECKING, Annotated

from rich.markup import escape

from sr2hls.cli.config import ConfigFile
from sr2hls.cli.flags import FLAGS, with_command_line
from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import grid
from sr2hls.options import ExploreOptions

if TYPE_CHECKING:
    from rich.table import Table

    from sr2hls.report.frontier import DesignFrontier


def explore(
    options: Annotated[ExploreOptions, FLAGS], *, config: ConfigFile = None, shown: Shown = TEXT
) -> None:
    """Make designs of many sizes, verify and synthesise each, and draw what accuracy costs.

    Every design is a folder like those of `compile`, with an HLS and an RTL project and a report.

    Example: `sr2hls explore jet_tagger.onnx --data jets.npz -o study --luts 50,100,200`, then `sr2hls view
    study`, or `sr2hls compile jet_tagger.onnx --data jets.npz -o chosen --explored study --max-lut 150`. Run
    the same command again to go on after an interruption.
    """
    output = options.output
    with shown.working(
        f"interrupted; what was finished is kept in '{output}': run the same command again to go on"
    ) as progress:
        from sr2hls.flow.explore import explore_network

        frontier = explore_network(with_command_line(options), progress).frontier
    shown.show(
        frontier.model_dump(mode="json") | {"output": str(output)},
        _table(frontier),
        f"Look at them: sr2hls view {output}   (picture: {output / 'frontier.svg'})",
    )


def _table(frontier: "DesignFrontier") -> "Table":
    from sr2hls.report.hardware import FigureKey

    keys = (FigureKey.LATENCY_CYCLES, FigureKey.LATENCY_NS)
    table = grid(
        "design", "nodes>", "LUT>", "cycles>", "ns>", f"{frontier.score}, test>", "of the network's>", ">"
    )
    best = {p.name for p in frontier.best()}
    for point in (*frontier.designs, *([frontier.network] if frontier.network else [])):
        figures = [point.luts] + ["–" if (v := point.value(k)) is None else f"{v:g}" for k in keys]
        nodes = "–" if point.nodes is None else str(point.nodes)
        share = f"{point.test / frontier.teacher_test:.3f}" if frontier.teacher_test else "–"
        style = "bold" if point.name in best else ""
        table.add_row(
            escape(point.name), nodes, *figures, f"{point.test:.4f}", share, escape(point.label), style=style
        )
    return table
