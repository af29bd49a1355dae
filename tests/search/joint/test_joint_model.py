import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import InputError
from sr2hls.search.expressions import evaluate_expr
from sr2hls.search.joint.joint_model import JointModel, Term
from sr2hls.search.joint.printing import count_nodes, shortest_form

X0, X1, X2 = sp.symbols("x0:3")
MODEL = JointModel(
    (Term(X0), Term(X0 * X1), Term(sp.Max(X2, sp.Float(0.25))), Term(X0 * X2)),
    np.array([[1.5, -2.25, 0.0, 0.75], [0.0, 0.5, 3.0, 0.0]]),
    np.array([0.5, 0.0]),
)
ROWS = np.random.default_rng(0).normal(size=(50, 3))


def test_formulas_have_the_values_of_the_model() -> None:
    predicted = MODEL.predict(ROWS)
    for k, formula in enumerate(MODEL.formulas(["a", "b"]).values()):
        assert evaluate_expr(formula, ROWS) == pytest.approx(predicted[:, k])


def test_common_factors_are_taken_out_where_that_is_shorter() -> None:
    formula = MODEL.formulas(["a", "b"])["a"]
    assert formula == X0 * (1.5 - 2.25 * X1 + 0.75 * X2) + 0.5
    assert MODEL.nodes() == count_nodes(formula) + count_nodes(MODEL.formulas(["a", "b"])["b"])


def test_shortest_form_is_never_longer() -> None:
    total = X0 * X1 + X0 * X2 + X1 * X2 + X0 + sp.tanh(X0)
    form = shortest_form(total)
    assert count_nodes(form) < count_nodes(total)
    assert sp.expand(form) == total


def test_inputs_are_positions() -> None:
    assert Term(sp.Symbol("x10") * sp.Symbol("x2")).inputs == (2, 10)


def test_a_model_without_terms_is_its_bias() -> None:
    constant = JointModel((), np.zeros((2, 0)), np.array([1.0, 2.0]))
    assert constant.predict(ROWS).tolist() == [[1.0, 2.0]] * 50


def test_refusals_say_how_many_inputs_a_term_has() -> None:
    with pytest.raises(InputError, match="has 3 inputs: a term has one to 2"):
        Term(X0 * X1 * X2)
    with pytest.raises(InputError, match="2 outputs and 1 terms"):
        JointModel((Term(X0),), np.zeros((2, 2)), np.zeros(2))
