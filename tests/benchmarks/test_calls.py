"""Benchmarks and the public jets' example call what there is: nobody runs them whole in the tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRONG = re.compile(r"\[(?:call-arg|name-defined)\]$", re.MULTILINE)


@pytest.mark.parametrize(
    ("folder", "beside"), [("benchmarks", "tests/hls"), ("examples/lhc_jets", "examples/jet_tagger")]
)
def test_scripts_call_functions_with_arguments_that_they_take(folder: str, beside: str) -> None:
    places = os.pathsep.join([str(ROOT), str(ROOT / folder), str(ROOT / beside)])
    command = [sys.executable, "-m", "mypy", "--config-file", "", "--ignore-missing-imports"]
    command += ["--follow-imports", "silent", str(ROOT / folder)]
    ended = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MYPYPATH": places}, capture_output=True, text=True
    )
    assert "checked" in ended.stdout or "no issues found" in ended.stdout, ended.stdout + ended.stderr
    wrong = [line for line in ended.stdout.splitlines() if WRONG.search(line)]
    assert not wrong, "\n".join(wrong)
