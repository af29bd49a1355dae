import numpy as np
import pytest
import sympy as sp
import torch
from torch import nn

from sr2hls.distil import FormulaLayer, compose, fine_tune
from sr2hls.errors import InputError

x0, x1, x2 = sp.symbols("x0 x1 x2")


def test_called_as_the_module_it_replaces():
    layer = FormulaLayer([x0 * x1 + 0.5, sp.sin(x2) * 2], 3)
    a, b = torch.randn(4, 5, 2), torch.randn(5, 1)
    out = layer(a, b)
    assert out.shape == (4, 5, 2)
    assert out.dtype is torch.float32
    assert torch.allclose(out[..., 0], a[..., 0] * a[..., 1] + 0.5)
    assert torch.allclose(out[..., 1], 2 * torch.sin(b[:, 0]).expand(4, 5))
    assert FormulaLayer([x0 + x1], 2, squeezed=True)(a).shape == (4, 5)


def test_constants_stay_exact_until_they_are_trained():
    layer = FormulaLayer([sp.sin(sp.pi * x0) / 2], 1)
    assert layer.formulas() == (sp.sin(sp.pi * x0) / 2,)
    with torch.no_grad():
        layer.constants.add_(0.25)
    assert layer.formulas(["t"])[0].free_symbols == {sp.Symbol("t")}
    assert not layer.formulas()[0].has(sp.pi)


def test_fine_tuning_through_a_solver_then_rounding_gives_the_truth():
    """dx/dt = -0.7 x + 0.3, trained through Euler steps from wrong constants."""
    layer = FormulaLayer([-0.9 * x0 + 0.1], 1)

    def flow(field: nn.Module | None) -> torch.Tensor:
        x, path = torch.linspace(-1, 1, 16, dtype=torch.float64)[:, None], []
        for _ in range(20):
            x = x + 0.1 * (field(x) if field else -0.7 * x + 0.3)
            path.append(x)
        return torch.stack(path)

    wanted = flow(None)
    tuned = fine_tune(layer, lambda: ((flow(layer) - wanted) ** 2).mean(), steps=300, learning_rate=0.02)
    assert tuned.after < 1e-6 < 1e-3 < tuned.before
    assert sp.expand(layer.round_constants(0.01)[0] - (-0.7 * x0 + 0.3)) == 0


def test_the_best_on_the_way_is_kept():
    layer = FormulaLayer([1.01 * x0], 1)
    tuned = fine_tune(layer, lambda: (layer.constants - 1.0).abs().sum(), steps=5, learning_rate=10.0)
    assert tuned.after <= tuned.before
    assert abs(float(layer.constants[0]) - 1) <= 0.0101


def test_a_gradient_that_is_not_finite_moves_nothing():
    layer = FormulaLayer([2.0 * x0], 1)
    losses = iter([1.0, float("nan"), 0.5, 0.4])
    fine_tune(
        layer,
        lambda: next(losses) + 0 * layer.constants.sum() + 0 * torch.sqrt(layer.constants - 2).sum(),
        steps=3,
    )
    assert float(layer.constants[0]) == 2.0


def test_rounding_to_a_grid():
    layer = FormulaLayer([0.987 * x0 / (1.0049 + x1) - 0.123456], 2)
    assert layer.round_constants(0.01)[0] == sp.Float(0.99) * x0 / (1 + x1) - sp.Float(0.12)
    with pytest.raises(InputError, match="give a positive step"):
        layer.round_constants(0)


def test_compose_is_simultaneous():
    assert compose([x0 - x1], [x1**2, x0]) == (x1**2 - x0,)
    with pytest.raises(InputError, match="uses 'x2', but there are 2 inner formulas"):
        compose([x2], [x0, x1])


def test_messages():
    with pytest.raises(InputError, match="uses 'x1', the module's inputs are x0"):
        FormulaLayer([x1], 1)
    with pytest.raises(InputError, match="2 formulas cannot be squeezed"):
        FormulaLayer([x0, x0], 1, squeezed=True)
    with pytest.raises(InputError, match="3 columns for a formula of 2 inputs"):
        FormulaLayer([x0], 2)(torch.zeros(1, 3))
    with pytest.raises(InputError, match="no parameter that can be trained"):
        fine_tune(nn.ReLU(), lambda: torch.zeros(()))
    layer = FormulaLayer([2.5 * x0], 1)
    with pytest.raises(InputError, match="the loss is nan before the first step"):
        fine_tune(layer, lambda: layer.constants.sum() * float("nan"))


def test_values_as_sympy_has_them():
    formula = sp.exp(-(x0**2)) + sp.Max(x0 - 0.5, 0) * sp.Abs(x1) ** 1.5
    X = np.random.default_rng(0).normal(size=(50, 2))
    values = FormulaLayer([formula], 2)(torch.tensor(X)).detach().numpy()[:, 0]
    wanted = [float(formula.subs({x0: a, x1: b})) for a, b in X]
    assert np.allclose(values, wanted, rtol=1e-12)
