"""Formulas out of a hall of fame, a run of PySR, a file or a string, and the choice among them."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import sympy

from sr2hls.costs import Operators, area, estimated_luts, load_operators
from sr2hls.errors import InputError
from sr2hls.options import LowerOptions
from sr2hls.options.lower import DEFAULT_BITS
from sr2hls.search import Candidate, Front, Frontier, read_formulas, read_hall_of_fame
from sr2hls.search.names import with_names, with_safe_names

_TABLES = (".csv", ".bak", ".pkl", ".pickle")


@dataclass(frozen=True)
class FormulaSource:
    """What is lowered.

    Attributes:
        frontier: all formulas that were there.
        chosen: one for each output.
    """

    frontier: Frontier
    chosen: tuple[Candidate, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The user's names of the inputs that the chosen formulas use, in the order of the search."""
        used = {str(s) for c in self.chosen for s in c.expr.free_symbols}
        return tuple(n for i, n in enumerate(self.frontier.input_names) if f"x{i}" in used)

    @property
    def formulas(self) -> Mapping[str, sympy.Expr]:
        """Output name to formula over x0, x1, ..., which stand for `names`."""
        shown = (with_names(c.expr, self.frontier.input_names) for c in self.chosen)
        exprs = (with_safe_names(e, self.names) for e in shown)
        return {f.output: e for f, e in zip(self.frontier.fronts, exprs, strict=True)}


def refuse_constants(source: FormulaSource) -> None:
    """Refuse formulas of which none depends on an input.

    Raises:
        InputError: see above.
    """
    if not source.names:
        values = ", ".join(f"{c.expr}"[:40] for c in source.chosen)
        raise InputError(
            f"the chosen formulas are constants ({values}), which need no circuit: choose others, e.g. "
            "--choose loss"
        )


def read_source(options: LowerOptions, variables: Collection[str] = ()) -> FormulaSource:
    """Read the formulas and choose one for each output.

    Args:
        options: source, operators and choice.
        variables: names that are inputs, though they could be taken for the constants ``pi`` or ``E``.

    Raises:
        InputError: there is no formula, one cannot be read, or the choice cannot be made.
        UnsafeFileError: reading it would run code.
    """
    known = {*variables, *(name for name, _, _ in options.ranges)}
    frontier = _read(options, known)
    chosen = tuple(_chosen(front, options.choose) for front in frontier.fronts)
    return FormulaSource(frontier, chosen)


def _read(options: LowerOptions, variables: Collection[str]) -> Frontier:
    operators = Operators()
    if options.operators is not None:
        operators = operators.extend(load_operators(options.operators))
    cost = area(estimated_luts(f"ap_fixed<{options.input_bits or DEFAULT_BITS},4>"))
    path = options.source_path
    if path is not None and (path.is_dir() or path.suffix in _TABLES):
        return read_hall_of_fame(path, cost=cost, operators=operators, variables=variables)
    if path is None and re.search(r"\.(csv|txt|bak|pkl)$|[/\\]$", options.source):
        raise InputError(f"'{options.source}' does not exist: give a hall of fame, a PySR run or a formula")
    return read_formulas(path or options.source, cost=cost, operators=operators, variables=variables)


def _chosen(front: Front, choice: str) -> Candidate:
    by, _, number = choice.partition("=")
    try:
        value = float(number) if number else None
    except ValueError:
        raise InputError(f"--choose '{choice}' has no number after '=': write e.g. complexity=12") from None
    if by.strip() == "evidence":
        raise InputError(
            "--choose evidence needs the rows of the search, which are not in a hall of fame: use score, "
            "loss, complexity=12 or index=3"
        )
    # Without costs the score is PySR's own, by the complexities in the file.
    rows = front.rows_of_file()
    known = [c for c in rows if math.isfinite(c.loss)] or rows
    among = rows if by.strip() == "index" else known
    bare = tuple(replace(c, cost=None) for c in among)
    found = replace(front, candidates=bare, unreadable=()).select(by.strip(), value)
    return next(c for c, b in zip(among, bare, strict=True) if b is found)
