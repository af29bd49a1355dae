"""Julia code for PySR: the cost of a whole tree, and operators of the user's own."""

import math
from collections.abc import Sequence
from typing import Any

from sr2hls.costs import Combine, CostModel, FoldCost, Operator, Operators, Part, Tree
from sr2hls.costs.fold import LONGEST_CHAIN
from sr2hls.errors import InputError
from sr2hls.search.expressions import tree_from_text
from sr2hls.templates import render

_INFIX = ("+", "-", "*", "/", "^", "<", "<=", ">", ">=")


def folds_of(cost: CostModel) -> FoldCost:
    """The cost as folds, which can be written in Julia.

    Raises:
        InputError: it is some other cost model.
    """
    if not isinstance(cost, FoldCost):
        raise InputError(
            f"PySR needs a cost made of tables (additive cycles, longest path, area or a weighted sum); "
            f"'{cost.name}' is a {type(cost).__name__}: use engine 'operon' with it"
        )
    return cost


def complexity_unit(cost: FoldCost, operators: Sequence[str]) -> float:
    """Cost that PySR counts as 1: the cheapest operator of any part, so that no operator is free.

    PySR's complexities are integers, and its bookkeeping grows with the largest of them: where the dearest
    operator would count more than 100, the unit is larger.
    """
    steps = [p.weight * p.table[name] for p in cost.parts for name in operators]
    positive = [s for s in steps if s > 0]
    if not positive:
        return 1.0
    return max(min(positive), max(positive) / 100)


def complexity_mapping(cost: FoldCost, unary: Sequence[str], binary: Sequence[str], unit: float = 1.0) -> str:
    """Julia function that gives PySR the cost of a whole tree, for ``PySRRegressor(complexity_mapping=...)``.

    Args:
        cost: the cost model.
        unary: unary operators in the order PySR gets them.
        binary: binary operators in the order PySR gets them.
        unit: cost that counts as 1.
    """
    return render(
        "pysr/complexity_mapping.jl.j2",
        parts=[_part(part, unary, binary) for part in cost.parts],
        floor=_number(cost.floor),
        unit=_number(unit),
    )


def _part(part: Part, unary: Sequence[str], binary: Sequence[str]) -> dict[str, Any]:
    with_constant = part.by_constant
    return {
        "weight": _number(part.weight),
        "combine": "sum" if part.combine is Combine.SUM else "path",
        "leaf": _number(part.leaf),
        "lookup": None if part.lookup is None else _number(part.lookup),
        "unary": _tuple([part.table[n] for n in unary]) if unary else "()",
        "binary": _tuple([part.table[n] for n in binary]) if binary else "()",
        "unary_constant": _tuple([with_constant.get(n, part.table[n]) for n in unary])
        if any(n in with_constant for n in unary)
        else "",
        "binary_constant": _tuple([with_constant.get(n, part.table[n]) for n in binary])
        if any(n in with_constant for n in binary)
        else "",
        "power": binary.index("^") + 1 if "^" in binary and part.table.get("*") is not None else 0,
        "product": _number(part.table["*"]) if part.table.get("*") is not None else "0.0",
        "longest_chain": LONGEST_CHAIN,
    }


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise InputError(f"cost {value} cannot be written in Julia: give a finite number")
    return repr(float(value))


def _tuple(values: Sequence[float]) -> str:
    return "(" + ", ".join(_number(v) for v in values) + ("," if len(values) == 1 else "") + ")"


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
