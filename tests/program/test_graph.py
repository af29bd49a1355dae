"""Every construct of sympy is lowered with its own meaning or refused by name."""

import sys

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.errors import LoweringError
from sr2hls.program.functions import UNARY, apply_unary, power
from sr2hls.program.graph import Graph
from sr2hls.program.node import NodeKind, apply_node
from sr2hls.program.sensitivity import fractional_bits, sensitivities

x, y, z = sp.symbols("x y z")
NAMES = ["x", "y", "z"]


def values(formula: sp.Basic, X: np.ndarray) -> np.ndarray:
    graph = Graph.of({"f": formula}, NAMES)
    known = {k: X[:, NAMES.index(n.name)] for k, n in enumerate(graph.nodes) if n.kind is NodeKind.INPUT}
    return np.broadcast_to(graph.evaluate(graph.outputs["f"], known), (len(X),))


def points(n: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-3, 3, (n, 3))


def by_sympy(formula: sp.Basic, row: np.ndarray) -> float:
    """Evaluate with sympy's own arithmetic; nan where the value is not real."""
    result = formula.subs({s: sp.Float(float(v), 30) for s, v in zip((x, y, z), row, strict=True)})
    if result in (sp.true, sp.false):
        return float(bool(result))
    result = sp.N(result, 20)
    if not result.is_number or not result.is_finite or abs(sp.im(result)) > 1e-15:
        return float("nan")
    return float(sp.re(result))


CONSTRUCTS = [
    x + y - 2 * z,
    x - y,
    -x,
    x * y * z,
    3 * x,
    sp.pi * x,
    x * sp.log(2),
    sp.sqrt(2) * x * y,
    x / y,
    1 / x,
    2 / (x * y),
    x * y / (z * (x + 5)),
    x**2,
    x**3,
    x**-2,
    y * x**-3,
    sp.sqrt(x + 4),
    (x + 4) ** sp.Rational(3, 2),
    (x + 4) ** 1.7,
    x / sp.sqrt(x + 4),
    2**x,
    sp.E**y,
    sp.exp(-(x**2)),
    10 ** (-x),
    sp.log(x + 4),
    sp.log(x + 4, 2),
    sp.Abs(x - y),
    sp.Min(x, y, z),
    sp.Max(x, 0),
    sp.Min(x, sp.Max(y, z)),
    sp.sign(x),
    sp.floor(x),
    sp.ceiling(y),
    sp.Heaviside(x),
    sp.sin(x) ** 2,
    sp.tanh(x * y),
    sp.erf(x),
    sp.sinc(x),
    sp.gamma(x + 4),
    sp.LambertW(x + 4),
    sp.atanh(x / 4),
    sp.Piecewise((x, x > 0), (y, True)),
    sp.Piecewise((1, x > 1), (2, x > 0), (3, sp.Eq(sp.floor(y), 1)), (z, True)),
    sp.Piecewise((sp.sqrt(x), x > 0), (0, True)),
    # sympy makes an ITE of this condition.
    sp.Piecewise((x, sp.Piecewise((x, y > 0), (y, True)) > 0), (z, True)),
    sp.Piecewise((1, (x > 0) & (y > 0)), (2, (x > 1) | ~(z > y)), (3, True)),
    x > y,
    x <= y,
    sp.Ne(sp.floor(x), 1),
    sp.Eq(sp.floor(x), sp.floor(y)),
    sp.Not(sp.And(x > 0, y > 0)),
    sp.Mul(2, 3, x, evaluate=False),
    sp.Add(x, x, evaluate=False),
    sp.Mul(x, 1 / y, 1 / y, evaluate=False),
    sp.Integer(3) + 0 * x,
    sp.sin(sp.cos(sp.exp(sp.sin(x)))),
    (x + y) ** 2 / (x + y + 10) ** 3,
    sp.exp(x) * sp.exp(y),
    sp.exp(-x) / y,
    sp.Rational(1, 3) * x,
    sp.Float("1e-7") * x,
    sp.Float("2e8") * x,
    sp.Integer(2) ** 100 * x,
    sp.GoldenRatio * x + sp.EulerGamma,
    sp.sec(x),
    sp.csch(y),
    sp.acosh(x + 4.5),
    sp.asinh(x),
    sp.erfc(y),
]


