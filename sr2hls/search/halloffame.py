"""Reading what people already have: halls of fame, PySR's run directories, formulas as text."""

import csv
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from sr2hls.costs import CostModel, Operators, Tree, describe
from sr2hls.errors import InputError, UnsafeFileError
from sr2hls.search.expressions import expr_from_tree, tree_from_text, variables_of
from sr2hls.search.front import Candidate, Front, Frontier, Scalar, UnreadableRow, cost_or_none
from sr2hls.search.names import natural_order, with_safe_names
from sr2hls.search.polish import Polisher
from sr2hls.search.search_objective import Loss, SearchObjective

_COMPLEXITY = ("complexity",)
_LOSS = ("loss", "mse")
_EQUATION = ("equation", "sympy_format", "expression")
_MOST_DIGITS = 5
_LONGEST_HEADER = 10_000
_OUTPUT = re.compile(r"(?P<run>.*hall_of_fame)_output(?P<number>[0-9]+)\.csv")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a hall of fame, as written.

    Attributes:
        complexity: in the engine's units.
        loss: the engine's loss.
        equation: the formula.
    """

    complexity: float
    loss: float
    equation: str


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read one hall of fame.

    Columns are found by name in any case and order (Complexity, Loss or MSE, Equation); separated by commas,
    bars, semicolons or tabs. An empty or damaged file is replaced by its ``.bak`` twin.

    Raises:
        InputError: the file cannot be read, or is no hall of fame; the message names what is missing.
    """
    twin = path.with_name(path.name + ".bak")
    try:
        return _rows(path)
    except InputError:
        if twin.is_file():
            return _rows(twin)
        raise


