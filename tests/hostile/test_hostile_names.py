"""Names from files with a meaning to shells, Tcl, C++, Verilog, HTML: they stay text on the whole road."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from sr2hls.data import InputFormat, load_dataset
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.project import write_hls
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.serialize import from_dict, to_dict
from sr2hls.rtl.project import write_rtl
from sr2hls.rtl.simulate import simulate
from sr2hls.target import Target
from sr2hls.verify.random_programs import corner_inputs, random_program

CANARY = "was_run"
NAMES = (
    "'; touch was_run; '",
    "$(touch was_run)",
    "`touch was_run`",
    "[exec touch was_run]",
    '"; system("touch was_run"); //',
    '*/ int bad = system("touch was_run"); /*',
    '\n`include "/etc/passwd"\n$system("touch was_run");',
    "{{ 7*7 }}{% import os %}",
    "<script>document.title='was_run'</script>",
    "../../was_run",
    "-rf",
    '\\\n#include "/etc/passwd"',
    "??/\n#define x",
    "\u202ex\u0000",
)


def _hostile(program: Program) -> Program:
    """The program as it would come from a file in which somebody changed every text."""
    data = to_dict(program)
    data["inputs"] = [f"{NAMES[k % len(NAMES)]}{k}" for k in range(program.n_inputs)]
    for k, output in enumerate(data["outputs"]):
        output["name"] = f"{NAMES[-1 - k % len(NAMES)]}{k}"
    for k, operation in enumerate(data["operations"]):
        operation["origin"] = NAMES[k % len(NAMES)]
    return from_dict(json.loads(json.dumps(data)))


@pytest.fixture(scope="module")
def programs() -> tuple[Program, Program]:
    plain = next(p for p in map(random_program, range(100)) if p.n_inputs >= 2 and len(p) > len(NAMES))
    return plain, _hostile(plain)


def test_cpp_and_tcl(
    programs: tuple[Program, Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain, hostile = programs
    project = write_hls(hostile, tmp_path / "hls", target=Target())
    raw = corner_inputs(plain, 200, seed=1)
    np.testing.assert_array_equal(CompiledProgram(project).run(raw), Interpreter(plain).run(raw))
    assert not list(tmp_path.rglob(f"*{CANARY}*"))
    for path in (tmp_path / "hls").rglob("*"):
        if path.suffix in (".cpp", ".h", ".tcl", ".sh", ".cfg") and "ap_types" not in path.parts:
            code = path.read_text(errors="replace")
            assert CANARY not in code, path
            assert "/etc/passwd" not in code, path


def test_verilog(programs: tuple[Program, Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain, hostile = programs
    project = write_rtl(hostile, tmp_path / "rtl", target=Target())
    raw = corner_inputs(plain, 100, seed=1)
    np.testing.assert_array_equal(simulate(project, raw), Interpreter(plain).run(raw))
    assert not [p for p in tmp_path.rglob("*") if p.name == CANARY]
    for path in (tmp_path / "rtl").rglob("*"):
        if path.suffix in (".v", ".sv", ".xdc", ".tcl"):
            code = re.sub(r"//.*", "", path.read_text(errors="replace"))
            assert "$system" not in code and '`include "/etc' not in code, path
            assert "<script>" not in code, path


def test_feature_names_of_a_data_file(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(60, len(NAMES)))
    printable = [n.replace("\x00", "") for n in NAMES]
    np.savez(tmp_path / "d.npz", X=X, y=np.arange(60) % 2, names=np.array(printable))
    dataset = load_dataset(tmp_path / "d.npz")
    assert all(name.isprintable() for name in dataset.names.display)
    assert dataset.names.display[:6] == tuple(printable[:6])
    for name in dataset.names.identifiers:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
    assert len(set(dataset.names.identifiers)) == len(NAMES)
    InputFormat.fit(X, dataset.names).save(tmp_path / "inputs.json")
    assert InputFormat.load(tmp_path / "inputs.json").names == dataset.names
