"""Terms of a sum that may share a table."""

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def packed(
    groups: Mapping[frozenset[T], list[int]], bits: Callable[[frozenset[T]], int], limit: int
) -> list[tuple[frozenset[T], list[int]]]:
    """Merge groups of terms whose bases together have at most ``limit`` bits.

    A table of 6 bits costs one LUT6 an output bit whatever it holds, so two narrow terms in one table save an
    adder. First-fit decreasing; a group whose basis lies within another's joins it for nothing.

    Args:
        groups: terms by the bits that they depend on.
        bits: number of index bits of a basis.
        limit: most index bits of a merged table.

    Returns:
        Bases and the terms over each; the order depends only on the order of ``groups``.
    """
    bins: list[tuple[frozenset[T], list[int]]] = []
    for basis, terms in sorted(groups.items(), key=lambda item: -bits(item[0])):
        for k, (other, members) in enumerate(bins):
            union = other | basis
            if basis <= other or bits(union) <= limit:
                bins[k] = (union, [*members, *terms])
                break
        else:
            bins.append((basis, list(terms)))
    return bins
