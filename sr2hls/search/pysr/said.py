"""What is said of a search by PySR: why it found nothing, and the notes of its result."""

from sr2hls.errors import ToolError
from sr2hls.search.halloffame import Row
from sr2hls.search.pysr.call import PySRCall
from sr2hls.search.pysr.process import Ended, ProcessOutcome


def check_found(
    outcome: ProcessOutcome, rows: tuple[tuple[Row, ...], ...], call: PySRCall, resumed: bool
) -> None:
    """Raise where there is nothing to go on with.

    Raises:
        ToolError: PySR failed, or there is not one row.
    """
    if outcome.ended is Ended.FAILED and (resumed or not any(rows)):
        raise ToolError(f"PySR failed: {outcome.error}")
    if any(rows) or outcome.ended is Ended.INTERRUPTED:
        return
    if outcome.ended is Ended.DIED:
        raise ToolError(f"PySR's process died ({outcome.error}) before it had a formula: run 'sr2hls doctor'")
    raise ToolError(
        f"PySR wrote no formula in {outcome.fit_s:.0f} s: raise the time, lower max_rows (now "
        f"{call.budget.max_rows}) or raise maxsize (now {call.told.maxsize}, it counts in {call.told.unit})"
    )


_OF_NO_MATTER = ("Note: Using a large maxsize", "Note: you are running with more than 10,000 datapoints")
"""Warnings that hold where maxsize counts nodes, and where PySR sees all rows."""


def notes_of(outcome: ProcessOutcome, call: PySRCall, seen: int, rows: int) -> tuple[str, ...]:
    """Return what a report says: versions, times, what was counted, how it ended, PySR's warnings."""
    of = {"pysr": "", "symbolic_regression": "", "julia": ""} | dict(outcome.versions)
    engine = f"PySR {of['pysr']}, SymbolicRegression.jl {of['symbolic_regression']}, Julia {of['julia']}"
    notes = [
        f"{engine}: {outcome.fit_s:.0f} s of search on {seen:,} of {rows:,} rows, {outcome.start_s:.0f} s of "
        "start before it",
        call.told.describe(),
    ]
    match outcome.ended:
        case Ended.INTERRUPTED:
            notes.insert(0, "interrupted, the best so far is kept")
        case Ended.LIMIT:
            notes.append("PySR was ended at the time limit: what its hall of fame held is kept")
        case Ended.DIED:
            notes.append(f"PySR's process died ({outcome.error}): what its hall of fame held is kept")
        case Ended.FAILED:
            notes.append(f"PySR failed after its search ({outcome.error}): its hall of fame is kept")
        case Ended.FINISHED:
            pass
    notes += [
        f"PySR warns: {' '.join(w.split())}" for w in outcome.warnings if not w.startswith(_OF_NO_MATTER)
    ]
    return tuple(notes)
