"""Arguments and flags that commands share, each with its help."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sr2hls.cli.config import read_config
from sr2hls.cli.pairs import split_names, split_pairs
from sr2hls.errors import InputError
from sr2hls.options import Backend, Cost, Effort, Engine, Synthesis
from sr2hls.target import Budget, Target

PART, CLOCK_NS = Target().part, Target().clock_ns

INPUTS, CIRCUIT, BUDGETS, SEARCH, RUNNING = "Network and data", "Circuit", "Budgets", "Search", "Running"

CheckpointOption = Annotated[
    Path, typer.Argument(help="The trained network: .onnx, .pt (TorchScript), .pt2, or a state_dict.")
]
DataOption = Annotated[
    Path,
    typer.Option("--data", help=".npz, .npy, .csv, .parquet or .h5, a row a sample.", rich_help_panel=INPUTS),
]
OutputOption = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the result.", rich_help_panel=INPUTS)
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        help="`module:factory` that builds the network of a state_dict; its code is run.",
        rich_help_panel=INPUTS,
    ),
]
AllowPickleOption = Annotated[
    bool,
    typer.Option(
        "--allow-pickle",
        help="Load whole pickled modules. This runs code from the file: only for files you trust.",
        rich_help_panel=INPUTS,
    ),
]
TaskOption = Annotated[
    str | None,
    typer.Option(
        help="`logits`, `probabilities` or `regression`, where the guess from the network is wrong.",
        rich_help_panel=INPUTS,
    ),
]
TargetColumnOption = Annotated[
    str | None, typer.Option(help="Column or key of the labels.", rich_help_panel=INPUTS)
]
FeaturesOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Input columns, separated by commas, in the order of the network.", rich_help_panel=INPUTS
    ),
]
ScalerOption = Annotated[
    str,
    typer.Option(
        help="Scaler before the circuit: `auto`, `checkpoint`, `range`, `standard`, `robust`, "
        "`power-of-two`, `identity`, or a file.",
        rich_help_panel=INPUTS,
    ),
]
DropNonfiniteOption = Annotated[
    bool,
    typer.Option("--drop-nonfinite", help="Leave out rows with NaN or infinity.", rich_help_panel=INPUTS),
]
InputBitsOption = Annotated[
    int, typer.Option(help="Width of each fixed-point input.", rich_help_panel=CIRCUIT)
]
InputTypeOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=TYPE", help="Type of one input, e.g. `mass=ap_fixed<8,3>`.", rich_help_panel=CIRCUIT
    ),
]
PartOption = Annotated[str, typer.Option(help="FPGA part.", rich_help_panel=CIRCUIT)]
ClockNsOption = Annotated[float, typer.Option(help="Clock period in ns.", rich_help_panel=CIRCUIT)]
BackendOption = Annotated[
    Backend, typer.Option(help="hls4ml backend of the HLS project.", rich_help_panel=CIRCUIT)
]
SynthesisOption = Annotated[
    Synthesis, typer.Option(help="Tool for latency and resources.", rich_help_panel=CIRCUIT)
]
MaxLatencyNsOption = Annotated[float | None, typer.Option(help="Most latency, ns.", rich_help_panel=BUDGETS)]
MaxLutOption = Annotated[int | None, typer.Option(help="Most LUTs.", rich_help_panel=BUDGETS)]
MaxDspOption = Annotated[int | None, typer.Option(help="Most DSPs.", rich_help_panel=BUDGETS)]
MaxBramOption = Annotated[int | None, typer.Option(help="Most BRAMs.", rich_help_panel=BUDGETS)]
MinFidelityOption = Annotated[
    float | None,
    typer.Option(
        help="Least agreement with the network (regression: R² to it), 0 to 1.", rich_help_panel=BUDGETS
    ),
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        help="`auto` takes `operon`, or `pysr` where only that does what is asked; `eql` learns by gradient.",
        rich_help_panel=SEARCH,
    ),
]
CostOption = Annotated[
    Cost | None,
    typer.Option(
        help="What the search counts; by default cycles for PySR, estimated LUTs for others.",
        rich_help_panel=SEARCH,
    ),
]
PySROption = Annotated[
    Path | None,
    typer.Option(
        help="TOML file with PySR's own settings: iterations, units, constraints, a template. PySR runs its "
        "strings as Julia code.",
        rich_help_panel=SEARCH,
    ),
]
EffortOption = Annotated[Effort, typer.Option(help="How much to search.", rich_help_panel=SEARCH)]
TimeOption = Annotated[
    float | None, typer.Option(help="Seconds to search, instead of --effort.", rich_help_panel=SEARCH)
]
SeedOption = Annotated[int, typer.Option(help="Same seed, same result.", rich_help_panel=SEARCH)]
BaselineOption = Annotated[
    bool, typer.Option(help="Put the original network through the same tools.", rich_help_panel=RUNNING)
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", "-j", help="Processes; default one a core.", rich_help_panel=RUNNING),
]
OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Start afresh in a folder that holds a result.", rich_help_panel=RUNNING
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        is_eager=True,
        callback=read_config,
        help="TOML file with any of these options; `sr2hls init` writes one.",
        rich_help_panel=RUNNING,
    ),
]


_BUDGETS = ("max_latency_ns", "max_lut", "max_dsp", "max_bram", "min_fidelity")
_NO_FIELDS = (*_BUDGETS, "part", "clock_ns", "config", "json", "quiet", "verbose")
ExploredOption = Annotated[
    Path | None,
    typer.Option(
        help="Output of `sr2hls explore`: take the best of its designs that meets the budgets, and search "
        "no more.",
        rich_help_panel=SEARCH,
    ),
]
DesignOption = Annotated[
    str | None,
    typer.Option(help="Name of the design to take from --explored.", rich_help_panel=SEARCH),
]


def option_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `sr2hls.options.CompileOptions` that a command's parameters stand for.

    Args:
        values: every parameter of the command by name; those that are fields of their own stay as they are.
    """
    fields = {k: v for k, v in values.items() if k not in _NO_FIELDS}
    limits = {name: values.get(name) for name in _BUDGETS}
    fields["target"] = Target(values["part"], values["clock_ns"], Budget(**limits))
    fields["features"] = split_names(fields["features"])
    fields["input_types"] = split_pairs(fields.pop("input_type"), "--input-type")
    fields["time_s"] = fields.pop("time", None)
    fields["command"] = ("sr2hls", *sys.argv[1:])
    return fields


def split_numbers(text: str, flag: str) -> tuple[int, ...]:
    """Return numbers separated by commas.

    Raises:
        InputError: one of them is no whole number.
    """
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InputError(
            f"{flag} is '{text}': give whole numbers separated by commas, e.g. 50,100"
        ) from error
