"""Whole formulas of engines in the joint search."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
import sympy as sp

from sr2hls.search.joint import (
    JointData,
    JointFront,
    JointOptions,
    SelectionSteps,
    Template,
    Term,
    WholeFormula,
    classification_loss,
    model_of,
    regression_loss,
    search_jointly,
)
from sr2hls.search.joint.joint_state import InputColumns, JointState
from sr2hls.search.joint.loss import JointLoss
from sr2hls.search.joint.newton_refit import refit
from sr2hls.search.joint.proposals import Proposer
from sr2hls.search.joint.rounding import round_constants
from sr2hls.search.joint.whole import WholeState

RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 2.0, (400, 4))
X0, X1, X2, X3 = sp.symbols("x0:4")
QUICK = SelectionSteps(tried=4, swaps=1, factor=0.4)


@dataclass
class Tells:
    """A proposer that says what it was given, and keeps what it was asked."""

    found: Sequence[Term | WholeFormula]
    name: str = "tells"
    asked: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)

    def propose(
        self, X: np.ndarray, responses: np.ndarray, weights: np.ndarray, seed: int
    ) -> Sequence[Term | WholeFormula]:
        self.asked.append((X, responses, weights))
        return self.found


def search(loss: JointLoss, *proposers: Proposer, **more: object) -> JointFront:
    data = JointData(X, loss, X, loss, lambda outputs: -loss.value(outputs))
    given = {"max_nodes": 12, "beams": (1.0,), "steps": QUICK, "most_inputs": None, **more}
    return search_jointly(data, JointOptions(proposers=proposers, **given))


def texts(front: JointFront) -> list[str]:
    return [str(m.model.formulas(["y"])["y"]) for m in front.models]


def test_a_formula_is_taken_apart_and_the_other_outputs_stay() -> None:
    before = JointState.of(model_of([X0 + 2 * X1, 3 * X1 + 1]))
    whole = WholeState.of(WholeFormula(0, 2.5 * X0 * X1 * X2 + sp.exp(0.3 * X3) - 7), before)
    values = whole.state.model().predict(X)
    assert np.allclose(values[:, 0], 2.5 * X[:, 0] * X[:, 1] * X[:, 2] + np.exp(0.3 * X[:, 3]) - 7)
    assert np.allclose(values[:, 1], 3 * X[:, 1] + 1)
    exact = dict(zip(whole.state.vector().tolist(), whole.exact.tolist(), strict=True))
    assert exact[-7.0] and not exact[2.5] and not exact[0.3]
    links = [c for o, _, c, _ in whole.state.link_parameters() if o == 0]
    assert sorted(whole.exact[links]) == [False, True], "exp has the exact coefficient 1"


def test_a_product_of_three_inputs_is_on_the_front() -> None:
    y = X[:, :1] * X[:, 1:2] / X[:, 2:3] ** 2
    found = search(regression_loss(y), Tells([WholeFormula(0, X0 * X1 / X2**2, "someone")]))
    best = min(found.models, key=lambda m: m.loss)
    assert best.loss < 1e-20 and best.source == "someone"
    assert best.model.formulas(["y"])["y"] == X0 * X1 / X2**2
    assert min(m.loss for m in search(regression_loss(y)).models) > 1e-4


def test_constants_are_refitted_and_rounded_but_exact_ones_stay() -> None:
    y = 8.1234567 * X[:, :1] * X[:, 1:2] * X[:, 2:3] + 0.5
    data, loss = InputColumns(X), regression_loss(y)
    for factor, fitted in ((sp.Integer(8), 8.0), (sp.Float(5.0), 8.1234567)):
        formula = WholeFormula(0, factor * X0 * X1 * X2 + sp.Float(0.1))
        whole = WholeState.of(formula, JointState.empty(loss.start()))
        state = refit(whole.state, data, loss, steps=8, ridge=0.0, fixed=whole.exact).state
        rounded = round_constants(state, data, loss, digits=None, exact=whole.exact).state
        assert rounded.coefficients[0, 0] == pytest.approx(fitted, rel=0 if fitted == 8 else 1e-6)
    assert rounded.bias[0] == 0.5, "short numbers are recognised"


def test_a_formula_replaces_the_terms_of_one_of_several_outputs() -> None:
    y = np.stack([X[:, 0] * X[:, 1] * X[:, 2], X[:, 3] ** 2], axis=1)
    front = search(regression_loss(y), Tells([WholeFormula(0, X0 * X1 * X2)]), max_nodes=20)
    best = min(front.models, key=lambda m: m.loss)
    assert best.model.formulas(["a", "b"])["a"] == X0 * X1 * X2
    assert best.loss < 1e-3


def test_addends_of_a_formula_are_terms_too() -> None:
    y = 2 * np.tanh(X[:, :1] * X[:, 1:2]) + 3 * np.abs(X[:, 2:3] - 1.25)
    front = search(regression_loss(y), Tells([WholeFormula(0, 0.3 * sp.tanh(X0 * X1) + X3)]), max_nodes=20)
    best = min(front.models, key=lambda m: m.loss)
    assert best.loss < 1e-4 and sp.tanh(X0 * X1) in {t.expr for t in best.model.terms}


def test_the_first_question_of_a_regression_is_the_target() -> None:
    y = X[:, :1] + X[:, 1:2] ** 2
    tells = Tells([])
    search(regression_loss(y), tells)
    assert np.array_equal(tells.asked[0][1], y)
    asked = Tells([])
    search(classification_loss(np.hstack([y, -y]), None), asked)
    assert not np.allclose(asked.asked[0][1], np.hstack([y, -y]))


def test_proposers_get_the_inputs_of_each_function_of_a_template_and_obey_it() -> None:
    template = Template.parse("f(a, b) + g(d)", ("a", "b", "c", "d"))
    y = X[:, :1] * X[:, 1:2] + np.sin(3 * X[:, 3:])
    tells = Tells([Term(X0), Term(sp.tanh(X0)), WholeFormula(0, X0 * X2), Term(X1 * X3)])
    front = search(regression_loss(y), tells, template=template)
    assert [np.array_equal(asked[0], X[:, [0, 1]]) for asked in tells.asked[:2]] == [True, False]
    assert np.array_equal(tells.asked[1][0], X[:, [3]])
    assert all(template.allows(t.inputs) for m in front.models for t in m.model.terms)
    assert len(front.models) > 1


def test_formulas_with_more_inputs_than_tables_take_are_left_out() -> None:
    y = X[:, :1] * X[:, 1:2] * X[:, 2:3]
    front = search(regression_loss(y), Tells([WholeFormula(0, X0 * X1 * X2)]), most_inputs=2)
    assert all(len(t.inputs) <= 2 for m in front.models for t in m.model.terms)


def test_formulas_without_a_value_somewhere_are_left_out() -> None:
    formulas = [WholeFormula(0, sp.log(X0 - 1) * X1 * X2), WholeFormula(0, sp.Float(2.0))]
    front = search(regression_loss(X[:, :1]), Tells(formulas))
    assert all(np.isfinite(m.loss) for m in front.models)
    assert not any("log(x0 - 1)" in t for t in texts(front))
