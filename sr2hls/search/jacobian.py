"""Exact derivatives of a formula by its constants: forward differentiation along the tree."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.costs import Operators, Tree
from sr2hls.search.expressions import Floats, numpy_function

# Partial derivatives: f(arguments, value, which argument) for the operators that fits meet.
_PARTIALS: dict[str, Callable[[Sequence[Any], Any, int], Any]] = {
    "+": lambda a, v, k: 1.0,
    "-": lambda a, v, k: 1.0 if k == 0 else -1.0,
    "/": lambda a, v, k: 1 / a[1] if k == 0 else -v / a[1],
    "^": lambda a, v, k: a[1] * a[0] ** (a[1] - 1) if k == 0 else v * np.log(a[0]),
    "neg": lambda a, v, k: -1.0,
    "square": lambda a, v, k: 2 * a[0],
    "cube": lambda a, v, k: 3 * a[0] * a[0],
    "inv": lambda a, v, k: -v * v,
    "abs": lambda a, v, k: np.sign(a[0]),
    "sign": lambda a, v, k: 0.0,
    "max": lambda a, v, k: (a[k] == v) * 1.0,
    "min": lambda a, v, k: (a[k] == v) * 1.0,
    "sqrt": lambda a, v, k: 0.5 / v,
    "exp": lambda a, v, k: v,
    "log": lambda a, v, k: 1 / a[0],
    "sin": lambda a, v, k: np.cos(a[0]),
    "cos": lambda a, v, k: -np.sin(a[0]),
    "tan": lambda a, v, k: 1 + v * v,
    "sinh": lambda a, v, k: np.cosh(a[0]),
    "cosh": lambda a, v, k: np.sinh(a[0]),
    "tanh": lambda a, v, k: 1 - v * v,
    "atan": lambda a, v, k: 1 / (1 + a[0] * a[0]),
    "asin": lambda a, v, k: 1 / np.sqrt(1 - a[0] * a[0]),
    "acos": lambda a, v, k: -1 / np.sqrt(1 - a[0] * a[0]),
}
_VALUES = {name: numpy_function(Operators()[name]) for name in ("*", *_PARTIALS)}

Derivatives = dict[int, Any]


def differentiable(tree: Tree) -> bool:
    """Whether every operator of the tree has its derivative here; fits use finite differences otherwise."""
    return all(node.op in _VALUES or not node.args for node in tree.nodes())


def value_and_jacobian(
    tree: Tree,
    columns: Mapping[str, Floats],
    parameters: Mapping[str, int],
    values: Sequence[float],
    rows: int,
) -> tuple[FloatArray, FloatArray]:
    """Value of a formula and its derivatives by its constants.

    Args:
        tree: a `differentiable` formula.
        columns: values of each variable, shape (rows,).
        parameters: index of each constant in ``values``, by its name in the tree.
        values: the constants.
        rows: number of rows.

    Returns:
        Shapes (rows,) and (rows, constants).
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, derivatives = _walk(tree, columns, parameters, values)
        jacobian = np.zeros((rows, len(values)))
        for index, derivative in derivatives.items():
            jacobian[:, index] = derivative
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (rows,)), jacobian


def _walk(
    tree: Tree, columns: Mapping[str, Floats], parameters: Mapping[str, int], values: Sequence[float]
) -> tuple[Any, Derivatives]:
    def leaf(node: Tree) -> tuple[Any, Derivatives]:
        if node.op == "const":
            return np.float64(node.value or 0.0), {}
        index = parameters.get(str(node.value))
        return (columns[str(node.value)], {}) if index is None else (np.float64(values[index]), {index: 1.0})

    return tree.fold(leaf, lambda node, args: _apply(node.op, args))


def _apply(op: str, args: list[tuple[Any, Derivatives]]) -> tuple[Any, Derivatives]:
    while op in "+*" and len(args) > 2:
        args = [_apply(op, args[:2]), *args[2:]]
    inputs = [a[0] for a in args]
    value = _VALUES[op](*inputs)
    derivatives: Derivatives = {}
    for k, (_, below) in enumerate(args):
        if below:
            partial = inputs[1 - k] if op == "*" else _PARTIALS[op](inputs, value, k)
            for index, derivative in below.items():
                step = partial * derivative
                derivatives[index] = derivatives[index] + step if index in derivatives else step
    return value, derivatives
