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

from sr2hls.rtl.netlist import TABLE_ENTRY_BITS, Net, Netlist

ABSORBED_BITS = 5
"""Inputs of a LUT6 that an adder leaves free."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value with its sign, how many adders lie behind it, and whether its logic fits into an adder's LUTs.

    Tables of few bits need not be marked.
    """

    net: Net
    negative: bool = False
    depth: int = 0
    absorbed: bool = False


def summed(nets: Netlist, terms: Sequence[Term], slack: int | None) -> Net:
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
    best = _best_plan(nets, gathered, slack)
    total = _tree(nets, [_chain(nets, chain) for chain in best])
    return nets.negate(total.net) if total.negative else total.net


def _gathered(nets: Netlist, terms: Sequence[Term]) -> list[Term]:
    """Return the terms with tables of few bits together and constants merged."""
    tables = [
        replace(t, net=nets.negate_table(t.net), negative=False) if t.negative else t
        for t in terms
        if nets.is_table(t.net)
    ]
    others = [t for t in terms if not nets.is_table(t.net)]
    merged: list[Term] = []
    for term in sorted(tables, key=lambda t: -nets.address_width(t.net)):
        for k, previous in enumerate(merged):
            joint = nets.join_tables(previous.net, term.net, ABSORBED_BITS)
            if joint is not None:
                merged[k] = replace(previous, net=joint, depth=max(previous.depth, term.depth))
                break
        else:
            merged.append(term)
    rest: list[Term] = []
    for term in others:
        if term.net.constant is not None and merged and nets.is_table(merged[-1].net):
            raw = -term.net.low if term.negative else term.net.low
            merged[-1] = replace(merged[-1], net=nets.offset_table(merged[-1].net, raw, term.net.frac))
        else:
            rest.append(term)
    return merged + rest


def _best_plan(nets: Netlist, terms: list[Term], slack: int | None) -> list[list[Term]]:
    """Return chains, each from its first value on: the fewest LUTs among those that are fast enough."""
    plans = [_dealt(nets, terms, n) for n in range(1, len(terms) // 2 + 1)]
    plans.append([[t] for t in terms])
    depths = [_depth(plan) for plan in plans]
    limit = None if slack is None else min(depths) + slack
    allowed = [p for p, d in zip(plans, depths, strict=True) if limit is None or d <= limit]
    return min(allowed, key=lambda plan: _cost(nets, plan))


def _dealt(nets: Netlist, terms: list[Term], n_chains: int) -> list[list[Term]]:
    """Return the terms in chains; those that cannot be absorbed begin them, then lower and narrower ones."""

    def rank(term: Term) -> tuple[bool, int, int, int]:
        return _absorbable(nets, term), _span(term.net)[0], term.depth, term.net.width

    ordered = sorted(terms, key=rank)
    chains = [[term] for term in ordered[:n_chains]]
    for k, term in enumerate(ordered[n_chains:]):
        chains[k % n_chains].append(term)
    return chains


def _absorbable(nets: Netlist, term: Term) -> bool:
    if nets.is_table(term.net):
        return nets.address_width(term.net) <= ABSORBED_BITS
    return term.absorbed


def _depth(chains: list[list[Term]]) -> int:
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


def _cost(nets: Netlist, chains: list[list[Term]]) -> int:
    """Return an estimate of the LUTs: a LUT for each bit of an adder and of a table that none absorbs."""
    cost, widths = 0, []
    for chain in chains:
        total = _span(chain[0].net)
        if _absorbable(nets, chain[0]):
            cost += chain[0].net.width
        for term in chain[1:]:
            added, total = _joined(total, _span(term.net))
            cost += added
        widths.append(total)
    while len(widths) > 1:
        widths.sort(key=lambda span: span[1] - span[0])
        added, joined = _joined(widths[0], widths[1])
        cost += added
        widths = [joined, *widths[2:]]
    return cost


def _span(net: Net) -> tuple[int, int]:
    """Return the weights of the lowest and of the bit above the highest bit."""
    return -net.frac, net.width - net.frac


def _joined(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """Return an adder's LUTs (bits below one operand pass on free) and the span of the sum."""
    low, high = min(a[0], b[0]), max(a[1], b[1]) + 1
    return high - max(a[0], b[0]), (low, high)


def _chain(nets: Netlist, chain: list[Term]) -> Term:
    total, rest = _from_zero(nets, chain)
    for term in rest:
        total = _added(nets, total, term)
    return total


def _from_zero(nets: Netlist, chain: list[Term]) -> tuple[Term, list[Term]]:
    """Return a chain whose absorbed tables begin at 0; the first table takes in what they begin at now.

    A table that begins at 0 is as narrow as it can be and has no sign: the bits of the sum above it only pass
    a carry on.
    """
    first, rest = chain[0], list(chain[1:])
    if not nets.is_table(first.net):
        return first, rest
    for k, term in enumerate(rest):
        low, frac = term.net.low, term.net.frac
        bits = first.net.width + term.net.width + abs(frac - first.net.frac)
        if low and nets.is_table(term.net) and _absorbable(nets, term) and bits < TABLE_ENTRY_BITS:
            first = replace(first, net=nets.offset_table(first.net, low, frac))
            rest[k] = replace(term, net=nets.offset_table(term.net, -low, frac))
    return first, rest


def _tree(nets: Netlist, terms: list[Term]) -> Term:
    """Add values up, those that are there first and narrow first."""
    while len(terms) > 1:
        terms = sorted(terms, key=lambda t: (t.depth, t.net.width))
        terms = [_added(nets, terms[0], terms[1]), *terms[2:]]
    return terms[0]


def _added(nets: Netlist, a: Term, b: Term) -> Term:
    """Return a + b, a table b as the second operand."""
    depth = max(a.depth, b.depth) + 1
    subtract = a.negative != b.negative
    if nets.is_table(b.net) and _absorbable(nets, b):
        second = nets.negate_table(b.net) if subtract else b.net
        return Term(nets.add(a.net, second), a.negative, depth)
    if subtract and a.negative:
        return Term(nets.add(b.net, a.net, subtract=True), False, depth)
    return Term(nets.add(a.net, b.net, subtract=subtract), a.negative, depth)
