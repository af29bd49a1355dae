"""``sr2hls doctor``: what works on this machine."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sr2hls.cli.failure import MISTAKE
from sr2hls.cli.output import JsonOption, Output, QuietOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Example: `sr2hls doctor`, or `sr2hls doctor --json` in a script; exit code 2 if not ready."
    )(doctor)


def doctor(
    install: Annotated[
        bool,
        typer.Option(
            "--install-julia", help="Download and install Julia and SymbolicRegression.jl for PySR first."
        ),
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Try every tool and engine on this machine, and say what to install for those that do not work."""
    from sr2hls.doctor import diagnose

    output = Output(json, quiet)
    if install:
        from sr2hls.search.pysr.julia import install_julia

        with output.progress() as progress, progress.stage("Julia"):
            install_julia(progress.note)
    diagnosis = diagnose()
    output.data(diagnosis.to_dict())
    table = Table(box=None, pad_edge=False)
    for title in ("", "tool", "what for", "version, or what to do"):
        table.add_column(title, overflow="fold")
    for f in diagnosis.findings:
        mark = "[green]✓[/]" if f.works else "[red]✗[/]" if f.needed else "[dim]–[/]"
        table.add_row(mark, f.name, f.purpose, escape(f.version if f.works else f.remedy))
    memory = f", {diagnosis.memory_gb:g} GB of memory" if diagnosis.memory_gb else ""
    output.text(
        table, "", f"{diagnosis.cores} cores{memory}, {diagnosis.disk_free_gb:g} GB of disk free here"
    )
    output.text("Ready to compile." if diagnosis.ready else "Not ready: see the lines with ✗.")
    if not diagnosis.ready:
        raise typer.Exit(MISTAKE)
