"""Dynamic pruning reaches its target and removes what the loss needs least."""

import pytest
import torch

from sr2hls.costs import area, estimated_luts
from sr2hls.errors import InputError
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.primitives import units
from sr2hls.search.eql.pruning import Pruner, PruningSchedule, StructureCost, squared_error_probe, used_inputs


def _train(network: EQLNetwork, pruner: Pruner, steps: int = 600) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(200, 6, generator=random) - 1
    y = torch.stack([x[:, 0] * x[:, 1] + x[:, 2], 0.05 * x[:, 3]], 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for step in range(steps):
        optimizer.zero_grad()
        outputs = network(x)
        loss = ((outputs - y) ** 2).mean()
        pruner.observe(squared_error_probe(outputs, random))
        (loss + 2e-3 * network.penalty()).backward()
        optimizer.step()
        pruner.step(step)
    return ((network(x) - y) ** 2).mean().detach()


def _network() -> EQLNetwork:
    return EQLNetwork(6, 2, n_layers=1, layer_units=units([("square", 3), ("*", 3), ("sin", 2)]), seed=3)


def test_sparsity_is_reached_and_the_useless_inputs_go() -> None:
    network = _network()
    pruner = Pruner(network, PruningSchedule(60, 500, 10, sparsity=0.93))
    first = float(pruner.current_cost()[0])
    loss = _train(network, pruner)
    assert float(pruner.current_cost()[0]) <= 0.07 * first + 1e-6
    used = used_inputs(network.architecture, network.masks)[0].tolist()
    assert used[:3] == [True, True, True] and not any(used[4:])
    assert float(loss) < 0.01  # of a variance of 0.25


def test_budget_of_luts_is_reached_and_costly_operators_go_first() -> None:
    model = area(estimated_luts("ap_fixed<10,4>"))
    network = _network()
    structure = StructureCost.of(network.architecture, model)
    first = float(structure.total(network.architecture, network.masks)[0])
    budget = 0.1 * first
    pruner = Pruner(network, PruningSchedule(60, 500, 10, max_cost=budget), structure)
    loss = _train(network, pruner)
    assert float(pruner.current_cost()[0]) <= budget
    assert float(loss) < 0.03
    arch = network.architecture
    alive = network.masks[1][0, : len(arch.layers[0])].any(1).tolist()
    kept = {unit.operator for unit, on in zip(arch.layers[0], alive, strict=True) if on}
    assert "sin" not in kept


def test_total_counts_what_is_alive() -> None:
    network = EQLNetwork(2, 1, n_layers=1, layer_units=units([("square", 1), ("*", 1)]), trials=1)
    structure = StructureCost(10.0, ((7.0, 100.0),), input=1000.0)
    masks = [torch.zeros_like(m) for m in network.masks]
    masks[0][0, 0, 0] = True  # x0 into the square
    masks[0][0, 1, 1] = True  # x1 into one side of the product, which nothing uses
    masks[1][0, 0, 0] = True  # the square to the output
    masks[1][0, -1, 0] = True  # a bias
    assert float(structure.total(network.architecture, masks)[0]) == 2 * 10 + 7 + 1000
    masks[1][0, 1, 0] = True
    assert float(structure.total(network.architecture, masks)[0]) == 4 * 10 + 107 + 2000


def test_schedule() -> None:
    schedule = PruningSchedule(100, 200, sparsity=0.9)
    assert schedule.allowed(0, 50.0) == 50.0 and schedule.allowed(100, 50.0) == 50.0
    assert schedule.allowed(150, 50.0) == pytest.approx(5 + 45 / 8)
    assert schedule.allowed(200, 50.0) == schedule.allowed(900, 50.0) == pytest.approx(5.0)


def test_errors() -> None:
    with pytest.raises(InputError, match="either a sparsity or a max_cost"):
        PruningSchedule(0, 10)
    with pytest.raises(InputError, match=r"sparsity is 1\.5"):
        PruningSchedule(0, 10, sparsity=1.5)
    with pytest.raises(InputError, match="end has to be after begin"):
        PruningSchedule(10, 10, sparsity=0.5)
    network = _network()
    structure = StructureCost.of(network.architecture, area(estimated_luts("ap_fixed<10,4>")))
    with pytest.raises(InputError, match="a sparsity counts weights"):
        Pruner(network, PruningSchedule(0, 10, sparsity=0.5), structure)
