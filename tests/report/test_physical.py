"""Formulas over features in their own units compute what those over scaled inputs do."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.report.physical import Axis, formula_text, physical_formula, physical_scores
from sr2hls.search.expressions import evaluate_expr, expr_from_text

OFFSETS, SCALES = (80.0, 45.0, 0.0), (50.0, 20.0, 0.25)
Z = np.random.default_rng(0).uniform(-1, 1, (500, 3))
X = Z * SCALES + OFFSETS


def axes(*names: str) -> list[Axis]:
    return [Axis(sp.Symbol(n), o, s) for n, o, s in zip(names, OFFSETS, SCALES, strict=True)]


def shown(text: str) -> str:
    return formula_text(physical_formula(expr_from_text(text), axes("mass", "n", "c")))


@pytest.mark.parametrize(
    ("scaled", "physical"),
    [
        ("2*x0 + 1", "0.04*mass - 2.2"),
        ("Abs(x0 + 0.6)", "0.02*Abs(mass - 50)"),
        ("3 - 30*Min(0.1, Abs(x0 + 0.6))", "3 - 0.6*Min(5, Abs(mass - 50))"),
        ("5*Max(-0.3, -x0)", "-0.1*Min(15, mass - 80)"),
        ("x0*x1", "0.001*(mass - 80)*(n - 45)"),
        ("tanh(-2.5*x0 - 0.5)", "-tanh(0.05*(mass - 70))"),
        ("exp(-(5*x0 + 3)**2)", "exp(-0.01*(mass - 50)**2)"),
        ("2*exp(0.6*x0 + 0.2)", "0.935*exp(0.012*mass)"),
        ("0.3*x0*exp(0.5*x1)", "0.00195*(mass - 80)*exp(0.025*n)"),
        ("sign(x0 - 0.2)*x2", "4*c*sign(mass - 90)"),
        ("sqrt(x0 + 2)", "0.141*sqrt(mass + 20)"),
        ("1.5", "1.5"),
    ],
)
def test_a_threshold_on_a_mass_is_a_mass(scaled: str, physical: str) -> None:
    assert shown(scaled) == physical


_LEAVES = st.one_of(
    st.sampled_from([sp.Symbol(f"x{k}") for k in range(3)]),
    st.builds(
        lambda k, a, b: a * sp.Symbol(f"x{k}") + b,
        st.integers(0, 2), st.sampled_from([-2.5, 0.5, 3.0]), st.sampled_from([-0.25, 0.5]),
    ),
)  # fmt: skip
_FORMULAS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: 1.5 * a - 0.75 * b, inner, inner),
        st.builds(sp.Abs, inner),
        st.builds(sp.sin, inner),
        st.builds(lambda a: sp.Max(a, 0.25), inner),
        st.builds(lambda a, b: sp.Min(-2 * a, b), inner, inner),
        st.builds(lambda a: a**2, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(_FORMULAS)
def test_nothing_changes_but_the_rounding_of_constants(formula: sp.Expr) -> None:
    with_digits = physical_formula(formula, axes("x0", "x1", "x2"))
    expected = evaluate_expr(formula, Z)
    found = evaluate_expr(with_digits, X)
    assert np.abs(found - expected).max() <= 0.08 * max(1.0, float(np.abs(expected).max()))


def test_a_place_keeps_the_digits_that_its_scale_needs() -> None:
    far = [Axis(sp.Symbol("time"), 12345.678, 0.5)]
    assert formula_text(physical_formula(expr_from_text("Abs(x0)"), far)) == "2*Abs(time - 12345.68)"


def test_a_constant_that_all_scores_share_is_left_out() -> None:
    formulas = [expr_from_text(t) for t in ("x2 + 12", "2*x2 + 11", "10.5 + x0*x2")]
    found = physical_scores(formulas, axes("mass", "n", "c"))
    assert [formula_text(f) for f in found] == ["4*c + 1", "8*c", "0.08*c*(mass - 80) - 0.5"]
