"""How far off the model of a program's area and delay is, on programs that its fit never saw.

    python benchmarks/cost_model.py                  # fit and judge on the figures in data/cost_model
    python benchmarks/cost_model.py --write          # and write the coefficients that the package ships
    python benchmarks/cost_model.py --make           # make the programs anew (cost_model_programs.py)
    python benchmarks/cost_model.py --measure        # synthesise, place and route those without figures

LUTs are those of `--synthesis yosys` for xcvu9p at 5 ns without DSP blocks; the delay is that of the whole
program in one stage on an LFE5U-25F after place and route, 1000 / Fmax. Measuring goes on where it was
interrupted.
"""

import argparse
import csv
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from cost_model_fit import fit_area, fit_delay, model_data
from scipy.stats import spearmanr

from sr2hls.costs.measured_tables import measured_table, shipped_families
from sr2hls.program.blocks import blocks_of
from sr2hls.program.predict import ProgramModel, model_from
from sr2hls.program.program import Program
from sr2hls.program.serialize import digest, from_dict, to_dict
from sr2hls.program.size import estimate_luts
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.ecp5 import nextpnr_version, place_and_route
from sr2hls.synthesis.operators.grid import grid
from sr2hls.synthesis.together import clock_of, ecp5_together, xilinx_together
from sr2hls.synthesis.yosys import resources
from sr2hls.synthesis.yosys_run import yosys_version
from sr2hls.target import Family, Target

HERE = Path(__file__).resolve().parent
DATA = HERE / "data" / "cost_model"
PROGRAMS, FIGURES = DATA / "programs.jsonl.gz", DATA / "figures.csv"
MODEL = HERE.parent / "sr2hls" / "program" / "data" / "program_model.json"
COLUMNS = ("name", "part", "lut", "ns")
LEAST_LUTS = 10
"""Smaller programs are left out: one LUT more or less would be a tenth."""
OPERATOR_WEIGHT = 0.5
"""Of a single operator in the fit, beside a program's 1."""
_ROUTED = 16
_MAPPED = 20

KINDS = {
    "random formulas": ("formula",),
    "random operations": ("operations",),
    "random sums": ("sum",),
    "additive models of the jets": ("jets5b", "jets6b"),
}
# How many programs of each kind, and the least and the most LUTs by the estimate of the passes.
WANTED = {
    ("judge", "formula"): (19, 20, 260), ("judge", "operations"): (6, 20, 140),
    ("judge", "jets5b"): (9, 15, 420), ("judge", "jets6b"): (9, 15, 420), ("judge", "pysr"): (24, 20, 330),
    ("fit", "formula"): (64, 20, 260), ("fit", "operations"): (20, 20, 140), ("fit", "sum"): (30, 15, 400),
}  # fmt: skip

