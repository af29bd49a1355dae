"""``sr2hls distil``: a part of a network to formulas."""

from typing import Annotated

from rich.markup import escape

from sr2hls.cli.config import ConfigFile
from sr2hls.cli.failure import INTERRUPTED
from sr2hls.cli.flags import FLAGS
from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import grid
from sr2hls.options import DistilOptions


def distil(
    options: Annotated[DistilOptions, FLAGS], *, config: ConfigFile = None, shown: Shown = TEXT
) -> int:
    """Distil a part of a network, named as in torch, into formulas.

    Runs the network on the data, records what the part is given and returns, and searches. The formulas are
    scored on rows that the search has not seen.

    Example: `sr2hls distil weights.pt --model network.py:make --module encoder.message --data data.npz -o
    message`, then `sr2hls lower message/formulas.txt --data message/recorded.npz -o circuit`.
    """
    with shown.working("interrupted before there was a formula: nothing was written") as progress:
        from sr2hls.distil.checkpoint import distil_checkpoint

        found = distil_checkpoint(options, progress)
    rows = [
        {"output": front.output, "formula": str(formula), "r2": r2, "nodes": candidate.complexity}
        for front, formula, r2, candidate in zip(
            found.frontier.fronts, found.named, found.fidelity, found.chosen, strict=True
        )
    ]
    table = grid("output", "R² on unseen rows", "formula")
    for row in rows:
        table.add_row(escape(str(row["output"])), f"{row['r2']:.5f}", escape(str(row["formula"])))
    shown.show(
        {"output": str(options.output), "formulas": rows, "notes": list(found.frontier.notes)},
        table,
        f"formulas, front and recorded rows are in '{options.output}'",
    )
    return INTERRUPTED if any("interrupted" in note for note in found.frontier.notes) else 0
