"""``sr2hls costs``: what operators cost, as measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from rich.markup import escape
from rich.table import Table

from sr2hls.cli.flags import FLAGS
from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import grid
from sr2hls.options import MeasureOptions
from sr2hls.options.values import NAMES

if TYPE_CHECKING:
    from sr2hls.costs.measured_tables import MeasuredOperator, MeasuredTable

costs = App(name="costs", help="What operators cost in hardware: show the measured tables, measure anew.")


@costs.command
def show(
    *,
    family: Annotated[str, Parameter(alias="-f")] = "xcup",
    operator: Annotated[tuple[str, ...], NAMES] = (),
    bits: int | None = None,
    table: Path | None = None,
    shown: Shown = TEXT,
) -> None:
    """Print LUT, carry cells, flip-flops, DSP and delay of single operators, with where they come from.

    Example: `sr2hls costs show --operator mul,table`, or `sr2hls costs show -f ecp5 --json`.

    Args:
        family: `xcup` (UltraScale+), `xc7` (7 series) or `ecp5` (Lattice).
        operator: Only these, separated by commas, e.g. `mul,table`.
        bits: Only circuits with an input of this many bits.
        table: A table of your own (.csv) instead of the one that is shipped.

    Raises:
        InputError: an operator was not measured.
    """
    from sr2hls.costs.measured_tables import load_measured, measured_table
    from sr2hls.errors import InputError

    found = measured_table(family) if table is None else load_measured(table)
    known = sorted({r.operator for r in found.rows})
    unknown = next((name for name in operator if name not in known), None)
    if unknown is not None:
        raise InputError(f"operator '{unknown}' was not measured: there are {', '.join(known)}")
    rows = [
        r
        for r in found.rows
        if (not operator or r.operator in operator) and (bits is None or bits in r.widths)
    ]
    shown.show(_data(found, rows), _grid(rows), "", *_about(found))


@costs.command
def measure(options: Annotated[MeasureOptions, FLAGS], *, shown: Shown = TEXT) -> None:
    """Synthesise every operator alone (on ECP5: place and route it) and write the table of what it takes.

    Minutes to an hour, by the machine. What is done is kept: the same command goes on from there.

    Example: `sr2hls costs measure --family ecp5 -o costs`; run it again to go on after Ctrl-C.
    """
    from sr2hls.costs.measured_tables import load_measured
    from sr2hls.synthesis.operators.measure import measure as run

    with shown.working(
        f"interrupted: what is done is kept in '{options.output}'; the same command goes on from there"
    ) as progress:
        path = run(options, progress)
    found = load_measured(path)
    data = {"table": str(path), **_data(found, found.rows)}
    shown.show(data, _grid(found.rows), "", *_about(found), f"table: {path}")


def _data(table: "MeasuredTable", rows: Sequence["MeasuredOperator"]) -> dict[str, object]:
    from dataclasses import asdict

    return {"about": dict(table.about), "operators": [asdict(r) for r in rows]}


def _grid(rows: Sequence["MeasuredOperator"]) -> Table:
    table = grid(
        *("operator", "bits in>", "bits out>", "", "LUT>", "CARRY>", "FF>", "DSP>", "delay [ns]>"),
    )
    for r in rows:
        figures = [f"{v:g}" for v in (r.lut, r.carry, r.ff, r.dsp)]
        table.add_row(r.operator, r.in_bits, str(r.out_bits), escape(r.detail), *figures, f"{r.delay_ns:.2f}")
    return table


def _about(table: "MeasuredTable") -> list[str]:
    about = table.about
    return [
        f"measured on {about['date']} for {about['part']} after {about['step']} with {about['tools']}",
        f"LUT: {about['lut']}; delay: {about['delay_ns']}",
        f"made by: {about['command']}",
    ]
