import numpy as np
import pytest
import torch
from torch import nn

from sr2hls.distil import (
    Bottleneck,
    GaussianMessages,
    OutputPenalty,
    channel_importance,
    kl_penalty,
    linear_map,
    principal_directions,
)
from sr2hls.errors import InputError


def test_penalty_is_the_mean_over_the_calls_since_the_last():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    with OutputPenalty(model, "0") as penalty:
        values = [model[0](x) for x in (torch.ones(4, 2), torch.zeros(4, 2))]
        model(torch.ones(4, 2)), model(torch.zeros(4, 2))
        penalty_now = penalty.take()
        assert torch.allclose(penalty_now, torch.stack([v.abs().mean() for v in values]).mean())
        penalty_now.backward()
        assert model[0].weight.grad.abs().sum() > 0
        with pytest.raises(InputError, match="'0' was not called"):
            penalty.take()
    assert not model[0]._forward_hooks


def test_l1_leaves_as_many_channels_as_the_task_needs():
    torch.manual_seed(0)
    x = torch.randn(400, 3)
    wanted = x[:, :1] * 2 - x[:, 1:2]
    model = nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 1))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    with OutputPenalty(model, "0") as penalty:
        for _ in range(600):
            optimiser.zero_grad()
            (((model(x) - wanted) ** 2).mean() + 0.1 * penalty.take()).backward()
            optimiser.step()
    directions = principal_directions(model[0](x).detach())
    assert directions.count(0.95) == 1
    importance = channel_importance(model, "0", lambda: ((model(x) - wanted) ** 2).mean())
    assert len(importance) == 8
    assert max(importance) > 0.1
    assert sum(rise > 1e-3 for rise in importance) <= 5
    fit = linear_map(wanted, directions.project(model[0](x).detach(), 1))
    assert fit.r2[0] > 0.99


def test_kl_is_zero_for_the_prior_and_the_textbook_value_elsewhere():
    zero = torch.zeros(5)
    assert float(kl_penalty(zero, zero)) == 0
    p, q = torch.distributions.Normal(1.5, 0.3), torch.distributions.Normal(0.0, 1.0)
    wanted = torch.distributions.kl_divergence(p, q)
    assert torch.allclose(kl_penalty(torch.tensor([1.5]), 2 * torch.tensor([0.3]).log()), wanted)


def test_gaussian_messages_sample_in_training_only():
    torch.manual_seed(0)
    messages = GaussianMessages(nn.Linear(2, 6))
    x = torch.randn(2000, 2)
    messages.eval()
    assert torch.equal(messages(x), messages(x))
    messages.train()
    spread = (messages(x) - messages.inner(x)[:, :3]).std(0)
    assert torch.allclose(
        spread.mean(), (0.5 * messages.inner(x)[:, 3:]).exp().square().mean(0).sqrt().mean(), rtol=0.1
    )
    assert float(messages.divergence.detach()) > 0
    with pytest.raises(InputError, match="3 values are no means with log-variances"):
        GaussianMessages(nn.Linear(2, 3))(x)


def test_bottleneck_passes_only_its_width():
    torch.manual_seed(0)
    waist = Bottleneck(10, 2)
    out = waist(torch.randn(500, 10)).detach()
    assert out.shape == (500, 10)
    assert principal_directions(out).count(1 - 1e-9) == 2
    with pytest.raises(InputError, match="width 3 in 2 features"):
        Bottleneck(2, 3)


def test_directions_of_what_does_not_vary():
    assert principal_directions(np.ones((4, 3))).count() == 0
    with pytest.raises(InputError, match="two rows or more"):
        principal_directions(np.ones((1, 3)))


def test_importance_of_a_part_that_is_not_used():
    model = nn.ModuleDict({"used": nn.Linear(1, 2), "idle": nn.Linear(1, 2)})
    loss = lambda: model["used"](torch.arange(4.0)[:, None])[:, 0].square().mean()  # noqa: E731
    importance = channel_importance(model, "used", loss)
    assert abs(importance[0]) > 1e-3
    assert importance[1] == 0
    with pytest.raises(InputError, match="'idle' is never called"):
        channel_importance(model, "idle", loss)
