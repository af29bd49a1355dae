"""Planted faults in Verilog and netlists: are they refuted, does a simulator agree, would test rows have
shown them?

    python benchmarks/proof_faults.py plant [--each 10] [--limit 300] [--designs NAMES] [--kept DIR]
    python benchmarks/proof_faults.py page

Ten kinds, `--each` of every kind, half of them in the mapped netlist where the kind exists there. A fault
that changes nothing is proven to change nothing and another is drawn in its place; one that is not settled is
kept as open, and another is drawn as well. Rounding modes and overflow modes are changed in the program that
the Verilog is written from. For each fault that is refuted, the counter-example is simulated with Verilator,
and so are 9,400 rows: the test rows of the jets where the fault is in the jets' circuit, uniform ones for the
others. Every fault has its own seed and adds a line to benchmarks/results/proof_faults.jsonl, so that a run
goes on where another stopped; `page` writes the table.
"""

import argparse
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from proof_rows import append_rows, cpu_seconds, read_rows

from sr2hls.data.inputs import InputFormat
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.serialize import digest, load
from sr2hls.program.types import Overflow, Rounding
from sr2hls.prove.confirm import cell_models
from sr2hls.prove.proof import Counterexample, Outcome
from sr2hls.prove.rtl import NETLIST, ProofSubject, prove_rtl
from sr2hls.prove.rtl import VERILOG as VERILOG_CLAIM
from sr2hls.rtl.project import RtlProject, load_project, logic_for, write_rtl
from sr2hls.rtl.simulate import simulate_many
from sr2hls.store.files import write_text
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.registry import tool_named
from sr2hls.target import Target
from sr2hls.verify.random_programs import random_program

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "proof_faults.jsonl"
REPORTS = HERE.parent / "hw_reports"
DESIGNS = ("jet_tagger", "neural_ode", "pinn_heat", "units")
N_ROWS = 9400
Rng = np.random.Generator
Mode = TypeVar("Mode", Rounding, Overflow)
Edit = Callable[[str, Rng], str | None]
"""Takes Verilog; returns it with a fault, None where there is no place for one."""


@dataclass(frozen=True)
class Built:
    """A design on disk with its mapped netlist."""

    name: str
    program: Program
    project: RtlProject
    netlist: Path | None
    rows: NDArray[np.int64]


def _one(text: str, pattern: str, rng: Rng, change: Callable[[re.Match[str]], str | None]) -> str | None:
    found = list(re.finditer(pattern, text, re.MULTILINE | re.DOTALL))
    for k in rng.permutation(len(found)):
        new = change(found[k])
        if new is not None and new != found[k][0]:
            return text[: found[k].start()] + new + text[found[k].end() :]
    return None


def _parameter(position: int, step: Callable[[int], int]) -> Edit:
    def edit(text: str, rng: Rng) -> str | None:
        def change(m: re.Match[str]) -> str | None:
            numbers = [int(n) for n in m[1].split(",")]
            numbers[position] = step(numbers[position])
            return (
                f"shift_adder #({','.join(map(str, numbers))})"
                if numbers[position] > 0 or position > 1
                else None
            )

        return _one(text, r"shift_adder #\(([-\d,]+)\)", rng, change)

    return edit


def _flip(digits: str, rng: Rng) -> str:
    at = int(rng.integers(len(digits)))
    return digits[:at] + ("1" if digits[at] == "0" else "0") + digits[at + 1 :]


def _table_entry(text: str, rng: Rng) -> str | None:
    return _one(text, r"'b([01]{8,})", rng, lambda m: f"'b{_flip(m[1], rng)}")


def _lut_entry(text: str, rng: Rng) -> str | None:
    def change(m: re.Match[str]) -> str:
        bits = int(m[1])
        return f"{bits}'h{int(m[2], 16) ^ 1 << int(rng.integers(bits)):0{bits // 4}x}"

    return _one(text, r"(16|32|64)'h([0-9a-f]+)(?=\)\n)", rng, change)


def _operand(text: str, rng: Rng) -> str | None:
    def change(m: re.Match[str]) -> str | None:
        others = [v for v in re.findall(rf"wire \[{m[3]}:0\] (v\d+);", text[: m.start()]) if v != m[2]]
        return f"{m[1]}{rng.choice(others)}[{m[3]}:0]" if others else None

    return _one(text, r"(op_\d+ \(v\d+\[\d+:0\],)(v\d+)\[(\d+):0\]", rng, change)


