"""``sr2hls compile``: a trained network and its data to a verified circuit."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sr2hls.cli.config import read_config
from sr2hls.cli.failure import INTERRUPTED, say
from sr2hls.cli.interrupt import interruptible
from sr2hls.cli.output import JsonOption, Output, QuietOption, VerboseOption
from sr2hls.cli.pairs import split_names, split_pairs
from sr2hls.cli.show import result_data, result_table
from sr2hls.options import Backend, CompileOptions, Effort, Engine, Synthesis
from sr2hls.target import Budget, Target

INPUTS, CIRCUIT, BUDGETS, SEARCH, RUNNING = "Network and data", "Circuit", "Budgets", "Search", "Running"

EXAMPLE = (
    "Example: `sr2hls compile jet_tagger.onnx --data jets.npz -o result --max-lut 400` — then open "
    "`result/report.html`. Run the same command again to go on after an interruption."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(compile)


def compile(
    checkpoint: Annotated[
        Path, typer.Argument(help="The trained network: .onnx, .pt (TorchScript), .pt2, or a state_dict.")
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data", help=".npz, .npy, .csv, .parquet or .h5, a row a sample.", rich_help_panel=INPUTS
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the result.", rich_help_panel=INPUTS)
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="`module:factory` that builds the network of a state_dict; its code is run.",
            rich_help_panel=INPUTS,
        ),
    ] = None,
    allow_pickle: Annotated[
        bool,
        typer.Option(
            "--allow-pickle",
            help="Load whole pickled modules. This runs code from the file: only for files you trust.",
            rich_help_panel=INPUTS,
        ),
    ] = False,
    task: Annotated[
        str | None,
        typer.Option(
            help="`logits`, `probabilities` or `regression`, where the guess from the network is wrong.",
            rich_help_panel=INPUTS,
        ),
    ] = None,
    target_column: Annotated[
        str | None, typer.Option(help="Column or key of the labels.", rich_help_panel=INPUTS)
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option(
            help="Input columns, separated by commas, in the order of the network.", rich_help_panel=INPUTS
        ),
    ] = None,
    scaler: Annotated[
        str,
        typer.Option(
            help="Scaler before the circuit: `auto`, `checkpoint`, `range`, `standard`, `robust`, "
            "`power-of-two`, `identity`, or a file.",
            rich_help_panel=INPUTS,
        ),
    ] = "auto",
    drop_nonfinite: Annotated[
        bool,
        typer.Option("--drop-nonfinite", help="Leave out rows with NaN or infinity.", rich_help_panel=INPUTS),
    ] = False,
    input_bits: Annotated[
        int, typer.Option(help="Width of each fixed-point input.", rich_help_panel=CIRCUIT)
    ] = 6,
    input_type: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TYPE", help="Type of one input, e.g. `mass=ap_fixed<8,3>`.", rich_help_panel=CIRCUIT
        ),
    ] = None,
    part: Annotated[str, typer.Option(help="FPGA part.", rich_help_panel=CIRCUIT)] = Target().part,
    clock_ns: Annotated[
        float, typer.Option(help="Clock period in ns.", rich_help_panel=CIRCUIT)
    ] = Target().clock_ns,
    backend: Annotated[
        Backend, typer.Option(help="hls4ml backend of the HLS project.", rich_help_panel=CIRCUIT)
    ] = Backend.VITIS,
    synthesis: Annotated[
        Synthesis, typer.Option(help="Tool for latency and resources.", rich_help_panel=CIRCUIT)
    ] = Synthesis.YOSYS,
    max_latency_ns: Annotated[
        float | None, typer.Option(help="Most latency, ns.", rich_help_panel=BUDGETS)
    ] = None,
    max_lut: Annotated[int | None, typer.Option(help="Most LUTs.", rich_help_panel=BUDGETS)] = None,
    max_dsp: Annotated[int | None, typer.Option(help="Most DSPs.", rich_help_panel=BUDGETS)] = None,
    max_bram: Annotated[int | None, typer.Option(help="Most BRAMs.", rich_help_panel=BUDGETS)] = None,
    min_fidelity: Annotated[
        float | None,
        typer.Option(
            help="Least agreement with the network (regression: R² to it), 0 to 1.", rich_help_panel=BUDGETS
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="`auto` takes PySR where Julia is set up.", rich_help_panel=SEARCH)
    ] = Engine.AUTO,
    effort: Annotated[
        Effort, typer.Option(help="How much to search.", rich_help_panel=SEARCH)
    ] = Effort.MEDIUM,
    time: Annotated[
        float | None, typer.Option(help="Seconds to search, instead of --effort.", rich_help_panel=SEARCH)
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same result.", rich_help_panel=SEARCH)] = 0,
    baseline: Annotated[
        bool, typer.Option(help="Put the original network through the same tools.", rich_help_panel=RUNNING)
    ] = True,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", help="Processes; default one a core.", rich_help_panel=RUNNING),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Start afresh in a folder that holds a result.", rich_help_panel=RUNNING
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            is_eager=True,
            callback=read_config,
            help="TOML file with any of these options; `sr2hls init` writes one.",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Compile a trained network into a verified circuit of formulas.

    Finds formulas that do what the network does, chooses bits and tables for them, writes an HLS and an RTL
    project, proves that both compute the same bits, synthesises them beside the network, and reports.
    """
    del config
    options = CompileOptions(
        checkpoint=checkpoint,
        data=data,
        output=output,
        model=model,
        allow_pickle=allow_pickle,
        task=task,
        target_column=target_column,
        features=split_names(features),
        scaler=scaler,
        drop_nonfinite=drop_nonfinite,
        input_bits=input_bits,
        input_types=split_pairs(input_type, "--input-type"),
        target=Target(part, clock_ns, Budget(max_latency_ns, max_lut, max_dsp, max_bram, min_fidelity)),
        engine=engine,
        effort=effort,
        time_s=time,
        seed=seed,
        backend=backend,
        synthesis=synthesis,
        baseline=baseline,
        jobs=jobs,
        overwrite=overwrite,
        command=("sr2hls", *sys.argv[1:]),
    )
    shown = Output(json, quiet, verbose)
    try:
        with shown.progress() as bars, interruptible(bars) as progress:
            from sr2hls.pipeline import compile_network

            result = compile_network(options, progress)
    except KeyboardInterrupt:
        say(f"interrupted; what was finished is kept in '{output}': run the same command again to go on")
        raise typer.Exit(INTERRUPTED) from None
    shown.data(result_data(result.report, output))
    shown.text(*result_table(result.report, output))
