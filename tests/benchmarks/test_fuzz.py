"""The fuzzer finds what it is for, and finds nothing in the loaders."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import fuzz

from sr2hls.errors import InputError


@pytest.mark.parametrize("kind", fuzz.COUNTS)
def test_no_loader_breaks(kind: str, tmp_path: Path) -> None:
    tally = fuzz.fuzz(kind, tmp_path, count=25, seed=2)
    assert tally.findings == {}
    assert tally.inputs == 25
    assert tally.refused > 0


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", fuzz.COUNTS)
def test_no_loader_breaks_on_very_many(kind: str, tmp_path: Path) -> None:
    assert fuzz.fuzz(kind, tmp_path, count=fuzz.COUNTS[kind], seed=1).findings == {}


def _other_exception(path: Path) -> None:
    raise KeyError("nonsense")


def _unprintable(path: Path) -> None:
    error = InputError("a message")
    error.args = ("a message\x1b[31m in red",)
    raise error


def _hang(path: Path) -> None:
    while True:
        pass


def _sleep(path: Path) -> None:
    time.sleep(60)


def _flood(path: Path) -> None:
    np.ones(3 << 30, np.uint8)


def _crash(path: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (_other_exception, "KeyError: 'nonsense'"),
        (_unprintable, "unclean message"),
        (_hang, "more than 1 s"),
        (_sleep, "nothing for 2 s"),
        (_flood, "MemoryError"),
        (_crash, "the process died"),
    ],
)
def test_what_breaks_is_found(
    broken: Callable[[Path], object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, good = fuzz.LOADERS["npy"], tmp_path / "good" / "data.npy"
    monkeypatch.setattr(fuzz, "CPU_S", 1.0)
    monkeypatch.setattr(fuzz, "WALL_S", 2.0 if broken is _sleep else 60.0)
    monkeypatch.setitem(fuzz.LOADERS, "npy", lambda path: load(path) if path == good else broken(path))
    tally = fuzz.fuzz("npy", tmp_path, count=2, seed=1)
    assert sorted(tally.findings) == [0, 1]
    assert message in tally.findings[0]
    assert (tmp_path / "finding_0_data.npy").is_file()


def test_an_input_is_made_again_by_its_number(tmp_path: Path) -> None:
    good = b"a,b\n1,2\n"
    assert fuzz.spoilt("csv", good, 7, 1) == fuzz.spoilt("csv", good, 7, 1)
    assert len({fuzz.spoilt("csv", good, n, 1) for n in range(50)}) > 30
