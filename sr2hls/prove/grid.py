"""Every value of a few variables: what is decided by trying all of them."""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.prove.logic_terms import Terms

MAX_LOCAL = 1 << 12
"""Most points of a function that is written out as a part of a sum."""
_BLOCK = 1 << 18
"""Points that are evaluated at once: the arrays of some hundred terms stay in some hundred megabytes."""


def size_of(terms: Terms, variables: Sequence[int]) -> int:
    """Return how many points a grid has."""
    return prod(terms[v].high - terms[v].low + 1 for v in variables)


def grid_of(terms: Terms, variables: Sequence[int]) -> dict[int, IntArray]:
    """Return the values of variables at every point of their grid, the last variable changing fastest."""
    return _points(terms, variables, 0, size_of(terms, variables))


def blocks(terms: Terms, variables: Sequence[int]) -> Iterator[dict[int, IntArray]]:
    """Yield the points of a grid, block by block."""
    n = size_of(terms, variables)
    for first in range(0, n, _BLOCK):
        yield _points(terms, variables, first, min(n, first + _BLOCK))


def _points(terms: Terms, variables: Sequence[int], first: int, last: int) -> dict[int, IntArray]:
    rest = np.arange(first, last, dtype=np.int64)
    found: dict[int, IntArray] = {}
    for v in reversed(variables):
        n = terms[v].high - terms[v].low + 1
        found[v] = rest % n + terms[v].low
        rest = rest // n
    return found
