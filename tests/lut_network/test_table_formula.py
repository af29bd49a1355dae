"""Formulas of tables: short, and the same table however they are added up."""

import numpy as np
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.design import float_outputs
from sr2hls.lut_network.table_formula import TableFormula, _shortest, fit_table_formula


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_sympy_computes_the_table_whatever_the_names_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(8.0), np.arange(4.0), indexing="ij"), axis=-1).reshape(-1, 2)
    losses = rng.random((32, 8))
    formula = fit_table_formula(grid, losses, 0.5, rng)
    # The names decide the order in which sympy adds.
    for order in ((0, 1), (1, 0)):
        columns = grid[:, list(order)]
        names = [sp.Symbol(f"x{order.index(k)}") for k in (0, 1)]
        found = float_outputs({"y": formula.exact(names)}, columns)[:, 0]
        assert np.array_equal(found, formula.entries(grid))


def test_no_value_is_left_half_way_between_two_integers() -> None:
    values = np.arange(4.0)
    design = np.stack([np.ones(4), values], axis=1)
    formula = _shortest(design, ((0,), (1,)), np.array([0.5004, 0.9998]), 7)
    assert np.array_equal(formula.entries(values[:, None]), [1, 2, 3, 3])
    distance = np.abs(design @ np.array(formula.coefficients) + 0.5)
    assert np.abs(distance - np.rint(distance)).min() > 1e-8


def test_it_reads_as_what_it_is() -> None:
    formula = TableFormula(((1, 0), (0, 1)), (0.5, 1.0), 3)
    a, b = sp.symbols("a b")
    assert formula.expr([a, b]) == 0.5 * a + 1.0 * b
    assert formula.exact([a, b]).has(sp.floor)
