"""Penalties: values of the papers and gradients against finite differences."""

import math

import pytest
import torch

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.hardware import connection_cost, unit_cost, weight_costs
from sr2hls.search.eql.penalties import (
    gate_open_probability,
    hard_concrete,
    initial_log_alpha,
    smoothed_l05,
)
from sr2hls.search.eql.primitives import primitive


def test_smoothed_l05_is_sqrt_beyond_a_and_smooth_at_a() -> None:
    w = torch.tensor([-4.0, 0.25, 0.05, 0.0], dtype=torch.double)
    value = smoothed_l05(w, 0.05)
    expected = [2.0, 0.5, math.sqrt(0.05), math.sqrt(3 * 0.05 / 8)]
    torch.testing.assert_close(value, torch.tensor(expected, dtype=torch.double))
    below, above = (
        torch.autograd.grad(smoothed_l05(p, 0.05).sum(), p)[0]
        for p in (torch.tensor(0.05 + d, dtype=torch.double, requires_grad=True) for d in (-1e-9, 1e-9))
    )
    assert float(below) == pytest.approx(float(above), rel=1e-6)


@pytest.mark.parametrize("gated", [False, True])
def test_gradient_of_the_penalty(gated: bool) -> None:
    network = EQLNetwork(2, trials=2, gated=gated, seed=1, dtype=torch.double)
    with torch.no_grad():
        for weight in network.weights:
            weight.mul_(0.2)  # on both sides of a
    network.penalty().sum().backward()
    parameters = list(network.log_alpha if gated else network.weights)
    for parameter in parameters:
        assert parameter.grad is not None
        flat, slope = parameter.data.view(-1), parameter.grad.view(-1)
        for at in range(0, len(flat), 17):
            step = 1e-6
            flat[at] += step
            up = float(network.penalty().sum().detach())
            flat[at] -= 2 * step
            down = float(network.penalty().sum().detach())
            flat[at] += step
            assert (up - down) / (2 * step) == pytest.approx(float(slope[at]), rel=1e-5, abs=1e-8)


def test_gradient_through_sampled_gates() -> None:
    generator = torch.Generator().manual_seed(0)
    alpha = torch.randn(40, generator=generator, dtype=torch.double).requires_grad_()
    noise = torch.rand(40, generator=generator, dtype=torch.double).clamp(0.05, 0.95)
    assert torch.autograd.gradcheck(lambda a: hard_concrete(a, noise), (alpha,))


def test_gates_are_closed_as_often_as_the_penalty_says() -> None:
    generator = torch.Generator().manual_seed(0)
    alpha = torch.full((200_000,), initial_log_alpha(0.3))
    gates = hard_concrete(alpha, torch.rand(alpha.shape, generator=generator).clamp(1e-6, 1 - 1e-6))
    assert float(gate_open_probability(alpha)[0]) == pytest.approx(0.3)
    assert float((gates > 0).float().mean()) == pytest.approx(0.3, abs=0.005)
    assert float(gates.min()) >= 0 and float(gates.max()) <= 1 and bool((gates == 1).any())


def test_costly_operators_are_penalised_more() -> None:
    cost = additive_cycles(published_cycles())
    network = EQLNetwork(2, trials=1, n_layers=1)
    arch = network.architecture
    assert unit_cost(primitive("sin"), cost) == 8.0  # the published table: 8 cycles at ap_fixed<16,6>
    assert unit_cost(primitive("identity"), cost) == 0.0
    assert connection_cost(cost) == 4.0  # one multiplication, one addition, PySR's 1 for each leaf
    factors = weight_costs(arch, cost, share=1.0)
    columns = [unit.operator for unit in arch.layers[0] for _ in range(unit.arity)]
    by_name = {name: float(factors[0][0, k]) for k, name in enumerate(columns)}
    assert by_name["sigmoid"] > by_name["sin"] > by_name["square"] > by_name["identity"]
    assert float(weight_costs(arch, cost, share=0.0)[0].max()) == 1.0
    before = network.penalty()
    network.set_costs(factors)
    assert float(network.penalty().detach()) != pytest.approx(float(before.detach()))
