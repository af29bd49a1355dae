import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sr2hls.data.inputs import InputFormat
from sr2hls.data.names import FeatureNames
from sr2hls.data.scaler import InputScaler
from sr2hls.errors import InputError, VerificationError
from sr2hls.options import CompileOptions
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove import abc
from sr2hls.prove.circuit import kept_vectors, prove_circuit
from sr2hls.prove.confirm import differences
from sr2hls.prove.folder import verify_folder
from sr2hls.prove.proof import Outcome
from sr2hls.prove.rtl import ProofSubject, prove_rtl
from sr2hls.rtl.icarus import find_icarus, run_testbench
from sr2hls.rtl.project import RtlProject, load_project, logic_for, write_rtl
from sr2hls.target import Target
from sr2hls.verify.agree import Agreement


def _program() -> Program:
    rng = np.random.default_rng(3)
    builder = Builder({name: FixedType(True, 7, 4) for name in ("mass", "width", "angle")})
    tables = [builder.table([k], rng.integers(-60, 60, size=128), FixedType(True, 7, 4)) for k in range(3)]
    first = builder.push(ops.Add(args=(tables[0], tables[1]), type=FixedType(True, 8, 5)))
    second = builder.push(ops.Sub(args=(first, tables[2]), type=FixedType(True, 9, 6)))
    return builder.program({"sum": first, "rest": second})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("proofs") / "rtl"
    write_rtl(_program(), place, target=Target(clock_ns=1.5))
    return place


@pytest.fixture
def project(written: Path, tmp_path: Path) -> RtlProject:
    shutil.copytree(written, tmp_path / "result" / "rtl")
    return load_project(tmp_path / "result" / "rtl")


def _subject(project: RtlProject) -> ProofSubject:
    program = load(project.directory / "program.json")
    return ProofSubject(program, project, logic_for(program, Target(clock_ns=1.5)))


def _edit(project: RtlProject, name: str, change: Callable[[str], str]) -> None:
    """Change the first source of a name that the change takes hold of."""
    named = [path for path in project.sources if path.name.startswith(name)]
    path = next(path for path in named if change(path.read_text()) != path.read_text())
    path.write_text(change(path.read_text()))


def test_verilog_is_proven(project: RtlProject) -> None:
    (proof,) = prove_rtl(_subject(project), 60)
    assert proof.proven
    assert proof.solver.startswith("ABC of Yosys")


def _flip_entry(text: str) -> str:
    at = text.index("'b") + 9
    return text[:at] + ("0" if text[at] == "1" else "1") + text[at + 1 :]


def _spoil_one_input(text: str) -> str:
    return text.replace("= stage0_reg[20:0];", "= stage0_reg[20:0] ^ {21{stage0_reg == 21'h0abcde}};")


FAULTS: dict[str, tuple[str, Callable[[str], str]]] = {
    "table entry": ("top_core_tables.v", _flip_entry),
    "adder": ("top_stage", lambda t: re.sub(r",0\) op", ",1) op", t, count=1)),
    "output": ("top.v", lambda t: t.replace("packed_out[7:0]", "{packed_out[6:0], packed_out[7]}")),
    "stage": ("top_core.v", lambda t: t.replace("stage0_reg[20:0];", "{stage0_reg[20:1], model_inp[0]};")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_refuted_and_the_simulator_agrees(project: RtlProject, fault: str) -> None:
    _edit(project, *FAULTS[fault])
    subject = _subject(project)
    (proof,) = prove_rtl(subject, 60)
    assert proof.outcome is Outcome.REFUTED
    assert proof.counterexample is not None
    assert differences(project, subject.program, proof.counterexample)


def test_a_rare_difference_is_found_by_the_solver(project: RtlProject) -> None:
    """One input in 2^21: simulation of random inputs misses it, the solver does not."""
    _edit(project, "top_core.v", _spoil_one_input)
    (proof,) = prove_rtl(_subject(project), 60)
    assert proof.outcome is Outcome.REFUTED
    assert proof.solver.startswith("ABC of Yosys")
    assert proof.counterexample is not None
    raw = proof.counterexample.rows[0] & 127
    assert (int(raw[2]) << 14 | int(raw[1]) << 7 | int(raw[0])) == 0x0ABCDE


def test_registers_that_feed_themselves_are_not_proven(project: RtlProject) -> None:
    _edit(
        project,
        "top_core.v",
        lambda t: t.replace("<= model_inp[20:0]", "<= model_inp[20:0] ^ stage0_reg[20:0]"),
    )
    (proof,) = prove_rtl(_subject(project), 60)
    assert proof.outcome is Outcome.OPEN
    assert proof.note == "a register or a gate of the circuit feeds itself"


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (None, "the solver ABC is missing: run 'pip install pyosys'"),
        ("sleep 30", "the solver ABC did not settle it within"),
        ("exit 3", "the solver ABC failed: it ended with code 3"),
        ("echo 'INPUT: a = 1h0.  OUTPUT NOT EQUIVALENT'", "gave a counter-example that is none"),
    ],
)
def test_a_solver_that_is_missing_hangs_dies_or_lies_leaves_the_claim_open(
    project: RtlProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, says: str
) -> None:
    program = None if script is None else _script(tmp_path / "abc", script)
    monkeypatch.setattr(abc, "find_abc", lambda: program)
    (proof,) = prove_rtl(_subject(project), 2 if script == "sleep 30" else 12)
    assert proof.outcome is Outcome.OPEN
    assert says in proof.note


