"""Additive models and formulas for their functions."""

from typing import Any

import numpy as np
import sympy as sp

from sr2hls.costs import area, estimated_luts
from sr2hls.search.curves import fitted_curves
from sr2hls.search.front import Candidate, Front, Frontier
from sr2hls.search.operon import OperonEngine
from sr2hls.search.operon_run import OperonSettings
from sr2hls.search.shape_formulas import ShapeFormulaOptions, shape_formulas
from sr2hls.search.shape_model import (
    ShapeOptions,
    classification_curvature,
    classification_loss,
    fit_shapes,
    logits_to_probabilities,
    regression_loss,
)

GRID = np.arange(-16, 16) / 16
RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 32, size=(3000, 4))
X = GRID[CODES]


def test_useless_functions_go_first() -> None:
    wanted = np.stack([np.sin(3 * X[:, 0]) + X[:, 1] ** 2, 2 * X[:, 1]], axis=1)
    scale = 2 / wanted.var(axis=0)
    models = fit_shapes(
        CODES, [32] * 4, regression_loss(wanted), 2, lambda o: np.broadcast_to(scale, o.shape),
        ShapeOptions(steps=200, refit_steps=60, least=3, share_removed=0.3),
    )  # fmt: skip
    last = models[-1]
    assert last.n_functions == 3
    assert last.used.tolist() == [[True, False], [True, True], [False, False], [False, False]]
    assert np.mean((last.predict(CODES) - wanted) ** 2) < 0.01 * wanted.var()


def test_a_classification_needs_no_function_that_all_classes_share() -> None:
    logits = np.stack([3 * X[:, 0], 3 * X[:, 1], np.zeros(len(X))], axis=1)
    loss = classification_loss(logits_to_probabilities(logits), None, 0.0)
    options = ShapeOptions(steps=150, refit_steps=50, least=2, share_removed=0.3)
    models = fit_shapes(CODES, [32] * 4, loss, 3, classification_curvature, options, shared=True)
    agreement = (models[-1].predict(CODES).argmax(1) == logits.argmax(1)).mean()
    assert models[-1].n_functions == 2
    assert agreement > 0.95


def test_a_constant_input_gets_no_function() -> None:
    codes = CODES.copy()
    codes[:, 3] = 7
    models = fit_shapes(
        codes,
        [32] * 4,
        regression_loss(X[:, :1]),
        1,
        lambda o: np.ones_like(o),
        ShapeOptions(steps=5, least=3),
    )
    assert not models[0].used[3].any()


def test_curves_come_nearer_and_nearer() -> None:
    x = sp.Symbol("x0")
    values = np.tanh(6 * GRID - 1) + 0.5 * np.exp(-((8 * GRID) ** 2))
    weight = np.full(32, 1 / 32)
    errors = []
    for expr, error in fitted_curves(GRID, values, weight, x):
        found = np.array([float(expr.subs(x, g)) for g in GRID])
        assert np.isclose(np.sqrt(np.mean((found - values) ** 2)), error, atol=5e-3)
        errors.append(error)
    assert errors[-1] < 0.02 < errors[0]


def test_formulas_stay_within_the_error() -> None:
    wanted = np.stack([np.tanh(4 * X[:, 0]) + X[:, 1] ** 2], axis=1)
    model = fit_shapes(
        CODES, [32] * 4, regression_loss(wanted), 1, lambda o: np.ones_like(o),
        ShapeOptions(steps=300, refit_steps=80, least=2, share_removed=0.5),
    )[-1]  # fmt: skip
    options = ShapeFormulaOptions(
        error=0.03, engine=OperonEngine(OperonSettings(population=30, generations=4, restarts=1))
    )
    arguments = {"cost": area(estimated_luts("ap_fixed<8,4>")), "options": options}
    names = ["x0", "x1", "x2", "x3"]
    first = shape_formulas(model, [GRID] * 4, CODES, names, ["y"], **arguments)
    again = shape_formulas(model, [GRID] * 4, CODES, names, ["y"], **arguments)
    assert first == again
    values = sp.lambdify([sp.Symbol(n) for n in names], first["y"])(*X.T)
    assert np.sqrt(np.mean((values - model.predict(CODES)[:, 0]) ** 2)) < 0.06


def test_the_chosen_engine_searches_each_function_within_its_time() -> None:
    asked: list[float | None] = []

    class Cubes:
        name = fingerprint = "cubes"

        def search(self, X: Any, y: Any, *, time_limit: float | None = None, **_: Any) -> Frontier:
            asked.append(time_limit)
            cube = Candidate(sp.Symbol("x0") ** 3, 0.0, 1.0, None, 1, self.name)
            return Frontier((Front("y", (cube,)),), ("x0",))

    model = fit_shapes(
        CODES, [32] * 4, regression_loss(X[:, :2] ** 3), 2, lambda o: np.ones_like(o),
        ShapeOptions(steps=300, refit_steps=80, least=2, share_removed=0.5),
    )[-1]  # fmt: skip
    options = ShapeFormulaOptions(error=0.05, engine=Cubes(), time_s=1.5)
    found = shape_formulas(
        model, [GRID] * 4, CODES, ["a", "b", "c", "d"], ["y", "z"],
        cost=area(estimated_luts("ap_fixed<8,4>")), options=options,
    )  # fmt: skip
    assert asked == [1.5, 1.5]
    assert found["y"].has(sp.Symbol("a") ** 3) and found["z"].has(sp.Symbol("b") ** 3)
