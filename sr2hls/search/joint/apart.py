"""Beams of the joint search in processes of their own, which send each model as soon as they have it."""

import contextlib
import os
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from multiprocessing.managers import SyncManager
from queue import Queue
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from sr2hls.orphans import end_with, tied_workers
from sr2hls.search.joint.select_terms import SelectionPoint

Path = Callable[..., Iterable[SelectionPoint]]


def points_apart(
    path: Path, calls: Sequence[tuple[Any, ...]], jobs: int
) -> Generator[tuple[int, SelectionPoint], None, None]:
    """Iterate over the number of a call and its next point, as they come.

    Where the iteration is left early, e.g. by Ctrl-C, the processes end.

    Args:
        path: makes the points of a call; a function of a module, so that it can be sent.
        calls: its arguments.
        jobs: processes at a time.
    """
    manager = SyncManager()
    manager.start(end_with, (os.getpid(),))
    try:
        queue = manager.Queue()
        threading.Thread(target=_run, args=(path, calls, jobs, queue), daemon=True).start()
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


def _run(path: Path, calls: Sequence[tuple[Any, ...]], jobs: int, queue: "Queue[Any]") -> None:
    """Run all calls; the last message is ``None``, or what went wrong."""
    last: BaseException | None = None
    try:
        with tied_workers():
            sent = (delayed(_send)(path, number, call, queue) for number, call in enumerate(calls))
            Parallel(n_jobs=min(jobs, len(calls)))(sent)
    except BaseException as error:
        last = error
    with contextlib.suppress(OSError, EOFError):  # nobody listens any more
        queue.put(last)


def _send(path: Path, number: int, call: tuple[Any, ...], queue: "Queue[Any]") -> None:
    for point in path(*call):
        queue.put((number, point))
