"""Formulas as text: every spelling found in the wild is read, nothing is executed, nothing loses a bit."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.costs import Operators, custom_operator
from sr2hls.errors import InputError
from sr2hls.search.expressions import (
    apply_sympy,
    evaluate,
    evaluate_expr,
    expr_from_text,
    expr_from_tree,
    text_of,
    tree_from_text,
)

X, Y = sympy.symbols("x y")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x^2", X**2),
        ("x**2", X**2),
        ("-x^2", -(X**2)),
        ("2^-x", 2 ** (-X)),
        ("x^y^2", X ** (Y**2)),
        ("1.5f0*x", 1.5 * X),
        ("2.0f-7 + x", X + 2e-7),
        ("1e-7", sympy.Float(1e-7)),
        ("square(x) + cube(y)", X**2 + Y**3),
        ("safe_log(x)", sympy.log(X)),
        ("pow_abs(x, 3)", sympy.Abs(X) ** 3),
        ("max(x, y, 1)", sympy.Max(X, Y, 1)),
        ("neg(x) - inv(y)", -X - 1 / Y),
        ("pi*x", sympy.pi * X),
        ("exp(x)/E", sympy.exp(X) / sympy.E),
        ("ifelse(x < 0, -x, x)", sympy.Piecewise((-X, X < 0), (X, True))),
        ("Piecewise((-x, x < 0), (x, True))", sympy.Piecewise((-X, X < 0), (X, True))),
        ("lambda + 1", sympy.Symbol("lambda") + 1),
        ("S * N - Q", sympy.Symbol("S") * sympy.Symbol("N") - sympy.Symbol("Q")),
        ("((x))", X),
        ("  x + +y ", X + Y),
    ],
)
def test_spellings(text: str, expected: sympy.Expr) -> None:
    assert expr_from_text(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('true')", r"unexpected ''os'\).system"),
        ("x.__class__", r"unexpected '.__class__'"),
        ("[x]", r"unexpected '\[x\]'"),
        ("open(x)", "unknown operator 'open'"),
        ("x if y else 1", "is not a formula"),
        ("lambda x: x", "unexpected ': x'"),
        ("x; y", "unexpected '; y'"),
        ("sin(x, y)", r"'sin' takes 1 argument, not 2"),
        ("x +", "is not a formula"),
        ("", "is not a formula"),
        ("(x", "is not a formula"),
        ("f = #1 + 2", "unexpected '= #1"),
        ("x == y", "has a part that no formula has"),
        ("1 < x < 2", "has a part that no formula has"),
        ("foo(x)", r"unknown operator 'foo'.*\[operators.foo\]"),
        ("Piecewise(x)", r"end it with \(value, True\)"),
        ("Piecewise((x, x > 0), (y, y > 0))", r"end it with \(value, True\)"),
        ("10" + "0" * 5000, "is not a formula"),
    ],
)
def test_what_is_no_formula(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        expr_from_text(text)


def test_nested_and_long() -> None:
    assert str(tree_from_text("sinh(" * 15 + "x" + ")" * 15)).count("sinh") == 15
    names = [f"x{i}" for i in range(888)]
    tree = tree_from_text(" + ".join(f"{n} * 1e-7" for n in names))
    assert tree.complexity == 888 * 4 - 1
    columns = {n: np.array([float(i)]) for i, n in enumerate(names)}
    assert evaluate(tree, columns)[0] == pytest.approx(1e-7 * sum(range(888)))
    assert len(expr_from_text(" + ".join(names)).args) == 888


def test_tree_is_as_written() -> None:
    assert tree_from_text("(x + y) * x - 0").complexity == 7
    assert tree_from_text("x * 1.0").complexity == 3


def test_own_operators_are_replaced_by_their_definition() -> None:
    operators = Operators().extend(
        [
            custom_operator("lorentz", {"definition": "1/(1.5 + x**2)"}),
            custom_operator("mix", {"parameters": ["a", "b"], "definition": "a*lorentz(b)"}),
        ]
    )
    assert expr_from_text("mix(x, y)", operators) == X / (Y**2 + 1.5)
    value = evaluate(
        tree_from_text("mix(x, y)", operators), {"x": np.array([3.0]), "y": np.array([0.5])}, operators
    )
    assert value[0] == 3 / 1.75


def _expressions() -> st.SearchStrategy[sympy.Expr]:
    numbers = st.one_of(
        st.integers(-20, 20).map(sympy.Integer),
        st.floats(-1e6, 1e6).filter(lambda v: abs(v) > 1e-12).map(sympy.Float),
        st.just(sympy.pi),
        st.just(sympy.Rational(1, 3)),
    )
    leaves = st.one_of(st.sampled_from([X, Y]), numbers)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
            st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
            st.tuples(inner, inner).map(lambda p: p[0] - p[1]),
            inner.map(sympy.sin),
            inner.map(lambda e: sympy.exp(sympy.sin(e))),
            inner.map(lambda e: e**2),
            inner.map(lambda e: apply_sympy("abs", (e,), Operators())),
        ),
        max_leaves=10,
    )


@settings(max_examples=150, deadline=None)
@given(_expressions())
def test_text_gives_the_expression_back(expr: sympy.Expr) -> None:
    if expr.has(sympy.nan, sympy.zoo, sympy.oo):
        return
    again = expr_from_text(text_of(expr))
    columns = np.array([[0.37, -1.21], [1.9, 0.45]])
    swap = {X: sympy.Symbol("x0"), Y: sympy.Symbol("x1")}
    np.testing.assert_allclose(
        evaluate_expr(again.xreplace(swap), columns), evaluate_expr(expr.xreplace(swap), columns), rtol=1e-12
    )


def test_every_bit_of_a_constant_survives() -> None:
    for value in (0.1, 1 / 3, 1e-7, 2e8 + 1 / 3, 5e-324, math.nextafter(1.0, 2.0)):
        assert float(expr_from_text(text_of(sympy.Float(value) * X)).coeff(X)) == value


def test_trees_and_sympy_agree_on_values() -> None:
    text = (
        "select(x <= 0.5, sqrt(abs(x)), log(1 + y^2)) + min(x, y) * sigmoid(x)"
        " - floor(3*y) + relu(-x) + x^3/2^y"
    )
    tree = tree_from_text(text)
    columns = {"x": np.linspace(-2, 2, 9), "y": np.linspace(0.1, 3, 9)}
    function = sympy.lambdify((X, Y), expr_from_tree(tree), "numpy")
    np.testing.assert_allclose(evaluate(tree, columns), function(columns["x"], columns["y"]), rtol=1e-12)


def test_negative_bases_under_real_powers_have_no_value() -> None:
    value = evaluate(tree_from_text("x^1.5"), {"x": np.array([-1.0, 4.0])})
    assert np.isnan(value[0]) and value[1] == 8.0


def test_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="the formula uses 'z', the data have x"):
        evaluate(tree_from_text("z"), {"x": np.array([1.0])})
