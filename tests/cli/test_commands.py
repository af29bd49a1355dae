import inspect
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App
from walk_commands import walk

from sr2hls.cli.main import app
from sr2hls.doctor import PROBES, Probe, diagnose

COMMANDS = [(" ".join(path), path, command) for path, command in walk(app)]
each_command = pytest.mark.parametrize(
    ("path", "command"), [c[1:] for c in COMMANDS], ids=[c[0] for c in COMMANDS]
)


@each_command
def test_help_teaches_with_an_example(sr2hls: Any, path: tuple[str, ...], command: App) -> None:
    result = sr2hls(*path, "--help")
    assert result.code == 0
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.out).split())
    assert f"Example: sr2hls {' '.join(path)}" in text
    for argument in command.assemble_argument_collection(parse_docstring=True):
        if argument.show:
            assert argument.parameter.help, f"{argument.name} has no help"


@each_command
def test_every_command_speaks_json(path: tuple[str, ...], command: App) -> None:
    assert "--json" in {a.name for a in command.assemble_argument_collection()}


@each_command
def test_no_command_has_a_long_list_of_parameters(path: tuple[str, ...], command: App) -> None:
    assert command.default_command is not None
    assert len(inspect.signature(command.default_command).parameters) <= 6


COMPLETE = """
source <("$1" -m sr2hls --show-completion bash)
COMP_WORDS=(sr2hls "${@:2}") COMP_CWORD=$(($# - 1))
_sr2hls
echo "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["comp"], "compile"),
        (["compile", "--synth"], "--synthesis"),
        (["compile", "--synthesis", "vit"], "vitis vitis-cosim"),
    ],
)
def test_bash_completes_commands_options_and_values(words: list[str], offered: str) -> None:
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", sys.executable, *words], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == offered, done.stderr


def test_version(sr2hls: Any) -> None:
    assert sr2hls("--version").out.strip() == f"sr2hls {version('sr2hls')}"


def test_cite(sr2hls: Any) -> None:
    everything = sr2hls("cite").out
    assert everything.count("@") == everything.count("\n}")
    entries = json.loads(sr2hls("cite", "--json").out)
    assert {e["key"] for e in entries} >= {"Cranmer2023PySR", "Duarte2018hls4ml", "Burlacu2020Operon"}
    for entry in entries:
        assert entry["title"], entry["author"]
        assert f"{{{entry['key']}," in everything
    assert sr2hls("cite", "Kim2021EQL").out.startswith("@article{Kim2021EQL,")


def test_init_writes_once(sr2hls: Any, tmp_path: Path) -> None:
    file = tmp_path / "sr2hls.toml"
    assert sr2hls("init", "net.onnx", "--file", file).code == 0
    before = file.read_text()
    again = sr2hls("init", "other.onnx", "--file", file)
    assert again.code == 2
    assert "is already there: give another --file, or --force to replace it" in again.err
    assert file.read_text() == before
    assert json.loads(sr2hls("init", "other.onnx", "--file", file, "--force", "--json").out) == {
        "written": str(file)
    }
    assert 'checkpoint = "other.onnx"' in file.read_text()
    assert "make it first" in sr2hls("init", "--file", tmp_path / "none" / "x.toml").err


def test_report_schema(sr2hls: Any) -> None:
    schema = json.loads(sr2hls("report", "schema").out)
    assert schema["properties"]["schema_version"]["const"] == "sr2hls-report-1"


def _fine() -> str:
    return "1.0"


def _wrong() -> str:
    raise RuntimeError("it crashed with signal 11")


def test_doctor_tells_what_is_missing() -> None:
    probes = [
        Probe("a", "x", True, "install a", _fine),
        Probe("b", "y", False, "install b", _wrong),
    ]
    found = diagnose(probes)
    assert found.ready
    assert found.findings[0].version == "1.0"
    assert found.findings[1].remedy == "install b (it crashed with signal 11)"
    assert not diagnose([Probe("b", "y", True, "install b", _wrong)]).ready
    assert found.cores >= 1
    assert found.disk_free_gb > 0


def test_doctor_without_a_compiler(sr2hls: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a PATH without g++ the doctor says so and exits with 2."""
    chosen = tuple(p for p in PROBES if p.name in ("C++ compiler", "onnxruntime", "Vivado"))
    monkeypatch.setattr("sr2hls.doctor.PROBES", chosen)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("CXX", raising=False)
    result = sr2hls("doctor", "--json")
    data = json.loads(result.out)
    assert result.code == 2
    assert not data["ready"]
    found = {f["name"]: f for f in data["findings"]}
    assert "install g++" in found["C++ compiler"]["remedy"]
    assert found["onnxruntime"]["version"] == version("onnxruntime")
    assert "no vivado or vivado_hls on PATH" in found["Vivado"]["remedy"]
    text = sr2hls("doctor").out
    assert "Not ready: see the lines with ✗." in text


@pytest.mark.slow
def test_doctor_finds_this_machine_ready(sr2hls: Any) -> None:
    result = sr2hls("doctor")
    assert result.code == 0
    assert "Ready to compile." in result.out


def test_help_is_quick() -> None:
    """No command but the one that runs may load its heavy packages."""
    heavy = ("torch", "sklearn", "sympy", "pandas")
    code = f"import sys, sr2hls.cli.main; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
