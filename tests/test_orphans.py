"""Workers of a pool end with a command that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sr2hls.orphans import Tied

POOL = """
import os, time
from joblib import Parallel, delayed
from sr2hls.orphans import Tied
print(*Parallel(n_jobs=2)(delayed(Tied(os.getpid))() for _ in range(8)), flush=True)
time.sleep(600)
"""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_workers_end_with_a_parent_that_is_killed() -> None:
    process = subprocess.Popen([sys.executable, "-c", POOL], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    workers = {int(word) for word in process.stdout.readline().split()}
    assert workers and process.pid not in workers
    assert all(_runs(pid) for pid in workers)
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + 60
    while any(_runs(pid) for pid in workers) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(_runs(pid) for pid in workers)


def test_in_the_parent_itself_nothing_is_watched() -> None:
    assert Tied(os.getpid)() == os.getpid()
