"""``sr2hls explore``: many designs of one network, from the cheapest to the most faithful."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sr2hls.cli import arguments
from sr2hls.cli.failure import INTERRUPTED, say
from sr2hls.cli.interrupt import interruptible
from sr2hls.cli.output import JsonOption, Output, QuietOption, VerboseOption
from sr2hls.explore.frontier import Frontier
from sr2hls.options import Backend, Effort, Engine, ExploreOptions, Structure, Synthesis, Tables
from sr2hls.report.hardware import FigureKey

EXAMPLE = (
    "Example: `sr2hls explore jet_tagger.onnx --data jets.npz -o study --luts 50,100,200`, then `sr2hls view "
    "study`, or `sr2hls compile jet_tagger.onnx --data jets.npz -o chosen --explored study --max-lut 150`. "
    "Run the same command again to go on after an interruption."
)
DESIGNS = "Designs"

LutsOption = Annotated[
    str, typer.Option(help="Sizes to aim at, LUTs separated by commas.", rich_help_panel=DESIGNS)
]
StructureOption = Annotated[
    list[Structure] | None,
    typer.Option(
        help="`sum` (of functions of one input) or `cascade` (of few-bit functions); both if not given.",
        rich_help_panel=DESIGNS,
    ),
]
TablesOption = Annotated[
    Tables | None,
    typer.Option(
        help="Tables of cascades: `symbolic` keeps their formulas, `free` lets entries move and reports how "
        "many did; both if not given.",
        rich_help_panel=DESIGNS,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(explore)


def explore(
    checkpoint: arguments.CheckpointOption,
    data: arguments.DataOption,
    output: arguments.OutputOption,
    luts: LutsOption = "50,100,200,400",
    structure: StructureOption = None,
    tables: TablesOption = None,
    model: arguments.ModelOption = None,
    allow_pickle: arguments.AllowPickleOption = False,
    task: arguments.TaskOption = None,
    target_column: arguments.TargetColumnOption = None,
    features: arguments.FeaturesOption = None,
    scaler: arguments.ScalerOption = "auto",
    drop_nonfinite: arguments.DropNonfiniteOption = False,
    input_bits: arguments.InputBitsOption = 6,
    input_type: arguments.InputTypeOption = None,
    part: arguments.PartOption = arguments.PART,
    clock_ns: arguments.ClockNsOption = arguments.CLOCK_NS,
    max_latency_ns: arguments.MaxLatencyNsOption = None,
    backend: arguments.BackendOption = Backend.VITIS,
    synthesis: arguments.SynthesisOption = Synthesis.YOSYS,
    engine: arguments.EngineOption = Engine.AUTO,
    cost: arguments.CostOption = None,
    pysr: arguments.PySROption = None,
    effort: arguments.EffortOption = Effort.MEDIUM,
    seed: arguments.SeedOption = 0,
    baseline: arguments.BaselineOption = True,
    jobs: arguments.JobsOption = None,
    overwrite: arguments.OverwriteOption = False,
    config: arguments.ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make designs of many sizes, verify and synthesise each, and draw what accuracy costs.

    Every design is a folder like those of `compile`, with an HLS and an RTL project and a report.
    """
    fields = arguments.option_fields(locals())
    fields["luts"] = arguments.split_numbers(fields["luts"], "--luts")
    fields["structures"] = tuple(fields.pop("structure") or Structure)
    options = ExploreOptions(**fields)
    shown = Output(json, quiet, verbose)
    try:
        with shown.progress() as bars, interruptible(bars) as progress:
            from sr2hls.explore.run import explore_network

            result = explore_network(options, progress)
    except KeyboardInterrupt:
        say(f"interrupted; what was finished is kept in '{output}': run the same command again to go on")
        raise typer.Exit(INTERRUPTED) from None
    frontier = result.frontier
    shown.data(frontier.model_dump(mode="json") | {"output": str(output)})
    shown.text(_table(frontier), f"Look at them: sr2hls view {output}   (picture: {output / 'frontier.svg'})")


def _table(frontier: Frontier) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("design", "LUT", "cycles", "ns", f"{frontier.score}, test", "of the network's", ""):
        table.add_column(title, justify="left" if title == "design" else "right")
    best = {p.name for p in frontier.best()}
    points = (*frontier.designs, *([frontier.network] if frontier.network else []))
    for point in points:
        keys = (FigureKey.LUT, FigureKey.LATENCY_CYCLES, FigureKey.LATENCY_NS)
        figures = ["–" if (v := point.value(k)) is None else f"{v:g}" for k in keys]
        share = f"{point.test / frontier.teacher_test:.3f}" if frontier.teacher_test else "–"
        style = "bold" if point.name in best else ""
        table.add_row(
            escape(point.name), *figures, f"{point.test:.4f}", share, escape(point.label), style=style
        )
    return table
