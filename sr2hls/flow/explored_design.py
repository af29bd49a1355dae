"""One design of a finished exploration, by name or by budgets."""

from pathlib import Path

from sr2hls.data import InputFormat
from sr2hls.design import Design
from sr2hls.errors import InputError
from sr2hls.flow.design_file import file_name, read_design
from sr2hls.flow.rank_designs import best_point
from sr2hls.options import CompileOptions
from sr2hls.prepare import INPUTS_NAME, Prepared
from sr2hls.report.frontier import FrontierPoint, load_frontier
from sr2hls.report.store import load_report
from sr2hls.store.files import sha256_of


def explored_design(prepared: Prepared, folder: Path, options: CompileOptions) -> Design:
    """Return the design of an exploration that was asked for, or the best that meets the budgets.

    Raises:
        InputError: the folder holds no exploration, or one of another network, data or inputs.
        BudgetError: no design meets the budgets.
    """
    frontier = load_frontier(folder)
    named = options.design
    point = best_point(frontier, options.target.budget) if named is None else frontier.named(named)
    _check_same(folder, point, options)
    design = read_design(folder / file_name(point.name), prepared.problem)
    inputs = folder / INPUTS_NAME
    if inputs.is_file() and not InputFormat.load(inputs).is_same(prepared.inputs):
        raise InputError(
            f"the exploration in '{folder}' has other inputs than --scaler and --input-bits say: leave these "
            "out, or explore with them"
        )
    return design


def _check_same(folder: Path, point: FrontierPoint, options: CompileOptions) -> None:
    report = load_report(folder / point.name)
    given = (sha256_of(options.checkpoint), sha256_of(options.data))
    if (report.teacher and report.teacher.sha256, report.data.sha256) != given:
        raise InputError(
            f"the exploration in '{folder}' is of another network or other data than "
            f"'{options.checkpoint.name}' and '{options.data.name}': explore these first"
        )
