"""A user's template, such as ``a*f(mass) + g(x, y)``: which inputs may come together in a term."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from sr2hls.errors import InputError


@dataclass(frozen=True)
class Template:
    """Which terms a model may have.

    Attributes:
        singles: inputs that may be alone in a term, ascending.
        pairs: pairs of inputs that may be together in a term, ascending.
        holes: inputs of each function that is to be found, ascending.
    """

    singles: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    holes: tuple[tuple[int, ...], ...]

    @classmethod
    def everything(cls, inputs: int) -> "Template":
        """All terms: one function of all inputs."""
        every = tuple(range(inputs))
        return cls(every, tuple(combinations(every, 2)), (every,))

    def allows(self, inputs: Sequence[int]) -> bool:
        """Whether a term may have the inputs of these positions: one function has all of them."""
        return any(set(inputs) <= set(hole) for hole in self.holes)

    @classmethod
    def parse(cls, text: str, feature_names: Sequence[str]) -> "Template":
        """Read a sum of functions of features; factors that are names of no feature are constants.

        A function of several features may become a sum of terms of one or two of them.

        Raises:
            InputError: it is no such sum; the message names the part.
        """
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise InputError(
                f"the template '{text[:80]}' is no formula: write it as a*f(x) + g(x, y)"
            ) from error
        groups = [_group(part, list(feature_names)) for part in _addends(tree)]
        singles = sorted({i for group in groups for i in group})
        pairs = sorted({p for group in groups for p in combinations(sorted(group), 2)})
        holes = dict.fromkeys(tuple(sorted(group)) for group in groups if group)
        return cls(tuple(singles), tuple(pairs), tuple(holes))


def _addends(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return [*_addends(node.left), *_addends(node.right)]
    return [node]


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _group(addend: ast.expr, names: list[str]) -> set[int]:
    """Inputs of one addend: a product of constants, features, and at most one function of features."""
    group: set[int] = set()
    functions = 0
    for factor in _factors(addend):
        if isinstance(factor, ast.Call) and isinstance(factor.func, ast.Name) and not factor.keywords:
            functions += 1
            group |= {_feature(argument, names) for argument in factor.args}
        elif isinstance(factor, ast.Name):
            group |= {names.index(factor.id)} if factor.id in names else set()
        elif not isinstance(factor, ast.Constant):
            raise InputError(
                f"'{ast.unparse(addend)}' in the template is no constant times a function of features"
            )
    if functions > 1:
        raise InputError(
            f"'{ast.unparse(addend)}' in the template has several functions: make it one of all features"
        )
    return group


def _feature(argument: ast.expr, names: list[str]) -> int:
    if isinstance(argument, ast.Name) and argument.id in names:
        return names.index(argument.id)
    raise InputError(f"'{ast.unparse(argument)}' in the template is no feature: they are {', '.join(names)}")