Figures = dict[str, dict[str, float | None]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for flag in ("--make", "--measure", "--write"):
        parser.add_argument(flag, action="store_true")
    options = parser.parse_args()
    if options.make:
        make()
    programs = read_programs()
    if options.measure:
        measure(programs)
    report(programs, read_figures(), write=options.write)


def make() -> None:
    """Write the programs; those that are there stay, so that their figures do, too."""
    from cost_model_programs import programs_to_fit, programs_to_judge

    kept = [(part, n, p) for n, (part, p) in read_programs().items()] if PROGRAMS.is_file() else []
    wanted = {key: count - _count(kept, key) for key, (count, _, _) in WANTED.items()}
    drawn: list[tuple[str, str, Program]] = []
    for part, source in (("fit", programs_to_fit), ("judge", programs_to_judge)):
        if any(count > 0 for (of, _), count in wanted.items() if of == part):
            drawn += [(part, n, p) for n, p in source()]
    write_programs(kept + choose(drawn, kept, wanted))


def _count(programs: list[tuple[str, str, Program]], key: tuple[str, str]) -> int:
    return sum((part, kind_of(name)) == key for part, name, _ in programs)


def write_programs(chosen: list[tuple[str, str, Program]]) -> None:
    """Write programs with their parts and names."""
    DATA.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(PROGRAMS, "wb", mtime=0) as out:
        for part, name, program in chosen:
            line = json.dumps({"name": name, "part": part, "program": to_dict(program)})
            out.write(f"{line}\n".encode())


def choose(
    drawn: list[tuple[str, str, Program]],
    kept: list[tuple[str, str, Program]],
    wanted: dict[tuple[str, str], int],
) -> list[tuple[str, str, Program]]:
    """Return some of each kind, none twice, spread evenly: measuring all would take an hour.

    Args:
        drawn: part, name and program of all that may be chosen.
        kept: those that are chosen already.
        wanted: how many of each part and kind.
    """
    groups: dict[tuple[str, str], list[tuple[str, str, Program]]] = {key: [] for key in wanted}
    seen = {digest(program) for _, _, program in kept}
    names = {name for _, name, _ in kept}
    for part, name, program in drawn:
        size, key = estimate_luts(program), (part, kind_of(name))
        if size and digest(program) not in seen and name not in names and key in wanted:
            _, low, high = WANTED[key]
            if low <= size <= high:
                groups[key].append((part, name, program))
        seen.add(digest(program))
    found = []
    for key, some in groups.items():
        count = min(max(0, wanted[key]), len(some))
        found += [some[int(k * len(some) / count)] for k in range(count)]
    return found


def kind_of(name: str) -> str:
    """Return the kind of a program by its name."""
    return next((start for starts in KINDS.values() for start in starts if name.startswith(start)), "pysr")


def read_programs() -> dict[str, tuple[str, Program]]:
    """Return name to part (fit or judge) and program."""
    with gzip.open(PROGRAMS, "rt", encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return {e["name"]: (e["part"], from_dict(e["program"])) for e in entries}


def read_figures() -> Figures:
    """Return name to measured LUTs and delay."""
    if not FIGURES.is_file():
        return {}
    with FIGURES.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {r["name"]: {k: float(r[k]) if r[k] else None for k in ("lut", "ns")} for r in rows}


def write_figures(programs: dict[str, tuple[str, Program]], figures: Figures) -> None:
    """Write what is measured, in the order of the programs."""
    with FIGURES.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in (n for n in programs if n in figures):
            lut, ns = figures[name].get("lut"), figures[name].get("ns")
            cells = ["" if lut is None else f"{lut:g}", "" if ns is None else f"{ns:.3f}"]
            writer.writerow([name, programs[name][0], *cells])


def measure(programs: dict[str, tuple[str, Program]]) -> None:
    """Run the tools, batch by batch; what is done is kept."""
    figures = read_figures()
    for key, size, run in (("lut", _MAPPED, map_luts), ("ns", _ROUTED, route)):
        left = [n for n in programs if figures.get(n, {}).get(key) is None]
        for start in range(0, len(left), size):
            names = left[start : start + size]
            started = time.perf_counter()
            for name, value in run([programs[n][1] for n in names], names).items():
                figures.setdefault(name, {})[key] = value
            write_figures(programs, figures)
            print(f"{key}: {start + len(names)} of {len(left)}, {time.perf_counter() - started:.0f} s")


def map_luts(programs: list[Program], names: list[str]) -> dict[str, float]:
    """Return LUTs by `--synthesis yosys`."""
    target = Target()
    with tempfile.TemporaryDirectory() as work:
        projects = [
            write_rtl(p, Path(work) / f"p{k}", target=target, name=f"p{k}") for k, p in enumerate(programs)
        ]
        cells = xilinx_together(projects, Family.ULTRASCALE_PLUS, target.clock_ns, dsp=False)
    return {n: resources(cells[p.name])["lut"] for n, p in zip(names, projects, strict=True)}


def route(programs: list[Program], names: list[str]) -> dict[str, float]:
    """Return the routed delay of each program as one stage, several in one device, each with a clock."""
    target = Target("LFE5U-25F", clock_ns=1000.0)
    with tempfile.TemporaryDirectory() as work:
        projects = [
            write_rtl(p, Path(work) / f"p{k}", target=target, name=f"p{k}", logic=to_alkaid(p, slack=0))
            for k, p in enumerate(programs)
        ]
        mapped = ecp5_together(projects, dsp=False)
    assert mapped.netlist is not None
    routed = place_and_route(mapped.netlist, size="25k", frequency_mhz=200.0)
    found = {n: routed.fmax_mhz.get(clock_of(p.name)) for n, p in zip(names, projects, strict=True)}
    return {name: 1000.0 / fmax for name, fmax in found.items() if fmax}


def report(programs: dict[str, tuple[str, Program]], figures: Figures, *, write: bool) -> None:
    """Fit, judge and print."""
    fit = [(p, figures[n]) for n, (part, p) in programs.items() if part == "fit" and n in figures]
    luts = [(p, f["lut"]) for p, f in fit if f["lut"] and f["lut"] >= LEAST_LUTS]
    single = operators("xcup", "lut")
    both = [*luts, *(o for o in single if o[1] >= LEAST_LUTS)]
    routed = [*((p, f["ns"]) for p, f in fit if f["ns"]), *operators("ecp5", "delay_ns")]
    judged = {n: (p, figures[n]) for n, (part, p) in programs.items() if part == "judge" and n in figures}
    for figure, some in (("lut", luts), ("ns", routed)):
        if not some or not any(f.get(figure) for _, f in judged.values()):
            raise SystemExit(f"there are too few figures of '{figure}': run with --measure first")
    weights = np.array([1.0] * len(luts) + [OPERATOR_WEIGHT] * (len(both) - len(luts)))
    area = fit_area([blocks_of(p) for p, _ in both], np.array([v for _, v in both]), weights)
    ns, spread = fit_delay([p for p, _ in routed], np.array([v for _, v in routed]), area)
    tools = {"yosys": f"Yosys {yosys_version()}", "nextpnr": f"nextpnr-ecp5 {nextpnr_version()}"}
    today = datetime.now(UTC).date().isoformat()
    largest = max(v for _, v in luts)
    data = model_data(area, ns, spread, largest=largest, date=today, tools=tools)
    model = model_from(data)
    errors, text = judge(model, judged)
    print(
        f"Fitted to {len(luts)} programs and {len(both) - len(luts)} measured operators (LUT), {len(routed)} "
        f"programs and operators (delay); measured with {tools['yosys']}, {tools['nextpnr']}.\n\n{text}"
    )
    print("\n" + speed(model, [p for p, _ in judged.values()]))
    if write:
        data |= errors
        MODEL.parent.mkdir(exist_ok=True)
        MODEL.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def operators(family: str, figure: str) -> list[tuple[Program, float]]:
    """Return the circuits of the measured table without DSP blocks, and one of their figures."""
    if family not in shipped_families():
        return []
    table = measured_table(family)
    rows = {(r.operator, r.in_bits, r.detail): r for r in table.rows}
    return [
        (p.program, float(getattr(rows[p.key], figure)))
        for p in grid(int(table.about["seed"]), [int(w) for w in table.about["widths"].split()])
        if p.key in rows and not p.dsp
    ]


def judge(
    model: ProgramModel, judged: dict[str, tuple[Program, dict[str, float | None]]]
) -> tuple[dict[str, str], str]:
    """Return the errors in words and as a table, for all programs and each kind."""
    groups = {"all": list(judged)}
    for kind, starts in KINDS.items():
        groups[kind] = [n for n in judged if kind_of(n) in starts]
    groups["formulas of PySR runs"] = [n for n in judged if kind_of(n) == "pysr"]
    groups = {kind: names for kind, names in groups.items() if names}
    lines = [
        "| programs | LUT: programs | median error | 90th percentile | old estimate's median "
        "| delay: programs | rank correlation | median error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    words: dict[str, str] = {}
    for kind, names in groups.items():
        lut = [(judged[n][0], judged[n][1]["lut"]) for n in names]
        lut = [(p, v) for p, v in lut if v and v >= LEAST_LUTS]
        true = np.array([v for _, v in lut])
        error = np.abs(np.array([model.luts(p) for p, _ in lut]) / true - 1)
        old = np.abs(np.array([estimate_luts(p) for p, _ in lut]) / true - 1)
        routed = [(judged[n][0], judged[n][1]["ns"]) for n in names]
        routed = [(p, v) for p, v in routed if v]
        measured = np.array([v for _, v in routed])
        predicted = np.array([model.delay_ns(p) for p, _ in routed])
        rank = float(spearmanr(predicted, measured).statistic) if len(routed) > 2 else float("nan")
        off = np.abs(predicted / measured - 1)
        lines.append(
            f"| {kind} | {len(lut)} | {np.median(error):.1%} | {np.quantile(error, 0.9):.1%} "
            f"| {np.median(old):.1%} | {len(routed)} | {rank:.3f} | {np.median(off):.1%} |"
        )
        if kind == "all":
            words["lut_error"] = (
                f"median {np.median(error):.1%}, 90th percentile {np.quantile(error, 0.9):.1%} on {len(lut)} "
                "programs that the fit never saw"
            )
            words["ns_error"] = (
                f"median {np.median(off):.1%}, rank correlation {rank:.3f} on {len(routed)} programs that "
                "the fit never saw"
            )
    return words, "\n".join(lines)


def speed(model: ProgramModel, programs: list[Program]) -> str:
    """Return how long a prediction takes, beside the way through alkaid's logic, cost and delay."""
    predicted = _seconds(lambda p: model.delay_of(blocks_of(p), p), programs)
    lowered = _seconds(lambda p: to_alkaid(p, slack=0), programs)
    count = np.mean([len(p) for p in programs])
    return (
        f"A prediction of LUTs and delay takes {1e6 * predicted:.0f} µs of one core for a program of "
        f"{count:.0f} operations on average ({1e6 * predicted / count:.1f} µs an operation); lowering it to "
        f"alkaid's logic for its cost and delay takes {lowered / predicted:.0f} times as long."
    )


def _seconds(run: Callable[[Program], object], programs: list[Program]) -> float:
    """Return the processor time of a call, after one in which entries of tables are looked at and kept."""
    for p in programs:
        run(p)
    started = time.process_time()
    for p in programs:
        run(p)
    return (time.process_time() - started) / len(programs)


if __name__ == "__main__":
    main()