@pytest.mark.parametrize("formula", CONSTRUCTS, ids=str)
def test_construct_means_what_sympy_says(formula: sp.Basic) -> None:
    X = points()
    ours = values(formula, X)
    theirs = np.array([by_sympy(formula, row) for row in X])
    real = np.isfinite(theirs)
    assert real.any()
    np.testing.assert_allclose(ours[real], theirs[real], rtol=1e-9, atol=1e-12)
    assert not np.isfinite(ours[~real]).any()


@pytest.mark.parametrize("function", list(UNARY), ids=lambda f: f.__name__)
def test_every_function_against_sympy(function: type[sp.Function]) -> None:
    grid = np.array([-2.7, -1.3, -1.0, -0.4, 0.0, 0.3, 0.9, 1.0, 2.2, 5.0])
    ours = apply_unary(function, grid)
    for at, value in zip(grid, ours, strict=True):
        expected = by_sympy(function(x), np.array([at, 0, 0]))
        if np.isfinite(expected):
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)
        else:
            assert not np.isfinite(value) or abs(value) > 1e15


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        (sp.atan2(x, y), r"'atan2\(x, y\)' \(atan2\) has no meaning"),
        (x + sp.zeta(y), r"'zeta\(y\)' \(zeta\) has no meaning"),
        (sp.Function("square")(x) + 1, r"'square\(x\)' \(square\) has no meaning .* or define the operator"),
        (sp.Integral(x, y) + 1, r"Integral"),
        (sp.besselj(1, x), r"'besselj\(1, x\)'"),
        (sp.I * x, r"'I' is a complex number"),
        ((-2) ** x, r"is a complex number; formulas are real"),
        (sp.oo + sp.sin(x) * 0, r"is not a finite real number"),
        (sp.zoo * x, r"is not a finite real number"),
        (sp.nan, r"'nan' is not a finite real number"),
        (sp.Piecewise((x, x > 0), (y, x < -1)), r"does not say what it is elsewhere: end it with"),
        (sp.Heaviside(x, 1), r"'Heaviside\(x, 1\)'"),
        (sp.Matrix([[x]]), r"Matrix|not an expression"),
        ((x, y), r"formula of 'f' is not an expression but Tuple"),
        ("x + 1", r"formula of 'f' is text"),
        (x + sp.Symbol("w"), r"formula of 'f' uses 'w', which is none of the inputs x, y, z"),
        (sp.Derivative(sp.Function("g")(x), x), r"Derivative"),
        (sp.Lambda(x, x), r"Lambda"),
    ],
)  # fmt: skip
def test_refused_by_name(formula: sp.Basic, name: str) -> None:
    with pytest.raises(LoweringError, match=name):
        Graph.of({"f": formula}, NAMES)


def test_text_is_never_run() -> None:
    with pytest.raises(LoweringError, match="parse it first"):
        Graph.of({"f": "__import__('pathlib').Path('owned').touch()"}, NAMES)


def test_too_deep_is_a_clean_error() -> None:
    deep: sp.Expr = x
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        for _ in range(1500):
            deep = sp.sin(deep + 1, evaluate=False)
    finally:
        sys.setrecursionlimit(limit)
    with pytest.raises(LoweringError, match="formula of 'f' is nested too deeply"):
        Graph.of({"f": deep}, NAMES)


def test_subexpressions_are_shared_across_outputs() -> None:
    common = sp.sin(x * y)
    graph = Graph.of({"f": common + z, "g": common**2, "h": common}, NAMES)
    assert sum(n.kind is NodeKind.UNARY for n in graph.nodes) == 1
    assert graph.nodes[graph.outputs["h"]].function is sp.sin


def test_symbols_of_one_name_are_one_input() -> None:
    graph = Graph.of({"f": sp.Symbol("x", real=True) + sp.Symbol("x", positive=True) * 2}, NAMES)
    assert [n.name for n in graph.nodes if n.kind is NodeKind.INPUT] == NAMES


def test_input_as_condition_is_true_where_it_is_not_zero() -> None:
    formula = sp.Piecewise((1, x & (y > 0)), (2, True))
    got = values(formula, np.array([[-1, 1, 0], [0, 1, 0], [-1, -1, 0], [2, 3, 0]], dtype=float))
    assert got.tolist() == [1, 2, 2, 1]


