"""Losses and the views of data of extreme magnitude."""

import numpy as np
import pytest
import sympy

from sr2hls.errors import InputError
from sr2hls.search.expressions import evaluate_expr, expr_from_text
from sr2hls.search.search_objective import Loss, SearchObjective, decades, objective_for, views_of

RNG = np.random.default_rng(0)


def test_mse_is_in_the_units_of_the_target() -> None:
    y = np.array([1e20, -2e20, 3e20])
    assert SearchObjective(y, Loss.MSE).value(y + 1e10) == pytest.approx(1e20, rel=1e-5)


def test_log_loss_is_relative() -> None:
    y = np.array([1e-30, 1.0, 1e30])
    objective = SearchObjective(y, Loss.LOG)
    assert objective.value(1.1 * y) == pytest.approx(np.log(1.1) ** 2)
    assert objective.value(-y) == np.inf, "the wrong sign is infinitely wrong"


def test_zeros_are_left_out_of_the_logarithmic_loss() -> None:
    y = np.array([0.0, *np.full(20, 2.0)])
    assert SearchObjective(y, Loss.LOG).value(np.full(21, 2.2)) == pytest.approx(np.log(1.1) ** 2)


def test_auto_takes_logarithms_for_data_over_decades() -> None:
    assert objective_for(np.geomspace(1, 1e4, 50), Loss.AUTO).loss is Loss.LOG
    assert objective_for(-np.geomspace(1, 1e4, 50), Loss.AUTO).loss is Loss.LOG
    assert objective_for(np.linspace(1, 9, 50), Loss.AUTO).loss is Loss.MSE
    assert objective_for(np.linspace(-1e4, 1e4, 50), Loss.AUTO).loss is Loss.MSE


def test_log_of_both_signs_is_refused() -> None:
    with pytest.raises(InputError, match="needs targets of one sign"):
        objective_for(np.array([-1.0, 1.0]), Loss.LOG)


def test_slope_is_the_derivative_of_the_residual() -> None:
    y = RNG.uniform(1, 5, 30)
    for loss in (Loss.MSE, Loss.LOG):
        objective = SearchObjective(y, loss)
        prediction, step = y * RNG.uniform(0.5, 2, 30), 1e-6
        numeric = (objective.residual(prediction + step) - objective.residual(prediction - step)) / (2 * step)
        np.testing.assert_allclose(objective.derivative(prediction), numeric, rtol=1e-6)


def test_moderate_data_are_left_alone() -> None:
    X = RNG.uniform(0, 1, (50, 2))
    (view,) = views_of(X, X[:, 0] - 0.5)
    assert view.describe(("a", "b")) == ""
    seen, target = view.transform(X, X[:, 0] - 0.5)
    np.testing.assert_array_equal(seen, X)
    np.testing.assert_array_equal(target, X[:, 0] - 0.5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_every_view_leads_back_to_the_same_function(sign: float) -> None:
    X = np.column_stack(
        [10 ** RNG.uniform(20, 30, 40), RNG.uniform(1, 9, 40), 10 ** RNG.uniform(-12, -8, 40)]
    )
    y = sign * 6.7e-11 * X[:, 0] / X[:, 2] ** 2
    views = views_of(X, y)
    assert [v.name for v in views] == ["linear", "log", "inverse"]
    for view in views:
        seen, target = view.transform(X, y)
        assert np.abs(seen).max() < 1e6
        assert np.abs(np.median(target)) < 1e6
        assert view.describe(("m", "n", "r"))
        # any formula in the view, evaluated there and taken back by hand, is the formula that `back` gives
        formula = expr_from_text("0.5*sin(x0) + sin(x1) + 3.25 + x2*x2*0.0001")
        there = evaluate_expr(formula, seen)
        if view.name == "log":
            there = np.exp(there)
        elif view.name == "inverse":
            there = 1 / there
        np.testing.assert_allclose(evaluate_expr(view.back(formula), X), there * view.output_scale, rtol=1e-9)


def test_a_power_law_is_a_sum_of_logarithms() -> None:
    X = 10 ** RNG.uniform(-3, 3, (40, 2))
    y = 5 * X[:, 0] * X[:, 1] ** -2
    view = views_of(X, y)[1]
    logs = {c: k for k, c in enumerate(view.columns)}
    formula = expr_from_text(
        f"x{logs[(0, True)]} - 2*x{logs[(1, True)]} + {float(np.log(5 / view.output_scale))!r}"
    )
    x0, x1 = sympy.symbols("x0 x1")
    assert (view.back(formula) / (x0 / x1**2)).is_number


def test_decades() -> None:
    assert decades(np.array([1e-3, 10.0])) == pytest.approx(4)
    assert decades(np.array([1.0, -1.0])) == 0
    assert decades(np.array([0.0, 1.0])) == 0, "half of them zeros"
    assert decades(np.array([5e-324, 1.0])) == pytest.approx(323.3, abs=0.1)
