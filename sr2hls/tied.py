"""Tools that end with the command that runs them, even if that is killed."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_tied(
    command: Sequence[str],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end and return what it printed.

    A compiler driver starts further processes, which outlive it. So the tool gets a process group of its own,
    which is killed as a whole: on a time-out, on Ctrl-C, and by a watcher if this process is killed.

    Args:
        command: the tool and its arguments.
        timeout_s: most seconds that it may take.
        cwd: where it runs.
        environment: its environment; this process' own by default.
        text: what it reads on standard input; nothing by default.

    Raises:
        subprocess.TimeoutExpired: it takes longer.
        OSError: it cannot be started.
    """
    _watcher(os.getpid())  # it watches before there is anything to watch
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        _tell(f"+{process.pid}")
        try:
            out, err = process.communicate(text, timeout=timeout_s)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            _tell(f"-{process.pid}")
    return subprocess.CompletedProcess(list(command), process.returncode, out, err)


def _tell(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # somebody killed the watcher
        os.write(_watcher(os.getpid()), f"{line}\n".encode())


@functools.cache
def _watcher(process: int) -> int:
    """Start the watcher of a process, and return the end of the pipe that no other process has."""
    del process  # a forked process has a watcher of its own
    reading, writing = os.pipe()
    script = Path(__file__).with_name("watcher.py")
    subprocess.Popen(  # it ends when this process does
        [sys.executable, "-I", "-S", str(script)],
        stdin=reading,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(reading)
    return writing
