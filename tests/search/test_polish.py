"""Constants are refitted, snapped and thrown out where the data allow it, and only there."""

import numpy as np
import pytest
import sympy

from sr2hls.costs import additive_cycles, longest_path, published_cycles
from sr2hls.search.expressions import evaluate_expr, expr_from_text, tree_from_text
from sr2hls.search.fit_constants import Fitter, Skeleton
from sr2hls.search.jacobian import differentiable, value_and_jacobian
from sr2hls.search.polish import Polisher, simple_numbers
from sr2hls.search.search_objective import Loss, SearchObjective
from sr2hls.search.simplify import positive_denominators, simplified

COST = additive_cycles(published_cycles())
RNG = np.random.default_rng(3)
X = RNG.uniform(0.1, 2.0, (200, 2))
X0, X1 = sympy.symbols("x0 x1")


def polisher(truth: str, noise: float = 0.0) -> Polisher:
    y = evaluate_expr(expr_from_text(truth), X) + noise * RNG.standard_normal(len(X))
    return Polisher(X, SearchObjective(y, Loss.MSE), COST, longest_path(published_cycles()))


@pytest.mark.parametrize(
    ("start", "truth"),
    [
        ("0.9*x0/(1.1 + 0.8*x0)", X0 / (X0 + 1)),
        ("x1/(-0.78245336 - x1 - 0.21754676)", -X1 / (X1 + 1)),
        ("sin(3.1*x0)*0.99999998", sympy.sin(sympy.pi * X0)),
        ("2.4999*x0 + 0.001*x1 + 0.002", sympy.Rational(5, 2) * X0),
        ("x0^1.4997", X0 ** sympy.Rational(3, 2)),
        ("0.30001*x0 + 0.69999*x1", sympy.Rational(3, 10) * X0 + sympy.Rational(7, 10) * X1),
        ("exp(1.001*x0 - 0.5002*x1)", sympy.exp(X0 - X1 / 2)),
    ],
)
def test_exact_forms_are_found(start: str, truth: sympy.Expr) -> None:
    p = polisher(str(truth))
    found = p.front("y", p.polish(expr_from_text(start), "test", {})).select("loss")
    assert sympy.simplify(found.expr - truth) == 0
    assert found.cost == COST.cost(truth)
    assert found.latency == longest_path(published_cycles()).cost(truth)


def test_constants_are_not_snapped_against_the_data() -> None:
    p = polisher("3.13*sin(x0) + 0.99*x1")
    found = p.front("y", p.polish(expr_from_text("3*sin(x0) + x1"), "test", {})).select("loss")
    assert found.expr == expr_from_text("3*sin(x0) + x1"), "integers belong to the form"
    found = p.front("y", p.polish(expr_from_text("3.1*sin(x0) + 0.98*x1"), "test", {})).select("loss")
    numbers = sorted(float(a) for a in found.expr.atoms(sympy.Number))
    assert numbers == pytest.approx([0.99, 3.13], abs=1e-9)


def test_noise_decides_what_can_be_told_apart() -> None:
    p = polisher("1.004*x0", noise=0.05)
    assert p.front("y", p.polish(expr_from_text("1.01*x0"), "test", {})).select("loss").expr == X0
    p = polisher("1.004*x0", noise=1e-4)
    assert p.front("y", p.polish(expr_from_text("1.01*x0"), "test", {})).select("loss").expr != X0


def test_pruning_gives_cheaper_relatives() -> None:
    p = polisher("sin(x0) + 0.01*x1")
    front = p.front("y", p.polish(expr_from_text("1.02*sin(0.99*x0 + 0.003) + 0.01*x1 + 0.002"), "test", {}))
    assert len(front) >= 2
    assert sympy.sin(X0) in {c.expr for c in front.candidates}
    costs = [c.cost for c in front.candidates]
    assert costs == sorted(costs) and len(set(costs)) == len(costs)


def test_formulas_without_a_value_are_dropped() -> None:
    p = polisher("x0")
    for text in ("log(-1 - x0)", "sqrt(0 - x0)", "(0-x0)^1.5"):
        assert p.polish(expr_from_text(text), "test", {}) == []
    assert p.polish(sympy.zoo, "test", {}) == []