@pytest.mark.parametrize(
    ("script", "says"),
    [("sleep 30", "Yosys did not finish within 1 s"), ("exit 3", "Yosys failed with code 3")],
)
def test_a_yosys_that_hangs_or_dies_leaves_the_claim_open(
    project: RtlProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    worker = _script(tmp_path / "python", script)
    monkeypatch.setattr("sr2hls.synthesis.yosys_run.sys.executable", str(worker))
    (proof,) = prove_rtl(_subject(project), 1)
    assert proof.outcome is Outcome.OPEN and proof.vectors == 0
    assert says in proof.note


def test_what_a_dead_solver_leaves_is_said_to_be_tested(
    project: RtlProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abc, "find_abc", lambda: _script(tmp_path / "abc", "exit 3"))
    lines = verify_folder(project.directory, 30).lines()
    said = next(line for line in lines if line.startswith("Verilog (Verilator)"))
    assert re.fullmatch(r"Verilog \(Verilator\): tested, equal on \d+ vectors", said)
    assert "Verilog = program: not proven, the solver ABC failed: it ended with code 3" in lines


def test_a_netlist_of_cells_is_proven_and_refuted(tmp_path: Path) -> None:
    bit = FixedType(False, 1, 1)
    builder = Builder({"a": bit, "b": bit})
    program = builder.program({"y": builder.push(ops.Min(args=(0, 1), type=bit))})
    project = write_rtl(program, tmp_path / "rtl", target=Target())
    netlist = tmp_path / "xilinx.v"
    cells = """
module top(input clk, input [0:0] a, input [0:0] b, output [0:0] y);
  wire p, q, r;
  FDRE #(.INIT(1'hx)) f0 (.C(clk), .CE(1'h1), .D(a), .Q(p), .R(1'h0));
  FDRE #(.INIT(1'hx)) f1 (.C(clk), .CE(1'h1), .D(b), .Q(q), .R(1'h0));
  LUT2 #(.INIT(4'hINIT)) l (.I0(p), .I1(q), .O(r));
  FDRE #(.INIT(1'hx)) f2 (.C(clk), .CE(1'h1), .D(r), .Q(y), .R(1'h0));
endmodule
"""
    for init, outcome in (("8", Outcome.PROVEN), ("9", Outcome.REFUTED)):
        netlist.write_text(cells.replace("INIT(4'hINIT)", f"INIT(4'h{init})"))
        subject = ProofSubject(program, project, logic_for(program, Target()), netlist)
        assert [p.outcome for p in prove_rtl(subject, 60)] == [Outcome.PROVEN, outcome]


@pytest.mark.skipif(
    find_icarus() is None, reason="needs Icarus Verilog on PATH (Debian: apt install iverilog)"
)
def test_a_second_simulator_agrees_or_says_that_it_does_not(project: RtlProject) -> None:
    assert run_testbench(project) == 256
    _edit(project, *FAULTS["table entry"])
    with pytest.raises(VerificationError, match=r"differs from its vectors under Icarus Verilog"):
        run_testbench(project)


def test_a_folder_is_verified_and_an_edited_one_is_refused(project: RtlProject) -> None:
    folder = project.directory.parent
    found = verify_folder(folder, 60)
    assert any("proven for every input (ABC of Yosys" in line for line in found.lines())
    _edit(project, "top_core.v", _spoil_one_input)
    with pytest.raises(
        VerificationError, match="the Verilog differs from the program for the input mass = "
    ) as first:
        verify_folder(folder, 60)
    assert "output 'sum' is" in str(first.value)
    assert len(kept_vectors(project)) == 1
    # The input is a test vector from now on: it is found without a proof.
    with pytest.raises(
        VerificationError, match=r"Verilog \(Verilator\) differs from the integer interpreter in 2 of"
    ):
        verify_folder(folder, 0)


def test_a_counter_example_is_said_in_the_units_of_the_features(project: RtlProject) -> None:
    """The rare input is 0x0abcde: 94, 121 and 42 of 7 bits, 3 of them fractional; the sign comes first."""
    scaler = InputScaler(np.array([100.0, 0.0, 1.0]), np.array([8.0, 1.0, -2.0]), "file")
    names = FeatureNames.of(("mass of W", "width", "angle"), 3)
    types = tuple(port.type.with_modes(Rounding.RND, Overflow.SAT) for port in project.inputs)
    InputFormat(names, scaler, types).save(project.directory.parent / "inputs.json")
    _edit(project, "top_core.v", _spoil_one_input)
    said = r"for the input mass of W = 66, width = -0.875, angle = -9.5: output"
    with pytest.raises(VerificationError, match=said):
        verify_folder(project.directory.parent, 60)


def test_a_name_that_is_a_command_is_refused(project: RtlProject) -> None:
    record = project.directory / "project.json"
    record.write_text(record.read_text().replace('"name": "top"', '"name": "top; exec -- touch here"'))
    with pytest.raises(InputError, match="cannot be the name of a module"):
        verify_folder(project.directory, 0)


def test_unknown_bits_are_not_equal_to_each_other(project: RtlProject) -> None:
    _edit(project, "top.v", lambda t: t.replace("assign sum = {", "wire p, q; assign sum = {8{p ^ q}} ^ {"))
    (proof,) = prove_rtl(_subject(project), 60)
    assert proof.outcome is Outcome.REFUTED


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(InputError, match=r"prove_s is -1\.0: give a number of at least 0"):
        CompileOptions(checkpoint=Path("a"), data=Path("b"), output=Path("c"), prove_s=-1.0)


def test_a_netlist_that_cannot_be_read_has_no_row(project: RtlProject) -> None:
    netlist = project.directory / "netlist" / "xilinx.v"
    netlist.parent.mkdir()
    netlist.write_text("module top(input clk, output [0:0] z); INV c (.I(clk), .O(z)); endmodule\n")
    subject = replace(_subject(project), netlist=netlist)
    rows, proofs = prove_circuit(subject, (Agreement("Verilog (Verilator)", 1, 2),), 60)
    assert [row.executor for row in rows] == ["Verilog (Verilator)"]
    assert rows[0].proof.startswith("ABC of Yosys")
    assert proofs[1].outcome is Outcome.OPEN
    assert proofs[1].note == "'top' has no output 'sum' of 8 bits: it is not this project's"


@pytest.mark.parametrize("predicate", [ops.Predicate.EQ, ops.Predicate.NE])
def test_no_wire_is_read_that_nothing_drives(predicate: ops.Predicate, tmp_path: Path) -> None:
    # The constant 0 has no bits, so that the Verilog has no wire for it.
    builder = Builder({"x": FixedType(True, 9, 0)})
    program = builder.program({"y": builder.compare(predicate, builder.constant(0, 0), builder["x"])})
    project = write_rtl(program, tmp_path / "rtl", target=Target())
    (proof,) = prove_rtl(ProofSubject(program, project, logic_for(program, Target())), 60)
    assert proof.proven
    read = re.findall(r"\bv\d+\b", "".join(path.read_text() for path in project.sources))
    declared = re.findall(r"wire \[\d+:\d+\] (v\d+);", "".join(path.read_text() for path in project.sources))
    assert set(read) == set(declared)


def test_a_difference_that_the_simulator_shows_is_preferred(project: RtlProject) -> None:
    """A narrower adder leaves a bit undriven, for which a simulator takes 0 and a solver anything."""
    _edit(project, "top_stage", lambda t: re.sub(r"(v\d+\[)(\d+)(:0\]\);)", _one_bit_less, t, count=1))
    subject = _subject(project)
    (proof,) = prove_rtl(subject, 60)
    assert proof.counterexample is not None
    assert differences(project, subject.program, proof.counterexample)


def _one_bit_less(match: re.Match[str]) -> str:
    return f"{match[1]}{int(match[2]) - 1}{match[3]}"
