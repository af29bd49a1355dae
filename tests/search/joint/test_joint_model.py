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


def _sum_of_functions(n: int) -> sp.Expr:
    """Return a sum of two terms of each of so many inputs, as an additive model has them."""
    inputs = sp.symbols(f"x0:{n}")
    return sp.Add(*(sp.exp(2 * x) * (0.5 * x) + sp.exp(2 * x) * sp.tanh(x) for x in inputs), sp.Float(0.25))


def _all_products(n: int) -> sp.Expr:
    inputs = sp.symbols(f"x0:{n}")
    return sp.Add(*((k + 2) * a * b for a in inputs for k, b in enumerate(inputs) if a.name < b.name))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("total", [_sum_of_functions(40), _all_products(9)], ids=["apart", "together"])
def test_long_sums_have_their_shortest_form_soon(total: sp.Expr) -> None:
    """Every order of all common factors is n! of them: 40 inputs have two each here."""
    form = shortest_form(total)
    assert count_nodes(form) < count_nodes(total)
    values = np.random.default_rng(1).normal(size=(20, 40))
    assert evaluate_expr(form, values) == pytest.approx(evaluate_expr(total, values))


@pytest.mark.parametrize("seed", range(30))
def test_groups_of_addends_lose_nothing(seed: int) -> None:
    """Each group by itself gives as few nodes as every order of all factors does."""
    rng = np.random.default_rng(seed)
    pool = [X0, X1, X2, sp.tanh(X0), sp.exp(X1), sp.Abs(X2)]
    terms = [
        sp.Mul(sp.Float(round(float(rng.uniform(1, 3)), 2)), *rng.choice(pool, rng.integers(1, 4)))
        for _ in range(rng.integers(2, 7))
    ]
    total = sp.Add(*terms)
    assert count_nodes(shortest_form(total)) == _fewest_nodes(total)


def _fewest_nodes(total: sp.Expr) -> int:
    """Try every common factor first, whatever it shares with others."""

    def forms(expr: sp.Expr) -> list[sp.Expr]:
        found = [expr]
        factors = [f for a in sp.Add.make_args(expr) for f in sp.Mul.make_args(a) if f.free_symbols]
        for factor in {f for f in factors if factors.count(f) > 1}:
            inside = [a / factor for a in expr.args if factor in sp.Mul.make_args(a)]
            rest = sp.Add(*(a for a in expr.args if factor not in sp.Mul.make_args(a)))
            brackets, others = forms(sp.Add(*inside)), forms(rest)
            found += [o + sp.Mul(factor, b, evaluate=b.is_number) for b in brackets for o in others]
        return found

    return min(count_nodes(form) for form in forms(total))


def test_inputs_are_positions() -> None:
    assert Term(sp.Symbol("x10") * sp.Symbol("x2")).inputs == (2, 10)


def test_a_model_without_terms_is_its_bias() -> None:
    constant = JointModel((), np.zeros((2, 0)), np.array([1.0, 2.0]))
    assert constant.predict(ROWS).tolist() == [[1.0, 2.0]] * 50


def test_refusals() -> None:
    with pytest.raises(InputError, match="the term '2' has no inputs: a constant is no term"):
        Term(sp.Integer(2))
    with pytest.raises(InputError, match="2 outputs and 1 terms"):
        JointModel((Term(X0),), np.zeros((2, 2)), np.zeros(2))
