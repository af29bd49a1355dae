import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from torch import nn

from sr2hls.distil import OutputPenalty
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
    analysis = PCA().fit(model[0](x).detach().numpy())
    assert analysis.explained_variance_ratio_[0] > 0.95
    along = analysis.transform(model[0](x).detach().numpy())[:, :1]
    assert LinearRegression().fit(wanted, along).score(wanted, along) > 0.99