def _lut_operand(text: str, rng: Rng) -> str | None:
    nets = re.findall(r"\.I\d\((.*?)\)", text)
    return _one(text, r"(\.I[0-5]\()([^)]*?)\)", rng, lambda m: f"{m[1]}{rng.choice(nets)})")


def _swapped_output(text: str, rng: Rng) -> str | None:
    def change(m: re.Match[str]) -> str | None:
        low, high = int(m[2]), int(m[1])
        if high == low:
            return None
        k = int(rng.integers(low, high))
        parts = [f"packed_out[{high}:{k + 2}]"] if k + 2 <= high else []
        parts += [f"packed_out[{k}]", f"packed_out[{k + 1}]"]
        parts += [f"packed_out[{k - 1}:{low}]"] if k > low else []
        return ", ".join(parts)

    return _one(text, r"packed_out\[(\d+):(\d+)\](?= *\})", rng, change)


def _bypassed_stage(text: str, rng: Rng) -> str | None:
    def change(m: re.Match[str]) -> str | None:
        n = int(m[2])
        fed = re.search(rf"{re.escape(m[3])}\[\d+:0\] <= (\w+)\[", text)
        if fed is None or n < 2:
            return None
        k = int(rng.integers(1, n))
        return f"assign {m[1]}[{n}:0] = {{{m[3]}[{n}:{k + 1}], {fed[1]}[{k}], {m[3]}[{k - 1}:0]}};"

    return _one(text, r"assign (\w+)\[(\d+):0\] = (stage\d+_reg)\[\d+:0\];", rng, change)


def _bypassed_register(text: str, rng: Rng) -> str | None:
    pattern = r"  FDRE #\(\n.*?\.D\((.*?)\),\n\s*\.Q\((.*?)\),\n.*?\);\n"
    return _one(text, pattern, rng, lambda m: f"  assign {m[2]} = {m[1]};\n")


def _index_bits(text: str, rng: Rng) -> str | None:
    def change(m: re.Match[str]) -> str:
        bits = m[2].split(", ")
        a, b = rng.choice(len(bits), size=2, replace=False)
        bits[a], bits[b] = bits[b], bits[a]
        return f"{m[1]}[{{{', '.join(bits)}}}]"

    return _one(text, r"(t\d+)\[\{(in\[\d+\](?:, in\[\d+\])+)\}\]", rng, change)


def _dropped_carry(text: str, rng: Rng) -> str | None:
    def change(m: re.Match[str]) -> str:
        bits = [b.strip() for b in m[2].split(",")]
        at = int(rng.integers(len(bits)))
        bits[at] = "1'h0"
        return f"{m[1]}{{ {', '.join(bits)} }})"

    return _one(text, r"(\.DI\()\{ ([^}]*?) \}\)", rng, change)


def _lut_pins(text: str, rng: Rng) -> str | None:
    def change(m: re.Match[str]) -> str:
        pins = re.findall(r"\.I\d\((.*?)\)", m[0])
        a, b = rng.choice(len(pins), size=2, replace=False)
        pins[a], pins[b] = pins[b], pins[a]
        return ",\n".join(f"    .I{k}({pin})" for k, pin in enumerate(pins))

    return _one(text, r"    \.I0\(.*?\),\n    \.I1\(.*?\)(?:,\n    \.I[2-5]\(.*?\))*", rng, change)


def _swapped_registers(text: str, rng: Rng) -> str | None:
    ports = set(re.findall(r"output \[\d+:0\] (\w+);", text))
    bits = [m for m in re.finditer(r"\.Q\((\w+)( ?\[\d+\])\)", text) if m[1] in ports]
    pairs = [(a, b) for a in bits for b in bits if a.start() < b.start() and a[1] == b[1]]
    if not pairs:
        return None
    a, b = pairs[int(rng.integers(len(pairs)))]
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


VERILOG: dict[str, Edit] = {
    "width": _parameter(0, lambda n: n - 1),
    "table entry": _table_entry,
    "sign": _parameter(2, lambda n: 1 - n),
    "adder's operand": _operand,
    "swapped output": _swapped_output,
    "pipeline stage": _bypassed_stage,
    "index bit": _index_bits,
}
MAPPED: dict[str, Edit] = {
    "table entry": _lut_entry,
    "adder's operand": _lut_operand,
    "swapped output": _swapped_registers,
    "pipeline stage": _bypassed_register,
    "index bit": _lut_pins,
    "dropped carry": _dropped_carry,
}
MODES = ("rounding mode", "saturation")
KINDS = (*VERILOG, "dropped carry", *MODES)


