"""Formulas as torch modules: the same values as sympy's, and constants that learn."""

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import LoweringError
from sr2hls.search.train_constants import FormulaModule, refine_constants

X0, X1 = sp.symbols("x0 x1")
FORMULAS = [
    0.5 * sp.tanh(3 * X0 - 1) + 2.1 * X1**2 - 0.3,
    sp.exp(-2 * X1**2) / (X0 + 5),
    sp.Max(X0, 0.3 * X1) - sp.Abs(X1) * sp.pi,
    sp.sin(X0 * X1) * sp.log(X0 + 7) + sp.sqrt(X1**2 + 1),
    sp.Float(1.5) + 0 * X0,
]


def test_values_are_sympys() -> None:
    X = np.random.default_rng(0).normal(size=(50, 2))
    module = FormulaModule(FORMULAS, ["x0", "x1"])
    found = module(torch.from_numpy(X)).detach().numpy()
    for k, formula in enumerate(FORMULAS):
        expected = [float(formula.evalf(subs={X0: a, X1: b})) for a, b in X]
        assert np.allclose(found[:, k], expected)


def test_formulas_survive_the_module_unchanged() -> None:
    module = FormulaModule(FORMULAS, ["x0", "x1"])
    X = np.random.default_rng(1).normal(size=(20, 2))
    for before, after in zip(FORMULAS, module.formulas(), strict=True):
        for a, b in X:
            assert np.isclose(
                float(before.evalf(subs={X0: a, X1: b})), float(after.evalf(subs={X0: a, X1: b}))
            )


def test_exponents_and_signs_are_no_parameters() -> None:
    assert len(FormulaModule([-X0 + X1**3], ["x0", "x1"]).constants) == 0
    assert len(FormulaModule([sp.tanh(X0 - 1)], ["x0", "x1"]).constants) == 1


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.floats(0.5, 2), st.floats(-1, 1))
def test_constants_are_recovered(a: float, b: float) -> None:
    X = np.random.default_rng(2).normal(size=(300, 2))
    wanted = torch.from_numpy(a * X[:, :1] + b * X[:, 1:] ** 2)
    start = {"y": 1.2 * X0 + 0.2 * X1**2}
    found = refine_constants(
        start, ["x0", "x1"], X, lambda o: (o - wanted).square().mean(), steps=800, learning_rate=0.05
    )["y"]
    assert np.isclose(float(found.coeff(X0)), a, atol=0.05)
    assert np.isclose(float(found.coeff(X1**2)), b, atol=0.05)


def test_the_loss_never_grows() -> None:
    X = np.random.default_rng(3).normal(size=(200, 2))
    wanted = torch.from_numpy(np.sin(5 * X[:, :1]))

    def loss(outputs: torch.Tensor) -> torch.Tensor:
        return (outputs - wanted).square().mean()

    start = {"y": sp.exp(5 * X0 + 300.0) * 1e-140 + sp.sin(4.9 * X0)}
    before = float(loss(FormulaModule(list(start.values()), ["x0", "x1"])(torch.from_numpy(X))).detach())
    after = refine_constants(start, ["x0", "x1"], X, loss, steps=20, learning_rate=0.5)
    assert (
        float(loss(FormulaModule(list(after.values()), ["x0", "x1"])(torch.from_numpy(X))).detach()) <= before
    )


def test_what_cannot_be_trained_is_named() -> None:
    with pytest.raises(LoweringError, match=r"'floor\(x0\)' \(floor\) cannot be trained"):
        FormulaModule([sp.floor(X0)], ["x0", "x1"])
