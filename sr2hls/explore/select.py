"""One design of a finished exploration, by name or by budgets."""

import json
import re
from pathlib import Path
from typing import Any

from sr2hls.design import Design, make_design
from sr2hls.errors import InputError
from sr2hls.explore.candidates import as_design
from sr2hls.explore.frontier import Frontier, Point, load_frontier
from sr2hls.lut_network.designs import LutNetworkDesign
from sr2hls.options import CompileOptions
from sr2hls.problem import Problem
from sr2hls.report.store import load_report
from sr2hls.search.expressions import expr_from_text
from sr2hls.store.files import sha256_of

_SUM = re.compile(r"sum-[0-9]+")
_CASCADE = re.compile(r"(cascade-[0-9]+)-([a-z]+)")


def explored_design(problem: Problem, options: CompileOptions) -> tuple[Point, Design]:
    """Return the design that was asked for, or the best that meets the budgets.

    Raises:
        InputError: the folder holds no exploration, or one of another network, data or inputs.
        BudgetError: no design meets the budgets.
    """
    assert options.explored is not None
    folder = options.explored
    frontier = load_frontier(folder)
    point = _point(frontier, options)
    _check_same(folder, point, options)
    return point, _design(problem, folder, point.name)


def _point(frontier: Frontier, options: CompileOptions) -> Point:
    if options.design is not None:
        return frontier.named(options.design)
    return frontier.choose(options.target.budget)


def _check_same(folder: Path, point: Point, options: CompileOptions) -> None:
    report = load_report(folder / point.name)
    given = (sha256_of(options.checkpoint), sha256_of(options.data))
    if (report.teacher and report.teacher.sha256, report.data.sha256) != given:
        raise InputError(
            f"the exploration in '{folder}' is of another network or other data than "
            f"'{options.checkpoint.name}' and '{options.data.name}': explore these first"
        )


def _design(problem: Problem, folder: Path, name: str) -> Design:
    if _SUM.fullmatch(name):
        kept = _stage(folder, name)
        return make_design(problem, {str(k): expr_from_text(f) for k, f in kept["formulas"].items()})
    match = _CASCADE.fullmatch(name)
    if match is None:
        raise InputError(f"'{folder}' names a design '{name}', which is none of an exploration's")
    for content in _stage(folder, f"{match[1]}-designs")["designs"]:
        if content.get("tables") == match[2]:
            return as_design(LutNetworkDesign.from_json(content, problem), problem)
    raise InputError(f"'{folder}' does not hold the design '{name}' any more: explore again")


def _stage(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "stages" / f"{name}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"'{path}' cannot be read: {error}; explore again") from error
    if not isinstance(content, dict) or not {"formulas", "designs"} & content.keys():
        raise InputError(f"'{path}' is damaged: explore again")
    return content
