"""How far off is the longest path counted on a netlist? On ECP5, where nextpnr places and routes.

    python benchmarks/netlist_path.py > benchmarks/results/netlist_path.md

Every operator of `sr2hls costs measure` is mapped once more by the same passes; what its path takes was
measured by nextpnr and is in the table that comes with sr2hls. Delays of a level are fitted by non-negative
least squares of relative errors (scipy's `nnls`), in turns with the longest path, which depends on them.
Operators with a DSP block are left out: a block is no level. The mapping takes about ten minutes of CPU time;
with ``--netlists FILE`` the netlists are kept there, and taken from there if they are.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from sr2hls.costs.measured_tables import MeasuredTable, measured_table
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.level_delays import ECP5, LevelDelays
from sr2hls.synthesis.netlist_path import longest_path
from sr2hls.synthesis.operators.grid import grid
from sr2hls.synthesis.together import ecp5_together
from sr2hls.target import Target

_BATCH = 64
_ROUNDS = 25
Netlist = tuple[list[str], float, dict[str, Any]]
"""What an operator is found by, its measured delay in ns, and its module of Yosys' JSON."""


def netlists(table: MeasuredTable) -> Iterator[Netlist]:
    """Map every operator of the grid that uses no DSP block."""
    measured = {(r.operator, r.in_bits, r.detail): r.delay_ns for r in table.rows}
    points = [point for point in grid() if not point.dsp]
    for first in range(0, len(points), _BATCH):
        batch = points[first : first + _BATCH]
        with tempfile.TemporaryDirectory() as scratch:
            target = Target(table.about["part"], clock_ns=1000.0)
            projects = [
                write_rtl(
                    p.program,
                    Path(scratch) / f"op{k}",
                    target=target,
                    name=f"op{k}",
                    logic=to_alkaid(p.program, slack=0, rows=True),
                )
                for k, p in enumerate(batch)
            ]
            found = ecp5_together(projects, dsp=False).netlist
        assert found is not None
        modules = json.loads(found)["modules"]
        for point, project in zip(batch, projects, strict=True):
            yield list(point.key), measured[point.key], modules[project.name]


def fitted(rows: list[Netlist]) -> tuple[LevelDelays, NDArray[np.float64], NDArray[np.float64]]:
    """Return the delays, and the delays estimated and measured of each operator."""
    ns = np.array([delay for _, delay, _ in rows])
    delays = np.array([0.8, 0.4, 0.05, 0.3, 0.9])
    for _ in range(_ROUNDS):
        counted = counts(rows, LevelDelays(*delays.tolist()))
        found, _ = nnls(counted / ns[:, None], np.ones(len(ns)))
        delays = (delays + found) / 2
    return LevelDelays(*delays.tolist()), counted @ delays, ns


def counts(rows: list[Netlist], delays: LevelDelays) -> NDArray[np.float64]:
    """Return what the longest path of each operator passes, shape (operators, kinds of delay)."""
    paths = [longest_path(module, delays) for *_, module in rows]
    assert all(path is not None for path in paths)
    return np.array([[p.luts, p.carries, p.bits, p.muxes, 1.0] for p in paths if p is not None])


def print_page(rows: list[Netlist], about: str) -> None:
    """Print what was found as Markdown."""
    delays, estimated, ns = fitted(rows)
    error = estimated / ns - 1
    half = fitted(rows[::2])[0]
    on_rest = counts(rows[1::2], half) @ np.array(astuple(half)) / ns[1::2] - 1
    print("# The longest path counted on a netlist, beside place and route\n")
    print(f"Made by `python benchmarks/netlist_path.py`, which says how; measured: {about}.\n")
    print(
        f"{len(rows)} operators. The estimate is off by {100 * np.median(abs(error)):.1f} % (median), nine "
        f"of ten by\nless than {100 * np.quantile(abs(error), 0.9):.0f} %, all by less than "
        f"{100 * abs(error).max():.0f} %. Fitted to every other operator, it is off by\n"
        f"{100 * np.median(abs(on_rest)):.1f} % (median) on the rest.\n"
    )
    print("| a path passes | fitted, ns | in sr2hls, ns |\n|---|---|---|")
    names = ("LUT with its wire", "carry chain", "bit of a carry", "multiplexer", "registers at both ends")
    for name, key in zip(names, LevelDelays.__slots__, strict=True):
        print(f"| {name} | {getattr(delays, key):.3f} | {getattr(ECP5, key):.3f} |")
    print("\n| operator | circuits | median error | least | largest |\n|---|---|---|---|---|")
    kinds = [key[0] for key, *_ in rows]
    for kind in dict.fromkeys(kinds):
        own = 100 * error[[k == kind for k in kinds]]
        print(f"| {kind} | {len(own)} | {np.median(own):+.0f} % | {own.min():+.0f} % | {own.max():+.0f} % |")


def main() -> None:
    """Map, fit, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--netlists", type=Path)
    kept: Path | None = parser.parse_args().netlists
    table = measured_table("ecp5")
    if kept is not None and kept.is_file():
        rows: list[Netlist] = [tuple(row) for row in json.loads(kept.read_text(encoding="utf-8"))]
    else:
        rows = list(netlists(table))
        if kept is not None:
            kept.write_text(json.dumps(rows), encoding="utf-8")
    print_page(rows, f"{table.about['tools']}, {table.about['part']}")


if __name__ == "__main__":
    main()
