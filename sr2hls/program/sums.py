"""Sums of several values: which additions are parts of a larger one, and what that one adds up."""

from dataclasses import dataclass

from sr2hls.program import ops
from sr2hls.program.program import Program


@dataclass(frozen=True, slots=True)
class SumTerm:
    """A value in a sum.

    Attributes:
        position: of the value in the program.
        negative: whether it is subtracted.
    """

    position: int
    negative: bool


def inner_sums(program: Program) -> frozenset[int]:
    """Return the exact additions and subtractions that a single other one reads: parts of larger sums."""
    found = set()
    for position, op in enumerate(program.ops):
        users = program.users[position]
        if not isinstance(op, ops.Add | ops.Sub) or len(users) != 1 or position in program.outputs:
            continue
        user = program.ops[users[0]]
        if isinstance(user, ops.Add | ops.Sub) and user.args.count(position) == 1:
            exact, held = program.exact[position], program.ranges[position]
            shift = held.frac - exact.frac
            if shift >= 0 and (held.low, held.high) == (exact.low << shift, exact.high << shift):
                found.add(position)
    return frozenset(found)


def sum_terms(program: Program, position: int, inner: frozenset[int]) -> tuple[SumTerm, ...]:
    """Return what an addition or subtraction adds up, its inner sums opened."""
    terms: list[SumTerm] = []
    stack = [(position, False)]
    while stack:
        at, negative = stack.pop()
        op = program.ops[at]
        for k, arg in enumerate(op.args):
            flipped = negative != (k == 1 and isinstance(op, ops.Sub))
            if arg in inner:
                stack.append((arg, flipped))
            else:
                terms.append(SumTerm(arg, flipped))
    return tuple(terms)
