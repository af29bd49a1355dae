"""The ``sr2hls`` command."""

import sys
from collections.abc import Sequence

import typer

from sr2hls.cli import (
    cite,
    compile,
    costs,
    distil,
    doctor,
    explore,
    init,
    lower,
    report,
    search,
    verify,
    view,
)
from sr2hls.cli.failure import INTERRUPTED, Settings, explain

app = typer.Typer(
    name="sr2hls",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a fault of sr2hls itself, 2 something to put right, 130 interrupted.",
)


@app.callback()
def options(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=lambda wanted: _version(wanted), help="Show the version."
    ),
) -> None:
    """Distil a trained network into formulas and compile them to a verified FPGA circuit.

    Begin with `sr2hls doctor`, then `sr2hls compile CHECKPOINT --data DATA -o DIR`.
    """
    del version
    context.obj.debug = debug


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sr2hls {version('sr2hls')}")
        raise typer.Exit


compile.register(app)
explore.register(app)
distil.register(app)
lower.register(app)
search.register(app)
report.register(app)
verify.register(app)
view.register(app)
costs.register(app)
doctor.register(app)
init.register(app)
cite.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors become one sentence on standard error and an exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    settings = Settings()
    try:
        code = app(
            args=None if arguments is None else list(arguments),
            obj=settings,
            prog_name="sr2hls",
            standalone_mode=False,
        )
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return explain(error, settings)
    return code if isinstance(code, int) else 0
