"""``sr2hls view``: designs sorted, filtered and compared in the browser."""

import contextlib
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from sr2hls.cli.output import JsonOption, Output, QuietOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Example: `sr2hls view results` with the outputs of several `sr2hls compile` in `results`"
    )(view)


def view(
    folder: Annotated[Path, typer.Argument(help="Folder of a result, or one above several.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Serve results to this machine: sort, filter by budget, compare two, download the project of one.

    With `--json` it prints what it would show, and ends.
    """
    from sr2hls.report.explorer import explorer_data
    from sr2hls.report.gallery import find_results

    entries = find_results(folder)
    output = Output(json, quiet)
    if json:
        output.data(explorer_data(entries))
        return
    from sr2hls.report.server import ExplorerServer

    with ExplorerServer(entries, port) as server:
        output.text(f"{len(entries)} designs at {server.url} (Ctrl-C ends it)")
        if browser:
            webbrowser.open(server.url)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
