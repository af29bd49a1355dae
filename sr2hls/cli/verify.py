"""``sr2hls verify``: a finished folder tested and proven again."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sr2hls.cli.output import JsonOption, Output, QuietOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: `sr2hls verify result --prove 60`")(verify)


def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of a result, or an RTL project.")],
    prove: Annotated[float, typer.Option(min=0, help="Seconds for each proof; 0 only tests.")] = 60.0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Hold a finished circuit against its program again, also after its Verilog was edited."""
    from sr2hls.prove.folder import verify_folder

    found = verify_folder(folder, prove)
    output = Output(json, quiet)
    output.data(
        {"executors": [asdict(row) for row in found.rows], "claims": [p.record() for p in found.proofs]}
    )
    output.text(*found.lines())
