"""Operators for PySR: which it gets, the user's own in Julia, and what they are to sympy."""

from collections.abc import Sequence
from typing import Any

import sympy

from sr2hls.costs import Operator, Operators, Tree
from sr2hls.errors import InputError
from sr2hls.search.expressions import apply_sympy, tree_from_text

_INFIX = ("+", "-", "*", "/", "^", "<", "<=", ">", ">=")


def split_operators(names: Sequence[str], operators: Operators) -> tuple[list[str], list[str]]:
    """Unary and binary operators, in the order given.

    Raises:
        InputError: an operator has more than two arguments.
    """
    found = [operators[n] for n in names]
    for op in found:
        if op.arity > 2:
            raise InputError(
                f"operator '{op.name}' has {op.arity} arguments: give it to PySR 2 itself with the keyword "
                "'operators'"
            )
    return [o.name for o in found if o.arity == 1], [o.name for o in found if o.arity == 2]


def julia_operator(op: Operator, operators: Operators) -> str:
    """What PySR is given for an operator: its name, or for the user's own its definition in Julia."""
    if not op.is_custom:
        return op.julia
    if op.julia_definition:
        return op.julia_definition
    body = _julia(tree_from_text(op.definition, operators), operators, op.parameters[0])
    return f"{op.name}({', '.join(op.parameters)}) = {body}"


def _julia(tree: Tree, operators: Operators, like: str) -> str:
    if tree.op == "var":
        return str(tree.value)
    if tree.op == "const":
        value = float(tree.value or 0.0)
        # Integers take the type of the data by themselves; decimals would turn single into double precision.
        return str(int(value)) if value.is_integer() and abs(value) < 1e6 else f"oftype({like}, {value!r})"
    args = [_julia(a, operators, like) for a in tree.args]
    op = operators[tree.op]
    if op.name == "neg":
        return f"(-{args[0]})"
    if op.name == "square":
        return f"({args[0]}^2)"
    if op.name == "cube":
        return f"({args[0]}^3)"
    if op.name == "inv":
        return f"(1 / {args[0]})"
    if op.is_custom:
        names = dict(zip(op.parameters, tree.args, strict=True))
        return _julia(_substituted(tree_from_text(op.definition, operators), names), operators, like)
    if op.name in _INFIX:
        return "(" + f" {op.name} ".join(args) + ")"
    return f"{op.julia}({', '.join(args)})"


def _substituted(tree: Tree, names: dict[str, Tree]) -> Tree:
    if tree.op == "var":
        return names.get(str(tree.value), tree)
    return Tree(tree.op, tuple(_substituted(a, names) for a in tree.args), tree.value)


def sympy_form(op: Operator, operators: Operators) -> dict[str, Any]:
    """Return a user's own operator as JSON can hold it: its parameters, and its sympy expression as lists.

    PySR turns every row into sympy and needs to know what the operator is there. A list is the name of a
    sympy class and its arguments; numbers and symbols are lists with their text.
    """
    symbols = [sympy.Symbol(p) for p in op.parameters]
    return {"parameters": list(op.parameters), "body": _lists(apply_sympy(op.name, symbols, operators))}


def _lists(expr: sympy.Basic) -> list[Any]:
    if isinstance(expr, sympy.Symbol):
        return ["Symbol", expr.name]
    if isinstance(expr, sympy.Number):
        return ["Number", str(expr)]
    if not expr.args:
        return [type(expr).__name__]
    return [expr.func.__name__, *(_lists(a) for a in expr.args)]