def _rows(path: Path) -> tuple[Row, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the hall of fame {path}: {error}") from error
    return rows_of_text(text, path)


def rows_of_text(text: str, path: Path) -> tuple[Row, ...]:
    """Read the rows of a hall of fame from its text; ``path`` is for the messages.

    Raises:
        InputError: it is no hall of fame.
    """
    header = text.split("\n", 1)[0][:_LONGEST_HEADER]
    if not header.strip():
        raise InputError(f"the hall of fame {path} is empty")
    separator = max(",|;\t", key=header.count)
    try:
        records = list(csv.DictReader(text.splitlines(), delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        raise InputError(f"{path} is no hall of fame: {error} (no formula is as long as that)") from error
    names = {(name or "").strip().strip('"').lower(): name for name in (records[0] if records else {})}
    columns = []
    for wanted in (_COMPLEXITY, _LOSS, _EQUATION):
        column = next((names[w] for w in wanted if w in names), None)
        if column is None:
            raise InputError(
                f"{path} is no hall of fame: it has no column {' or '.join(wanted)} "
                f"(its header is '{header.strip()[:80]}')"
            )
        columns.append(column)
    rows = []
    for number, record in enumerate(records, start=2):
        complexity, loss, equation = ((record.get(c) or "").strip() for c in columns)
        try:
            rows.append(Row(float(complexity), float(loss), equation.strip("\"' ")))
        except ValueError:
            raise InputError(
                f"{path}, line {number}: '{complexity}' and '{loss}' are not two numbers"
            ) from None
        if not rows[-1].equation:
            raise InputError(f"{path}, line {number}: the equation is empty")
    return tuple(rows)


def hall_of_fame_files(path: Path) -> tuple[Path, ...]:
    """The files of a hall of fame, one an output in order.

    Args:
        path: a CSV file (one of several outputs stands for all of them), a PySR run directory, or a directory
            of run directories, of which the newest is taken.

    Raises:
        InputError: there is none, or the file of an output is missing.
        UnsafeFileError: there is only a pickle.
    """
    if path.is_file():
        if path.suffix in (".pkl", ".pickle"):
            raise UnsafeFileError(
                f"{path} is a pickle, and reading it can run code: give the hall_of_fame.csv beside it"
            )
        return _siblings(path, named=True)
    if not path.is_dir():
        raise InputError(f"{path} does not exist: give a hall of fame, a PySR run directory or a formula")
    found = sorted(path.glob("hall_of_fame*.csv")) or sorted(path.glob("hall_of_fame*.csv.bak"))
    if not found:
        nested = sorted(path.glob("*/hall_of_fame*.csv"), key=lambda p: p.stat().st_mtime)
        if nested:
            return hall_of_fame_files(nested[-1].parent)
        if any(path.glob("*.pkl")):
            raise UnsafeFileError(
                f"{path} has only a pickle, and reading it can run any code in it: it is not read"
            )
        raise InputError(f"{path} has no hall_of_fame.csv: give a PySR run directory")
    first = found[0]
    return _siblings(first.with_name(first.name.removesuffix(".bak")))


def _siblings(path: Path, named: bool = False) -> tuple[Path, ...]:
    """Return the files of all outputs; one that was named stands alone where others are missing."""
    own = _OUTPUT.fullmatch(path.name)
    if own is None:
        return (path,)
    found = (_OUTPUT.fullmatch(p.name.removesuffix(".bak")) for p in path.parent.iterdir())
    numbers = {int(m["number"]) for m in found if m is not None and m["run"] == own["run"]}
    missing = next((k for k in range(1, len(numbers) + 1) if k not in numbers), None)
    if missing is not None and named:
        return (path,)
    if missing is not None:
        raise InputError(f"{path.parent} has no {own['run']}_output{missing}.csv: an output is missing")
    return tuple(path.with_name(f"{own['run']}_output{k}.csv") for k in sorted(numbers))


def read_hall_of_fame(
    path: Path | str,
    *,
    cost: CostModel,
    operators: Operators | None = None,
    input_names: Sequence[str] | None = None,
    data: tuple[ArrayLike, ArrayLike] | None = None,
    polish: bool = False,
    latency: CostModel | None = None,
    variables: Collection[str] = (),
) -> Frontier:
    """Read a hall of fame, with all its rows, as a frontier.

    Args:
        path: see `hall_of_fame_files`.
        cost: cost model for the formulas.
        operators: the operators known, with the user's own.
        input_names: names of the inputs in their order; without, the names in the formulas in natural order.
        data: X of shape (n, f) and y of shape (n,) or (n, k): losses are then computed on them, and
            the file's own are kept in the details.
        polish: refit, simplify and snap on ``data``.
        latency: second cost model.
        variables: names that are inputs, though they could be taken for the constants ``pi`` or ``E``;
            ``input_names`` are anyway.

    Rows whose formula cannot be read, e.g. since it has an operator that is not known, are left out with a
    note. Choosing one of them is refused (`Front.unreadable`).

    Raises:
        InputError: a file or all of its formulas cannot be read; the message names file and line.
    """
    ops = operators or Operators()
    files = hall_of_fame_files(Path(path))
    known = {*variables, *(input_names or ())}
    parsed = [(file, _trees(read_rows(file), file, ops, known)) for file in files]
    trees = [tree for _, rows in parsed for _, tree in rows if not isinstance(tree, InputError)]
    names = tuple(input_names) if input_names is not None else input_order(trees)
    if polish and data is None:
        raise InputError("polishing a hall of fame needs data: give X and y")
    fronts = []
    for k, (file, rows) in enumerate(parsed):
        output = "y" if len(files) == 1 else f"y{k}"
        polisher = None if data is None else _polisher(data, k, cost, latency, ops)
        candidates: list[Candidate] = []
        unreadable: list[UnreadableRow] = []
        for number, (row, tree) in enumerate(rows):
            if isinstance(tree, InputError):
                unreadable.append(UnreadableRow(number, row.complexity, row.loss, str(tree)))
                continue
            expr = with_safe_names(expr_from_tree(tree, ops), names)
            details: dict[str, Scalar] = {"file": file.name, "row": number, "file_loss": row.loss}
            if polisher is not None and polish:
                candidates += polisher.polish(expr, "hall of fame", details)
                continue
            loss = row.loss
            if polisher is not None:
                fit = polisher.evaluate(expr)
                loss = fit if math.isfinite(fit) else math.inf
            costs = cost_or_none(cost, expr), cost_or_none(latency, expr), row.complexity
            candidates.append(Candidate(expr, loss, *costs, "hall of fame", details))
        rows_of_data = 0 if polisher is None else len(polisher.X)
        floor = 0.0 if polisher is None else polisher.objective.floor
        front = Front(output, tuple(candidates), floor, rows_of_data, tuple(unreadable))
        fronts.append(front.pareto() if polish else front)
    notes = tuple(f"row left out, {row.reason}" for front in fronts for row in front.unreadable)
    return Frontier(tuple(fronts), names, describe(cost), notes)


def _trees(
    rows: Sequence[Row], file: Path, operators: Operators, variables: Collection[str]
) -> list[tuple[Row, Tree | InputError]]:
    """Return each row with its formula, or with why it cannot be read, as long as some of them can."""
    found: list[tuple[Row, Tree | InputError]] = []
    for number, row in enumerate(rows, 2):
        try:
            tree = tree_from_text(row.equation, operators, variables)
            expr_from_tree(tree, operators)  # what sympy cannot work out is no row either
            found.append((row, tree))
        except InputError as error:
            found.append((row, InputError(f"{file}, line {number}: {error}")))
    errors = [tree for _, tree in found if isinstance(tree, InputError)]
    if errors and len(errors) == len(found):
        raise errors[0]
    return found


def _polisher(
    data: tuple[ArrayLike, ArrayLike],
    k: int,
    cost: CostModel,
    latency: CostModel | None,
    operators: Operators,
) -> Polisher:
    X = np.asarray(data[0], dtype=float)
    Y = np.asarray(data[1], dtype=float)
    y = Y if Y.ndim == 1 else Y[:, k]
    return Polisher(X, SearchObjective(y, Loss.MSE), cost, latency, operators)


def input_order(trees: Sequence[Tree]) -> tuple[str, ...]:
    """Names of the inputs in natural order; for names such as x0, x3 the ones between them as well.

    Raises:
        InputError: there would be more inputs than anybody has.
    """
    used = {name for tree in trees for name in variables_of(tree)}
    match = [re.fullmatch(r"x(\d+)", name) for name in used]
    if used and all(match):
        last = max((m[1].lstrip("0") for m in match if m), key=lambda digits: (len(digits), digits))
        if len(last) > _MOST_DIGITS:
            raise InputError(f"the formulas use the input x{last}: sr2hls takes inputs up to x99999")
        highest = int(last or "0")
        return tuple(f"x{i}" for i in range(highest + 1))
    return natural_order(sorted(used))


def read_formulas(
    source: str | Path,
    *,
    cost: CostModel,
    operators: Operators | None = None,
    input_names: Sequence[str] | None = None,
    latency: CostModel | None = None,
    variables: Collection[str] = (),
) -> Frontier:
    """Read formulas, one an output: a string with semicolons between several, or a file with one a line.

    Blank lines and what follows a ``#`` are skipped; ``name = formula`` names the output. ``variables`` are
    names that are inputs, though they could be taken for the constants ``pi`` or ``E``.

    Raises:
        InputError: a formula cannot be read; the message says which.
    """
    ops = operators or Operators()
    is_file = isinstance(source, Path)
    try:
        text = Path(source).read_text(encoding="utf-8") if is_file else str(source)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the formulas in {source}: {error}") from error
    lines = [line.split("#")[0].strip() for line in re.split(r"[\n;]", text)]
    lines = [line for line in lines if line]
    if not lines:
        raise InputError(f"no formula in {source if is_file else 'the given text'}")
    outputs: list[str] = []
    trees: list[Tree] = []
    for number, line in enumerate(lines):
        named = re.match(r"\w+\s*=(?!=)\s*\S", line)
        name, _, formula = line.partition("=") if named else ("", "", line)
        outputs.append(name.strip() or ("y" if len(lines) == 1 else f"y{number}"))
        try:
            trees.append(tree_from_text(formula, ops, {*variables, *(input_names or ())}))
        except InputError as error:
            raise InputError(f"formula {number + 1}{f' of {source}' if is_file else ''}: {error}") from error
    twice = next((name for k, name in enumerate(outputs) if name in outputs[:k]), None)
    if twice is not None:
        raise InputError(f"two formulas are called '{twice}': give each output a name of its own")
    names = tuple(input_names) if input_names is not None else input_order(trees)
    fronts = []
    for number, (output, tree) in enumerate(zip(outputs, trees, strict=True), start=1):
        try:
            expr = with_safe_names(expr_from_tree(tree, ops), names)
        except InputError as error:
            raise InputError(f"formula {number}{f' of {source}' if is_file else ''}: {error}") from error
        costs = cost_or_none(cost, expr), cost_or_none(latency, expr), tree.complexity
        fronts.append(Front(output, (Candidate(expr, math.nan, *costs, "formula"),)))
    return Frontier(tuple(fronts), names, describe(cost))
