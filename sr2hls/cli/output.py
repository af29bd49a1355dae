"""What a command shows: text or one JSON object on standard output, progress on standard error."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from attrs import frozen
from cyclopts import Parameter
from rich.console import Console

from sr2hls.cli.failure import Interrupted
from sr2hls.cli.interrupt import interruptible
from sr2hls.options.values import OUTPUT
from sr2hls.progress import LineProgress, Progress, SilentProgress, TerminalProgress


@frozen(kw_only=True)
class Output:
    """Where a command's words go; the fields are flags of every command."""

    json: Annotated[bool, OUTPUT] = False
    """Print one JSON object on standard output."""
    quiet: Annotated[bool, OUTPUT, Parameter(alias="-q")] = False
    """Show errors only."""
    verbose: Annotated[bool, OUTPUT, Parameter(alias="-v")] = False
    """Show what the libraries underneath say, too."""

    @contextmanager
    def working(self, interrupted: str) -> Iterator[Progress]:
        """Show progress: bars on a terminal, lines in a log, nothing if quiet.

        Args:
            interrupted: what to say after Ctrl-C: what was kept and how to go on.
        """
        level = logging.INFO if self.verbose else logging.ERROR
        logging.basicConfig(level=level, format="%(name)s: %(message)s")
        try:
            with self._progress() as shown, interruptible(shown) as progress:
                yield progress
        except KeyboardInterrupt:
            raise Interrupted(interrupted) from None

    @contextmanager
    def _progress(self) -> Iterator[Progress]:
        console = Console(stderr=True, highlight=False)
        if self.quiet:
            yield SilentProgress()
        elif console.is_terminal:
            with TerminalProgress(console) as bars:
                yield bars
        else:
            yield LineProgress(console)

    def show(self, data: Any, *renderables: Any) -> None:
        """Print the data if JSON was asked for, else the text and tables; strings are printed as they are."""
        if self.json:
            print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))
        elif not self.quiet:
            console = Console(soft_wrap=True, highlight=False)
            for item in renderables:
                console.print(item, markup=not isinstance(item, str))


Shown = Annotated[Output, Parameter(name="*")]
TEXT = Output()
