"""One design of a finished exploration, by name or by budgets."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sr2hls.data.reason import reason
from sr2hls.design import Design, make_design
from sr2hls.errors import InputError, Sr2hlsError
from sr2hls.explore.candidates import as_design
from sr2hls.explore.frontier import Frontier, Point, load_frontier
from sr2hls.lut_network.designs import CascadeDesign
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
        with _stage(folder, name) as kept:
            formulas = {str(k): expr_from_text(f) for k, f in kept["formulas"].items()}
            if tuple(formulas) != problem.output_names:
                raise ValueError(f"its formulas are of {', '.join(formulas)}")
        return make_design(problem, formulas)
    match = _CASCADE.fullmatch(name)
    if match is None:
        raise InputError(f"'{folder}' names a design '{name}', which is none of an exploration's")
    with _stage(folder, f"{match[1]}-designs") as kept, np.errstate(all="ignore"):
        for content in kept["designs"]:
            if content["tables"] == match[2]:
                return as_design(CascadeDesign.from_json(content, problem), problem)
    raise InputError(f"'{folder}' does not hold the design '{name}' any more: explore again")


@contextmanager
def _stage(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Give what a stage's file holds; whatever goes wrong with it is said of the file.

    Raises:
        InputError: the file cannot be read, or what is in it is not what a stage keeps.
    """
    path = folder / "stages" / f"{name}.json"
    try:
        yield json.loads(path.read_text(encoding="utf-8"))
    except Sr2hlsError as error:
        raise InputError(f"'{path}' cannot be used: {error}") from error
    except Exception as error:  # a damaged file can make anything in it impossible
        why = reason(error) if isinstance(error, OSError | ValueError) else type(error).__name__
        raise InputError(f"'{path}' is damaged ({why}): explore again") from error
