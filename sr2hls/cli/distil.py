"""``sr2hls distil``: a part of a network to formulas."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sr2hls.cli import arguments
from sr2hls.cli.failure import INTERRUPTED, say
from sr2hls.cli.interrupt import interruptible
from sr2hls.cli.output import JsonOption, Output, QuietOption, VerboseOption
from sr2hls.cli.pairs import split_names
from sr2hls.options import Engine

PART = "Part and formulas"

EXAMPLE = (
    "Example: `sr2hls distil weights.pt --model network.py:make --module encoder.message --data data.npz -o "
    "message`, then `sr2hls lower message/formulas.txt --data message/recorded.npz -o circuit`."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(distil)


def distil(
    checkpoint: arguments.CheckpointOption,
    data: arguments.DataOption,
    output: arguments.OutputOption,
    module: Annotated[
        str,
        typer.Option(
            help="Dotted name of the submodule; the whole network by default.", rich_help_panel=PART
        ),
    ] = "",
    model: arguments.ModelOption = None,
    allow_pickle: arguments.AllowPickleOption = False,
    features: arguments.FeaturesOption = None,
    outputs: Annotated[
        str | None,
        typer.Option(
            help="Outputs of the submodule to search, e.g. `0,2`; all by default.", rich_help_panel=PART
        ),
    ] = None,
    operators: Annotated[
        str, typer.Option(help="Operators, separated by spaces.", rich_help_panel=PART)
    ] = "+ - * / sin exp",
    max_size: Annotated[int, typer.Option(help="Most nodes of a formula.", rich_help_panel=PART)] = 20,
    choose: Annotated[
        str,
        typer.Option(
            help="`elbow` (where the loss falls steeply), `score`, `loss` or `evidence`.",
            rich_help_panel=PART,
        ),
    ] = "elbow",
    engine: arguments.EngineOption = Engine.AUTO,
    pysr: arguments.PySROption = None,
    restarts: Annotated[
        int, typer.Option(help="Runs of the embedded engine.", rich_help_panel=arguments.SEARCH)
    ] = 4,
    time: arguments.TimeOption = None,
    seed: arguments.SeedOption = 0,
    config: arguments.ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Distil a part of a network, named as in torch, into formulas.

    Runs the network on the data, records what the part is given and returns, and searches. The formulas are
    scored on rows that the search has not seen.
    """
    del config
    shown = Output(json, quiet, verbose)
    try:
        with shown.progress() as bars, interruptible(bars) as progress:
            from sr2hls.distil.checkpoint import DistilOptions, distil_checkpoint

            options = DistilOptions(
                checkpoint=checkpoint,
                module=module,
                data=data,
                output=output,
                model=model,
                allow_pickle=allow_pickle,
                features=split_names(features),
                outputs=None if outputs is None else arguments.split_numbers(outputs, "--outputs"),
                operators=tuple(operators.split()),
                max_size=max_size,
                restarts=restarts,
                engine=engine.value,
                pysr=pysr,
                choose=choose,
                seed=seed,
                time_s=time,
            )
            found = distil_checkpoint(options, progress)
    except KeyboardInterrupt:
        say("interrupted before there was a formula: nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    rows = [
        {"output": front.output, "formula": str(formula), "r2": r2, "nodes": candidate.complexity}
        for front, formula, r2, candidate in zip(
            found.frontier.fronts, found.named, found.fidelity, found.chosen, strict=True
        )
    ]
    shown.data({"output": str(output), "formulas": rows, "notes": list(found.frontier.notes)})
    table = Table(box=None, pad_edge=False)
    for title in ("output", "R² on unseen rows", "formula"):
        table.add_column(title)
    for row in rows:
        table.add_row(escape(str(row["output"])), f"{row['r2']:.5f}", escape(str(row["formula"])))
    shown.text(table, f"formulas, front and recorded rows are in '{output}'")
    if any("interrupted" in note for note in found.frontier.notes):
        raise typer.Exit(INTERRUPTED)
