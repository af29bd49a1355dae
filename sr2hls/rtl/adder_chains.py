"""Sums of several values, put together so that they take the fewest LUTs.

A carry chain takes one LUT a bit, and that LUT has four inputs to spare: it can compute a function of up to
five bits and add it in one. The first operand of an adder goes to the carry multiplexer as it is; the second
is the one whose logic merges with the adder. So tables of at most five bits are chained, each as the second
operand, and cost no LUTs besides the adders'. Other values are added up in balanced trees.

Tables in one sum that read the same bits become one, as do those that fit into five bits together; constants
go into a table where there is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sr2hls.program.size import ABSORBED_BITS
from sr2hls.rtl.netlist import Net, Netlist


@dataclass(frozen=True, slots=True)
class AdderTerm:
    """A value with its sign, how many adders lie behind it, and whether its logic fits into an adder's LUTs.

    Tables of few bits need not be marked.
    """

    net: Net
    negative: bool = False
    depth: int = 0
    absorbed: bool = False


def summed(nets: Netlist, terms: Sequence[AdderTerm], slack: int | None) -> Net:
    """Return the exact sum of terms.

    Args:
        nets: where to write.
        terms: what to add up; at least one.
        slack: how many adders the longest path may have more than in the fastest arrangement; None for any
            number.
    """
    gathered = _gathered(nets, terms)
    if len(gathered) == 1:
        only = gathered[0]
        return nets.negate(only.net) if only.negative else only.net
    best = _unsigned(nets, _best_plan(nets, gathered, slack))
    total = _tree(nets, [_chain(nets, chain) for chain in best])
    return nets.negate(total.net) if total.negative else total.net


def _gathered(nets: Netlist, terms: Sequence[AdderTerm]) -> list[AdderTerm]:
    """Return the terms with tables of few bits together and constants merged."""
    tables = [
        replace(t, net=nets.negate_table(t.net), negative=False) if t.negative else t
        for t in terms
        if nets.is_table(t.net)
    ]
    others = [t for t in terms if not nets.is_table(t.net)]
    merged: list[AdderTerm] = []
    for term in sorted(tables, key=lambda t: -nets.address_width(t.net)):
        for k, previous in enumerate(merged):
            joint = nets.join_tables(previous.net, term.net, ABSORBED_BITS)
            if joint is not None:
                merged[k] = replace(previous, net=joint, depth=max(previous.depth, term.depth))
                break
        else:
            merged.append(term)
    rest: list[AdderTerm] = []
    for term in others:
        if term.net.constant is not None and merged and nets.is_table(merged[-1].net):
            raw = -term.net.low if term.negative else term.net.low
            merged[-1] = replace(merged[-1], net=nets.offset_table(merged[-1].net, raw, term.net.frac))
        else:
            rest.append(term)
    return merged + rest


def _best_plan(nets: Netlist, terms: list[AdderTerm], slack: int | None) -> list[list[AdderTerm]]:
    """Return chains, each from its first value on: the fewest LUTs among those that are fast enough."""
    orders = [_ordered(nets, terms, sign) for sign in (1, -1)]
    plans = [_dealt(ordered, n) for n in range(1, len(terms) // 2 + 1) for ordered in orders]
    plans.append([[t] for t in terms])
    depths = [_depth(plan) for plan in plans]
    limit = None if slack is None else min(depths) + slack
    allowed = [p for p, d in zip(plans, depths, strict=True) if limit is None or d <= limit]
    return min(allowed, key=lambda plan: _cost(nets, plan))


def _ordered(nets: Netlist, terms: list[AdderTerm], sign: int) -> list[AdderTerm]:
    """Return those that cannot be absorbed, then lower ones, narrow (sign 1) or wide ones (-1) first."""

    def rank(term: AdderTerm) -> tuple[bool, int, int, int]:
        span = _span(nets, term.net)
        return _absorbable(nets, term), span.low, term.depth, sign * (span.high - span.low)

    return sorted(terms, key=rank)


def _dealt(ordered: list[AdderTerm], n_chains: int) -> list[list[AdderTerm]]:
    """Return the terms in chains; the first begin them."""
    chains = [[term] for term in ordered[:n_chains]]
    for k, term in enumerate(ordered[n_chains:]):
        chains[k % n_chains].append(term)
    return chains


def _absorbable(nets: Netlist, term: AdderTerm) -> bool:
    if nets.is_table(term.net):
        return nets.address_width(term.net) <= ABSORBED_BITS
    return term.absorbed


def _depth(chains: list[list[AdderTerm]]) -> int:
    arrivals = []
    for chain in chains:
        at = chain[0].depth
        for term in chain[1:]:
            at = max(at, term.depth) + 1
        arrivals.append(at)
    while len(arrivals) > 1:
        arrivals.sort()
        arrivals = [max(arrivals[0], arrivals[1]) + 1, *arrivals[2:]]
    return arrivals[0]


def _cost(nets: Netlist, chains: list[list[AdderTerm]]) -> int:
    """Return an estimate of the LUTs of adders and of tables that none absorbs."""
    cost, spans = 0, []
    for chain in chains:
        total = _span(nets, chain[0].net)
        if _absorbable(nets, chain[0]):
            cost += total.high - total.low
        for term in chain[1:]:
            own = _span(nets, term.net)
            added, total = _joined(total, own)
            # What the adder computes besides takes a LUT a bit, those above the other operand's as well.
            cost += max(added, own.high - own.low) if _absorbable(nets, term) else added
        spans.append(total)
    while len(spans) > 1:
        spans.sort(key=lambda span: span.high - span.low)
        added, joined = _joined(spans[0], spans[1])
        cost += added
        spans = [joined, *spans[2:]]
    return cost


@dataclass(frozen=True, slots=True)
class _Span:
    """Weights of a value's lowest bit and of the one above its highest; whether the highest is a sign."""

    low: int
    high: int
    signed: bool


