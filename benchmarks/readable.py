"""Ways to find designs for the jets, side by side: accuracy, nodes, LUTs, cycles and CPU seconds.

    python benchmarks/readable.py

Every way gets the same network, data, effort and budget of LUTs, through `sr2hls.compile`; where no design
of a way meets the budget, it is asked once more without one, and the row says so. Beside them stand boosted
trees (conifer's, as a program of sr2hls) and the last formulas of a recorded run of PySR 1.5.10 for another
network of this kind (`tests/search/data/pysr_runs/jets`), lowered as published, ap_fixed<16,6>. Both are
rows of `benchmarks/jet_frontier.py`, taken where they are kept for the same data, network and target. A row
is made in a process of its own: CPU seconds are those of the process and its children, with building, proofs
and synthesis. Rows are kept and not made again.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import sympy as sp
from frontier_rows import Row, RowStore
from jet_frontier import facts_of
from published_rows import PYSR_RUN, pysr_row
from readable_fronts import EXAMPLES, PROBLEMS, table_row
from tree_rows import tree_rows

import sr2hls
from sr2hls.costs import Operators, node_count
from sr2hls.errors import BudgetError
from sr2hls.options import CompileOptions
from sr2hls.prepare import prepare
from sr2hls.progress import SilentProgress
from sr2hls.search import read_hall_of_fame
from sr2hls.search.joint.printing import count_nodes

RESULTS = Path(__file__).resolve().parent / "results"
MAX_LUT = 120
TREES = "trees-4x3"
WAYS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "readable": ("joint search, readable, to the bit", {"strategies": ("readable",)}),
    "lut-network": ("LUT network, tables free to move", {"strategies": ("lut-network",), "tables": "free"}),
    "additive": ("additive model, formulas fitted to its functions", {"strategies": ("additive",)}),
    "operon": ("Operon alone, one front an output", {"strategies": ("fronts",), "engine": "operon"}),
    "eql": ("equation learners alone", {"strategies": ("fronts",), "engine": "eql"}),
}
TITLES = (
    "design", "accuracy, test", "of the network's", "nodes", "LUT", "cycles", "CPU s", "remarks",
)  # fmt: skip


def compiled(way: str, effort: str, folder: Path) -> dict[str, Any]:
    """Compile the jets in one way; within the budget if there is such a design."""
    title, how = WAYS[way]
    network, rows = (EXAMPLES / name for name in PROBLEMS["jets"])
    given = {"effort": effort, "baseline": False, "jobs": 1, **how}
    try:
        result, remark = sr2hls.compile(network, rows, folder / way, max_lut=MAX_LUT, **given), ""
    except BudgetError:
        result = sr2hls.compile(network, rows, folder / f"{way}-any", **given)
        remark = f"no design of at most {MAX_LUT} LUT"
    report, hardware = result.report, result.circuit.hardware
    assert report.judgement is not None and hardware is not None and hardware.lut is not None
    shown = sum(int(formula.complexity) for formula in report.formulas)
    return {
        "title": title,
        "test": report.judgement.models[0].score,
        "of_network": report.judgement.models[0].score / report.judgement.models[1].score,
        "nodes": None if way == "lut-network" else shown,
        "lut": hardware.lut.value,
        "cycles": result.circuit.rtl.latency_cycles,
        "measured_by": f"{hardware.tool} {hardware.version}",
        "remark": remark,
    }


def beside(key: str, title: str, folder: Path) -> dict[str, Any]:
    """Return a row of the table of jet designs, kept or made now."""
    options = _options(folder)
    prepared = prepare(options, SilentProgress())
    store = RowStore(RESULTS / "jet_frontier.json", facts_of(prepared, options))
    kept = key in store
    makers: Mapping[str, Callable[[], Iterable[Row]]] = {
        TREES: lambda: tree_rows(prepared.problem, 4, 3, 0, options.target, folder / "trees"),
        "pysr": lambda: pysr_row(options, folder / "pysr"),
    }
    (row,) = store.group(key, makers[key])
    nodes = _recorded_nodes(len(prepared.problem.types)) if key == "pysr" else None
    call = json.loads((PYSR_RUN / "call.json").read_text(encoding="utf-8"))
    remarks = ["kept row of jet_frontier.json"] if kept else []
    if key == "pysr":
        remarks.append(f"recorded: its search took {call['fit_s']:.0f} s of another machine")
    return {
        "title": title,
        "test": row.test,
        "of_network": row.test / prepared.problem.teacher_score(prepared.problem.test),
        "nodes": nodes,
        "lut": row.lut,
        "cycles": row.cycles,
        "measured_by": row.measured_by,
        "remark": "; ".join(remarks),
        "kept": kept,
    }


MAKERS: Mapping[str, Callable[[str, Path], dict[str, Any]]] = {
    TREES: lambda _, folder: beside(TREES, "boosted trees, 4 a class of depth 3", folder),
    "pysr": lambda _, folder: beside("pysr", "PySR 1.5.10 alone", folder),
    **{way: (lambda e, f, way=way: compiled(way, e, f)) for way in WAYS},  # type: ignore[misc]
}


def _options(folder: Path) -> CompileOptions:
    network, rows = (EXAMPLES / name for name in PROBLEMS["jets"])
    return CompileOptions(checkpoint=network, data=rows, output=folder / "unused")


def page(kept: Mapping[str, Any]) -> str:
    """Return the table as Markdown."""
    lines = [
        "# Ways to find designs, side by side\n",
        f"Made by `python benchmarks/readable.py --effort {kept['effort']}`, which says how. Jets of the",
        f"example; effort {kept['effort']}, at most {MAX_LUT} LUT asked for. LUT: measured by Yosys after",
        "synthesis for xcvu9p. Cycles: registers of the RTL at 5 ns, placed by alkaid's delay model",
        f"(estimated). Standard error of an accuracy: 0.005. CPU seconds of a busy {kept['machine']}.",
        "Nothing was chosen on the test split.\n",
        table_row(TITLES),
        table_row(["---"] * len(TITLES)),
    ]
    for name in MAKERS:
        row = kept["rows"].get(name)
        if row is None:
            continue
        spent = "–" if row.get("kept") else f"{row['cpu_s']:.0f}"
        cells = [
            row["title"], f"{row['test']:.4f}", f"{row['of_network']:.3f}", row["nodes"] or "–",
            f"{row['lut']:,.0f}", f"{row['cycles']:.0f}", spent, row["remark"],
        ]  # fmt: skip
        lines.append(table_row(cells))
    missing = [WAYS[name][0] if name in WAYS else name for name in MAKERS if name not in kept["rows"]]
    if missing:
        lines.append(f"\nNot made yet: {'; '.join(missing)}. The same command makes them.")
    return "\n".join(lines) + "\n"


def _recorded_nodes(inputs: int) -> int:
    """Nodes of the last formula of each recorded front."""
    names = [f"f{k}" for k in range(inputs)]
    frontier = read_hall_of_fame(PYSR_RUN, cost=node_count(Operators()), input_names=names)
    return sum(count_nodes(sp.sympify(front.candidates[-1].expr)) for front in frontier.fronts)


def main() -> None:
    """Make the rows that are missing, each in a process, and write JSON and Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--effort", default="low", choices=("low", "medium", "high"))
    parser.add_argument("--output", type=Path, default=RESULTS / "readable.json")
    parser.add_argument("--row", choices=sorted(MAKERS), help="make one row and print it")
    args = parser.parse_args()
    if args.row is not None:
        with tempfile.TemporaryDirectory(prefix="readable-") as folder:
            print(json.dumps(MAKERS[args.row](args.effort, Path(folder))))
        return
    kept = {"effort": args.effort, "machine": platform.machine(), "rows": {}}
    if args.output.is_file():
        kept = json.loads(args.output.read_text(encoding="utf-8"))
        if kept["effort"] != args.effort:
            sys.exit(f"'{args.output}' has rows of effort {kept['effort']}: give another --output")
    for name in MAKERS:
        if name in kept["rows"]:
            continue
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(
            [sys.executable, __file__, "--row", name, "--effort", args.effort],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = json.loads(run.stdout.splitlines()[-1])
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        row["cpu_s"] = None if row.get("kept") else spent
        kept["rows"][name] = row
        print(name, row, flush=True)
        args.output.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        args.output.with_suffix(".md").write_text(page(kept), encoding="utf-8")
    print(page(kept))


if __name__ == "__main__":
    main()
