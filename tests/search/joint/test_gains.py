import numpy as np
import pytest
import sympy as sp

from sr2hls.search.joint.bins import Bins, pair_sums
from sr2hls.search.joint.dictionary import mixed_entries, one_input_entries
from sr2hls.search.joint.gains import rate_terms
from sr2hls.search.joint.joint_model import Term
from sr2hls.search.joint.joint_state import Atom, InputColumns, JointState
from sr2hls.search.joint.loss import classification_loss, regression_loss
from sr2hls.search.joint.newton_refit import refit
from sr2hls.search.joint.pairs import promising_pairs
from sr2hls.search.joint.price import Prices, table_luts
from sr2hls.search.joint.scanner import Scanner
from sr2hls.search.joint.shapes import make_shape
from sr2hls.search.joint.template import Template

RNG = np.random.default_rng(0)
X = np.round(RNG.uniform(-1, 1, (600, 4)) * 16) / 16
PRICES = Prices(lut=0.0)


def scanner(data: InputColumns, most_pairs: int = 100) -> Scanner:
    return Scanner(data, one_input_entries(), mixed_entries(), Template.everything(4), PRICES, most_pairs)


def test_sums_in_bins_are_sums_over_rows() -> None:
    first, second = Bins.of(X[:, 0], 8), Bins.of(X[:, 1], 64)
    weights = RNG.normal(size=(600, 3)).astype(np.float32)
    sums = pair_sums(first, second, weights)
    assert sums.sum(axis=(0, 1)) == pytest.approx(weights.sum(axis=0), abs=1e-3)
    inside = (first.codes == 3) & (second.codes == 5)
    assert sums[3, 5] == pytest.approx(weights[inside].sum(axis=0), abs=1e-5)
    assert len(second.centres) == len(np.unique(X[:, 1]))


def test_gain_is_what_a_squared_error_falls_by() -> None:
    y = np.sin(2 * X[:, :1]) + 0.3 * X[:, 1:2]
    loss, data = regression_loss(y), InputColumns(X)
    state = refit(
        JointState.empty(loss.start()).added(Atom(make_shape("u"), (1,), np.array([])), 0, 0.0),
        data,
        loss,
        steps=3,
        ridge=0.0,
    )
    slopes = loss.slopes(data.outputs(state.state))
    found = rate_terms([Term(sp.Symbol("x0"))], state.state, data, slopes, PRICES)
    after = refit(state.state.added(found[0].atom, 0, 0.0), data, loss, steps=3, ridge=0.0)
    assert found[0].gain == pytest.approx(state.loss - after.loss, rel=1e-3)


def test_the_product_that_is_wanted_comes_first() -> None:
    loss, data = classification_loss(6 * X[:, 2:3] * X[:, 3:4], None), InputColumns(X)
    state = JointState.empty(loss.start())
    best = scanner(data).candidates(state, loss.slopes(data.outputs(state)))[0]
    assert best.atom.inputs == (2, 3)
    assert best.atom.shape.expr == make_shape("u*v").expr


def test_terms_that_are_there_gain_nothing() -> None:
    loss, data = regression_loss(X[:, :1] + 0.1 * X[:, 1:2]), InputColumns(X)
    state = JointState.empty(loss.start()).added(Atom(make_shape("u"), (0,), np.array([])), 0, 0.0)
    state = refit(state, data, loss, steps=2).state
    found = rate_terms([Term(sp.Symbol("x0"))], state, data, loss.slopes(data.outputs(state)), PRICES)
    assert not found


def test_pairs_with_an_interaction_are_chosen() -> None:
    loss = regression_loss(X[:, :1] * X[:, 3:] + 2 * X[:, 1:2])
    slopes = loss.slopes(np.zeros((600, 1)))
    columns = {i: X[:, i] for i in range(4)}
    pairs = list(Template.everything(4).pairs)
    assert promising_pairs(columns, slopes, pairs, 1, np.arange(600)) == [(0, 3)]


def test_terms_on_the_same_inputs_share_a_table() -> None:
    assert table_luts([(0, (1,)), (0, (1,))]) == table_luts([(0, (1,))]) == 4
    # Two codes of three bits, a table of two inputs and of one, one sum.
    assert table_luts([(0, (1, 2)), (0, (1,))]) == 6 + 4 + 4 + 4


def test_the_price_of_a_place_is_what_the_model_becomes_dearer_by() -> None:
    prices = Prices(lut=0.5)
    state = JointState.empty(np.zeros(2)).added(Atom(make_shape("u*v"), (0, 1), np.array([])), 0, 1.0)
    price = prices.of_place(state)
    for inputs, output in (((1, 2), 0), ((1, 2), 1), ((3,), 0), ((0, 1), 0)):
        shape = make_shape("u" if len(inputs) == 1 else "u*v")
        grown = state.added(Atom(shape, inputs, np.array([])), output, 1.0)
        term = prices.of_shape(shape) + price(inputs, output)
        first = 0 if state.used[output].any() else 1
        assert prices.of_model(grown) - prices.of_model(state) == pytest.approx(term + first)
