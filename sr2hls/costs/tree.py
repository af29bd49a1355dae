"""Expression trees as cost models see them: operators, variables, constants; nothing is simplified."""

import heapq
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Tree(NamedTuple):
    """A node of an expression.

    Attributes:
        op: ``var``, ``const`` or the name of an operator; ``+`` and ``*`` may have more than two arguments.
        args: the arguments.
        value: the constant, or the name of the variable.
    """

    op: str
    args: tuple["Tree", ...] = ()
    value: float | str | None = None

    def nodes(self) -> Iterator["Tree"]:
        """Every node, arguments first."""
        stack: list[tuple[Tree, bool]] = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done or not node.args:
                yield node
            else:
                stack.append((node, True))
                stack.extend((a, False) for a in reversed(node.args))

    def fold(self, leaf: "Callable[[Tree], T]", apply: "Callable[[Tree, list[T]], T]") -> T:
        """Return what the leaves come to when each node is applied to what its arguments came to."""
        done: list[T] = []
        for node in self.nodes():
            if node.args:
                args = done[-len(node.args) :]
                del done[-len(node.args) :]
                done.append(apply(node, args))
            else:
                done.append(leaf(node))
        return done[0]

    @property
    def complexity(self) -> int:
        """Number of nodes of the binary tree, PySR's default complexity."""
        return sum(max(1, len(n.args) - 1) if n.op in "+*" else 1 for n in self.nodes())


def var(name: str) -> Tree:
    """A variable."""
    return Tree("var", (), name)


def const(value: float) -> Tree:
    """A constant."""
    return Tree("const", (), float(value))


def chain_length(exponent: int) -> int:
    """Multiplications of ``x**exponent`` by the binary method (Knuth, TAOCP 2, section 4.6.3)."""
    n = abs(exponent)
    return max(0, n.bit_length() + n.bit_count() - 2)


def chain_depth(exponent: int) -> int:
    """Multiplications on the longest path of ``x**exponent``."""
    return max(0, (abs(exponent) - 1).bit_length())


def arrival(times: list[float], step: float) -> float:
    """When the result of an n-ary operation is ready if the earliest pair is always combined first.

    Greedy pairing is optimal for a maximum plus a constant step (Golumbic, IEEE Trans. Comput. C-25, 1976).
    """
    heap = list(times)
    heapq.heapify(heap)
    while len(heap) > 1:
        heapq.heappop(heap)
        later = heapq.heappop(heap)
        heapq.heappush(heap, later + step)
    return heap[0]