def test_more_constants_than_rows_are_refused() -> None:
    few = Polisher(X[:3], SearchObjective(X[:3, 0] ** 3, Loss.MSE), COST)
    assert few.polish(expr_from_text("1.1 + 2.2*x0 + 3.3*x1 + 4.4*x0*x1"), "test", {}) == []


def test_fit_never_makes_it_worse() -> None:
    p = polisher("exp(3*x0)")
    for text in ("exp(9.5*x0)", "1.0e-9*exp(-20.5*x0)", "tan(17.5*x0)"):
        expr = expr_from_text(text)
        before = p.evaluate(expr)
        fit = Fitter(X, p.objective).fit(expr)
        assert fit.loss <= before


def test_logarithmic_loss_fits_small_values_too() -> None:
    y = 1e-20 * np.exp(-20 * X[:, 0])
    p = Polisher(X, SearchObjective(y, Loss.LOG), COST)
    fit = p.fit(expr_from_text("3.0e-20*exp(-18.5*x0)"))
    assert fit is not None and fit.loss < 1e-20
    np.testing.assert_allclose(sorted(fit.form.values), [-20, 1e-20], rtol=1e-8)


@pytest.mark.parametrize(
    "text",
    [
        "p0*x0 + p1/x1 - p2",
        "sin(p0*x0)*exp(p1*x1) + cos(p2 + x0)",
        "x0^p0 + sqrt(abs(p1*x1)) + (p2 - x0)^2",
        "log(p0 + x0^2) - tanh(p1*x0*x1*p2)",
        "max(p0*x0, p1*x1) - min(p2, x0)",
        "neg(p0)/(x0 + p1) + atan(p2*x1) + inv(p0 + x1) + cube(p1)",
        "tan(p0*0.1*x0) + sinh(p1*0.3*x1) + cosh(p2*0.3*x0)",
    ],
)
def test_derivatives_are_exact(text: str) -> None:
    tree = tree_from_text(text)
    assert differentiable(tree)
    columns = {"x0": X[:, 0], "x1": X[:, 1]}
    parameters = {"p0": 0, "p1": 1, "p2": 2}
    at = np.array([0.7, 1.3, 0.4])
    value, jacobian = value_and_jacobian(tree, columns, parameters, tuple(at), len(X))
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-6
        up, _ = value_and_jacobian(tree, columns, parameters, tuple(at + step), len(X))
        down, _ = value_and_jacobian(tree, columns, parameters, tuple(at - step), len(X))
        np.testing.assert_allclose(jacobian[:, k], (up - down) / 2e-6, rtol=1e-5, atol=1e-7)
    form = Skeleton(expr_from_text("x0"), tree, tuple(at))
    np.testing.assert_allclose(value, Fitter(X, SearchObjective(X[:, 0], Loss.MSE)).predict(form, at, X))


def test_every_operator_value_in_the_jacobian_is_the_operators() -> None:
    assert not differentiable(tree_from_text("floor(x0)"))


@pytest.mark.parametrize(
    ("value", "first"),
    [
        (0.99999998, 1),
        (-2.003, -2),
        (3.14159, sympy.pi),
        (1.5004, sympy.Rational(3, 2)),
        (0.3333, sympy.Rational(1, 3)),
        (0.29999999, sympy.Rational(3, 10)),
        (6.59, sympy.Rational(659, 100)),
    ],
)
def test_simple_numbers(value: float, first: sympy.Expr) -> None:
    assert next(simple_numbers(value)) == first


def test_numbers_that_are_not_simple() -> None:
    for value in (0.0, 0.5713, 6.62607e-34, 475.3, float("nan"), float("inf")):
        assert list(simple_numbers(value)) == []


def test_signs_and_fractions_are_tidied() -> None:
    assert positive_denominators(-X1 / (-X1 - 1)) == X1 / (X1 + 1)
    assert simplified(X1 * (X1 / (-X1 - 1) + 1), COST) == X1 / (X1 + 1)
    rounded = sympy.Float(0.3) * X0 / (X0 + sympy.Float(0.1))
    assert simplified(rounded, COST) == rounded