def build(name: str, program: Program, place: Path, rows: NDArray[np.int64], *, mapped: bool) -> Built:
    """Write a design and map it, unless it is there."""
    netlist = place / "netlist" / "xilinx.v"
    if netlist.is_file() and load_project(place).program_digest == digest(program):
        return Built(name, program, load_project(place), netlist, rows)
    project = write_rtl(program, place, target=Target(), vectors=rows[:16])
    if mapped:
        design = replace(HdlDesign.of(project), netlist=netlist.parent)
        tool_named("yosys").synthesise(design, Target(), dsp=False)
    return Built(name, program, project, netlist if mapped else None, rows)


def rows_of(name: str, program: Program) -> NDArray[np.int64]:
    """Return the test rows of the jets, uniform rows for any other design."""
    if name == "jet_tagger":
        data = np.load(HERE.parent / "examples" / "jet_tagger" / "jets.npz")
        test = list(data["split_names"]).index("test")
        return InputFormat.load(REPORTS / name / "inputs.json").raw(data["X"][data["split"] == test])
    rng = np.random.default_rng(0)
    low, high = ([getattr(t, k) for t in program.input_types] for k in ("raw_min", "raw_max"))
    return rng.integers(low, high, size=(N_ROWS, len(low)), endpoint=True)


def planted(built: Built, kind: str, rng: Rng, place: Path, in_netlist: bool) -> ProofSubject | None:
    """Return a subject with a fault, None where the design has no place for one."""
    shutil.copytree(built.project.directory, place, ignore=shutil.ignore_patterns("build"))
    project = load_project(place)
    if in_netlist:
        netlist = place / "netlist" / "xilinx.v"
        text = MAPPED[kind](netlist.read_text(), rng) if netlist.is_file() else None
        if text is None:
            return None
        netlist.write_text(text)
        return ProofSubject(built.program, project, logic_for(built.program, Target()), netlist)
    for k in rng.permutation(len(project.sources)):
        path = project.sources[k]
        text = VERILOG[kind](path.read_text(), rng) if path.name != "shift_adder.v" else None
        if text is not None:
            path.write_text(text)
            return ProofSubject(built.program, project, logic_for(built.program, Target()))
    return None


def _other(modes: list[Mode], old: Mode, rng: Rng) -> Mode:
    others = [mode for mode in modes if mode is not old]
    return others[int(rng.integers(len(others)))]


def other_mode(kind: str, rng: Rng, place: Path) -> tuple[Built, ProofSubject]:
    """Return a random program and the Verilog of one with another mode."""
    program = random_program(int(rng.integers(10_000)), n_operations=10, max_width=8)
    at = int(rng.integers(program.n_inputs, len(program.ops)))
    op = program.ops[at]
    rounding, overflow = op.type.rounding, op.type.overflow
    if kind == "rounding mode":
        rounding = _other(list(Rounding), rounding, rng)
    else:
        overflow = _other(list(Overflow), overflow, rng)
    type_ = op.type.with_modes(rounding, overflow)
    changed = replace(program, ops=(*program.ops[:at], replace(op, type=type_), *program.ops[at + 1 :]))
    rows = rows_of("random", program)
    built = build("random program", changed, place, rows, mapped=False)
    return built, ProofSubject(program, built.project, logic_for(program, Target()))


def shown(
    subject: ProofSubject, rows: NDArray[np.int64], found: Counterexample, in_netlist: bool
) -> tuple[bool, bool]:
    """Return whether a simulator shows a fault for a counter-example, and whether it does for rows."""
    project, every = subject.project, np.concatenate([rows, found.rows])
    if in_netlist and subject.netlist is not None:
        cells = project.directory / "cells.v"
        cells.write_text(cell_models(subject.netlist))
        project = replace(project, sources=(cells, subject.netlist))
    wrong = (simulate_many([project], [every])[0] != Interpreter(subject.program).run(every)).any(axis=1)
    return bool(wrong[len(rows) + found.at]), bool(wrong[: len(rows)].any())


