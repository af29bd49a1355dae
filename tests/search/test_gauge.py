"""Constants that a formula has twice over are taken out, and the function stays the same."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.costs import Operators, node_count
from sr2hls.search.expressions import evaluate_expr, expr_from_text
from sr2hls.search.gauge import without_spare_constants
from sr2hls.search.polish import Polisher
from sr2hls.search.search_objective import Loss, SearchObjective

X = np.random.default_rng(1).uniform(0.2, 2.0, (50, 2))


def floats(expr: sympy.Expr) -> int:
    return sum(1 for node in sympy.preorder_traversal(expr) if node.is_Float)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("2.4/(3.1*x0 + 5.2*x1)", 2),
        ("1.24e-6/(13.6221/x0^2 - 13.6087/x1^2)", 2),
        ("364.27*x0^(0.553*E)", 2),
        ("0.5*pi*x0", 1),
        ("(2.5*x0 + 1.5)*(3.5*x1 - 2.5)", 3),
        ("1.5*exp(2.5 + x0)", 1),
        ("exp(2.5 + x0)*exp(1.5 + x1)", 1),
        ("1.5 + log(2.5*x0 + 3.5*x1)", 2),
        ("3.5*sqrt(1.5*x0 + 4.5)", 2),
        ("2.5/(-1.5*x0 - 0.5*x1)^3", 2),
        ("sin(2.5*x0 + exp(1.5 + x1)*0.5)", 2),
    ],
)
def test_spare_constants_go(text: str, left: int) -> None:
    expr = expr_from_text(text)
    reduced = without_spare_constants(expr)
    assert floats(reduced) == left
    np.testing.assert_allclose(evaluate_expr(reduced, X), evaluate_expr(expr, X), rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "2*x0 + 3",
        "2.5*x0 + 1.5",
        "x0*(2.5*x0 + 1.5)",
        "2.5/(2*x0 + 3.5)",
        "2.5*(1.5*x0 + 0.5)^x1",
        "x1/(x0 + 1)",
    ],
)
def test_nothing_to_take_out(text: str) -> None:
    expr = expr_from_text(text)
    assert without_spare_constants(expr) == expr


def test_what_double_precision_cannot_hold_stays() -> None:
    expr = expr_from_text("1.5e300*exp(250.5 + x0)")
    assert without_spare_constants(expr) == expr


constants = st.floats(-9.0, 9.0).filter(lambda v: abs(v) > 0.01 and v != int(v))


@settings(max_examples=60, deadline=None)
@given(st.lists(constants, min_size=6, max_size=6), st.sampled_from(["x0", "x1", "x0*x1", "sin(x0)"]))
def test_the_function_stays_the_same(c: list[float], u: str) -> None:
    for text in (
        f"({c[0]!r})/(({c[1]!r})*{u} + ({c[2]!r})*x1^2)",
        f"({c[0]!r})*(({c[1]!r})*{u} + ({c[2]!r}))*(({c[3]!r})*x1 + ({c[4]!r}))^2 + ({c[5]!r})",
        f"({c[0]!r}) + log(abs(({c[1]!r})*{u} + ({c[2]!r})*x1)) + exp(({c[3]!r}) + {u})*({c[4]!r})",
    ):
        expr = expr_from_text(text)
        reduced = without_spare_constants(expr)
        assert floats(reduced) <= floats(expr)
        np.testing.assert_allclose(evaluate_expr(reduced, X), evaluate_expr(expr, X), rtol=1e-8, atol=1e-8)


def test_polishing_recognises_equal_coefficients() -> None:
    rng = np.random.default_rng(0)
    y = 3.3 / (1 / X[:, 0] - 1 / (X[:, 1] + 3)) * np.exp(1e-3 * rng.standard_normal(len(X)))
    p = Polisher(X, SearchObjective(y, Loss.LOG), node_count(Operators()))
    found = p.polish(expr_from_text("20.5/(6.1/x0 - 6.12/(x1 + 3))"), "test", {})
    form = sympy.sympify("1/(1/x0 - 1/(x1 + 3))")
    assert any(sympy.simplify(c.expr / form).is_number for c in found)


def test_a_form_that_was_polished_is_not_polished_again() -> None:
    p = Polisher(X, SearchObjective(2.7 * X[:, 0] + 1.2, Loss.MSE), node_count(Operators()))
    seen: dict[sympy.Expr, float] = {}
    first = p.polish(expr_from_text("2.5*x0 + 1.5"), "test", {}, seen)
    assert first and seen
    assert p.polish(expr_from_text("1.5*x0 + 2.5"), "test", {}, seen) == []
    assert p.polish(expr_from_text("1.5*x0 + 2.5"), "test", {}) != []
