"""Tools and all that they start end with the command that runs them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sr2hls.tied import run_tied

TOOL = "sleep 600 & echo $! $$ >{pids}; wait"
"""A tool like a compiler driver: what it starts does the work."""
COMMAND = """
import sys
from sr2hls.tied import run_tied
run_tied(["sh", "-c", sys.argv[1]], timeout_s=600)
"""


def _pids(file: Path) -> list[int]:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if file.is_file() and len(found := file.read_text().split()) == 2:
            return [int(pid) for pid in found]
        time.sleep(0.02)
    raise AssertionError("the tool did not start")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _all_end(pids: list[int]) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not any(_alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_what_a_tool_says(tmp_path: Path) -> None:
    script = "cat; pwd; echo $X; echo b >&2; exit 3"
    environment = {**os.environ, "X": "x"}
    done = run_tied(["sh", "-c", script], timeout_s=20, cwd=tmp_path, text="a\n", environment=environment)
    assert (done.stdout, done.stderr, done.returncode) == (f"a\n{tmp_path.resolve()}\nx\n", "b\n", 3)
    assert run_tied(["cat"], timeout_s=20).stdout == ""
    with pytest.raises(FileNotFoundError):
        run_tied(["/nowhere/tool"], timeout_s=20)


def test_kill_9_takes_the_tool_with_it(tmp_path: Path) -> None:
    tool = TOOL.format(pids=tmp_path / "pids")
    command = subprocess.Popen([sys.executable, "-c", COMMAND, tool])
    pids = _pids(tmp_path / "pids")
    assert all(map(_alive, pids))
    command.send_signal(signal.SIGKILL)
    command.wait()
    assert _all_end(pids)


def test_a_time_out_takes_all_of_the_tool(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_tied(["sh", "-c", TOOL.format(pids=tmp_path / "pids")], timeout_s=1)
    assert _all_end(_pids(tmp_path / "pids"))


def test_a_tool_that_has_ended_is_forgotten(tmp_path: Path) -> None:
    """A process group number that is used again later must not be killed."""
    script = (
        "import os, subprocess, sys\n"
        "from sr2hls.tied import run_tied, _tell\n"
        "run_tied(['true'], timeout_s=20)\n"
        "other = subprocess.Popen(['sleep', '60'], start_new_session=True, stdout=subprocess.DEVNULL)\n"
        "_tell(f'+{other.pid}'); _tell(f'-{other.pid}')\n"
        "print(other.pid)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    pid = int(done.stdout)
    time.sleep(0.5)
    assert _alive(pid)
    os.kill(pid, signal.SIGKILL)
