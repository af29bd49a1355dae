from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from sr2hls.costs import node_count
from sr2hls.costs.operators import Operators
from sr2hls.errors import InputError
from sr2hls.search import OperonEngine, OperonSettings, SearchOptions
from sr2hls.search.similarity import DimensionalEngine, groups_of
from sr2hls.search.units import Constants, Dimension, Units

x0, x1, x2 = sp.symbols("x0 x1 x2")


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("N", "m kg s^-2"),
        ("J/(K*mol)", "m^2 kg s^-2 K^-1 mol^-1"),
        ("GeV", "m^2 kg s^-2"),
        ("m^(1/2)", "m^1/2"),
        ("1", "1"),
        ("rad", "1"),
        ("V/A", "m^2 kg s^-3 A^-2"),
    ],
)
def test_units_are_read(unit, shown):
    assert str(Dimension.of(unit)) == shown


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("furlongs", "the unit 'furlongs'"),
        ("m+s", "is no unit"),
        ("m^x", "is no unit"),
        ("kg*sin(m)", "is no unit"),
    ],
)
def test_units_that_are_none(unit, text):
    with pytest.raises(InputError, match=text):
        Dimension.of(unit)


FALL = Units(("m", "m/s^2", "s"), "m")
FREE = Units(FALL.inputs, FALL.output, Constants.FREE)


@pytest.mark.parametrize(
    "right",
    [x0 + x1 * x2**2 / 2, sp.sqrt(x0 * x1) * x2, sp.Max(x0, 0.5 * x1 * x2**2), x0 * sp.exp(-x1 * x2**2 / x0)],
)
def test_formulas_that_can_be_true(right):
    assert FALL.check(right).consistent
    assert FREE.check(right).consistent


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (x0 + x2, "'x0' and 'x2' in 'x0 + x2' have the dimensions m and s"),
        (x0 * sp.sin(x2), "'x2' and a pure number have the dimensions s and 1"),
        (x1 * x2, "the formula and m have the dimensions m s^-1 and m"),
        (x0 + 1, "have the dimensions"),
        (x0**1.37, "'x0' and a pure number"),
        (sp.Piecewise((x0, x0 < x2), (2 * x0, True)), "'x0' and 'x2' in 'x0 < x2'"),
        (sp.Abs(x2), "s and m"),
    ],
)
def test_formulas_that_cannot(wrong, reason):
    found = FALL.check(wrong)
    assert not found.consistent
    assert reason in found.reason


def test_free_constants_take_the_dimension_that_is_needed():
    found = FREE.check(2.5 * x2**2 + x0)
    assert found.consistent
    assert found.constants == ((2.5, Dimension.of("m/s^2")),)
    # inside and outside of the sine both are fixed
    found = FREE.check(3.5 * sp.sin(0.1 * x2))
    assert {str(d) for _, d in found.constants} == {"m", "s^-1"}
    # no factor outside helps a sum that is wrong inside
    assert not FREE.check(x0 + x2).consistent
    assert not FREE.check(2.5 * (x0 + x2) ** 2).consistent


def test_a_variable_without_a_unit():
    with pytest.raises(InputError, match="uses 'q', which has no unit"):
        FALL.check(sp.Symbol("q"))


def test_groups():
    groups = groups_of(Units(("m", "m/s^2", "kg", "1"), "s"))
    assert groups.scale == (Fraction(1, 2), Fraction(-1, 2), 0, 0)
    assert groups.groups == ((0, 0, 0, 1),)
    with pytest.raises(InputError, match="has the unit A"):
        groups_of(Units(("m", "s"), "A"))


def test_every_set_of_groups_is_complete_and_dimensionless():
    units = Units(("kg/m^3", "m/s", "m", "kg/(m*s)", "N"), "N/m^2")
    groups = groups_of(units)
    assert len(groups.groups) == 5 - 3
    for g in groups.groups:
        assert Units(units.inputs, "1").check(groups.monomial(g)).consistent
    assert units.check(groups.formula(sp.sin(x0) + x1)).consistent


def test_a_search_finds_the_law_and_nothing_else():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(0.5, 1, 300), rng.uniform(9.7, 9.9, 300), rng.uniform(1, 2, 300)])
    y = 2 * np.pi * np.sqrt(X[:, 0] / X[:, 1]) * (1 + 0.003 * rng.normal(size=300))
    units = Units(("m", "m/s^2", "kg"), "s")
    engine = DimensionalEngine(OperonEngine(OperonSettings(population=50, generations=5, restarts=1)), units)
    found = engine.search(X, y, cost=node_count(Operators()), options=SearchOptions(), seed=1)
    assert engine.name == "operon+units"
    best = found[0].select("loss")
    assert float((best.expr / sp.sqrt(x0 / x1)).subs({x0: 2, x1: 3})) == pytest.approx(2 * np.pi, rel=1e-3)
    assert all(units.check(c.expr).consistent for c in found[0].candidates)
    assert "groups: none" in found.notes[0]


def test_groups_are_searched_by_the_engine_inside():
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.uniform(1, 2, 200), rng.uniform(1, 3, 200), rng.uniform(-2, 2, 200)])
    y = X[:, 0] * X[:, 1] + 0.5 * X[:, 2] * X[:, 1] ** 2
    units = Units(("m/s", "s", "m/s^2"), "m")
    engine = DimensionalEngine(OperonEngine(OperonSettings(population=60, generations=10, restarts=1)), units)
    options = SearchOptions(operators=("+", "*"), max_size=9)
    found = engine.search(X, y, cost=node_count(Operators()), options=options, seed=0)
    best = found[0].select("loss")
    assert best.loss < 1e-12
    assert units.check(best.expr).consistent


def test_messages_of_the_engine():
    engine = DimensionalEngine(OperonEngine(), Units(("m", "m/s^2"), "s"))
    options = SearchOptions()
    with pytest.raises(InputError, match="2 units for 1 inputs"):
        engine.search(np.ones((3, 1)), np.ones(3), cost=node_count(Operators()), options=options)
    with pytest.raises(InputError, match="positive ones under roots"):
        engine.search(-np.ones((3, 2)) * [[1, -1]], np.ones(3), cost=node_count(Operators()), options=options)
