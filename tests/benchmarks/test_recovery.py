"""The verdict on recovered formulas, tried with right and wrong answers."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from recovery import recovery, same_form

x, y, z = sympy.symbols("x0 x1 x2")
pi = sympy.pi
F = sympy.Float
X_TEST = np.random.default_rng(0).uniform(-2, 2, (500, 3))


@pytest.mark.parametrize(
    ("found", "truth"),
    [
        (x * (x**2), x**3),
        (F(0.99999999) * x**3 + F(1e-12), x**3),
        (-sympy.sin(F(2 * math.pi) * x + F(math.pi)), sympy.sin(2 * pi * x)),
        (sympy.cos(2 * pi * x - pi / 2), sympy.sin(2 * pi * x)),
        (2 * sympy.sin(pi * x + pi / 4) ** 2 - 1 + y**2, y**2 + sympy.sin(2 * pi * x)),
        (2 * (sympy.sin(x + pi / 4) + F(0.5**0.5)) * (sympy.sin(x + pi / 4) - F(0.5**0.5)), sympy.sin(2 * x)),
        (1 - 1 / (1 + sympy.exp(F(10.0) * x)), 1 / (1 + sympy.exp(-10 * x))),
        ((F(0.25) * (x + y) ** 2 - F(0.25) * (x - y) ** 2) / 2 + F(0.5) * z, x * y / 2 + z / 2),
        (sympy.exp(-x * x) * F(1.0), sympy.exp(-(x**2))),
        (sympy.expand((x + y * z) ** 3), (x + y * z) ** 3),
    ],
)
def test_right_answers(found: sympy.Expr, truth: sympy.Expr) -> None:
    verdict = recovery(found, truth, X_TEST)
    assert verdict.recovered, verdict


@pytest.mark.parametrize(
    ("found", "truth"),
    [
        (F(0.9999) * x**3, x**3),
        (x**3 + F(1e-4), x**3),
        (x + F(1e-5) * x**3, x),
        (2 * (sympy.sin(x + pi / 4) + F(0.7)) * (sympy.sin(x + pi / 4) - F(0.7)), sympy.sin(2 * x)),
        (6 * (x - sympy.sin(x)), x**3),
        (sympy.sin(F(6.2831) * x), sympy.sin(2 * pi * x)),
        (sympy.series(sympy.exp(x), x, 0, 12).removeO(), sympy.exp(x)),
        (sympy.tanh(5 * x) / 2 + F(0.501), 1 / (1 + sympy.exp(-10 * x))),
        (1 / (1 + sympy.exp(-F(9.999) * x)), 1 / (1 + sympy.exp(-10 * x))),
        (x * y / 2 + z / 2 + F(1e-3) * x * z, x * y / 2 + z / 2),
        (sympy.log(x), x),
        (sympy.Float(0.0), x),
    ],
)
def test_wrong_answers(found: sympy.Expr, truth: sympy.Expr) -> None:
    verdict = recovery(found, truth, X_TEST)
    assert not verdict.recovered, verdict


def test_right_values_with_another_form_are_not_enough() -> None:
    near = 2 * (1 - sympy.cos(F(1e-3) * x)) / F(1e-6)  # x² but for 1e-7 of x⁴
    verdict = recovery(near, x**2, X_TEST)
    assert verdict.same_value and not verdict.same_form and not verdict.recovered
    assert not same_form(x**2 + F(1e-4) * y, x**2)


def test_a_formula_without_value_has_infinite_error() -> None:
    assert recovery(sympy.sqrt(x), x, X_TEST).test_error == math.inf
