"""``sr2hls search``: formulas for data, without a network."""

from typing import Annotated

from rich.markup import escape

from sr2hls.cli.config import ConfigFile
from sr2hls.cli.failure import INTERRUPTED
from sr2hls.cli.flags import FLAGS
from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import grid
from sr2hls.options import StudyOptions


def search(options: Annotated[StudyOptions, FLAGS], *, config: ConfigFile = None, shown: Shown = TEXT) -> int:
    """Search formulas for the targets of a data file: outputs, seeds and engines side by side.

    Complexity is what a formula costs on the FPGA. What is finished is kept: run the same command again after
    Ctrl-C or a crash, or with more seeds.

    Example: `sr2hls search data.csv --target-column force --seeds 0,1 --jobs 2 -o force`, then
    `sr2hls lower force --data data.csv -o circuit`. The same command again goes on where it stopped.
    """
    with shown.working("interrupted before a search was finished") as progress:
        from sr2hls.flow.search import search_data

        frontier = search_data(options, progress)
    tables = []
    for front in frontier.fronts:
        table = grid("cost", "loss", front.output, fold=True)
        for c in front.candidates:
            formula = str(c.display(frontier.input_names).evalf(6))
            table.add_row("" if c.cost is None else f"{c.cost:g}", f"{c.loss:.4g}", escape(formula))
        tables += [table, ""]
    notes = [f"note: {note}" for note in frontier.notes]
    onwards = f"To a circuit: sr2hls lower {options.output} --data {options.data} -o DIR"
    shown.show(frontier.to_dict(), *tables, *notes, onwards)
    return INTERRUPTED if any(note.startswith("interrupted") for note in frontier.notes) else 0