LEAVES = st.sampled_from([x, y, z]) | st.sampled_from([sp.Float(v) for v in (-2.5, -1, 0.3, 0.5, 2, 3)])
UNARIES = [sp.sin, sp.cos, sp.exp, sp.tanh, sp.Abs, lambda a: a**2, lambda a: -a, lambda a: a**3,
           lambda a: 1 / (a**2 + 1), lambda a: sp.sqrt(sp.Abs(a) + 0.1), sp.floor, sp.sign]  # fmt: skip
BINARIES = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, sp.Max, sp.Min,
            lambda a, b: a / (b**2 + 0.5), lambda a, b: sp.Piecewise((a, b > 0), (b, True))]  # fmt: skip
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda f, a: f(a), st.sampled_from(UNARIES), inner)
        | st.builds(lambda f, a, b: f(a, b), st.sampled_from(BINARIES), inner, inner)
    ),
    max_leaves=8,
)


@settings(max_examples=120, deadline=None)
@given(EXPRESSIONS)
def test_random_expressions_agree_with_lambdify(formula: sp.Expr) -> None:
    X = points(25)
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(sp.lambdify((x, y, z), formula, "numpy")(*X.T), (25,))
    ours = values(formula, X)
    real = np.isfinite(expected) & (np.abs(expected) < 1e12)
    # A step function of a rounded number may fall on either side.
    close = np.isclose(ours[real], expected[real], rtol=1e-7, atol=1e-9)
    assert close.mean() >= 0.9 if real.any() else True


def test_powers() -> None:
    np.testing.assert_array_equal(power(np.array([-8.0, 0.0, 4.0]), 2), [64, 0, 16])
    assert np.isnan(power(np.array([-8.0]), 1 / 3))[0]
    assert np.isinf(power(np.array([0.0]), -1))[0]


def test_input_without_a_value_is_an_error() -> None:
    graph = Graph.of({"f": x}, NAMES)
    with pytest.raises(LoweringError, match="input 'x' has no value"):
        apply_node(graph.nodes[0], [])


@pytest.mark.parametrize(
    ("formula", "derivative"),
    [(3 * x + y, 3), (x * y, y), (sp.sin(x), sp.cos(x)), (x**3, 3 * x**2), (sp.exp(x) / y, sp.exp(x) / y),
     (sp.sin(x * y) + x, y * sp.cos(x * y) + 1), (sp.Piecewise((x**2, x > y), (x, True)), None)],
)  # fmt: skip
def test_sensitivity_is_the_derivative(formula: sp.Expr, derivative: sp.Expr | None) -> None:
    X = points(400)
    graph = Graph.of({"f": formula}, NAMES)
    known = {k: X[:, k] for k in range(3)}
    graph.evaluate(graph.outputs["f"], known)
    found = sensitivities(graph, known, graph.outputs["f"])
    if derivative is None:
        assert found[0] > 0
        return
    exact = np.broadcast_to(sp.lambdify((x, y, z), derivative, "numpy")(*X.T), (400,))
    assert found[0] == pytest.approx(np.sqrt(np.mean(exact**2)), rel=1e-3)
    assert found[2] == 0


@pytest.mark.parametrize(("error", "sensitivity", "bits"), [(2**-8 / 12**0.5, 1, 8), (2**-8 / 12**0.5, 4, 10),
                                                          (100, 1, -8), (1e-3, 0, 0)])  # fmt: skip
def test_fractional_bits_from_rounding_noise(error: float, sensitivity: float, bits: int) -> None:
    assert fractional_bits(error, sensitivity) == bits


def test_a_formula_is_printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables ask for it at every precision that is tried, and sympy is slow at it."""
    printed = []
    sstr = sp.sstr
    monkeypatch.setattr(sp, "sstr", lambda expr: printed.append(expr) or sstr(expr))
    graph = Graph.of({"f": x * sp.tanh(y) + 2 * z}, NAMES, {"x": "mass"})
    texts = {graph.text(node.expr) for node in graph.nodes for _ in range(3)}
    assert "mass*tanh(y) + 2*z" in texts
    assert len(printed) == len(set(printed)) == len({node.expr for node in graph.nodes})
