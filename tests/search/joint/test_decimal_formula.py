"""Formulas in decimal units over the features: the same values, the same digits, the same length."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.report.physical import formula_text
from sr2hls.search.expressions import evaluate_expr, expr_from_text
from sr2hls.search.joint.decimal_formula import DecimalAxis, decimal_formula
from sr2hls.search.joint.printing import count_nodes
from sr2hls.search.joint.readable import significant_digits

U = sp.symbols("feature0 feature1 feature2")
NAMES = ("mass", "c1", "T")
AXES = {
    U[0]: DecimalAxis(sp.Symbol("mass"), 2),
    U[1]: DecimalAxis(sp.Symbol("c1"), -1),
    U[2]: DecimalAxis(sp.Symbol("T"), 0, 300.0),
}


def written(text: str) -> str:
    return formula_text(decimal_formula(expr_from_text(text).xreplace(_over_u()), AXES))


def _over_u() -> dict[sp.Basic, sp.Basic]:
    return {sp.Symbol(f"x{k}"): u for k, u in enumerate(U)}


@pytest.mark.parametrize(
    ("over_u", "over_features"),
    [
        ("0.35*x0", "0.0035*mass"),
        ("1.2*abs(x0 - 0.804)", "0.012*Abs(mass - 80.4)"),
        ("-2.1*tanh(2.5*x0 - 1.3)", "-2.1*tanh(0.025*mass - 1.3)"),
        ("0.3*x0*x1", "0.03*c1*mass"),
        ("0.2*min(abs(x0 - 0.8), 0.11)", "0.002*Min(11, Abs(mass - 80))"),
        ("0.4*x1*max(x0, 0.3)", "0.04*c1*Max(30, mass)"),
        ("sign(x0 - 1.56)", "sign(mass - 156)"),
        ("1.5*exp(-3*(x0 - 0.9)^2)", "1.5*exp(-0.0003*(mass - 90)**2)"),
        ("0.1*x2^2 + 1.5", "0.1*(T - 300)**2 + 1.5"),
        ("2.5/x0", "250/mass"),
        ("0.7*sqrt(x0)", "0.07*sqrt(mass)"),
        ("2.5*log(x0)", "2.5*log(0.01*mass)"),
        ("max(x0*x1, 0.2)", "0.1*Max(2, c1*mass)"),
    ],
)
def test_only_the_decimal_point_moves(over_u: str, over_features: str) -> None:
    assert written(over_u) == over_features


_NUMBERS = st.floats(0.011, 99.0).map(lambda v: float(f"{v:.3g}"))
_SHAPES = st.sampled_from([
    "{a}*x{i}", "{a}*abs(x{i} - {b})", "-{a}*x{i}*x{j}", "{a}*tanh({b}*x{i} - {c})",
    "{a}*max(x{i}, {b})*x{j}",
    "{a}*sin({b}*x{i})", "{a}*min(abs(x{i} - {b}), {c})", "{a}*x{i}^2", "{a}*exp(-{b}*(x{i} - {c})^2)",
])  # fmt: skip


@given(
    st.lists(
        st.tuples(_SHAPES, _NUMBERS, _NUMBERS, _NUMBERS, st.permutations([0, 1])), min_size=1, max_size=4
    )
)
@settings(max_examples=60, deadline=None)
def test_values_digits_and_nodes_stay(terms: list[tuple[str, float, float, float, list[int]]]) -> None:
    text = " + ".join(s.format(a=a, b=b, c=c, i=p[0], j=p[1]) for s, a, b, c, p in terms) + " + 1.25"
    expr = expr_from_text(text)
    made = decimal_formula(expr.xreplace(_over_u()), AXES)
    rows = np.random.default_rng(0).uniform(0.1, 3.0, (40, 3))
    features = np.stack([100 * rows[:, 0], 0.1 * rows[:, 1], 300 + rows[:, 2]], axis=1)
    named = made.xreplace({sp.Symbol(n): sp.Symbol(f"x{k}") for k, n in enumerate(NAMES)})
    assert np.allclose(evaluate_expr(named, features), evaluate_expr(expr, rows), rtol=1e-9, atol=1e-9)
    assert count_nodes(made) <= count_nodes(expr)
    digits = max(significant_digits(n) for n in expr.atoms(sp.Float))
    assert all(significant_digits(n) <= max(digits, 3) for n in made.atoms(sp.Number))


def test_factors_are_not_taken_out_where_constants_would_be_added_up() -> None:
    assert written("0.246*x1*(x0 - 1.35) + 0.0883*x1") == "0.0246*c1*(mass - 135) + 0.883*c1"
    assert written("0.246*x1*x0 + 0.0883*x1") == "c1*(0.0246*mass + 0.883)"
