"""Levenberg-Marquardt, saliency and elimination on problems with a known answer."""

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares

from sr2hls.search.eql.architecture import Architecture
from sr2hls.search.eql.elimination import EliminationOptions, eliminate, saliency
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.levenberg_marquardt import (
    _Jacobian,
    flatten,
    levenberg_marquardt,
    mean_squared_error,
    unflatten,
)
from sr2hls.search.eql.primitives import units


def _start(trials: int = 3, **more: object) -> tuple[Architecture, list[torch.Tensor], list[torch.Tensor]]:
    network = EQLNetwork(2, trials=trials, dtype=torch.double, seed=4, init_std=0.3, **more)  # type: ignore[arg-type]
    random = torch.Generator().manual_seed(2)
    network.set_masks([torch.rand(m.shape, generator=random) < 0.3 for m in network.masks])
    return network.architecture, network.effective(), network.masks


def test_jacobian_against_finite_differences() -> None:
    arch, weights, masks = _start(n_outputs=2)
    x = torch.rand(7, 2, dtype=torch.double) - 0.5
    flat, mask = flatten(weights).detach(), flatten(masks)
    most = int(mask.sum(1).max())
    index = torch.argsort((~mask).to(torch.uint8), dim=1, stable=True)[:, :most]
    _, jacobian = _Jacobian(arch, index, mask.gather(1, index))(unflatten(arch, flat), x.expand(3, 7, 2))
    assert jacobian.shape == (3, most, 2, 7)
    for trial in range(3):
        for k in range(0, int(mask[trial].sum()), 9):
            step = torch.zeros_like(flat)
            step[trial, index[trial, k]] = 1e-6
            up, down = (arch.forward(unflatten(arch, flat + s), x)[trial] for s in (step, -step))
            torch.testing.assert_close(jacobian[trial, k], ((up - down) / 2e-6).T, rtol=1e-5, atol=1e-7)
        assert bool((jacobian[trial, int(mask[trial].sum()) :] == 0).all())


def test_levenberg_marquardt_reaches_what_scipy_reaches() -> None:
    layer = units([("sin", 1), ("exp", 1)])
    arch = EQLNetwork(1, n_layers=1, layer_units=layer, trials=1).architecture
    x = torch.linspace(-1, 1, 60, dtype=torch.double)[:, None]
    y = 1.3 * torch.sin(2 * np.pi * 0.4 * x + 0.2) - 0.7 * torch.exp(0.8 * x) + 0.05 * torch.sin(9 * x)
    start = [
        torch.tensor(w, dtype=torch.double)[None]
        for w in ([[0.5, 0.5], [0.0, 0.0]], [[1.0], [-1.0], [0.0], [0.0]])
    ]
    fit = levenberg_marquardt(arch, start, [torch.ones_like(w, dtype=torch.bool) for w in start], x, y, 200)

    def residual(values: np.ndarray) -> np.ndarray:
        weights = unflatten(arch, torch.from_numpy(values)[None])
        return (arch.forward(weights, x)[0] - y).numpy()[:, 0]

    reference = least_squares(residual, flatten(start)[0].numpy(), xtol=1e-15, ftol=1e-15)
    assert float(fit.loss[0]) <= 2 * reference.cost / 60 * 1.001
    assert float(fit.loss[0]) == pytest.approx(float(np.mean(residual(flatten(fit.weights)[0].numpy()) ** 2)))


def test_masked_weights_stay_zero_and_loss_never_rises() -> None:
    arch, weights, masks = _start()
    x = torch.rand(60, 2, dtype=torch.double)
    y = x[:, :1] * x[:, 1:]
    before = mean_squared_error(arch, weights, x, y)
    fit = levenberg_marquardt(arch, weights, masks, x, y, 10)
    assert bool((fit.loss <= before).all())
    for weight, mask in zip(fit.weights, masks, strict=True):
        assert bool((weight[~mask] == 0).all())


def test_saliency_is_the_rise_of_the_loss_in_a_linear_problem() -> None:
    layer = units([("square", 1)])
    network = EQLNetwork(3, n_layers=1, layer_units=layer, trials=1, dtype=torch.double)
    arch = network.architecture
    masks = [torch.zeros_like(m) for m in network.masks]
    masks[1][0, 1:4, 0] = True  # the three inputs straight to the output
    x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    y = x @ torch.tensor([[1.0], [-0.2], [0.5]], dtype=torch.double) + 0.1 * x[:, :1] * x[:, 1:2]
    fit = levenberg_marquardt(arch, network.effective(), masks, x, y, 20)
    rise = saliency(fit, damping=0.0)[0]
    for k in range(3):
        gone = [m.clone() for m in masks]
        gone[1][0, 1 + k, 0] = False
        refitted = levenberg_marquardt(arch, fit.weights, gone, x, y, 20)
        assert float(rise[k]) == pytest.approx(0.5 * float(refitted.loss[0] - fit.loss[0]), rel=1e-6)


def test_elimination_uncovers_the_formula() -> None:
    layer = units([("square", 2), ("sin", 1)])
    network = EQLNetwork(2, n_layers=1, layer_units=layer, trials=8, dtype=torch.double, seed=1, init_std=0.3)
    random = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(150, 2, generator=random, dtype=torch.double) - 1
    y = 0.5 * x[:, :1] * x[:, 1:] + 0.5 * x[:, 1:]
    stages = eliminate(
        network.architecture, network.effective(), network.masks, (x[:120], y[:120]), (x[120:], y[120:]),
        EliminationOptions(survivors=1.0, first_steps=40, tries=4),
    )  # fmt: skip
    exact = [s for s in stages if s.validation < 1e-20]
    # xy needs two squares of sums, 4 + 2 weights, and y itself one
    assert min(s.active for s in exact) == 7
    smaller = [s for s in stages if s.active < 7]
    assert smaller and min(s.loss for s in smaller) > 1e-5
