"""Formulas as LaTeX, with the user's names in them."""

import re
from collections.abc import Mapping

import sympy as sp

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{c: "\\" + c for c in "{}_#$%&"},
}
_PLAIN = re.compile(r"\\textbackslash\{\}|\\textasciicircum\{\}|\\textasciitilde\{\}|\\[{}_#$%&]")
TEXT = re.compile(
    r"\\text\{((?:\\textbackslash\{\}|\\textasciicircum\{\}|\\textasciitilde\{\}|\\[{}_#$%&]|[^\\{}])*)\}"
)
"""``\\text{…}`` with escaped content, which is group 1."""


def escape(name: str) -> str:
    """Return text with TeX's special characters escaped, for use in ``\\text{…}``."""
    return "".join(_SPECIAL.get(c, c) for c in " ".join(name.split()))


def unescape(text: str) -> str:
    """Return the text that `escape` was given."""
    back = {v: k for k, v in _SPECIAL.items()}
    return _PLAIN.sub(lambda m: back[m.group()], text)


def symbol(name: str) -> str:
    """Return a name as LaTeX: one letter with digits as variable with index, anything else upright."""
    if found := re.fullmatch(r"([A-Za-z])(\d*)", name):
        letter, index = found.groups()
        return f"{letter}_{{{index}}}" if index else letter
    return rf"\text{{{escape(name)}}}"


def formula_latex(expr: sp.Expr, names: Mapping[str, str] | None = None, digits: int = 4) -> str:
    """Return a formula as LaTeX.

    Args:
        expr: formula.
        names: names of its symbols to the user's names; a symbol that is not there keeps its own.
        digits: significant digits of constants.
    """
    rounded = expr.xreplace({f: sp.Float(f, digits) for f in expr.atoms(sp.Float)})
    shown = {s: symbol((names or {}).get(s.name, s.name)) for s in expr.free_symbols}
    return str(sp.latex(rounded, symbol_names=shown, mul_symbol="dot", full_prec=False))
