"""A formula for each function of an additive model, found by symbolic regression."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from joblib import Parallel, delayed

from sr2hls.arrays import FloatArray, IntArray
from sr2hls.costs import CostModel
from sr2hls.orphans import tied_workers
from sr2hls.search.base import Engine, SearchOptions
from sr2hls.search.curves import fitted_curves
from sr2hls.search.front import complexity_of
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.shape_model import ShapeModel

OPERATORS = ("+", "-", "*", "tanh", "exp")
_ROWS = 300
_TAIL = 0.1
_X = sp.Symbol("x0")


@dataclass(frozen=True, slots=True)
class ShapeFormulaOptions:
    """How formulas of single functions are searched.

    Attributes:
        error: rms difference from the function that a formula may have, in units of the output; the simplest
            formula within it is taken, or else the most exact one.
        engine: searches each function.
        time_s: seconds for each function; ``None``: the engine's budget alone decides.
        max_size: largest number of nodes of a function's formula.
        max_depth: largest depth of a function's formula.
        jobs: processes.
    """

    error: float = 0.05
    engine: Engine = field(
        default_factory=lambda: OperonEngine(OperonSettings(population=60, generations=12, restarts=1))
    )
    time_s: float | None = None
    max_size: int = 17
    max_depth: int = 5
    jobs: int = 1


def shape_formulas(
    model: ShapeModel,
    grids: Sequence[FloatArray],
    indices: IntArray,
    names: Sequence[str],
    output_names: Sequence[str],
    *,
    cost: CostModel,
    seed: int = 0,
    options: ShapeFormulaOptions | None = None,
    weights: FloatArray | None = None,
    on_formula: Callable[[str], None] = lambda text: None,
) -> dict[str, sp.Expr]:
    """Return the model's outputs as sums of formulas.

    Args:
        model: the additive model.
        grids: for each input, the numbers that its indices stand for.
        indices: position of each input on its grid on the data, shape (samples, inputs): where data are many,
            a formula has to be exact.
        names: names of the inputs.
        output_names: names of the outputs.
        cost: what operators cost.
        seed: the same seed gives the same formulas.
        options: see `ShapeFormulaOptions`.
        weights: how much each sample counts, shape (samples,); ``None``: all the same.
        on_formula: called with each formula as text.
    """
    options = options or ShapeFormulaOptions()
    count = np.ones(len(indices)) if weights is None else weights
    tasks = [(int(i), int(k)) for i, k in np.argwhere(model.used)]
    with tied_workers():
        found = Parallel(n_jobs=options.jobs, return_as="generator")(
            delayed(_formula)(
                grids[i],
                model.values[i][:, k],
                np.bincount(indices[:, i], count, len(grids[i])) / count.sum(),
                cost,
                seed + 16 * i + k,
                options,
            )
            for i, k in tasks
        )
    totals: dict[int, sp.Expr] = {k: sp.Float(model.offsets[k]) for k in range(len(output_names))}
    for (i, k), expr in zip(tasks, found, strict=True):
        term = expr.xreplace({_X: sp.Symbol(names[i])})
        on_formula(f"{output_names[k]}: {term}")
        totals[k] = totals[k] + term
    return {name: totals[k] for k, name in enumerate(output_names)}


def _formula(
    grid: FloatArray,
    values: FloatArray,
    share: FloatArray,
    cost: CostModel,
    seed: int,
    options: ShapeFormulaOptions,
) -> sp.Expr:
    # Where data are rare the formula still has to behave: every point of the grid counts a little.
    weight = (1 - _TAIL) * share + _TAIL / len(grid)
    found: list[tuple[sp.Expr, float]] = []
    for expr, error in fitted_curves(grid, values, weight, _X, seed):
        found.append((expr, error))
        if error <= options.error:
            break
    found += _searched(grid, values, weight, cost, seed, options)
    good = [expr for expr, error in found if error <= options.error]
    if good:
        return min(good, key=complexity_of)
    return min(found, key=lambda item: item[1])[0]


def _searched(
    grid: FloatArray,
    values: FloatArray,
    weight: FloatArray,
    cost: CostModel,
    seed: int,
    options: ShapeFormulaOptions,
) -> list[tuple[sp.Expr, float]]:
    """Return the search engine's front with weighted errors."""
    rows = np.random.default_rng(seed).choice(len(grid), size=_ROWS, p=weight)
    search = SearchOptions(operators=OPERATORS, max_size=options.max_size, max_depth=options.max_depth)
    frontier = options.engine.search(
        grid[rows][:, None],
        values[rows],
        cost=cost,
        options=search,
        seed=seed,
        time_limit=options.time_s,
    )
    found = []
    for candidate in frontier[0].candidates:
        difference = candidate.predict(grid[:, None]) - values
        if np.isfinite(difference).all():
            found.append((candidate.expr, float(np.sqrt(weight @ difference**2))))
    return found
