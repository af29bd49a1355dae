"""What can be proven, and how long it takes: the committed designs and random programs.

    python benchmarks/proofs.py designs [--limit 60]
    python benchmarks/proofs.py random [--programs 200] [--limit 60]
    python benchmarks/proofs.py bounds [--limit 60]
    python benchmarks/proofs.py page

`designs` builds every program in hw_reports/, maps it with Yosys and proves Verilog and netlist. `random`
proves the Verilog of random programs of every operation, width and mode. `bounds` computes how far committed
circuits can be from their printed formulas, for any input. All add one line for each to the
results, benchmarks/results/proofs.jsonl, and leave out what is there; `page` writes the tables.
"""

import argparse
import json
import re
import resource
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import sympy as sp

from sr2hls.errors import LoweringError
from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.prove.bound import error_bounds
from sr2hls.prove.rtl import Subject, prove_rtl
from sr2hls.report.store import load_report
from sr2hls.rtl.project import logic_for, write_rtl
from sr2hls.store.files import write_text
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.registry import tool_named
from sr2hls.target import Family, Target
from sr2hls.verify.random_programs import random_program

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "proofs.jsonl"
PAGE = HERE / "results" / "proofs.md"
WIDTHS = (14, 6, 20, 10, 14, 28, 14, 40, 10, 64)
"""Widest type drawn, one program after the other, as in bit_exactness.py."""
LIMIT_S = 60.0
PRODUCTS = (0, 8, 16, 24, 32, 128)
"""Upper ends of the classes of products, bits of both factors together; 0 is no product of two variables."""


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("designs", "random", "bounds", "page"))
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds for each claim")
    arguments = parser.parse_args()
    if arguments.what == "page":
        write_text(PAGE, page(read_results()))
        return
    done = {row["name"] for row in read_results()}
    if arguments.what == "random":
        rows = random(arguments, done)
    else:
        rows = (designs if arguments.what == "designs" else bounds)(arguments.limit, done)
    for row in rows:
        print(json.dumps(row), flush=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def read_results() -> list[dict[str, Any]]:
    """Return the rows so far."""
    if not RESULTS.is_file():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def designs(limit_s: float, done: set[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each committed design."""
    for path in sorted((HERE.parent / "hw_reports").glob("*/program.json")):
        name = path.parent.name
        if name in done:
            continue
        report = json.loads((path.parent / "report.json").read_text(encoding="utf-8"))
        target = Target(report["run"]["target"]["part"]) if "target" in report["run"] else Target()
        if "ecp5" in name:
            target = Target("LFE5U-25F")
        with tempfile.TemporaryDirectory(prefix="sr2hls-proofs-") as scratch:
            program, place = load(path), Path(scratch) / "rtl"
            project = write_rtl(program, place, target=target)
            tool = tool_named("ecp5" if target.family is Family.ECP5 else "yosys")
            netlists = place / "netlist"
            found = tool.synthesise(replace(HdlDesign.of(project), netlist=netlists), target, dsp=False)
            subject = Subject(program, project, logic_for(program, target), next(netlists.glob("*.v")))
            proofs = prove_rtl(subject, limit_s)
        lut = found.lut.value if found.lut else None
        bits = sum(t.width for t in program.input_types)
        yield {
            "kind": "design",
            "name": name,
            "lut": lut,
            "bits": bits,
            "proofs": [p.record() for p in proofs],
        }


def bounds(limit_s: float, done: set[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each committed design: bounds of its differences from what its report prints."""
    for path in sorted((HERE.parent / "hw_reports").glob("*/program.json")):
        name = f"{path.parent.name}, formulas"
        if name in done:
            continue
        report, program = load_report(path.parent), load(path)
        symbols = {f.name: sp.Symbol(f.name) for f in report.data.features}
        names = dict(zip(symbols.values(), map(sp.Symbol, program.input_names), strict=True))
        formulas = {
            output: sp.sympify(f.sympy, locals=dict(symbols)).xreplace(names)
            for output, f in zip(program.output_names, report.formulas, strict=True)
        }
        found, reasons = error_bounds(program, formulas, limit_s)
        details = [c.detail for c in report.verification.checks if c.name.startswith("error of ")]
        yield {
            "kind": "bound",
            "name": name,
            "bounds": [asdict(b) for b in found],
            "reasons": reasons,
            "measured": [re.findall(r"largest ([-+.\de]+)", d)[0] for d in details],
        }


def random(arguments: argparse.Namespace, done: set[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each random program."""
    for seed in range(arguments.programs):
        name = f"random-{seed}"
        if name in done:
            continue
        program = random_program(seed, max_width=WIDTHS[seed % len(WIDTHS)])
        with tempfile.TemporaryDirectory(prefix="sr2hls-proofs-") as scratch:
            try:
                project = write_rtl(program, Path(scratch) / "rtl", target=Target())
            except LoweringError as error:
                print(name, error)
                continue
            started = _cpu_seconds()
            proof = prove_rtl(Subject(program, project, logic_for(program, Target())), arguments.limit)[0]
        yield {
            "kind": "random",
            "name": name,
            "width": WIDTHS[seed % len(WIDTHS)],
            "product": widest_product(program),
            "cpu_seconds": round(_cpu_seconds() - started, 2),
            "proofs": [proof.record()],
        }


def _cpu_seconds() -> float:
    """Return processor time of this process and of what it ran: wall time depends on the neighbours."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


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
        "Written by `benchmarks/proofs.py`. Designs: wall time on two cores that others used",
    ]
    lines += ["as well. Programs: processor time, the solver's with it.", ""]
    lines += ["| design | LUT | input bits | Verilog = program | netlist = Verilog |"]
    lines += ["|---|---:|---:|---|---|"]
    for row in rows:
        if row["kind"] == "design":
            cells = [f"{p['outcome']}, {p['seconds']:.1f} s" for p in row["proofs"]]
            lines.append(f"| {row['name']} | {row['lut']:g} | {row['bits']} | {' | '.join(cells)} |")
    lines += [
        "",
        "How far circuits are from their printed formulas: on training data, and for any input.",
        "",
    ]
    lines += [
        "| design | largest on data | largest for any input | values computed | s |",
        "|---|---|---|---:|---:|",
    ]
    for row in rows:
        if row["kind"] == "bound":
            name, found = row["name"].removesuffix(", formulas"), row["bounds"]
            most = ", ".join(f"{max(-b['low'], b['high']):.3g}" for b in found) or row["reasons"][0]
            count, seconds = (sum(b[k] for b in found) for k in ("inputs", "seconds"))
            lines.append(f"| {name} | {', '.join(row['measured'])} | {most} | {count:,} | {seconds:.1f} |")
    lines += ["", "Random programs of 4 inputs and 22 operations of every kind: Verilog = program.", ""]
    lines += ["| widest product or quotient, bits of both | programs | proven within 60 s | median, s |"]
    lines += ["|---|---:|---:|---:|"]
    found = [row for row in rows if row["kind"] == "random"]
    for low, high in zip((-1, *PRODUCTS), PRODUCTS, strict=False):
        label = "none" if high == 0 else f"{max(low, 0) + 1} to {high}"
        lines.append(_share(label, [r for r in found if low < r["product"] <= high]))
    lines.append(_share("all", found))
    return "\n".join(lines) + "\n"


def _share(label: str, rows: list[dict[str, Any]]) -> str:
    proven = [r for r in rows if r["proofs"][0]["outcome"] == "proven" and r["cpu_seconds"] <= LIMIT_S]
    median = f"{statistics.median(r['cpu_seconds'] for r in proven):.1f}" if proven else "–"
    return f"| {label} | {len(rows)} | {len(proven)} | {median} |"


if __name__ == "__main__":
    main()
