"""Run something in a process of its own that has little memory and little time."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from sr2hls.errors import Sr2hlsError

CPU_S, MEMORY = 5.0, 2 << 30


def _work(function: Callable[[], object], pipe: Connection) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, CPU_S)  # its default action ends the process, Python code or not
    try:
        function()
        pipe.send("loaded")
    except Sr2hlsError as error:
        pipe.send(str(error))
    except BaseException as error:
        pipe.send(f"not clean: {error!r}")
    pipe.close()
    os._exit(0)


def outcome(function: Callable[[], object]) -> str:
    """Return the message with which something is refused, ``loaded``, or how the process died."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(function, theirs))
    process.start()
    theirs.close()
    try:
        said = str(ours.recv())
    except EOFError:
        said = ""
    process.join()
    return said or f"died with exit code {process.exitcode}"
