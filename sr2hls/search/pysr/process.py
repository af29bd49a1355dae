"""PySR's process as its parent sees it: started in a session of its own, watched, and ended whatever it does.

Julia has its own handler of SIGINT, which dumps its stack and ends the process; a process that embeds it
can neither be interrupted nor go on after. So PySR runs in a child that no Ctrl-C reaches: the parent kills
it and reads the hall of fame from disk.
"""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sr2hls.errors import ToolError

_CHILD = Path(__file__).with_name("child.py")
_MARK = "SR2HLS_PYSR_PROCESS"
_LOOK_S = 0.2
_REPORT_S = 2.0
_GRACE_S = 4.0
"""What PySR may take to stop by itself, which leaves a checkpoint behind, before it is killed."""


_TELLING = re.compile(r"signal \(|error|exception", re.IGNORECASE)
"""Julia heads its stack dump with ``[pid] signal (11.1): Segmentation fault``."""


class Ended(StrEnum):
    """How PySR's process ended."""

    FINISHED = "finished"
    LIMIT = "limit"
    """Killed at the time limit."""
    INTERRUPTED = "interrupted"
    """Killed on Ctrl-C."""
    FAILED = "failed"
    """PySR raised an error."""
    DIED = "died"
    """The process ended without an answer: Julia crashed, or somebody killed it."""


@dataclass(frozen=True, slots=True)
class ProcessOutcome:
    """What became of PySR's process.

    Attributes:
        ended: how it ended.
        error: what it said where it failed or died; one line.
        versions: of ``pysr``, ``julia`` and ``symbolic_regression``; empty where Julia did not start.
        warnings: PySR's warnings.
        start_s: seconds that Julia took to start.
        fit_s: seconds of the search itself.
    """

    ended: Ended
    error: str
    versions: Mapping[str, str]
    warnings: tuple[str, ...]
    start_s: float
    fit_s: float


def run_child(
    folder: Path,
    *,
    time_limit: float | None = None,
    start_limit: float | None = None,
    on_look: Callable[[float], None] | None = None,
) -> ProcessOutcome:
    """Run PySR on the request in a folder, and end its process in any case.

    Args:
        folder: holds the request, see `sr2hls.search.pysr.request`.
        time_limit: seconds of the search; the start of Julia is not counted.
        start_limit: seconds that Julia may take to start.
        on_look: called about every two seconds with the seconds that the search has run.

    Raises:
        ToolError: Julia did not start in time.
    """
    begun = time.monotonic()
    fitting: float | None = None
    looked = begun
    ended = Ended.FINISHED
    with _child(folder) as process:
        try:
            while process.poll() is None:
                now = time.monotonic()
                if fitting is None and _state(folder).get("state") == "fitting":
                    fitting = now
                if fitting is None and start_limit is not None and now - begun > start_limit:
                    raise ToolError(
                        f"Julia did not start within {start_limit:g} s: its packages may still have to be "
                        "compiled, which 'sr2hls doctor' waits for"
                    )
                if fitting is not None and time_limit is not None and now - fitting > time_limit + _GRACE_S:
                    ended = Ended.LIMIT
                    break
                if on_look is not None and fitting is not None and now - looked >= _REPORT_S:
                    looked = now
                    on_look(now - fitting)
                time.sleep(_LOOK_S)
        except KeyboardInterrupt:
            ended = Ended.INTERRUPTED
    end = time.monotonic()
    state, answer = _state(folder), _read(folder / "response.json")
    error = ""
    if ended is Ended.FINISHED and "error" in answer:
        ended, error = Ended.FAILED, str(answer["error"])
    elif ended is Ended.FINISHED and not answer:
        ended, error = Ended.DIED, _last_words(folder, process.returncode)
    return ProcessOutcome(
        ended,
        error,
        state.get("versions", {}),
        tuple(dict.fromkeys(answer.get("warnings", ()))),
        (fitting or end) - begun,
        0.0 if fitting is None else end - fitting,
    )


@contextmanager
def _child(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    mark = secrets.token_hex(8)
    environment = {**os.environ, _MARK: mark, "PYTHON_JULIAPKG_OFFLINE": "yes"}
    with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, str(_CHILD), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _kill(process, mark)


def _kill(process: "subprocess.Popen[bytes]", mark: str) -> None:
    """End the process, its group, and what Julia started in sessions of their own (its worker processes)."""
    if process.poll() is None:
        # Not after it has been waited for: its number could be another's by then.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pid in _marked(mark):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> list[int]:
    """Return the processes whose environment holds a mark, where the system tells (Linux)."""
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if wanted in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found


def _state(folder: Path) -> dict[str, Any]:
    return _read(folder / "state.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _last_words(folder: Path, code: int | None) -> str:
    """Return how a process died and the last line that says why."""
    how = f"exit code {code}"
    if code is not None and code < 0:
        with suppress(ValueError):
            how = f"signal {signal.Signals(-code).name}"
    text = (folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = next((line for line in lines if _TELLING.search(line)), lines[-1] if lines else "")
    return f"{how}{f', {said}' if said else ''}"
