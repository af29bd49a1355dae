"""Operon's trees as ours. The hidden coefficient of a variable node becomes a product, and is charged."""

from collections.abc import Mapping
from typing import Any

from sr2hls.costs import Operators, Tree
from sr2hls.costs.tree import const, var
from sr2hls.errors import InputError


def node_names(operators: Operators) -> dict[str, str]:
    """Our name for each of Operon's node types, by its name there."""
    names = {op.operon: op.name for op in operators if op.operon}
    return {**names, "Powabs": "^"}


def operon_operators(names: tuple[str, ...], operators: Operators) -> tuple[str, ...]:
    """Node types for the operators of a search.

    Raises:
        InputError: Operon does not have one of them.
    """
    found: list[str] = []
    for name in names:
        op = operators[name]
        kind = {"inv": "Div", "cube": "Mul", "neg": "Sub"}.get(op.name, op.operon)
        if kind is None:
            raise InputError(
                f"the embedded engine (Operon) has no operator '{op.name}': leave it out or use engine 'pysr'"
            )
        found.append(kind)
    return tuple(dict.fromkeys(found))


def tree_of_nodes(nodes: list[Any], columns: Mapping[int, str], names: Mapping[str, str]) -> Tree:
    """Our tree from Operon's nodes.

    Args:
        nodes: postfix; the first argument of a node stands right before it.
        columns: name of each variable, by its hash.
        names: our name of each node type.
    """
    stack: list[Tree] = []
    for node in nodes:
        if node.IsVariable:
            leaf = var(columns[node.HashValue])
            stack.append(leaf if node.Value == 1.0 else Tree("*", (const(node.Value), leaf)))
        elif node.IsConstant:
            stack.append(const(node.Value))
        else:
            count = node.Arity
            args = tuple(reversed(stack[-count:]))
            del stack[-count:]
            op = names[node.Type.name]
            if op == "-" and count == 1:
                op = "neg"
            elif op == "/" and count == 1:
                op = "inv"
            stack.append(Tree(op, args))
    return stack[0]
