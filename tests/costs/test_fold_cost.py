"""Additive cycles, longest path, area and weighted sums on formulas whose cost can be counted by hand."""

import pytest
import sympy

from sr2hls.costs import (
    CostModel,
    Operators,
    additive_cycles,
    area,
    estimated_luts,
    longest_path,
    node_count,
    published_cycles,
    tree_of,
    weighted,
)
from sr2hls.costs.area import table_luts
from sr2hls.costs.tree import Tree, chain_depth, chain_length, const, var
from sr2hls.errors import InputError

X0, X1, X2 = sympy.symbols("x0 x1 x2")
CYCLES = published_cycles()
ADDITIVE, PATH = additive_cycles(CYCLES), longest_path(CYCLES)


@pytest.mark.parametrize(
    ("expr", "additive", "path"),
    [
        (X0, 1, 1),
        (X0 + X1, 3, 1),
        (X0 / (1 + X0), 33, 30),
        (-X0 / (1 + X0), 33, 30),
        (-X0 - 1, 3, 1),
        (sympy.sin(3.14 * X0) * (0.99 - 0.094 * X1), 17, 10),
        (sympy.exp(X0) * sympy.sin(X1), 3 + 8 + 1 + 2, 9),
        (X0**2, 2, 1),
        (X0**8, 3 + 2, 3),
        (X0**-1, 31, 29),
        (sympy.sqrt(X0), 7, 6),
        (X0**1.5, 14 + 2, 14),
        (sympy.tanh(X0), 52, 51),
    ],
)
def test_by_hand(expr: sympy.Expr, additive: float, path: float) -> None:
    assert ADDITIVE.cost(expr) == additive
    assert PATH.cost(expr) == path


def test_sums_of_many_terms_are_combined_as_they_arrive() -> None:
    # Seven terms are ready at once, one comes 8 cycles later: the sum of the seven hides behind it.
    terms = sympy.symbols("a b c d e f g")
    assert PATH.cost(sympy.Add(*terms)) == 3
    assert PATH.cost(sympy.Add(*terms) + sympy.sin(X0)) == 9


def test_tree_is_charged_exactly_as_it_stands() -> None:
    chain = Tree("+", (Tree("+", (Tree("+", (var("a"), var("b"))), var("c"))), var("d")))
    assert PATH.tree_cost(chain) == 3
    assert ADDITIVE.tree_cost(chain) == 3 + 4


@pytest.mark.parametrize("exponent", range(1, 40))
def test_power_chains(exponent: int) -> None:
    products = [int(b) for b in bin(exponent)[3:]]
    assert chain_length(exponent) == len(products) + sum(products)
    assert 2 ** chain_depth(exponent) >= exponent > 2 ** (chain_depth(exponent) - 1)


def test_whatever_depends_on_one_variable_is_one_table() -> None:
    model = area(estimated_luts("ap_fixed<8,3>"), table_bits=8)
    one = table_luts(8, 8)
    deep = sympy.sin(sympy.exp(X0) * X0 / (1 + X0**2))
    assert model.cost(deep) == one == 32
    assert model.cost(deep + sympy.tanh(X1)) == 2 * one + 8
    assert model.cost(X0 * X1) == 64
    assert area(estimated_luts("ap_fixed<8,3>"), table_bits=None).cost(deep) > 5 * one


def test_product_with_a_constant_is_cheaper_than_with_a_variable() -> None:
    model = area(estimated_luts("ap_fixed<12,4>"), table_bits=None)
    assert model.cost(2.7 * X0) < model.cost(X0 * X1)


def test_weighted_sum_of_models() -> None:
    lut = area(estimated_luts())
    both = weighted("both", "LUT", [(1.0, lut), (50.0, PATH)])
    expr = sympy.sin(X0) * X1 + X2
    assert both.cost(expr) == pytest.approx(lut.cost(expr) + 50 * PATH.cost(expr))
    assert both.provenance.origin.value == "estimated", "an estimate in the sum makes all of it an estimate"
    with pytest.raises(InputError, match="weight of 'area' is 0"):
        weighted("none", "LUT", [(0.0, lut)])
    with pytest.raises(InputError, match="at least one cost model"):
        weighted("none", "LUT", [])


def test_models_follow_the_protocol() -> None:
    for model in (ADDITIVE, PATH, area(estimated_luts()), node_count(Operators())):
        assert isinstance(model, CostModel)


def test_unit_of_the_table_is_checked() -> None:
    with pytest.raises(InputError, match="a cost table in cycles is needed, this one is in LUT"):
        additive_cycles(estimated_luts())


def test_nodes_are_counted_as_pysr_counts_them() -> None:
    model = node_count(Operators())
    assert model.cost(X0 / (1 + X0)) == 5
    assert tree_of(X0 + X1 + X2).complexity == model.cost(X0 + X1 + X2) == 5


def test_unknown_function_is_named() -> None:
    with pytest.raises(InputError, match=r"unknown function 'gamma' in 'gamma\(x0\)'"):
        ADDITIVE.cost(sympy.gamma(X0))
    with pytest.raises(InputError, match="is not a real number"):
        ADDITIVE.cost(X0 + sympy.I)


def test_conditions_are_costed() -> None:
    expr = sympy.Piecewise((X0, X0 < 1), (X1**2, True))
    tree = tree_of(expr)
    assert tree.op == "select"
    assert tree.args[0] == Tree("<", (var("x0"), const(1.0)))
    assert PATH.cost(expr) >= 2
    with pytest.raises(InputError, match="end it with a True case"):
        tree_of(sympy.Piecewise((X0, X0 < 1)))
