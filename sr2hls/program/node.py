"""One subexpression of a formula, and its values."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.functions import apply_unary, power
from sr2hls.program.ops import Predicate


class NodeKind(StrEnum):
    """What a node computes from its arguments."""

    INPUT = "input"
    CONSTANT = "constant"
    ADD = "add"
    MUL = "mul"
    """Of two; a quotient is a product with a power of -1."""
    POWER = "power"
    UNARY = "unary"
    ABS = "abs"
    MIN = "min"
    MAX = "max"
    COMPARE = "compare"
    SELECT = "select"


@dataclass(frozen=True, slots=True)
class Node:
    """One subexpression.

    Attributes:
        kind: what it computes.
        args: positions of its arguments in the graph.
        expr: the subexpression, for messages and origins.
        value: the constant, or the exponent of a power.
        name: name of the input.
        function: sympy class of a unary function.
        predicate: relation of a comparison.
    """

    kind: NodeKind
    args: tuple[int, ...]
    expr: sp.Basic
    value: float = 0.0
    name: str = ""
    function: type[sp.Function] | None = None
    predicate: Predicate | None = None


_COMPARISONS: dict[Predicate, Callable[[FloatArray, FloatArray], np.ndarray]] = {
    Predicate.LT: np.less,
    Predicate.LE: np.less_equal,
    Predicate.GT: np.greater,
    Predicate.GE: np.greater_equal,
    Predicate.EQ: np.equal,
    Predicate.NE: np.not_equal,
}


def apply_node(node: Node, args: list[FloatArray]) -> FloatArray:
    """Return a node's values, shape (rows,), for its arguments'; not finite where it has none.

    Raises:
        LoweringError: the node is an input, which has no value of its own.
    """
    with np.errstate(all="ignore"):
        match node.kind:
            case NodeKind.CONSTANT:
                return np.asarray(node.value, dtype=np.float64)
            case NodeKind.ADD:
                return reduce(np.add, args)
            case NodeKind.MUL:
                return args[0] * args[1]
            case NodeKind.POWER:
                return power(args[0], node.value)
            case NodeKind.UNARY:
                assert node.function is not None
                return apply_unary(node.function, args[0])
            case NodeKind.ABS:
                return np.abs(args[0])
            case NodeKind.MIN:
                return np.minimum(args[0], args[1])
            case NodeKind.MAX:
                return np.maximum(args[0], args[1])
            case NodeKind.COMPARE:
                assert node.predicate is not None
                return _COMPARISONS[node.predicate](args[0], args[1]).astype(np.float64)
            case NodeKind.SELECT:
                return np.where(args[0] != 0, args[1], args[2])
            case NodeKind.INPUT:
                raise LoweringError(f"input '{node.name}' has no value")
