import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import InputError
from sr2hls.search.joint.proposals import model_of, terms_of
from sr2hls.search.joint.template import Template

NAMES = ("mass", "x", "y", "z")
X0, X1, X2 = sp.symbols("x0:3")


def test_a_template_says_which_inputs_come_together() -> None:
    template = Template.parse("a*f(mass) + g(x, y) - z", NAMES)
    assert template.singles == (0, 1, 2, 3)
    assert template.pairs == ((1, 2),)


def test_products_of_features_are_pairs() -> None:
    assert Template.parse("k*mass*h(z)", NAMES).pairs == ((0, 3),)


def test_terms_have_the_inputs_of_one_function() -> None:
    template = Template.parse("f(mass, x, y) + g(z)", NAMES)
    assert template.allows((0, 1, 2)) and template.allows((1,)) and template.allows((3,))
    assert not template.allows((2, 3))
    assert Template.everything(3).allows((0, 1, 2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f(mass", "is no formula: write it as"),
        ("f(q)", "'q' in the template is no feature: they are mass, x, y, z"),
        ("f(mass)*g(x)", "has several functions"),
        ("f(mass)**2", "is no constant times a function of features"),
    ],
)
def test_refusals_name_the_part(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        Template.parse(text, NAMES)
    assert message in str(error.value)


def test_addends_are_terms() -> None:
    found = terms_of([3.5 * X0 * X1 + sp.tanh(X2) + 2, 1.5 * X0 * X1 * X2 - sp.tanh(X2)])
    assert [term.expr for term in found] == [X0 * X1, sp.tanh(X2)]


def test_formulas_that_are_there_become_a_model() -> None:
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = model_of([3.5 * X0 * X1 + 2, X0 - 0.5])
    assert model.predict(X)[:, 0] == pytest.approx(3.5 * X[:, 0] * X[:, 1] + 2)
    assert model.predict(X)[:, 1] == pytest.approx(X[:, 0] - 0.5)
