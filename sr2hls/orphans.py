"""Worker processes that end with the command they work for, even if that is killed."""

import functools
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

_WATCH_S = 0.5
P = ParamSpec("P")
R = TypeVar("R")


class Tied(Generic[P, R]):
    """A function for worker processes, whose process ends when the one that made this object does.

    Workers of a pool outlive a parent that was killed: they wait for work for minutes, with all their memory.

    Args:
        function: what the workers do; it can be pickled.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        self._parent = os.getpid()

    def __call__(self, *args: P.args, **more: P.kwargs) -> R:
        """Do the work; the first time in a process, begin to watch the parent."""
        _end_with(self._parent)
        return self._function(*args, **more)


@functools.cache
def _end_with(parent: int) -> None:
    if os.getpid() == parent:
        return  # a pool of one does the work in the parent itself

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
