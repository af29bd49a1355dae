"""A formula for each function of an additive model, found by symbolic regression."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray

from sr2hls.costs import CostModel
from sr2hls.errors import InputError
from sr2hls.search.base import Candidate, SearchOptions
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.shapes import ShapeModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

OPERATORS = ("+", "-", "*", "tanh", "exp")
_ROWS = 400


@dataclass(frozen=True, slots=True)
class ShapeFormulaOptions:
    """How formulas of single functions are searched.

    Attributes:
        error: rms difference from the function that a formula may have, in units of the output; the simplest
            formula within it is taken, or else the most exact one.
        settings: of the embedded engine, for each function.
        max_size: largest number of nodes of a function's formula.
        max_depth: largest depth of a function's formula.
        jobs: processes.
    """

    error: float = 0.05
    settings: OperonSettings = field(
        default_factory=lambda: OperonSettings(population=120, generations=20, restarts=1)
    )
    max_size: int = 17
    max_depth: int = 5
    jobs: int = 1


def shape_formulas(
    model: ShapeModel,
    grids: Sequence[FloatArray],
    codes: IntArray,
    names: Sequence[str],
    output_names: Sequence[str],
    *,
    cost: CostModel,
    seed: int = 0,
    options: ShapeFormulaOptions | None = None,
    on_formula: Callable[[str], None] = lambda text: None,
) -> dict[str, sp.Expr]:
    """Return the model's outputs as sums of formulas.

    Args:
        model: the additive model.
        grids: for each input, the numbers that its codes stand for.
        codes: position of each input on its grid on the data, shape (samples, inputs): where data are many,
            a formula has to be exact.
        names: names of the inputs.
        output_names: names of the outputs.
        cost: what operators cost.
        seed: the same seed gives the same formulas.
        options: see `ShapeFormulaOptions`.
        on_formula: called with each formula as text.
    """
    options = options or ShapeFormulaOptions()
    tasks = [(int(i), int(k)) for i, k in np.argwhere(model.used)]
    found = Parallel(n_jobs=options.jobs, return_as="generator")(
        delayed(_formula)(grids[i], model.values[i][:, k], codes[:, i], cost, seed + 16 * i + k, options)
        for i, k in tasks
    )
    totals: dict[int, sp.Expr] = {k: sp.Float(model.offsets[k]) for k in range(len(output_names))}
    for (i, k), expr in zip(tasks, found, strict=True):
        term = expr.subs(sp.Symbol("x0"), sp.Symbol(names[i]))
        on_formula(f"{output_names[k]}: {term}")
        totals[k] = totals[k] + term
    return {name: totals[k] for k, name in enumerate(output_names)}


def _formula(
    grid: FloatArray,
    values: FloatArray,
    codes: IntArray,
    cost: CostModel,
    seed: int,
    options: ShapeFormulaOptions,
) -> sp.Expr:
    # Rows drawn as the data lie, and the whole grid once, so that the formula behaves where data are rare.
    rng = np.random.default_rng(seed)
    rows = np.concatenate([np.unique(codes), rng.choice(codes, size=_ROWS)])
    x, y = grid[rows][:, None], values[rows]
    engine = OperonEngine(options.settings)
    search = SearchOptions(operators=OPERATORS, max_size=options.max_size, max_depth=options.max_depth)
    front = engine.search(x, y, cost=cost, options=search, seed=seed)[0]
    usable = [c for c in front.candidates if np.isfinite(c.predict(grid[:, None])).all()]
    if not usable:
        raise InputError("no formula was found for a function of one input: allow larger formulas")
    weight = np.bincount(codes, minlength=len(grid)) / len(codes)
    return _simplest(usable, grid, values, weight, options.error)


def _simplest(
    candidates: Sequence[Candidate],
    grid: FloatArray,
    values: FloatArray,
    weight: FloatArray,
    error: float,
) -> sp.Expr:
    errors: Mapping[int, float] = {
        n: float(np.sqrt(weight @ (c.predict(grid[:, None]) - values) ** 2)) for n, c in enumerate(candidates)
    }
    good = [n for n in errors if errors[n] <= error]
    if good:
        return candidates[min(good, key=lambda n: (candidates[n].complexity, errors[n]))].expr
    return candidates[min(errors, key=lambda n: errors[n])].expr
