import numpy as np
import pytest
import sympy as sp

from sr2hls.search.joint.joint_state import Atom, InputColumns, JointState
from sr2hls.search.joint.loss import JointLoss, classification_loss, regression_loss
from sr2hls.search.joint.newton_refit import assemble, loss_of, refit
from sr2hls.search.joint.numbers import printed_number, short_numbers
from sr2hls.search.joint.readable import significant_digits
from sr2hls.search.joint.rounding import round_constants
from sr2hls.search.joint.shapes import make_shape

RNG = np.random.default_rng(1)
X = RNG.uniform(-1, 1, (400, 3))
SHAPE = make_shape("tanh(p0*u + p1)")


def start() -> JointState:
    state = JointState.empty(np.zeros(3))
    state = state.added(Atom(SHAPE, (0,), np.array([2.0, 0.1])), 0, 0.5)
    state = state.added(state.atoms[0], 2, -0.3)
    return state.added(Atom(make_shape("u*v"), (1, 2), np.array([])), 1, 0.7)


def test_an_atom_is_shared_by_outputs() -> None:
    assert len(start().atoms) == 2
    assert start().removed(0, 0).used.tolist() == [[False, False], [False, True], [True, False]]
    assert len(start().removed(1, 1).atoms) == 1


def test_the_gradient_is_that_of_the_loss() -> None:
    loss = classification_loss(RNG.normal(0, 2, (400, 3)), RNG.integers(0, 3, 400))
    state, data = start(), InputColumns(X)
    gradient = assemble(state, data, loss).gradient
    for k, vector in enumerate(np.eye(len(gradient)) * 1e-6):
        up = loss.value(data.outputs(state.with_vector(state.vector() + vector)))
        down = loss.value(data.outputs(state.with_vector(state.vector() - vector)))
        assert (up - down) / 2e-6 == pytest.approx(gradient[k], abs=1e-8)


def test_the_hessian_of_a_softmax_is_exact_for_coefficients() -> None:
    loss = classification_loss(RNG.normal(0, 2, (400, 3)), None)
    data, state = InputColumns(X), start()
    system = assemble(state, data, loss)
    moved = state.with_vector(state.vector() + 1e-6 * np.eye(len(state.vector()))[3])
    gradient = assemble(moved, data, loss).gradient
    linear = slice(0, state.offsets[0])
    assert system.hessian[3, linear] == pytest.approx(((gradient - system.gradient) / 1e-6)[linear], abs=1e-6)


def test_constants_are_found_again() -> None:
    y = np.stack([np.tanh(3 * X[:, 0] - 0.5), X[:, 1] * X[:, 2], -2 * np.tanh(3 * X[:, 0] - 0.5)], axis=1)
    found = refit(start(), InputColumns(X), regression_loss(y), steps=30, ridge=0.0)
    assert found.loss < 1e-9
    assert np.abs(found.state.atoms[0].constants) == pytest.approx([3, 0.5], abs=1e-3)


def test_fixed_constants_stay() -> None:
    state = start()
    fixed = np.zeros(len(state.vector()), dtype=bool)
    fixed[[0, 4]] = True
    after = refit(
        state, InputColumns(X), regression_loss(RNG.normal(size=(400, 3))), steps=3, fixed=fixed
    ).state
    assert (after.vector() == state.vector())[fixed].all()
    assert not (after.vector() == state.vector())[~fixed].any()


def test_rounded_constants_have_three_digits_and_cost_little() -> None:
    logits = 3 * np.stack([np.tanh(2.7182 * X[:, 0]), X[:, 1] * X[:, 2], X[:, 1]], axis=1)
    loss, data = classification_loss(logits + RNG.normal(0, 0.5, logits.shape), None), InputColumns(X)
    fitted = refit(start(), data, loss, steps=10)
    rounded = round_constants(fitted.state, data, loss)
    assert rounded.loss < 1.002 * fitted.loss
    numbers = [printed_number(float(v)) for v in rounded.state.vector()]
    assert all(significant_digits(n) <= 3 for n in numbers if isinstance(n, sp.Number))


def test_pi_is_recognised_where_it_costs_nothing() -> None:
    y = np.sin(np.pi * X[:, :1])
    state = JointState.empty(np.zeros(1)).added(Atom(make_shape("sin(p0*u)"), (0,), np.array([3.0])), 0, 1.0)
    fitted = refit(state, InputColumns(X), regression_loss(y), steps=10)
    model = round_constants(fitted.state, InputColumns(X), regression_loss(y)).state.model()
    assert model.formulas(["y"])["y"] == sp.sin(sp.pi * sp.Symbol("x0"))


def test_the_place_of_a_step_is_rounded_by_trial() -> None:
    state = JointState.empty(np.zeros(1)).added(
        Atom(make_shape("sign(u - p0)"), (0,), np.array([0.123456])), 0, 1.0
    )
    rows = np.linspace(-1, 1, 8001)[:, None]
    loss, data = regression_loss(np.sign(rows - 0.123456)), InputColumns(rows)
    constants = round_constants(state, data, loss).state.atoms[0].constants
    assert constants[0] == 0.123


@pytest.mark.parametrize(("value", "first"), [(0.30004, 0.3), (-2.0, -2.0), (1234.0, 1000.0)])
def test_the_shortest_number_comes_first(value: float, first: float) -> None:
    assert next(short_numbers(value)) == first


def test_numbers_are_printed_as_what_they_are() -> None:
    assert printed_number(2.0) == sp.Integer(2)
    assert printed_number(-1 / 3) == sp.Rational(-1, 3)
    assert printed_number(2 * np.pi) == 2 * sp.pi
    assert str(printed_number(4.87)) == "4.87000000000000"


@pytest.mark.parametrize("name", ["classes", "binary", "squared", "absolute"])
def test_batches_of_rows_add_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    targets, weights = RNG.normal(0, 2, (400, 3)), RNG.uniform(0, 2, 400)
    loss: JointLoss = {
        "classes": lambda: classification_loss(targets, RNG.integers(-1, 3, 400), weights=weights),
        "binary": lambda: classification_loss(targets[:, :1], targets[:, 1] > 0, weights=weights),
        "squared": lambda: regression_loss(targets, weights=weights),
        "absolute": lambda: regression_loss(targets, absolute=True, weights=weights),
    }[name]()
    data, state = InputColumns(RNG.uniform(-1, 1, (400, 2))), JointState.empty(np.zeros(loss.shape[1]))
    state = state.added(Atom(make_shape("tanh(p0*u)"), (1,), np.array([1.3])), 0, 0.7)
    whole, value = assemble(state, data, loss), loss_of(state, data, loss)
    assert value == pytest.approx(loss.value(data.outputs(state)))
    monkeypatch.setattr("sr2hls.search.joint.joint_state._BATCH", 150)
    parts = assemble(state, data, loss)
    assert loss_of(state, data, loss) == pytest.approx(value)
    assert np.allclose(parts.gradient, whole.gradient) and np.allclose(parts.hessian, whole.hessian)
    assert np.array_equal(data.outputs(state)[300:], data.outputs_of(state, slice(300, None)))
