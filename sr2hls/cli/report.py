"""``sr2hls report``: write the pages of a result anew, check them, or print their schema."""

from pathlib import Path
from typing import Annotated

import typer

from sr2hls.cli.output import JsonOption, Output, QuietOption
from sr2hls.cli.show import result_data, result_table

report_app = typer.Typer(
    help="Look at a result, or make its pages anew.", no_args_is_help=True, rich_markup_mode="markdown"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(report_app, name="report")


@report_app.command(epilog="Example: `sr2hls report show result`")
def show(
    folder: Annotated[Path, typer.Argument(help="Folder of a result, or a report.json.")],
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show the figures of a result that matter most."""
    from sr2hls.report.store import load_report

    report = load_report(folder)
    place = folder if folder.is_dir() else folder.parent
    output = Output(json, quiet)
    output.data(result_data(report, place))
    output.text(*result_table(report, place))


@report_app.command(epilog="Example: `sr2hls report render result -o for_the_review`")
def render(
    folder: Annotated[Path, typer.Argument(help="Folder of a result, or a report.json.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; by default where the report is.")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write report.html and report.md from report.json, which is checked against its schema first."""
    from sr2hls.report.store import load_report, write_report

    report = load_report(folder)
    written = write_report(report, output or (folder if folder.is_dir() else folder.parent))
    shown = Output(json, quiet)
    shown.data({"written": [str(path) for path in written]})
    shown.text(*(f"wrote {path}" for path in written))


@report_app.command(epilog="Example: `sr2hls report schema > report.schema.json`")
def schema(json: JsonOption = True) -> None:
    """Print the JSON schema of report.json; it is JSON with and without `--json`."""
    del json
    from sr2hls.report.model import json_schema

    Output(as_json=True).data(json_schema())
