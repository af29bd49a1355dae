"""``sr2hls costs``: what operators cost, as measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from sr2hls.cli.arguments import split_numbers
from sr2hls.cli.failure import INTERRUPTED, say
from sr2hls.cli.output import JsonOption, Output, QuietOption, VerboseOption
from sr2hls.cli.pairs import split_names

if TYPE_CHECKING:
    from sr2hls.costs.measured import MeasuredOperator, MeasuredTable

costs = typer.Typer(
    no_args_is_help=True, help="What operators cost in hardware: show the measured tables, measure anew."
)

FamilyOption = Annotated[
    str, typer.Option("--family", "-f", help="`xcup` (UltraScale+), `xc7` (7 series) or `ecp5` (Lattice).")
]
OperatorOption = Annotated[
    list[str] | None, typer.Option("--operator", help="Only these, separated by commas, e.g. `mul,table`.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(costs, name="costs")


@costs.command(
    epilog="Example: `sr2hls costs show --operator mul,table`, or `sr2hls costs show -f ecp5 --json`."
)
def show(
    family: FamilyOption = "xcup",
    operator: OperatorOption = None,
    bits: Annotated[int | None, typer.Option(help="Only circuits with an input of this many bits.")] = None,
    table: Annotated[
        Path | None, typer.Option(help="A table of your own (.csv) instead of the one that is shipped.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print LUT, carry cells, flip-flops, DSP and delay of single operators, with where they come from."""
    from sr2hls.costs.measured import load_measured, measured_table
    from sr2hls.errors import InputError

    found = measured_table(family) if table is None else load_measured(table)
    wanted = split_names(operator)
    known = sorted({r.operator for r in found.rows})
    for name in wanted or ():
        if name not in known:
            raise InputError(f"operator '{name}' was not measured: there are {', '.join(known)}")
    rows = [
        r
        for r in found.rows
        if (wanted is None or r.operator in wanted) and (bits is None or bits in r.widths)
    ]
    output = Output(json)
    output.data(_data(found, rows))
    output.text(_grid(rows), "", *_about(found))


@costs.command(
    epilog="Example: `sr2hls costs measure --family ecp5 -o costs`; run it again to go on after Ctrl-C."
)
def measure(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the tables.")],
    family: FamilyOption = "xcup",
    operator: OperatorOption = None,
    widths: Annotated[
        str, typer.Option(help="Bits of the arguments of single operators, separated by commas.")
    ] = "4,6,8,10,12,14,16,18",
    seed: Annotated[int, typer.Option(help="Of constants, entries of tables and the placer.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Begin anew.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Synthesise every operator alone (on ECP5: place and route it) and write the table of what it takes.

    Minutes to an hour, by the machine. What is done is kept: the same command goes on from there.
    """
    from sr2hls.costs.measured import load_measured
    from sr2hls.synthesis.operators.measure import MeasureOptions
    from sr2hls.synthesis.operators.measure import measure as run

    out = Output(json, quiet, verbose)
    options = MeasureOptions(
        family=family,
        output=output,
        seed=seed,
        overwrite=overwrite,
        only=split_names(operator) or (),
        widths=split_numbers(widths, "--widths"),
        # Without the folder: the record goes with the table wherever that goes.
        command=f"sr2hls costs measure --family {family} --widths {widths} --seed {seed}"
        + (f" --operator {','.join(operator)}" if operator else ""),
    )
    with out.progress() as progress:
        try:
            path = run(options, progress)
        except KeyboardInterrupt:
            say(f"interrupted: what is done is kept in '{output}'; the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from None
    found = load_measured(path)
    out.data({"table": str(path), **_data(found, found.rows)})
    out.text(_grid(found.rows), "", *_about(found), f"table: {path}")


def _data(table: "MeasuredTable", rows: Sequence["MeasuredOperator"]) -> dict[str, object]:
    from dataclasses import asdict

    return {"about": dict(table.about), "operators": [asdict(r) for r in rows]}


def _grid(rows: Sequence["MeasuredOperator"]) -> Table:
    grid = Table(box=None, pad_edge=False)
    for title in ("operator", "bits in", "bits out", ""):
        grid.add_column(title, justify="left" if title in ("operator", "") else "right")
    for title in ("LUT", "CARRY", "FF", "DSP", "delay [ns]"):
        grid.add_column(title.replace("[", "\\["), justify="right")
    for r in rows:
        figures = [f"{v:g}" for v in (r.lut, r.carry, r.ff, r.dsp)]
        grid.add_row(r.operator, r.in_bits, str(r.out_bits), escape(r.detail), *figures, f"{r.delay_ns:.2f}")
    return grid


def _about(table: "MeasuredTable") -> list[str]:
    about = table.about
    return [
        f"measured on {about['date']} for {about['part']} after {about['step']} with {about['tools']}",
        f"LUT: {about['lut']}; delay: {about['delay_ns']}",
        f"made by: {about['command']}",
    ]
