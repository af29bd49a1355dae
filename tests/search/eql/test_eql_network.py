"""The network: shapes, masks, folding, exact readout."""

import copy

import numpy as np
import pytest
import sympy
import torch
from torch import nn

from sr2hls.errors import InputError
from sr2hls.search.eql.architecture import fold_constants, live
from sr2hls.search.eql.eql_network import EQLNetwork, restrict_units
from sr2hls.search.eql.primitives import units
from sr2hls.search.eql.readout import read_out
from sr2hls.search.expressions import evaluate_expr


def _network(**more: object) -> EQLNetwork:
    options = {"n_layers": 2, "trials": 3, "seed": 5, "dtype": torch.double, "init_std": 0.3, **more}
    return EQLNetwork(2, 2, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("skip", [True, False])
def test_readout_has_the_value_of_the_network(skip: bool) -> None:
    network = _network(skip=skip).eval()
    random = torch.Generator().manual_seed(1)
    network.set_masks([torch.rand(m.shape, generator=random) < 0.4 for m in network.masks])
    x = torch.rand(50, 2, generator=random, dtype=torch.double) - 0.5
    y = network(x).detach().numpy()
    for trial in range(3):
        formulas = read_out(network.architecture, network.effective(), trial)
        for output, formula in enumerate(formulas):
            np.testing.assert_allclose(evaluate_expr(formula, x.numpy()), y[trial, :, output], rtol=1e-9)


def test_trials_in_one_batch_are_the_vmap_of_single_networks() -> None:
    network = _network().eval()
    x = torch.rand(20, 2, dtype=torch.double)
    single = network.take(0)
    names = list(dict(single.named_parameters()))
    stacked = {name: p.detach()[:, None] for name, p in zip(names, network.parameters(), strict=True)}
    mapped = torch.func.vmap(lambda own: torch.func.functional_call(single, own, (x,)))(stacked)
    torch.testing.assert_close(network(x), mapped)
    together = torch.autograd.grad(network(x).square().sum(), list(network.parameters()))
    for trial in range(3):
        alone = network.take(trial)
        slopes = torch.autograd.grad(alone(x).square().sum(), list(alone.parameters()))
        for whole, part in zip(together, slopes, strict=True):
            torch.testing.assert_close(whole[trial : trial + 1], part)


def test_trials_do_not_touch_each_other() -> None:
    network = _network()
    x = torch.rand(20, 2, dtype=torch.double)
    network(x)[1].square().sum().backward()
    for weight in network.weights:
        assert weight.grad is not None
        assert bool((weight.grad[[0, 2]] == 0).all()) and bool((weight.grad[1] != 0).any())


def test_threshold_keeps_the_function_of_what_is_left() -> None:
    network = _network().eval()
    with torch.no_grad():
        network.weights[0][:, :, 3] = 0.0
        network.weights[1][0, 2, :] = 0.001
    expected = copy.deepcopy(network)
    expected.set_masks([w.abs() > 0.01 for w in expected.weights])
    x = torch.rand(30, 2, dtype=torch.double)
    network.threshold(0.01)
    torch.testing.assert_close(network(x), expected(x))
    assert int(network.active().max()) < int(_network().active().max())
    # frozen: pruned weights stay zero under further training
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        network(x).square().sum().backward()
        optimizer.step()
    for weight, mask in zip(network.effective(), network.masks, strict=True):
        assert bool((weight[~mask] == 0).all())


def test_dead_and_constant_units_are_removed_without_a_change() -> None:
    network = _network().eval()
    arch = network.architecture
    masks = [
        torch.rand(m.shape, generator=torch.Generator().manual_seed(k)) < 0.25
        for k, m in enumerate(network.masks)
    ]
    weights = [w.detach() * m for w, m in zip(network.weights, masks, strict=True)]
    x = torch.rand(10, 2, dtype=torch.double)
    before = arch.forward(weights, x)
    folded, new = fold_constants(arch, weights, live(arch, masks))
    torch.testing.assert_close(arch.forward(folded, x), before)
    assert sum(int(m.sum()) for m in new) < sum(int(m.sum()) for m in masks)
    assert all(bool((w[~m] == 0).all()) for w, m in zip(folded, new, strict=True))


def test_inside_a_network_without_a_trial_axis() -> None:
    model = nn.Sequential(nn.Linear(5, 3), EQLNetwork(3, 2, n_layers=1), nn.Linear(2, 1))
    y = model(torch.rand(4, 7, 5))
    assert y.shape == (4, 7, 1)
    (y.square().mean() + 1e-3 * model[1].penalty()).backward()
    assert model[0].weight.grad.abs().sum() > 0
    state = model.state_dict()
    other = nn.Sequential(nn.Linear(5, 3), EQLNetwork(3, 2, n_layers=1, seed=9), nn.Linear(2, 1))
    other.load_state_dict(state)
    x = torch.rand(3, 5)
    torch.testing.assert_close(other.eval()(x), model.eval()(x))


def test_restarts_differ_in_their_primitives() -> None:
    network = EQLNetwork(1, trials=50)
    restrict_units(network, 0.3, torch.Generator().manual_seed(0))
    counts = network.active()
    assert int(counts[0]) == int(EQLNetwork(1).active()[0]) and len(set(counts.tolist())) > 5
    assert int(counts.min()) > 0


def test_seed_decides_the_weights() -> None:
    a, b, c = (EQLNetwork(2, trials=2, seed=s) for s in (1, 1, 2))
    assert torch.equal(a.weights[0], b.weights[0]) and not torch.equal(a.weights[0], c.weights[0])


def test_readout_is_exact_and_simple() -> None:
    network = EQLNetwork(1, n_layers=1, layer_units=units([("square", 1)]), trials=1, dtype=torch.double)
    with torch.no_grad():
        network.weights[0].copy_(torch.tensor([[[3.0], [0.0]]], dtype=torch.double))
        network.weights[1].copy_(torch.tensor([[[0.1], [0.0], [2.0]]], dtype=torch.double))
    (formula,) = read_out(network.architecture, network.effective())
    x = sympy.Symbol("x0")
    assert formula == sympy.Float(0.1) * (3 * x) ** 2 + 2


def test_errors() -> None:
    with pytest.raises(InputError, match="n_layers is 0"):
        EQLNetwork(1, n_layers=0)
    with pytest.raises(InputError, match="trials is 0"):
        EQLNetwork(1, trials=0)
    with pytest.raises(InputError, match="0 inputs and 1 outputs"):
        EQLNetwork(0)