def sides(kind: str, each: int) -> list[tuple[bool, int]]:
    """Return where a kind is planted, in the netlist or not, and how often."""
    if kind not in MAPPED:
        return [(False, each)]
    return [(False, each - each // 2), (True, each // 2)] if kind in VERILOG else [(True, each)]


def plant(arguments: argparse.Namespace, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield a row for each fault until enough of every kind are refuted.

    Args:
        arguments: of the command.
        rows: of earlier runs, by kind, side and number.
    """
    done = {(row["kind"], row["netlist"], row["number"]): row for row in rows}
    with tempfile.TemporaryDirectory(prefix="sr2hls-faults-") as scratch:
        work = Path(scratch)
        designs = []
        for name in arguments.designs.split(","):
            program = load(REPORTS / name / "program.json")
            place = (arguments.kept or work) / name / "rtl"
            designs.append(build(name, program, place, rows_of(name, program), mapped=True))
        for kind in KINDS:
            for in_netlist, wanted in sides(kind, arguments.each):
                refuted = number = 0
                while refuted < wanted:
                    row = done.get((kind, in_netlist, number))
                    if row is None:
                        rng = np.random.default_rng([16, KINDS.index(kind), in_netlist, number])
                        row = {"kind": kind, "netlist": in_netlist, "number": number}
                        row |= one_fault(designs, kind, in_netlist, rng, work / "fault", arguments.limit)
                        yield row
                    refuted += row["outcome"] == Outcome.REFUTED.value
                    number += 1


def one_fault(
    designs: Sequence[Built], kind: str, in_netlist: bool, rng: Rng, place: Path, limit_s: float
) -> dict[str, Any]:
    """Plant one fault, prove about it and simulate it; the row says no place where there is none for it."""
    shutil.rmtree(place, ignore_errors=True)
    if kind in MODES:
        built, subject = other_mode(kind, rng, place)
    else:
        built = designs[int(rng.integers(len(designs)))]
        planted_in = planted(built, kind, rng, place, in_netlist)
        if planted_in is None:
            return {"design": built.name, "outcome": "no place"}
        subject = planted_in
    started = cpu_seconds()
    (proof,) = prove_rtl(subject, limit_s, [NETLIST if in_netlist else VERILOG_CLAIM])
    row = {
        "design": built.name,
        "outcome": proof.outcome.value,
        "solver": proof.solver,
        "note": proof.note,
        "cpu_seconds": round(cpu_seconds() - started, 2),
    }
    if proof.counterexample is not None:
        confirmed, seen = shown(subject, built.rows, proof.counterexample, in_netlist)
        row |= {"confirmed": confirmed, "missed by rows": not seen}
        row["input"] = proof.counterexample.describe(subject.project.inputs)
    return row


def main() -> None:
    """Plant, prove and count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("plant", "page"))
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for each proof")
    parser.add_argument("--designs", default=",".join(DESIGNS), help="of hw_reports/, with commas")
    parser.add_argument("--kept", type=Path, help="directory of designs that are built once")
    arguments = parser.parse_args()
    if arguments.what == "plant":
        append_rows(RESULTS, plant(arguments, read_rows(RESULTS)))
    write_text(HERE / "results" / "proof_faults.md", page(read_rows(RESULTS)))


def page(rows: list[dict[str, Any]]) -> str:
    """Return the table."""
    lines = [
        "# Planted faults",
        "",
        "Written by `benchmarks/proof_faults.py`. A fault is looked for on 8,192 corners",
    ]
    lines += ["and random inputs of the gates first; what these do not show is left to the solver.", ""]
    lines += [
        "| kind | refuted | in the netlist | by the solver | simulator agrees | missed by 9,400 rows | open "
        "| proven to change nothing, drawn again |"
    ]
    lines += ["|---|---:|---:|---:|---:|---:|---:|---:|"]
    for kind in KINDS:
        lines.append(_counted(kind, [row for row in rows if row["kind"] == kind]))
    return "\n".join([*lines, _counted("all", rows)]) + "\n"


def _counted(label: str, rows: list[dict[str, Any]]) -> str:
    outcomes = [row["outcome"] for row in rows]
    counts = [
        outcomes.count(Outcome.REFUTED.value),
        sum(row["netlist"] and row["outcome"] == Outcome.REFUTED.value for row in rows),
        sum(row["outcome"] == Outcome.REFUTED.value and "ABC" in row["solver"] for row in rows),
        sum(row.get("confirmed", False) for row in rows),
        sum(row.get("missed by rows", False) for row in rows),
        outcomes.count(Outcome.OPEN.value),
        outcomes.count(Outcome.PROVEN.value),
    ]
    return f"| {label} | {' | '.join(map(str, counts))} |"


if __name__ == "__main__":
    main()
