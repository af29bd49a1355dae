"""What can be proven, and how long it takes: committed designs, explored fronts and random programs.

    python benchmarks/proofs.py designs [--limit 300] [--names jet_tagger,units]
    python benchmarks/proofs.py explored FOLDER ... [--limit 300]
    python benchmarks/proofs.py random [--programs 200] [--limit 300]
    python benchmarks/proofs.py page

`designs` builds every program in hw_reports/, maps it with Yosys and proves Verilog and netlist. `explored`
does so for every design of explorations (folders of `sr2hls explore`), with formulas and passes. `random`
proves the Verilog of random programs of every operation, width and mode, in an order that is drawn once, so
that any number of them is a fair sample. All add one line for each to the results,
benchmarks/results/proofs.jsonl, and leave out what is there; a random program that was left open before it
had its 60 seconds of processor time is tried again at the end, as the wall time that `--limit` counts is
shared with others. `page` writes the tables.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from proof_rows import append_rows, cpu_seconds, read_rows

from sr2hls.circuit import with_shorter_stages
from sr2hls.errors import LoweringError
from sr2hls.flow.design_file import design_of
from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.prove.formula import formula_row
from sr2hls.prove.passes import passes_row
from sr2hls.prove.proof import Proof
from sr2hls.prove.rtl import NETLIST, VERILOG, ProofSubject, prove_rtl
from sr2hls.rtl.project import RtlProject, logic_for, write_rtl
from sr2hls.store.files import write_text
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.synthesis.registry import tool_named
from sr2hls.target import Family, Target
from sr2hls.verify.random_programs import random_program

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "proofs.jsonl"
PAGE = HERE / "results" / "proofs.md"
WIDTHS = (14, 6, 20, 10, 14, 28, 14, 40, 10, 64)
"""Widest type drawn, one program after the other, as in bit_exactness.py."""
LIMIT_S = 60.0
"""Processor time within which a random program counts as proven."""
PRODUCTS = (0, 8, 16, 24, 32, 128)
"""Upper ends of the classes of products, bits of both factors together; 0 is no product of two variables."""


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("designs", "explored", "random", "page"))
    parser.add_argument("folders", nargs="*", type=Path, help="of explorations")
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--names", default="", help="designs of hw_reports/, with commas; by default all")
    parser.add_argument("--limit", type=float, default=300.0, help="wall seconds for each claim")
    arguments = parser.parse_args()
    rows = latest()
    if arguments.what != "page":
        make = {"designs": designs, "explored": explored, "random": random}
        append_rows(RESULTS, make[arguments.what](arguments, rows))
    write_text(PAGE, page(list(latest().values())))


def latest() -> dict[str, dict[str, Any]]:
    """Return the rows so far by name, the last of each."""
    return {row["name"]: row for row in read_rows(RESULTS)}


def designs(arguments: argparse.Namespace, done: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each committed design."""
    names = arguments.names.split(",") if arguments.names else []
    for path in sorted((HERE.parent / "hw_reports").glob("*/program.json")):
        name = path.parent.name
        if name in done or (names and name not in names):
            continue
        report = json.loads((path.parent / "report.json").read_text(encoding="utf-8"))
        target = Target(report["run"]["target"]["part"]) if "target" in report["run"] else Target()
        if "ecp5" in name:
            target = Target("LFE5U-25F")
        yield {"kind": "design", "name": name, **_built_and_proven(load(path), target, arguments.limit)}


