import numpy as np
import pytest
import sympy as sp

from sr2hls.search.joint.readable import measure_readability, nested_functions, significant_digits

X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
NAMES = ("mass", "tau")
MASS, TAU = sp.symbols("mass tau")


def reasons(formula: sp.Expr) -> tuple[str, ...]:
    return measure_readability({"y": formula}, X, NAMES).reasons


def test_a_plain_formula_is_readable() -> None:
    measured = measure_readability({"g": 2.5 * MASS * TAU + 0.3, "q": sp.tanh(3 * MASS)}, X, NAMES)
    assert measured.is_readable
    assert measured.nodes == 6 + 4


def test_long_constants_are_told() -> None:
    assert reasons(1.2345 * MASS) == ("a constant has 5 significant digits",)


def test_what_rounds_is_told() -> None:
    assert reasons(sp.floor(3 * MASS)) == ("the formulas round with floor",)
    assert "round with Min(…, Max(…))" in reasons(sp.Min(2, sp.Max(0, MASS)))[0]
    assert reasons(sp.Max(0, MASS)) == ()


def test_cancellation_is_told() -> None:
    a, b = sp.Float(95.5) * sp.tanh(4 * MASS), sp.Float(-90.5) * sp.tanh(4.2 * MASS)
    assert reasons(a + b)[0].startswith("a term is ")


def test_nested_functions_are_counted() -> None:
    assert nested_functions(sp.exp(-((3 * MASS) ** 2))) == 1
    assert nested_functions(sp.tanh(sp.sqrt(sp.Abs(MASS)))) == 3
    assert reasons(sp.tanh(sp.exp(sp.tanh(MASS)))) == ("3 functions are nested",)


def test_names_are_the_users() -> None:
    assert reasons(sp.Symbol("x0") + MASS) == ("x0 is no feature",)


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        (sp.Float(0.035), 2),
        (sp.Integer(1200), 2),
        (sp.Float(-4.87), 3),
        (sp.Rational(2, 3), 1),
        (sp.Float("1e-7"), 1),
    ],
)
def test_significant_digits(number: sp.Number, digits: int) -> None:
    assert significant_digits(number) == digits
