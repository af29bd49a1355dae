"""Primitives of an equation learner: operators of the registry as activation functions."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import sympy
import torch
from numpy.typing import NDArray
from torch import Tensor

from sr2hls.costs import Operators, Tree
from sr2hls.costs.tree import var
from sr2hls.errors import InputError
from sr2hls.search.expressions import apply_sympy, evaluate
from sr2hls.search.grammar import parse

TorchFunction = Callable[..., Tensor]

_TORCH: dict[str, TorchFunction] = {"cube": lambda a: a * a * a, "^": torch.pow}


class _TorchBuilder:
    """Evaluates the definition of a user's own operator on tensors."""

    def __init__(self, operators: Operators) -> None:
        self._operators = operators

    def number(self, text: str) -> Any:
        return float(text)

    def named(self, name: str) -> Any:
        return math.pi if name == "pi" else math.e

    def variable(self, name: str) -> Any:
        raise InputError(f"the definition of an operator uses '{name}', which is none of its parameters")

    def apply(self, operator: str, args: tuple[Any, ...]) -> Any:
        function = torch_function(operator, self._operators)
        like = next((a for a in args if isinstance(a, Tensor)), torch.zeros((), dtype=torch.float64))
        tensors = [a if isinstance(a, Tensor) else like.new_tensor(a) for a in args]
        value = tensors[0] if len(tensors) > 1 else function(tensors[0])
        for tensor in tensors[1:]:
            value = function(value, tensor)
        return value


def torch_function(name: str, operators: Operators) -> TorchFunction:
    """The torch meaning of an operator.

    Raises:
        InputError: the operator has no meaning in torch.
    """
    op = operators[name]
    if op.is_custom:

        def custom(*args: Tensor) -> Tensor:
            variables = dict(zip(op.parameters, args, strict=True))
            return cast(
                Tensor, parse(op.definition, _TorchBuilder(operators), operators, variables=variables)
            )

        return custom
    if op.name in _TORCH:
        return _TORCH[op.name]
    if not op.torch:
        raise InputError(
            f"operator '{op.name}' has no torch function, EQL cannot train with it: leave it out or define "
            "your own from others"
        )
    return cast(TorchFunction, getattr(torch, op.torch))


@dataclass(frozen=True, slots=True)
class Primitive:
    """An activation function of an equation learner: ``operator(scale * z, ...)``.

    The scale sets which weights are of order one: sin with 2π, the sigmoid with 10 (arXiv 1912.04825, section
    II and its code). It is part of the formula, so that readouts are exact.

    Attributes:
        operator: name in the operator registry; ``identity`` passes its argument on.
        arity: number of pre-activations it takes.
        scale: factor of each argument.
        operators: the registry that gives the operator its meaning.
    """

    operator: str
    arity: int = 1
    scale: float = 1.0
    operators: Operators = field(default_factory=Operators)

    def torch(self, *args: Tensor) -> Tensor:
        """Value on tensors of equal shape."""
        if self.scale != 1.0:
            args = tuple(a * self.scale for a in args)
        return (
            args[0] if self.operator == "identity" else torch_function(self.operator, self.operators)(*args)
        )

    def numpy(self, *args: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Value on arrays of shape (n,)."""
        scaled = {f"x{i}": self.scale * np.asarray(a) for i, a in enumerate(args)}
        if self.operator == "identity":
            return scaled["x0"]
        tree = Tree(self.operators[self.operator].name, tuple(var(name) for name in scaled))
        return evaluate(tree, scaled, self.operators)

    def sympy(self, *args: sympy.Expr) -> sympy.Expr:
        """The formula of its arguments."""
        if self.scale != 1.0:
            args = tuple(self.scale * a for a in args)
        return args[0] if self.operator == "identity" else apply_sympy(self.operator, args, self.operators)


_SCALES = {"sin": 2 * math.pi, "cos": 2 * math.pi, "sigmoid": 10.0}
"""As in arXiv 1912.04825: one period of sin, and a steep sigmoid, at arguments of order one."""


def primitive(operator: str, operators: Operators | None = None, scale: float | None = None) -> Primitive:
    """Return the primitive of an operator of the registry.

    Raises:
        InputError: the operator is unknown or has no torch meaning.
    """
    ops = operators or Operators()
    if operator == "identity":
        return Primitive("identity", operators=ops)
    op = ops[operator]
    torch_function(op.name, ops)
    return Primitive(op.name, op.arity, _SCALES.get(op.name, 1.0) if scale is None else scale, ops)


DEFAULT_UNITS: tuple[tuple[str, int], ...] = (
    ("identity", 2),
    ("square", 2),
    ("sin", 2),
    ("exp", 2),
    ("sigmoid", 2),
    ("*", 2),
)
"""Operator and how many units of it a layer has. The constant of arXiv 1912.04825 is each layer's bias."""


def units(
    spec: Sequence[tuple[str, int]] = DEFAULT_UNITS, operators: Operators | None = None
) -> tuple[Primitive, ...]:
    """Return the units of one layer, equal primitives beside each other.

    Args:
        spec: operator names and how many units each has.
        operators: the registry.

    Raises:
        InputError: an operator is unknown, listed twice, or a count is not positive.
    """
    names = [name for name, _ in spec]
    for name, count in spec:
        if count < 1 or names.count(name) > 1:
            raise InputError(f"units of '{name}': list each operator once, with a count of at least 1")
    return tuple(p for name, count in spec for p in [primitive(name, operators)] * count)


def units_for(
    names: Sequence[str], operators: Operators | None = None, count: int = 2
) -> tuple[Primitive, ...]:
    """Units of a layer for a search over these operators.

    Sums and differences come from the weights; division and comparisons have no stable gradient and are left
    out. A square stands beside the product, because a product of two equal sums is hard to find by gradient.

    Raises:
        InputError: no operator is left that EQL can use.
    """
    ops = operators or Operators()
    chosen = ["identity"]
    for name in names:
        op = ops[name]
        if op.name in _LEFT_OUT:
            continue
        if op.name == "*" and "square" not in chosen:
            chosen.append("square")
        if op.name not in chosen:
            chosen.append(op.name)
    if chosen == ["identity"] and not set(names) & {"+", "-"}:
        raise InputError(f"EQL can use none of the operators {' '.join(names)}: add *, sin, exp or a sum")
    return units([(name, count) for name in chosen], ops)


_LEFT_OUT = frozenset(
    {"+", "-", "neg", "/", "inv", "^", "<", "<=", ">", ">=", "select", "sign", "floor", "ceil"}
)