def _span(nets: Netlist, net: Net) -> _Span:
    """Return the bits of a value in a sum; tables get their sign taken away (see `_unsigned`)."""
    if nets.is_table(net):
        return _Span(-net.frac, (net.high - net.low).bit_length() - net.frac, False)
    return _Span(-net.frac, net.width - net.frac, net.signed)


def _joined(a: _Span, b: _Span) -> tuple[int, _Span]:
    """Return an adder's LUTs and the bits of the sum.

    Bits below one operand pass on free, and so do those above one that has no sign.
    """
    narrow, wide = sorted((a, b), key=lambda span: span.high)
    low, high = min(a.low, b.low), wide.high + 1
    top = high if narrow.signed else narrow.high
    return max(1, top - max(a.low, b.low)), _Span(low, high, a.signed or b.signed)


def _unsigned(nets: Netlist, chains: list[list[AdderTerm]]) -> list[list[AdderTerm]]:
    """Return the chains with tables whose entries begin at 0, their offsets in the table at the head of one.

    Where one operand of an adder has constant bits, the other's pass to the carry chain without a LUT.
    """
    heads = [k for k, chain in enumerate(chains) if nets.is_table(chain[0].net)]
    if not heads:
        return chains
    offset = nets.constant(0, 0)
    moved: list[list[AdderTerm]] = []
    for chain in chains:
        terms: list[AdderTerm] = []
        for term in chain:
            net = term.net
            if nets.is_table(net):
                offset = nets.add(offset, nets.constant(net.low, net.frac))
                net = nets.offset_table(net, -net.low, net.frac)
            terms.append(replace(term, net=net))
        moved.append(terms)
    if offset.constant == 0:
        return moved
    return _with_offset(nets, moved, heads, offset) or chains


def _with_offset(
    nets: Netlist, chains: list[list[AdderTerm]], heads: Sequence[int], offset: Net
) -> list[list[AdderTerm]] | None:
    """Return the chains with an offset in their tables' entries; nothing where no table can hold it.

    The lowest bits of the offset go where they make no table wider, the rest into the table at the head of a
    chain. Each bit of that table that varies takes a LUT, so that bits above the entries are best constant.
    """
    others = [(k, n) for k, chain in enumerate(chains) for n in range(1, len(chain))]
    best: tuple[int, int] | None = None
    found: list[list[AdderTerm]] | None = None
    for low_bits in range(offset.low.bit_length() + 1):
        amount = offset.low & ((1 << low_bits) - 1)
        spread = _spread(nets, chains, others, amount, offset.frac)
        if spread is None:
            continue
        rest = nets.constant(offset.low - amount, offset.frac)
        for k in heads:
            net = chains[k][0].net
            if not nets.can_offset(net, rest.low, rest.frac):
                continue
            widened = nets.offset_table(net, rest.low, rest.frac)
            rank = (_varying(widened) - _varying(net), low_bits)
            if best is None or rank < best:
                best, found = rank, [list(chain) for chain in spread]
                found[k][0] = replace(chains[k][0], net=widened)
    return found


def _spread(
    nets: Netlist, chains: list[list[AdderTerm]], places: Sequence[tuple[int, int]], amount: int, frac: int
) -> list[list[AdderTerm]] | None:
    """Return the chains with ``amount · 2^-frac`` in entries that need no further bit, or nothing."""
    found = [list(chain) for chain in chains]
    for k, n in places:
        net = chains[k][n].net
        if amount == 0 or not nets.is_table(net) or net.frac != frac:
            continue
        added = min(amount, (1 << net.width) - 1 - net.high) & ~(nets.table_step(net) - 1)
        if added:
            found[k][n] = replace(chains[k][n], net=nets.offset_table(net, added, frac))
            amount -= added
    return None if amount else found


def _varying(net: Net) -> int:
    """Return how many bits of a value are not the same for its whole range."""
    return (net.low ^ net.high).bit_length()


def _chain(nets: Netlist, chain: list[AdderTerm]) -> AdderTerm:
    total = chain[0]
    for term in chain[1:]:
        total = _added(nets, total, term)
    return total


def _tree(nets: Netlist, terms: list[AdderTerm]) -> AdderTerm:
    """Add values up, those that are there first and narrow first."""
    while len(terms) > 1:
        terms = sorted(terms, key=lambda t: (t.depth, t.net.width))
        terms = [_added(nets, terms[0], terms[1]), *terms[2:]]
    return terms[0]


def _added(nets: Netlist, a: AdderTerm, b: AdderTerm) -> AdderTerm:
    """Return a + b; what is absorbed is the second operand, and tables are never negative."""
    depth = max(a.depth, b.depth) + 1
    subtract = a.negative != b.negative
    if subtract and a.negative:
        return AdderTerm(nets.add(b.net, a.net, subtract=True), False, depth)
    return AdderTerm(nets.add(a.net, b.net, subtract=subtract), a.negative, depth)
