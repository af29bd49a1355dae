"""Cuts: few values, few bits together, that determine a value."""

from collections.abc import Iterable

from sr2hls.program import ops
from sr2hls.program.program import Program

Cut = frozenset[int]


def enumerate_cuts(program: Program, max_bits: int, max_cuts: int) -> list[list[Cut]]:
    """Return, for each value, sets of earlier values of at most ``max_bits`` bits that determine it.

    The value itself is no cut of it here. As in technology mapping for lookup tables (Cong and Ding,
    FlowMap, 1994), with priority cuts (Mishchenko et al., 2007): of many, the ones with fewest bits are kept.
    """
    found: list[list[Cut]] = []
    widths = [op.type.width for op in program.ops]
    for op in program.ops:
        if isinstance(op, ops.Input | ops.Constant):
            found.append([])
            continue
        merged: list[Cut] = [frozenset()]
        for arg in set(op.args):
            choices = _choices(program, found, arg)
            union = {a | b for a in merged for b in choices}
            merged = _best((c for c in union if _bits(widths, c) <= max_bits), widths, 4 * max_cuts)
        found.append(merged[:max_cuts])
    return found


def _choices(program: Program, found: list[list[Cut]], arg: int) -> list[Cut]:
    if isinstance(program.ops[arg], ops.Constant):
        return [frozenset()]
    return [frozenset([arg]), *found[arg]]


def _bits(widths: list[int], cut: Cut) -> int:
    return sum(widths[leaf] for leaf in cut)


def _best(cuts: Iterable[Cut], widths: list[int], limit: int) -> list[Cut]:
    ranked = sorted(cuts, key=lambda c: (_bits(widths, c), len(c), sorted(c)))
    kept: list[Cut] = []
    for cut in ranked:
        # A cut that contains another one determines no more with more bits.
        if not any(other <= cut for other in kept):
            kept.append(cut)
        if len(kept) == limit:
            break
    return kept


def cone(program: Program, root: int, cut: Cut) -> list[int]:
    """Return the operations between a cut and a value, with the value, in their order."""
    inside: set[int] = set()
    pending = [root]
    while pending:
        at = pending.pop()
        if at in inside or at in cut:
            continue
        inside.add(at)
        pending.extend(program.ops[at].args)
    return sorted(inside)


def only_for(program: Program, root: int, inside: list[int]) -> list[int]:
    """Return those operations of a cone that nothing but its root needs: they vanish with it."""
    gone = {root}
    for position in sorted(inside, reverse=True):
        used_outside = position in program.outputs or any(u not in gone for u in program.users[position])
        if not used_outside:
            gone.add(position)
    return sorted(gone)
