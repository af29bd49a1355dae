"""Workers of a pool end with a command that is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

POOL = """
import os, time
from joblib import Parallel, delayed
from sr2hls.orphans import tied_workers
with tied_workers():
    print(*Parallel(n_jobs=2)(delayed(os.getpid)() for _ in range({pieces})), flush=True)
time.sleep(600)
"""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> set[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for thread in threads for child in thread.read_text().split()}


@pytest.mark.parametrize("pieces", [8, 1], ids=["all have worked", "one was never given work"])
def test_workers_end_with_a_parent_that_is_killed(pieces: int) -> None:
    script = POOL.format(pieces=pieces)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    worked = {int(word) for word in process.stdout.readline().split()}
    children = _children(process.pid)
    assert worked and process.pid not in worked and worked <= children
    assert len(children) >= 2, "the pool has two workers"
    assert all(_runs(pid) for pid in children)
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + 60
    while any(_runs(pid) for pid in children) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(_runs(pid) for pid in children)
