import errno
import subprocess
import sys
from typing import Any

import pytest

from sr2hls.cli.failure import Interrupted, explain
from sr2hls.errors import BudgetError, InputError, ToolError


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("no such\nfile"), 2, "sr2hls: no such file\n"),
        (BudgetError("over by 3 LUT"), 2, "sr2hls: over by 3 LUT\n"),
        (ToolError("install g++"), 2, "sr2hls: install g++\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "out/x.json"),
            2,
            "sr2hls: the disk is full at 'out/x.json': free some space and run the same command again; "
            "what was finished is kept\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/out"),
            2,
            "sr2hls: no permission to write or read at '/out': give another folder or change its "
            "permissions\n",
        ),
        (
            MemoryError(),
            2,
            "sr2hls: there is not enough memory: use fewer rows, fewer --jobs or a lower --effort\n",
        ),
        (Interrupted("interrupted; the rest is kept"), 130, "sr2hls: interrupted; the rest is kept\n"),
        (
            KeyError("x"),
            1,
            "sr2hls: this should not have happened (KeyError: 'x'): run 'sr2hls --debug …' for the traceback "
            "and report it\n",
        ),
    ],
)
def test_one_sentence_and_a_code(
    error: Exception, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(error) == code
    captured = capsys.readouterr()
    assert captured.err == message
    assert captured.out == ""


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise InputError("wrong")
    except InputError as error:
        assert explain(error, debug=True) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compile", "x"], "--data is missing: give it as well"),
        (["compile", "x", "--data", "y", "-o", "z", "--colour"], "Unknown option: --colour"),
        (
            ["compile", "x", "--data", "y", "-o", "z", "--max-lut", "few"],
            "--max-lut is 'few': give a whole number",
        ),
        (["compile", "x", "--data", "y", "-o", "z", "--max-luts", "3"], "Did you mean --max-lut?"),
        (["compile", "x", "y", "z", "-j", "1.5"], "-j is '1.5': give a whole number"),
        (["compile", "x", "y", "z", "w"], "'w' is one argument too many"),
        (["compile", "x", "y", "z", "--seed"], "--seed needs a value"),
        (
            ["compile", "x", "y", "z", "--engine", "julia"],
            '"julia" for --engine. Choose from: "auto", "operon"',
        ),
        (["compile", "x", "y", "z", "--seed", "1", "--seed", "2"], "--seed specified multiple times"),
        (["explore", "x", "y", "z", "--luts", "9,b"], "--luts '9,b' are not integers"),
        (
            ["lower", "x", "z", "--range", "x=1"],
            "--range 'x=1' is no NAME=LOW,HIGH: write e.g. --range x=0,1",
        ),
        (["view", "x", "--port", "99999"], '"99999" for --port. Must be <= 65535'),
        (
            ["compile", "x", "--data", "y", "-o", "z", "--max-lut", "-3"],
            "max_lut is -3: give a number of at least 0",
        ),
        (["compile", "x", "--data", "y", "-o", "z", "--part", "z80"], "unknown part 'z80'"),
        (
            ["compile", "x", "--data", "y", "-o", "z", "--clock-ns", "0"],
            "clock_ns is 0.0: give a clock period",
        ),
        (
            ["compile", "x", "--data", "y", "-o", "z", "--input-bits", "0"],
            "input_bits is 0: give a width from 1",
        ),
        (
            ["compile", "x", "--data", "y", "-o", "z", "--time", "-1"],
            "time_s is -1.0: give a number of seconds",
        ),
        (["compile", "x", "--data", "y", "-o", "z", "--jobs", "0"], "jobs is 0: give a number of at least 1"),
        (["compile", "x", "--data", "y", "-o", "z", "--features", "a,a"], "the feature 'a' is given twice"),
        (["frobnicate"], 'Unknown command "frobnicate". Available commands: compile, explore'),
        (["report", "show", "nowhere"], "cannot read the report 'nowhere'"),
        (["cite", "Nobody1999"], "there is no entry 'Nobody1999': give some of Cranmer2023PySR"),
    ],
)
def test_bad_arguments(sr2hls: Any, arguments: list[str], message: str) -> None:
    result = sr2hls(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert message in result.err
    assert result.err.startswith("sr2hls: ")
    assert len(result.err.strip().splitlines()) <= 2


def test_the_installed_command_gives_the_exit_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sr2hls", "cite", "Nobody1999"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("sr2hls: there is no entry")


def test_a_closed_pipe_is_no_traceback() -> None:
    script = f"{sys.executable} -m sr2hls report schema | head -c 1 > /dev/null"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
