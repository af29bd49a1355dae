"""``sr2hls search``: formulas for data, without a network."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sr2hls.cli.arguments import ConfigOption, PySROption
from sr2hls.cli.failure import INTERRUPTED
from sr2hls.cli.output import JsonOption, Output, QuietOption, VerboseOption
from sr2hls.cli.pairs import split_names
from sr2hls.errors import InputError
from sr2hls.options import SearchCost, SearchLoss, StudyOptions

DATA, SEARCH, RUNNING = "Data", "Search", "Running"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Example: `sr2hls search data.csv --target-column force --seeds 0,1 --jobs 2 -o force`, then "
        "`sr2hls lower force --data data.csv -o circuit`. The same command again goes on where it stopped."
    )(search)


def search(
    data: Annotated[Path, typer.Argument(help=".npz, .csv, .parquet, … with inputs and targets.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the result.", rich_help_panel=DATA)
    ],
    target_column: Annotated[
        str | None, typer.Option(help="Column or key of the targets.", rich_help_panel=DATA)
    ] = None,
    features: Annotated[
        list[str] | None, typer.Option(help="Input columns, separated by commas.", rich_help_panel=DATA)
    ] = None,
    operators: Annotated[
        str, typer.Option(help="Operators, separated by commas or blanks.", rich_help_panel=SEARCH)
    ] = "+,-,*,/,sin,exp",
    definitions: Annotated[
        Path | None, typer.Option(help="TOML file with your own operators.", rich_help_panel=SEARCH)
    ] = None,
    cost: Annotated[
        SearchCost | None,
        typer.Option(
            help="What a formula costs; by default cycles for PySR, combined for others.",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    cost_table: Annotated[
        Path | None, typer.Option(help="TOML or JSON file: costs of operators.", rich_help_panel=SEARCH)
    ] = None,
    precision: Annotated[
        str, typer.Option(help="Fixed-point type that costs hold for.", rich_help_panel=SEARCH)
    ] = "ap_fixed<16,6>",
    luts_a_cycle: Annotated[
        float, typer.Option(help="What a cycle counts in the combined cost.", rich_help_panel=SEARCH)
    ] = 50.0,
    engines: Annotated[
        str, typer.Option(help="`auto`, `operon`, `pysr`, `eql`, or several.", rich_help_panel=SEARCH)
    ] = "auto",
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.", rich_help_panel=SEARCH)] = "0",
    max_size: Annotated[int, typer.Option(help="Most nodes of a formula.", rich_help_panel=SEARCH)] = 30,
    restarts: Annotated[
        int, typer.Option(help="Restarts of the embedded engine.", rich_help_panel=SEARCH)
    ] = 4,
    loss: Annotated[
        SearchLoss,
        typer.Option(
            help="`mse`, `log` (relative errors), or `auto`: log over many decades.", rich_help_panel=SEARCH
        ),
    ] = SearchLoss.AUTO,
    time_s: Annotated[
        float | None, typer.Option("--time", help="Seconds for one search.", rich_help_panel=SEARCH)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Local processes.", rich_help_panel=RUNNING)] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Dask scheduler, e.g. `tcp://10.0.0.1:8786`.", rich_help_panel=RUNNING),
    ] = None,
    pysr: PySROption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Search formulas for the targets of a data file: outputs, seeds and engines side by side.

    Complexity is what a formula costs on the FPGA. What is finished is kept: run the same command again after
    Ctrl-C or a crash, or with more seeds.
    """
    del config
    from sr2hls.study import search_data

    options = StudyOptions(
        data=data,
        output=output,
        target_column=target_column,
        features=split_names(features),
        operators=_names(operators),
        definitions=definitions,
        cost=cost,
        cost_table=cost_table,
        precision=precision,
        luts_a_cycle=luts_a_cycle,
        engines=_names(engines),
        seeds=_seeds(seeds),
        max_size=max_size,
        restarts=restarts,
        loss=loss,
        time_s=time_s,
        jobs=jobs,
        scheduler=scheduler,
        pysr=pysr,
    )
    shown = Output(json, quiet, verbose)
    with shown.progress() as progress:
        frontier = search_data(options, progress)
    shown.data(frontier.to_dict())
    for front in frontier.fronts:
        table = Table(box=None, pad_edge=False)
        for title in ("cost", "loss", front.output):
            table.add_column(title, overflow="fold")
        for c in front.candidates:
            formula = str(c.display(frontier.input_names).evalf(6))
            table.add_row("" if c.cost is None else f"{c.cost:g}", f"{c.loss:.4g}", escape(formula))
        shown.text(table, "")
    shown.text(*(f"note: {note}" for note in frontier.notes))
    shown.text(f"To a circuit: sr2hls lower {output} --data {data} -o DIR")
    if any(note.startswith("interrupted") for note in frontier.notes):
        raise typer.Exit(INTERRUPTED)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in _names(text))
    except ValueError:
        raise InputError(f"--seeds '{text}' are not integers: write e.g. --seeds 0,1,2") from None