def explored(arguments: argparse.Namespace, done: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each design of explorations, which are called by their folders' names."""
    for folder in arguments.folders:
        for place in sorted(path.parent for path in folder.glob("*/rtl")):
            name, design = f"{folder.name}/{place.name}", design_of(place)
            if name in done or design is None:
                continue
            row = _built_and_proven(design.program, Target(), arguments.limit)
            proofs = [made(design, arguments.limit)[1] for made in (passes_row, formula_row)]
            row["proofs"] += [proof.record() for proof in proofs if proof is not None]
            yield {"kind": "explored", "name": name, **row}


def _built_and_proven(program: Program, target: Target, limit_s: float) -> dict[str, Any]:
    """Build a program, map it and prove its Verilog and netlist."""
    with tempfile.TemporaryDirectory(prefix="sr2hls-proofs-") as scratch:
        place = Path(scratch) / "rtl"
        tool = tool_named("ecp5" if target.family is Family.ECP5 else "yosys")
        netlists = place / "netlist"

        def mapped(target: Target) -> tuple[RtlProject, HardwareReport]:
            project = write_rtl(program, place, target=target)
            design = replace(HdlDesign.of(project), netlist=netlists)
            return project, tool.synthesise(design, target, dsp=False)

        project, found = mapped(target)
        shorter = with_shorter_stages(program, project, target, found)
        if shorter is not None:
            target = shorter
            project, found = mapped(target)
        subject = ProofSubject(program, project, logic_for(program, target), next(netlists.glob("*.v")))
        proofs = []
        for claim in (VERILOG, NETLIST):
            started = cpu_seconds()
            proofs.append(_timed(prove_rtl(subject, limit_s, [claim])[0], started))
    return {
        "lut": found.lut.value if found.lut else None,
        "srl": found.srl.value if found.srl else None,
        "bits": sum(t.width for t in program.input_types),
        "cycles": project.latency_cycles,
        "proofs": proofs,
    }


def _timed(proof: Proof, started: float) -> dict[str, Any]:
    return {**proof.record(), "cpu_seconds": round(cpu_seconds() - started, 2)}


def random(arguments: argparse.Namespace, done: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each random program."""
    order = np.random.default_rng(16).permutation(arguments.programs).tolist()
    for seed in sorted(order, key=lambda seed: f"random-{seed}" in done):
        name = f"random-{seed}"
        if name in done and (_is_proven(done[name]) or done[name]["cpu_seconds"] > LIMIT_S):
            continue
        program = random_program(seed, max_width=WIDTHS[seed % len(WIDTHS)])
        with tempfile.TemporaryDirectory(prefix="sr2hls-proofs-") as scratch:
            try:
                project = write_rtl(program, Path(scratch) / "rtl", target=Target())
            except LoweringError as error:
                print(name, error)
                continue
            started = cpu_seconds()
            proof = prove_rtl(ProofSubject(program, project, logic_for(program, Target())), arguments.limit)[
                0
            ]
        yield {
            "kind": "random",
            "name": name,
            "width": WIDTHS[seed % len(WIDTHS)],
            "product": widest_product(program),
            "cpu_seconds": round(cpu_seconds() - started, 2),
            "proofs": [proof.record()],
        }


def widest_product(program: Program) -> int:
    """Return the bits of both factors of the widest product of two variables; 0 without one."""
    widths = [0]
    for op in program.ops:
        args = [program.ops[a] for a in op.args]
        if isinstance(op, ops.Mul | ops.Div) and not any(isinstance(a, ops.Constant) for a in args):
            widths.append(sum(a.type.width for a in args))
    return max(widths)


def page(rows: list[dict[str, Any]]) -> str:
    """Return the tables."""
    lines = [
        "# Proofs",
        "",
        "Written by `benchmarks/proofs.py`. Seconds: processor time, the solver's with it",
    ]
    lines += ["(one thread; two cores that others used as well).", ""]
    lines += ["| design | LUT | cycles | input bits | Verilog = program | netlist = Verilog |"]
    lines += ["|---|---:|---:|---:|---|---|"]
    lines += [_design_line(row, 2) for row in rows if row["kind"] == "design"]
    found = [row for row in rows if row["kind"] == "explored"]
    if found:
        lines += [
            "",
            "Designs of explorations, made again by the commands in `hw_reports/README.md`. Formulas are",
        ]
        lines += [
            "claimed where tables are symbolic; free tables have an error that their report states.",
            "",
        ]
        lines += ["| design | LUT | cycles | input bits | Verilog = program | netlist = Verilog | formulas |"]
        lines += ["|---|---:|---:|---:|---|---|---|", *(_design_line(row, 3) for row in found)]
    lines += ["", "Random programs of 4 inputs and 22 operations of every kind: Verilog = program.", ""]
    lines += [
        "| widest product or quotient, bits of both | programs | proven within 60 s | median, s "
        "| open, with less than 60 s so far |"
    ]
    lines += ["|---|---:|---:|---:|---:|"]
    found = [row for row in rows if row["kind"] == "random"]
    for low, high in zip((-1, *PRODUCTS), PRODUCTS, strict=False):
        label = "none" if high == 0 else f"{max(low, 0) + 1} to {high}"
        lines.append(_share(label, [r for r in found if low < r["product"] <= high]))
    lines.append(_share("all", found))
    return "\n".join(lines) + "\n"


def _design_line(row: dict[str, Any], claims: int) -> str:
    proofs = [p for p in row["proofs"] if not p["claim"].startswith("program after")]
    cells = [f"{p['outcome']}, {p.get('cpu_seconds', p['seconds']):.1f} s" for p in proofs[:claims]]
    cells += ["not claimed"] * (claims - len(cells))
    luts = f"{row['lut']:g} + {row['srl']:g} SRL" if row.get("srl") else f"{row['lut']:g}"
    head = f"| {row['name']} | {luts} | {row['cycles']} | {row['bits']} | "
    return head + " | ".join(cells) + " |"


def _is_proven(row: dict[str, Any]) -> bool:
    return bool(row["proofs"][0]["outcome"] == "proven")


def _share(label: str, rows: list[dict[str, Any]]) -> str:
    proven = [r for r in rows if _is_proven(r) and r["cpu_seconds"] <= LIMIT_S]
    median = f"{statistics.median(r['cpu_seconds'] for r in proven):.1f}" if proven else "–"
    short = sum(not _is_proven(r) and r["cpu_seconds"] <= LIMIT_S for r in rows)
    return f"| {label} | {len(rows)} | {len(proven)} | {median} | {short} |"


if __name__ == "__main__":
    main()
