from xml.etree import ElementTree

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from sr2hls.report.latex import TEXT, escape, formula_latex, symbol, unescape
from sr2hls.report.mathml import mathml, terms

X, Y = sp.symbols("x0 x1")


@given(st.text())
def test_names_survive_escaping(name: str) -> None:
    plain = " ".join(name.split())
    assert unescape(escape(name)) == plain
    found = TEXT.fullmatch(rf"\text{{{escape(name)}}}")
    assert found is not None
    assert unescape(found.group(1)) == plain


@given(st.text(min_size=1))
def test_any_name_gives_wellformed_mathml_with_that_name(name: str) -> None:
    printable = "".join(c for c in name if c.isprintable() and c != "\ue000")
    text = mathml(formula_latex(2 * X, {"x0": "v " + printable}))
    root = ElementTree.fromstring(text)
    assert {e.tag.split("}")[1] for e in root.iter()} <= {"math", "mrow", "mn", "mo", "mtext"}
    assert " ".join(("v " + printable).split()) in "".join(root.itertext())


def test_formula_is_typeset() -> None:
    expr = 3.14159265 * sp.sin(2.5 * X) / (1 + sp.exp(-Y)) ** 2
    assert formula_latex(expr, {"x1": "zlogz"}).count("3.142") == 1
    assert r"\text{zlogz}" in formula_latex(expr, {"x1": "zlogz"})
    root = mathml(formula_latex(expr, {"x1": "zlogz"}))
    for piece in ("<mfrac>", "<mi>sin</mi>", "<msup>", "<mtext>zlogz</mtext>", "<mn>3.142</mn>"):
        assert piece in root


@pytest.mark.parametrize(
    "expr",
    [
        sp.Piecewise((X, X > 0), (0, True)),
        sp.Max(X, Y) + sp.Min(X, 2) + sp.Abs(Y) + sp.sqrt(X) + sp.tanh(X) + sp.log(Y),
        X**-3 + sp.Rational(1, 3) * Y + sp.floor(X) + sp.sign(Y),
        sp.Function("f_3")(X, Y),
        1e-7 * X + 2e8 * Y,
    ],
)
def test_what_search_and_lowering_use_is_typeset(expr: sp.Expr) -> None:
    assert mathml(formula_latex(expr)).startswith("<math")


def test_hostile_latex_does_no_harm() -> None:
    for latex in (
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        "<img src=x onerror=alert(1)>",
        r"\class{a}{b} \style{background:url(//x)}{y}",
        "{" * 3000,
        "\\frac" * 500,
        "x^{" * 2000 + "}" * 2000,
        "\ue0000\ue000 <script>",
    ):
        text = mathml(latex)
        for bad in ("<script", "<img", "href=", "style=", "class="):
            assert bad not in text


def test_sums_are_split_between_terms_only() -> None:
    assert terms(r"a + \left(b + c\right) - \frac{d + e}{2} + f(x - 1)") == [
        "a",
        r"+ \left(b + c\right)",
        r"- \frac{d + e}{2}",
        "+ f(x - 1)",
    ]
    assert terms(r"\text{a\_b} + \begin{cases} x + 1 & y \end{cases}") == [
        r"\text{a\_b}",
        r"+ \begin{cases} x + 1 & y \end{cases}",
    ]


def test_symbols() -> None:
    assert [symbol(n) for n in ("x", "x12", "c1_b0")] == ["x", "x_{12}", r"\text{c1\_b0}"]
