"""Worker processes that end with the command they work for, even if that is killed."""

import functools
import os
import signal
import threading
import time

from joblib import parallel_config

_WATCH_S = 0.5


def tied_workers() -> parallel_config:
    """Return a context in which joblib's pools consist of processes that end when this one does.

    Workers of a pool outlive a parent that was killed: they wait for work for minutes, with all their memory.
    Each begins to watch when it starts, before it is given anything to do.
    """
    return parallel_config(
        backend="loky", inner_max_num_threads=1, initializer=end_with, initargs=(os.getpid(),)
    )


@functools.cache
def end_with(parent: int) -> None:
    """Let this process end, by a kill, as soon as its parent is no longer the one given."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
