"""Ctrl-C that ends a command, even where an engine takes it as the wish to keep the best so far."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from sr2hls.progress import Progress, Stage


class _Interruptible:
    """Passes reports on, and lets no stage begin after Ctrl-C."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.requested = False

    @property
    def times(self) -> Mapping[str, float]:
        return self._progress.times

    def plan(self, expected_s: Mapping[str, float]) -> None:
        self._progress.plan(expected_s)

    def stage(self, name: str, total: float | None = None) -> AbstractContextManager[Stage]:
        if self.requested:
            raise KeyboardInterrupt
        return self._progress.stage(name, total)

    def note(self, message: str) -> None:
        self._progress.note(message)


@contextmanager
def interruptible(progress: Progress) -> Iterator[Progress]:
    """Yield a progress under which Ctrl-C becomes KeyboardInterrupt, now or at the next stage.

    An engine that is interrupted returns the best so far, and work goes on with that. Whatever goes wrong
    after Ctrl-C is not the user's mistake, so that it counts as the interruption too.
    """
    watched = _Interruptible(progress)

    def interrupt(number: int, frame: FrameType | None) -> None:
        watched.requested = True
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield watched
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield watched
    except Exception as error:
        if watched.requested:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
