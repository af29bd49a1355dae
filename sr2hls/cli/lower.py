"""``sr2hls lower``: formulas that are already there to a verified circuit."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sr2hls.cli.config import read_config
from sr2hls.cli.failure import INTERRUPTED, say
from sr2hls.cli.interrupt import interruptible
from sr2hls.cli.output import JsonOption, Output, QuietOption, VerboseOption
from sr2hls.cli.pairs import split_names, split_pairs, split_ranges
from sr2hls.cli.show import result_data, result_table
from sr2hls.options import Backend, LowerOptions, Synthesis
from sr2hls.target import Budget, Target

FORMULAS, CIRCUIT, RUNNING = "Formulas and data", "Circuit", "Running"

EXAMPLE = (
    "Example: `sr2hls lower 'sin(3.14*x)*(1 - 0.094*t)' --range x=0,1 --range t=0,1 -o heat`, or "
    "`sr2hls lower outputs/20250101_120000_abc123 --data data.csv -o circuit` for a run of PySR."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(lower)


def lower(
    source: Annotated[
        str,
        typer.Argument(
            help="Hall of fame (.csv), run of PySR, file of formulas, or formulas with `;` between."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the result.", rich_help_panel=FORMULAS)
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Rows like those that will come: .npz, .csv, .parquet, …", rich_help_panel=FORMULAS
        ),
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            help="Input columns, separated by commas; by default by name.", rich_help_panel=FORMULAS
        ),
    ] = None,
    target_column: Annotated[
        str | None, typer.Option(help="Column or key of the labels.", rich_help_panel=FORMULAS)
    ] = None,
    input_range: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="NAME=LOW,HIGH",
            help="Range of an input, without --data.",
            rich_help_panel=FORMULAS,
        ),
    ] = None,
    choose: Annotated[
        str,
        typer.Option(
            help="Row of a hall of fame: `score`, `loss`, `index=3` or `complexity=12`.",
            rich_help_panel=FORMULAS,
        ),
    ] = "score",
    operators: Annotated[
        Path | None, typer.Option(help="TOML file with your own operators.", rich_help_panel=FORMULAS)
    ] = None,
    error: Annotated[
        float,
        typer.Option(help="rms rounding error, as a share of each output's spread.", rich_help_panel=CIRCUIT),
    ] = 0.01,
    input_bits: Annotated[
        int, typer.Option(help="Width of each fixed-point input.", rich_help_panel=CIRCUIT)
    ] = 10,
    input_type: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=TYPE", help="Type of one input.", rich_help_panel=CIRCUIT),
    ] = None,
    part: Annotated[str, typer.Option(help="FPGA part.", rich_help_panel=CIRCUIT)] = Target().part,
    clock_ns: Annotated[
        float, typer.Option(help="Clock period in ns.", rich_help_panel=CIRCUIT)
    ] = Target().clock_ns,
    max_dsp: Annotated[
        int | None, typer.Option(help="Most DSPs; none are used by default.", rich_help_panel=CIRCUIT)
    ] = None,
    backend: Annotated[
        Backend, typer.Option(help="hls4ml backend of the HLS project.", rich_help_panel=CIRCUIT)
    ] = Backend.VITIS,
    synthesis: Annotated[
        Synthesis, typer.Option(help="Tool for latency and resources.", rich_help_panel=CIRCUIT)
    ] = Synthesis.YOSYS,
    seed: Annotated[int, typer.Option(help="Of the rows drawn from --range.", rich_help_panel=RUNNING)] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the result in the folder.", rich_help_panel=RUNNING)
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            is_eager=True,
            callback=read_config,
            help="TOML file with any of these options.",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Compile formulas from a hall of fame, a PySR run, a file or a string into a verified circuit.

    Names, operators and constants are taken as they are; a construct without a fixed-point meaning is refused
    by name, never changed.
    """
    del config
    options = LowerOptions(
        source=source,
        output=output,
        data=data,
        features=split_names(features),
        target_column=target_column,
        ranges=split_ranges(input_range),
        choose=choose,
        operators=operators,
        error=error,
        input_bits=input_bits,
        input_types=split_pairs(input_type, "--input-type"),
        target=Target(part, clock_ns, Budget(max_dsp=max_dsp)),
        backend=backend,
        synthesis=synthesis,
        seed=seed,
        overwrite=overwrite,
        command=("sr2hls", *sys.argv[1:]),
    )
    shown = Output(json, quiet, verbose)
    try:
        with shown.progress() as bars, interruptible(bars) as progress:
            from sr2hls.flow.lower import lower_formulas

            result = lower_formulas(options, progress)
    except KeyboardInterrupt:
        say("interrupted: run the same command again to begin anew")
        raise typer.Exit(INTERRUPTED) from None
    shown.data(result_data(result.report, output))
    shown.text(*result_table(result.report, output))
