import copy

import numpy as np
import pytest
import sympy as sp
import torch
from torch import nn

from sr2hls.distil import distil, record
from sr2hls.errors import InputError
from sr2hls.search import OperonEngine, OperonSettings, SearchOptions

ENGINE = OperonEngine(OperonSettings(population=100, generations=20, restarts=2))
OPTIONS = SearchOptions(operators=("+", "-", "*", "/"), max_size=12, input_names=("a", "b"))


class Inner(nn.Module):
    """Stands for a trained part: a smooth function that is no formula to torch."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = x[..., 0], x[..., 1]
        return torch.stack([a * b + 0.5 * a, torch.full_like(a, 3.0), a / (1 + b)], dim=-1)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()
        self.outer = nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.outer(self.inner(x))


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(0)
    return Model()


@pytest.fixture(scope="module")
def data() -> torch.Tensor:
    return torch.rand(600, 2, generator=torch.Generator().manual_seed(1)) + 0.5


def test_a_part_becomes_its_formula_and_the_model_computes_the_same(model, data):
    found = distil(
        record(model, "inner", data),
        outputs=[0, 2],
        engine=ENGINE,
        options=OPTIONS,
        choose="loss",
        max_rows=300,
    )
    assert found.searched == (0, 2)
    assert [f.output for f in found.frontier.fronts] == ["y0", "y2"]
    assert min(found.fidelity) > 1 - 1e-6
    assert len(found.recording) == 300
    a, b = sp.symbols("a b")
    value = sp.lambdify((a, b), found.named[0])
    assert value(1.2, 0.7) == pytest.approx(1.2 * 0.7 + 0.6, abs=1e-5)
    changed = copy.deepcopy(model)
    layer = found.put_back(changed)
    assert changed.inner is layer
    # the output that nobody searched is the constant that it is
    assert torch.allclose(changed(data), model(data), atol=1e-3)


def test_another_choice_is_scored_anew(model, data):
    found = distil(
        record(model, "inner", data), outputs=[0], engine=ENGINE, options=OPTIONS, choose="loss", max_rows=300
    )
    worst = found.choose("index", 0)
    assert worst.fidelity[0] < 0.9 < found.fidelity[0]
    with pytest.raises(InputError, match="2 candidates for 1 outputs"):
        found.take(found.chosen * 2)


def test_fidelity_is_of_rows_that_the_search_did_not_see(model, data):
    recording = record(model, "inner", data)
    found = distil(recording, outputs=[1], engine=ENGINE, options=OPTIONS, max_rows=100)
    assert len(found.recording) == 500
    assert np.allclose([float(f) for f in found.formulas], 3.0)


def test_messages(model, data):
    with pytest.raises(InputError, match="output 3 of 'inner' does not exist: it has 3"):
        distil(record(model, "inner", data), outputs=[3])
    with pytest.raises(InputError, match="recorded on 2 rows: give more data"):
        distil(record(model, "inner", data[:2]))
