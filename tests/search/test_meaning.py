"""One grammar, one meaning: PySR's operators are what PySR says, and what is printed reads back as it was."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.costs import Operators, load_operators, tree_of
from sr2hls.errors import InputError
from sr2hls.search.expressions import (
    evaluate,
    expr_from_text,
    expr_from_tree,
    expr_of,
    text_of,
    tree_from_text,
)

ROWS = np.random.default_rng(0).uniform(-3, 3, (400, 2))
ROWS[:6] = [[0, 0], [1, 1], [0.5, 0], [-1.5, 1], [2.5, -2], [-8, 0.25]]
COLUMNS = {"x": ROWS[:, 0], "y": ROWS[:, 1]}


def values(text: str) -> np.ndarray:
    return np.broadcast_to(evaluate(tree_from_text(text), COLUMNS), (len(ROWS),))


def through_sympy(expr: sympy.Expr) -> np.ndarray:
    return np.broadcast_to(evaluate(tree_of(expr), COLUMNS), (len(ROWS),))


@pytest.mark.parametrize(("text", "expected"), [
    ("pow_abs(x, 3)", np.abs(ROWS[:, 0]) ** 3),
    ("sqrt_abs(x)", np.sqrt(np.abs(ROWS[:, 0]))),
    ("log_abs(x - 5)", np.log(np.abs(ROWS[:, 0] - 5))),
    ("log1p_abs(x)", np.log(np.abs(ROWS[:, 0]) + 1)),
    ("acosh_abs(x)", np.arccosh(np.abs(ROWS[:, 0]) + 1)),
    ("atanh_clip(x/4)", np.arctanh(np.mod(ROWS[:, 0] / 4 + 1, 2) - 1)),
    ("cbrt(x)", np.cbrt(ROWS[:, 0])),
    ("mod(x, y - 5)", np.mod(ROWS[:, 0], ROWS[:, 1] - 5)),
    ("round(x)", np.ceil(ROWS[:, 0] - 0.5)),
    ("cond(x, y)", np.where(ROWS[:, 0] > 0, ROWS[:, 1], 0)),
    ("greater(x, y)", ROWS[:, 0] > ROWS[:, 1]),
    ("less_equal(x, y)", ROWS[:, 0] <= ROWS[:, 1]),
    ("logical_or(x, y)", (ROWS > 0).any(axis=1)),
    ("logical_and(x, y)", (ROWS > 0).all(axis=1)),
    ("clamp(x, -1, y)", np.where(ROWS[:, 0] < -1, -1, ROWS.min(axis=1))),
    ("fma(x, y, 2)", ROWS[:, 0] * ROWS[:, 1] + 2),
    ("sin(x > 0)", np.sin((ROWS[:, 0] > 0).astype(float))),
    ("(x > 0) + (y > 0)*x", (ROWS[:, 0] > 0) + (ROWS[:, 1] > 0) * ROWS[:, 0]),
    ("(x + 9)^y", (ROWS[:, 0] + 9) ** ROWS[:, 1]),
    ("ifelse(ifelse(x > y, x, 2*y) > 0.3, x, y)",
     np.where(np.where(ROWS[:, 0] > ROWS[:, 1], ROWS[:, 0], 2 * ROWS[:, 1]) > 0.3, ROWS[:, 0], ROWS[:, 1])),
])  # fmt: skip
def test_operators_have_their_values_as_text_and_in_sympy(text: str, expected: np.ndarray) -> None:
    expected = np.asarray(expected, dtype=float)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(values(text), expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(through_sympy(expr_from_text(text)), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("text", ["x > 0.25", "x <= y", "max(x, y) > 1", "(x > 0) > (y > 0)"])
def test_a_comparison_alone_is_a_number_to_sympy_too(text: str) -> None:
    """Proofs add terms up, and conditions cannot be added."""
    for expr in (expr_from_text(text), expr_from_tree(tree_from_text(text)), expr_of(text)):
        assert isinstance(expr, sympy.Expr)
        assert expr_of(text_of(expr)) == expr
        np.testing.assert_array_equal(through_sympy(expr), values(text))


def pysr_definitions() -> dict[str, object]:
    """What the installed PySR maps its operators to; the module is run alone: PySR itself starts Julia."""
    spec = importlib.util.find_spec("pysr")
    if spec is None or spec.origin is None:
        pytest.skip("PySR is not installed")
    source = Path(spec.origin).with_name("export_sympy.py").read_text(encoding="utf-8")
    alone = "\n".join(line for line in source.split("\n") if "from .utils" not in line)
    scope: dict[str, object] = {"ArrayLike": list}
    exec(compile(alone.replace("ArrayLike[str]", "list"), "export_sympy.py", "exec"), scope)
    found = scope["sympy_mappings"]
    assert isinstance(found, dict)
    return found


SAME = """
div inv mult sqrt sqrt_abs cbrt square cube plus sub neg pow pow_abs cos sin tan cosh sinh tanh exp acos asin
atan acosh acosh_abs asinh atanh_clip abs mod erf erfc log log10 log2 log1p log_abs log10_abs log2_abs
log1p_abs floor ceil sign round max min greater less greater_equal less_equal cond logical_or logical_and
relu fma muladd clamp
"""
BINARY = """
div mult plus sub pow pow_abs mod max min greater less greater_equal less_equal cond logical_or logical_and
"""


@pytest.mark.parametrize("name", SAME.split())
def test_operators_are_those_of_the_installed_pysr(name: str) -> None:
    definition = pysr_definitions()[name]
    assert callable(definition)
    arity = 3 if name in ("fma", "muladd", "clamp") else 2 if name in BINARY.split() else 1
    a, b, c = sympy.symbols("a b c", real=True)
    mine = expr_from_text(f"{name}({', '.join('abc'[:arity])})")
    mine = mine.xreplace({sympy.Symbol(n): sympy.Symbol(n, real=True) for n in "abc"})
    theirs = definition(*(a, b, c)[:arity])
    for point in [(0.3, 0.7, 0.9), (-0.4, 0.6, 2.0), (0.5, -1.25, 0.0), (-1.7, 1.5, 3.0), (2.4, 2.0, 2.2)]:
        where = dict(zip((a, b, c), point, strict=True))
        got, wanted = (complex(sympy.sympify(e).subs(where).evalf()) for e in (mine, theirs))
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-9), (name, point)


@pytest.mark.parametrize(("text", "message"), [
    ("x + 1 2", "'x \\+ 1 2' is not a formula"),
    ("1.5 .2", "is not a formula"),
    ("cond(x)", "'cond' takes 2 arguments, not 1"),
    ("x x", "is not a formula"),
])  # fmt: skip
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        expr_from_text(text)


def formulas() -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["x", "y", "0.5", "2", "-1.25"])
    unary = ["sin", "abs", "cbrt", "floor", "round", "tanh", "square", "neg", "sqrt_abs", "relu", "sign"]
    binary = ["cond", "greater", "logical_or", "logical_and", "max", "min", "less_equal"]

    def more(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(part, st.sampled_from(["+", "-", "*", "<", ">=", ">"]), part).map(
                lambda t: f"({t[0]} {t[1]} {t[2]})"
            ),
            st.tuples(st.sampled_from(unary), part).map(lambda t: f"{t[0]}({t[1]})"),
            st.tuples(st.sampled_from(binary), part, part).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
            st.tuples(part, part, part).map(lambda t: f"ifelse({t[0]}, {t[1]}, {t[2]})"),
        )

    return st.recursive(leaf, more, max_leaves=7)


@settings(max_examples=120, deadline=None)
@given(text=formulas())
def test_what_is_printed_reads_back_with_the_same_values(text: str) -> None:
    inner = np.column_stack([ROWS[6:, 0], ROWS[6:, 1]])  # no exact ties: sympy decides these exactly
    columns = {"x": inner[:, 0], "y": inner[:, 1]}
    expr = expr_from_text(text)
    wanted = np.broadcast_to(evaluate(tree_from_text(text), columns), (len(inner),))
    for again in (tree_of(expr), tree_of(expr_from_text(text_of(expr))), tree_from_text(text_of(expr))):
        got = np.broadcast_to(evaluate(again, columns), (len(inner),))
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9)


def operator_file(folder: Path, text: str) -> Path:
    path = folder / "operators.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_operators_that_define_each_other_without_end_are_refused(tmp_path: Path) -> None:
    own = operator_file(tmp_path, '[operators.f]\nparameters=["x"]\ndefinition="f(x)+1"\n')
    with pytest.raises(InputError, match=r"operator 'f' is defined by itself \(f -> f\)"):
        Operators().extend(load_operators(own))
    circle = '[operators.f]\ndefinition="g(x)"\n[operators.g]\ndefinition="f(x)"\n'
    with pytest.raises(InputError, match=r"defined by itself \(f -> g -> f\)"):
        Operators().extend(load_operators(operator_file(tmp_path, circle)))
    lines = ['[operators.f0]\ndefinition="x"']
    lines += [f'[operators.f{k}]\ndefinition="f{k - 1}(x)+f{k - 1}(x)"' for k in range(1, 40)]
    with pytest.raises(InputError, match=r"operator 'f\d+' comes to more than 10,000 calls"):
        Operators().extend(load_operators(operator_file(tmp_path, "\n".join(lines))))
    nested = operator_file(tmp_path, '[operators.f]\ndefinition="x+1"\n[operators.g]\ndefinition="f(f(x))"\n')
    operators = Operators().extend(load_operators(nested))
    assert expr_from_text("g(x)", operators) == sympy.Symbol("x") + 2
