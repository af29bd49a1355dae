import numpy as np
import pytest
import torch
from torch import nn

from sr2hls.distil import record, replace_submodule, submodule
from sr2hls.errors import InputError


class Pair(nn.Module):
    """Calls one shared module on every ordered pair, as graph networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.message = nn.Bilinear(2, 2, 3)
        self.scale = nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = x[:, :, None].expand(-1, -1, x.shape[1], -1)
        b = x[:, None].expand_as(a)
        return self.scale(self.message(a.contiguous(), b.contiguous()).sum(2))


class Field(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(2, 2)

    def forward(self, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.net(y) * t


class Flow(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.field = Field()

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        for k in range(3):
            y = y + 0.1 * self.field(torch.tensor(float(k)), y)
        return y


def test_rows_are_what_the_submodule_computes():
    torch.manual_seed(0)
    model = Pair()
    found = record(model, "message", torch.randn(5, 4, 2))
    assert found.X.shape == (5 * 4 * 4, 4)
    again = model.message(*torch.tensor(found.X, dtype=torch.float32).split(2, dim=1))
    assert np.allclose(again.detach().numpy(), found.Y, atol=1e-6)


def test_every_call_counts_and_a_time_is_a_column():
    model = Flow()
    y = torch.randn(7, 2)
    found = record(model, "field", lambda: model(y))
    assert found.X.shape == (21, 3)
    assert set(found.X[:, 0]) == {0.0, 1.0, 2.0}
    assert np.allclose(found.X[:7, 1:], y.numpy())


def test_one_call_of_keywords_and_squeezed_outputs():
    class Norm(nn.Module):
        def forward(self, *, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return (a * b).sum(-1)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = Norm()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.norm(a=x, b=2 * x)

    found = record(Model(), "norm", [{"x": torch.ones(3, 2)}, (torch.zeros(2, 2),)])
    assert found.squeezed
    assert found.Y.tolist() == [[4.0], [4.0], [4.0], [0.0], [0.0]]


def test_features_of_the_users_choice_and_a_seeded_draw():
    model = Pair()
    found = record(
        model, "message", torch.randn(9, 3, 2), features=lambda r: r[:, :2] - r[:, 2:], max_rows=20
    )
    assert found.X.shape == (20, 2)
    same = record(model, "message", torch.randn(9, 3, 2), max_rows=20, seed=1)
    assert len(same) == 20
    first, rest = found.split(0.25, seed=3)
    assert (len(first), len(rest)) == (5, 15)
    assert sorted(map(tuple, np.concatenate([first.X, rest.X]))) == sorted(map(tuple, found.X))


def test_mode_and_hooks_are_left_as_they_were():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.9), nn.Linear(2, 1))
    model.train()
    found = record(model, "2", np.ones((4, 2)))
    assert model.training
    assert len(np.unique(found.X[:, 0])) == 1
    assert not model[2]._forward_hooks


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("messag", "has no submodule 'messag': did you mean 'message'"),
        ("unused", "the submodule 'unused' is never called"),
        ("pool", "the submodule 'pool' cannot be recorded: it returns the shape"),
        ("pair", "the submodule 'pair' cannot be recorded: it returns a tuple"),
    ],
)
def test_messages(name, text):
    class Pool(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean(0)

    class Two(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x, x

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.message, self.unused, self.pool, self.pair = nn.Linear(2, 2), nn.Linear(2, 2), Pool(), Two()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.pool(self.pair(self.message(x))[0])

    with pytest.raises(InputError, match=text.replace("(", r"\(")):
        record(Model(), name, torch.randn(3, 2))


def test_not_finite():
    with pytest.raises(InputError, match="1 rows that are not finite"):
        record(nn.Linear(1, 1), "", torch.tensor([[1.0], [float("nan")]]))


def test_replaced_wherever_it_is_shared():
    shared = nn.Linear(2, 2)
    model = nn.ModuleDict({"a": shared, "b": nn.Sequential(shared, nn.ReLU())})
    new = nn.Identity()
    assert replace_submodule(model, "b.0", new) is shared
    assert submodule(model, "a") is new
    assert model["b"][0] is new
    with pytest.raises(InputError, match="whole model cannot be replaced"):
        replace_submodule(model, "", new)
