"""Equation learners inside larger networks: trained end to end, pruned together with the rest."""

import pytest
import sympy
import torch
from torch import Tensor, nn

from sr2hls.errors import InputError
from sr2hls.search.eql.eql_network import EQLNetwork
from sr2hls.search.eql.joint import JointPruning, prune_jointly, refine_jointly, train_jointly
from sr2hls.search.eql.primitives import units
from sr2hls.search.eql.training import SparsifyOptions


class _Model(nn.Module):
    """A linear map of three inputs to one code, and a formula of the code and a fourth input."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Linear(3, 1)
        layer = units([("identity", 1), ("square", 1), ("sin", 1), ("*", 1)])
        self.head = EQLNetwork(2, n_layers=1, layer_units=layer, init_std=0.3, seed=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.cat([self.encoder(x[:, :3]), x[:, 3:]], 1))[:, 0]


def _data() -> tuple[Tensor, Tensor]:
    x = 2 * torch.rand(200, 4, generator=torch.Generator().manual_seed(1)) - 1
    return x, (x[:, 0] - 0.5 * x[:, 1]) * x[:, 3]


def test_product_of_a_learned_code_is_found() -> None:
    model = _Model()
    x, y = _data()
    options = SparsifyOptions(steps=400, learning_rate=2e-2, penalty=1e-3)
    first = float(((model(x) - y) ** 2).mean().detach())
    train_jointly(model, [model.head], lambda step: ((model(x) - y) ** 2).mean(), options)
    model.double()
    exact = x.double(), y.double()

    def loss() -> Tensor:
        return ((model(exact[0]) - exact[1]) ** 2).mean()

    seen: list[tuple[int, float]] = []
    pruning = JointPruning(slack=2.0, floor=1e-9, refit_steps=30)
    last = prune_jointly(
        model, [model.head], loss, pruning, callback=lambda weights, at: seen.append((weights, at)) or True
    )
    assert last == pytest.approx(float(loss().detach())) and last < 1e-8 < first
    assert [w for w, _ in seen] == sorted((w for w, _ in seen), reverse=True)
    z, v = sympy.symbols("x0 x1")
    formula = sympy.expand(model.head.formulas()[0])
    assert formula.is_polynomial(z, v)
    terms = {m: float(c) for m, c in sympy.Poly(formula, z, v).terms()}
    assert abs(terms[1, 1]) > 0.1
    assert all(abs(c) < 1e-3 for m, c in terms.items() if m not in {(1, 1), (0, 1)})
    weight = model.encoder.weight[0].detach()
    assert float(weight[1] / weight[0]) == pytest.approx(-0.5, abs=1e-3)
    assert abs(float(weight[2] / weight[0])) < 1e-3


def test_what_costs_too_much_is_undone() -> None:
    model = _Model().double()
    x, _ = _data()
    with torch.no_grad():
        y = model(x.double()) + 0.1

    def loss() -> Tensor:
        return ((model(x.double()) - y) ** 2).mean()

    pruning = JointPruning(slack=0.0, refit_steps=2, tries=1)
    prune_jointly(model, [model.head], loss, pruning)
    assert bool(torch.cat([m.flatten() for m in model.head.masks]).all())


def test_refinement_never_makes_it_worse() -> None:
    model = _Model().double()
    x, y = (t.double() for t in _data())

    def loss() -> Tensor:
        return ((model(x) - y) ** 2).mean()

    first = float(loss().detach())
    assert refine_jointly(model, loss, 20) < first
    with pytest.raises(InputError, match="no equation learner in the model"):
        train_jointly(model, [], lambda step: loss(), SparsifyOptions(steps=2))
