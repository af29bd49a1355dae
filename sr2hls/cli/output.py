"""What a command shows: text or one JSON object on standard output, progress on standard error."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from sr2hls.progress import LineProgress, Progress, SilentProgress, TerminalProgress

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show what the libraries underneath say, too.")
]


class Output:
    """Where a command's words go.

    Args:
        as_json: print JSON instead of text.
        quiet: print no text and no progress.
        verbose: let the log of the libraries through.
    """

    def __init__(self, as_json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self._json, self._quiet = as_json, quiet
        self.out = Console(soft_wrap=True, highlight=False)
        self.err = Console(stderr=True, highlight=False)
        logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(name)s: %(message)s")

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Open what shows progress: bars on a terminal, lines in a log, nothing if quiet."""
        if self._quiet:
            yield SilentProgress()
        elif self.err.is_terminal:
            with TerminalProgress(self.err) as bars:
                yield bars
        else:
            yield LineProgress(self.err)

    def data(self, value: Any) -> None:
        """Print a value if JSON was asked for."""
        if self._json:
            typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))

    def text(self, *renderables: Any) -> None:
        """Print text or tables, unless JSON or quiet was asked for; strings are printed as they are."""
        if self._json or self._quiet:
            return
        for item in renderables:
            self.out.print(item, markup=False) if isinstance(item, str) else self.out.print(item)
