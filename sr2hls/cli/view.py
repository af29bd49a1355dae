"""``sr2hls view``: designs sorted, filtered and compared in the browser."""

import contextlib
import webbrowser
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from sr2hls.cli.output import TEXT, Shown
from sr2hls.options.values import YES_OR_NO


def view(
    folder: Path,
    /,
    *,
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))] = 0,
    browser: Annotated[bool, YES_OR_NO] = True,
    shown: Shown = TEXT,
) -> None:
    """Serve results to this machine: sort, filter by budget, compare two, download the project of one.

    With `--json` it prints what it would show, and ends.

    Example: `sr2hls view results` with the outputs of several `sr2hls compile` in `results`.

    Args:
        folder: Folder of a result, or one above several.
        port: Port; 0 takes a free one.
        browser: Open the page in the browser.
    """
    from sr2hls.report.explorer import explorer_data
    from sr2hls.report.gallery import find_results

    entries = find_results(folder)
    if shown.json:
        shown.show(explorer_data(entries))
        return
    from sr2hls.report.server import ExplorerServer

    with ExplorerServer(entries, port) as server:
        shown.show(None, f"{len(entries)} designs at {server.url} (Ctrl-C ends it)")
        if browser:
            webbrowser.open(server.url)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
