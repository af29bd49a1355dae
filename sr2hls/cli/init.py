"""``sr2hls init``: write a configuration to start from."""

from pathlib import Path
from typing import Annotated

import typer

from sr2hls.cli.output import JsonOption, Output, QuietOption
from sr2hls.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Example: `sr2hls init jet_tagger.onnx --data jets.npz`, then `sr2hls compile -c sr2hls.toml`"
    )(init)


def init(
    checkpoint: Annotated[Path, typer.Argument(help="The trained network.")] = Path("network.onnx"),
    data: Annotated[Path, typer.Option("--data", help="Its data.")] = Path("data.npz"),
    file: Annotated[Path, typer.Option("--file", help="File to write.")] = Path("sr2hls.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a TOML file with every option of `compile`, its default and what it means."""
    from sr2hls.cli.template import config_text
    from sr2hls.store.files import write_text

    if file.exists() and not force:
        raise InputError(f"'{file}' is already there: give another --file, or --force to replace it")
    if not file.parent.is_dir():
        raise InputError(f"the folder '{file.parent}' is not there: make it first")
    write_text(file, config_text(checkpoint, data))
    output = Output(json, quiet)
    output.data({"written": str(file)})
    output.text(f"wrote {file}; run: sr2hls compile --config {file}")
