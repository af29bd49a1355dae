"""PySR's template expressions: each row holds several formulas, which the template combines into one."""

import re

import sympy

from sr2hls.costs import Hardware, Operator, Operators
from sr2hls.errors import InputError
from sr2hls.search.expressions import expr_from_text

_ARGUMENT = re.compile(r"#(\d+)")


def is_template(equation: str) -> bool:
    """Whether an equation is a row of a template, such as ``f = sin(#1); g = #2 * 0.3``."""
    return bool(_ARGUMENT.search(equation)) or bool(re.match(r"^\s*\w+\s*=[^=]", equation))


def compose_template(equation: str, combine: str, operators: Operators) -> sympy.Expr:
    """Put the formulas of a row into the template.

    Args:
        equation: as PySR writes it: ``name = formula`` separated by semicolons, ``#1`` the first argument.
        combine: the template's Julia code, one formula such as ``f(x0, x1) + g(x2)^2``.
        operators: the operators known.

    Raises:
        InputError: the row or the template is no formula.
    """
    return expr_from_text(combine, operators.extend(_parts(equation, combine)))


def _parts(equation: str, combine: str) -> list[Operator]:
    parts: list[Operator] = []
    for text in equation.split(";"):
        name, sign, body = (piece.strip() for piece in text.partition("="))
        if not sign or not name.isidentifier():
            raise InputError(f"'{text.strip()}' is no part of a template: expected name = formula")
        used = max((int(k) for k in _ARGUMENT.findall(body)), default=0)
        arity = max(used, _given(combine, name))
        parameters = tuple(f"argument{k}" for k in range(1, arity + 1))
        definition = _ARGUMENT.sub(lambda m: f"argument{m[1]}", body)
        parts.append(Operator(name, arity, Hardware.EXACT, parameters=parameters, definition=definition))
    return parts


def _given(combine: str, name: str) -> int:
    """Number of arguments that the template gives to a part."""
    start = re.search(rf"\b{re.escape(name)}\(", combine)
    if not start:
        raise InputError(f"the template '{combine}' does not use its part '{name}'")
    depth, count = 1, 1
    for character in combine[start.end() :]:
        depth += (character == "(") - (character == ")")
        if depth == 0:
            break
        count += character == "," and depth == 1
    return count
