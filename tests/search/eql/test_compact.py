"""Training under a budget: the budget holds, what is learned is right, weights are short."""

import pytest
import torch

from sr2hls.errors import InputError
from sr2hls.search.eql.compact import CompactOptions, short, train_compact
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.primitives import units
from sr2hls.search.eql.pruning import StructureCost, used_inputs

OPTIONS = CompactOptions(steps=600, batch_size=128, learning_rate=2e-2)


def _data() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(600, 8, generator=random) - 1
    return x, x[:, 0] * x[:, 1] + x[:, 2]


def _network(outputs: int = 2) -> EQLNetwork:
    return EQLNetwork(
        8, outputs, n_layers=1, layer_units=units([("square", 3), ("*", 3)]), seed=1, init_std=0.3
    )


@pytest.mark.slow
@pytest.mark.parametrize("soft", [False, True])
def test_classes_under_a_budget(soft: bool) -> None:
    x, value = _data()
    labels = (value > 0).long()
    wanted = torch.nn.functional.one_hot(labels).float() * 0.9 + 0.05 if soft else labels
    network = _network()
    cost = StructureCost.weights_only(network.architecture)
    train_compact(network, x, wanted, cost, 14.0, OPTIONS)
    assert float(cost.total(network.architecture, network.masks)[0]) <= 14
    assert not used_inputs(network.architecture, network.masks)[0, 3:].any()
    accuracy = float((network(x).argmax(1) == labels).float().mean())
    assert accuracy > 0.93


@pytest.mark.parametrize("soft", [False, True])
def test_classes_are_learned_within_a_budget_in_few_steps(soft: bool) -> None:
    x, value = _data()
    labels = (value > 0).long()
    wanted = torch.nn.functional.one_hot(labels).float() * 0.9 + 0.05 if soft else labels
    network = _network()
    cost = StructureCost.weights_only(network.architecture)
    train_compact(
        network, x, wanted, cost, 14.0, CompactOptions(steps=100, batch_size=128, learning_rate=5e-2)
    )
    assert float(cost.total(network.architecture, network.masks)[0]) <= 14
    assert float((network(x).argmax(1) == labels).float().mean()) > 0.75


def test_weights_are_short_and_values_are_fitted() -> None:
    x, value = _data()
    network = _network(1)
    cost = StructureCost.weights_only(network.architecture)
    train_compact(network, x, value[:, None], cost, 8.0, OPTIONS)
    for weight in network.effective():
        torch.testing.assert_close(weight, short(weight, 3), rtol=0, atol=0)
    assert float(((network(x)[:, 0] - value) ** 2).mean().detach()) < 0.05
    free = _network(1)
    train_compact(free, x, value[:, None], cost, 8.0, CompactOptions(steps=20, digits=None))
    assert any(not torch.equal(w, short(w, 3)) for w in free.effective())


def test_short_numbers() -> None:
    values = torch.tensor([0.0, 1.0, -0.7, 0.3, 100.0, 1e-3])
    assert short(values, 1).tolist() == [0.0, 1.0, -0.5, 0.25, 128.0, 2.0**-10]
    assert short(values, 3).tolist() == [0.0, 1.0, -0.75, 0.3125, 96.0, 2.0**-10]


def test_stops_when_told_and_refuses_nonsense() -> None:
    x, value = _data()
    network = _network(1)
    cost = StructureCost.weights_only(network.architecture)
    seen: list[int] = []

    def stop(step: int, loss: float) -> bool:
        seen.append(step)
        return False

    train_compact(network, x, value[:, None], cost, 8.0, OPTIONS, callback=stop)
    assert seen == [50]
    with pytest.raises(InputError, match="make it without trials"):
        train_compact(EQLNetwork(8, trials=2), x, value[:, None], cost, 8.0)
    with pytest.raises(InputError, match="have to rise"):
        CompactOptions(prune_from=0.8)
    with pytest.raises(InputError, match="digits is 0"):
        CompactOptions(digits=0)
