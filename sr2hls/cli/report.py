"""``sr2hls report``: write the pages of a result anew, check them, or print their schema."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from sr2hls.cli.output import TEXT, Output, Shown
from sr2hls.cli.show import show_result

report = App(name="report", help="Look at a result, or make its pages anew.")


@report.command
def show(folder: Path, /, *, shown: Shown = TEXT) -> None:
    """Show the figures of a result that matter most.

    Example: `sr2hls report show result`.

    Args:
        folder: Folder of a result, or a report.json.
    """
    from sr2hls.report.store import load_report

    show_result(shown, load_report(folder), folder if folder.is_dir() else folder.parent)


@report.command
def render(
    folder: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    shown: Shown = TEXT,
) -> None:
    """Write report.html and report.md from report.json, which is checked against its schema first.

    Example: `sr2hls report render result -o for_the_review`.

    Args:
        folder: Folder of a result, or a report.json.
        output: Where to write; by default where the report is.
    """
    from sr2hls.report.store import load_report, write_report

    written = write_report(load_report(folder), output or (folder if folder.is_dir() else folder.parent))
    shown.show({"written": [str(path) for path in written]}, *(f"wrote {path}" for path in written))


@report.command
def schema(*, shown: Shown = TEXT) -> None:
    """Print the JSON schema of report.json; it is JSON with and without `--json`.

    Example: `sr2hls report schema > report.schema.json`.
    """
    from sr2hls.report.model import json_schema

    Output(json=True).show(json_schema())
