"""Searches in processes of their own, which send what they find as soon as they have it."""

import contextlib
import os
import threading
from collections.abc import Callable, Generator, Sequence
from multiprocessing.managers import SyncManager
from queue import Queue
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from sr2hls.orphans import end_with, tied_workers

Send = Callable[[Any], None]
"""Sends a message to the process that waits for it."""


def messages_apart(
    work: Callable[..., None], calls: Sequence[tuple[Any, ...]], jobs: int
) -> Generator[tuple[int, Any], None, None]:
    """Iterate over the number of a call and its next message, as they come.

    The calls begin in their order. Where the iteration is left early, e.g. by Ctrl-C, the processes end.

    Args:
        work: a function of a module, so that it can be sent; its first argument is a `Send`.
        calls: its other arguments.
        jobs: processes at a time.
    """
    manager = SyncManager()
    manager.start(end_with, (os.getpid(),))
    try:
        queue = manager.Queue()
        threading.Thread(target=_run, args=(work, calls, jobs, queue), daemon=True).start()
        while isinstance(message := queue.get(), tuple):
            yield message
        if message is not None:
            raise message
    except BaseException:
        # Without reuse another pool is made, which waits for this one to end.
        get_reusable_executor(reuse=True).shutdown(wait=False, kill_workers=True)
        raise
    finally:
        manager.shutdown()


def _run(work: Callable[..., None], calls: Sequence[tuple[Any, ...]], jobs: int, queue: "Queue[Any]") -> None:
    """Run all calls; the last message is ``None``, or what went wrong."""
    last: BaseException | None = None
    try:
        with tied_workers():
            sent = (delayed(_work)(work, number, call, queue) for number, call in enumerate(calls))
            Parallel(n_jobs=min(jobs, len(calls)))(sent)
    except BaseException as error:
        last = error
    with contextlib.suppress(OSError, EOFError):  # nobody listens any more
        queue.put(last)


def _work(work: Callable[..., None], number: int, call: tuple[Any, ...], queue: "Queue[Any]") -> None:
    work(lambda message: queue.put((number, message)), *call)
