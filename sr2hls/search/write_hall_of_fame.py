"""Halls of fame as PySR writes them, so that `sr2hls lower` and PySR's own users can read them."""

import csv
import io
import math
from pathlib import Path

from sr2hls.search.expressions import text_of
from sr2hls.search.front import Frontier
from sr2hls.search.names import safe_names
from sr2hls.store.files import write_text


def write_hall_of_fame(frontier: Frontier, directory: Path) -> tuple[Path, ...]:
    """Write ``hall_of_fame.csv``, or ``hall_of_fame_output1.csv``, ... for several outputs.

    Columns are Complexity, Loss, Equation and Cost. Inputs keep the user's names if all of them can stand
    in a formula, else they are x0, x1, ... by position.

    Returns:
        The files, one an output.
    """
    names = frontier.input_names
    if not all(name.isidentifier() for name in names):
        names = safe_names(len(names))
    files = []
    for k, front in enumerate(frontier.fronts, 1):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["Complexity", "Loss", "Equation", "Cost"])
        for c in front.candidates:
            loss = repr(float(c.loss)) if math.isfinite(c.loss) else "NaN"
            cost = "" if c.cost is None else f"{c.cost:g}"
            writer.writerow([f"{c.complexity:g}", loss, text_of(c.display(names)), cost])
        name = "hall_of_fame.csv" if len(frontier) == 1 else f"hall_of_fame_output{k}.csv"
        write_text(directory / name, text.getvalue())
        files.append(directory / name)
    return tuple(files)
