"""Exact results of the arithmetic operations in logic."""

from sr2hls.program.ops import Predicate
from sr2hls.rtl.netlist import Net, Netlist


def scaled(nets: Netlist, a: Net, amount: int) -> Net:
    """Return a · 2^amount: no logic."""
    return nets.scale(a, amount)


def absolute(nets: Netlist, a: Net) -> Net:
    """Return |a|."""
    if not a.signed:
        return a
    if a.constant is not None or a.high <= 0:
        return nets.negate(a)
    sign = nets.bits(a, a.width - 1, 1)
    largest = max(-a.low, a.high)
    return nets.narrow(nets.mux(sign, nets.negate(a), a), 0, largest, a.frac)


def compare(nets: Netlist, predicate: Predicate, a: Net, b: Net) -> Net:
    """Return one bit: whether ``a predicate b``."""
    match predicate:
        case Predicate.LT:
            return less(nets, a, b)
        case Predicate.GT:
            return less(nets, b, a)
        case Predicate.GE:
            return nets.invert(less(nets, a, b))
        case Predicate.LE:
            return nets.invert(less(nets, b, a))
        case Predicate.EQ:
            return nets.invert(_differ(nets, a, b))
        case Predicate.NE:
            return _differ(nets, a, b)


def less(nets: Netlist, a: Net, b: Net) -> Net:
    """Return one bit: whether a < b."""
    difference = nets.add(a, b, subtract=True)
    if difference.low >= 0 or difference.high < 0:
        return nets.constant(int(difference.high < 0), 0)
    return nets.bits(difference, difference.width - 1, 1)


def _differ(nets: Netlist, a: Net, b: Net) -> Net:
    difference = nets.add(a, b, subtract=True)
    if difference.constant is not None:
        return nets.constant(int(difference.constant != 0), 0)
    return nets.any(nets.difference_bits(a, b))


def extreme(nets: Netlist, a: Net, b: Net, *, largest: bool) -> Net:
    """Return the larger or the smaller of two values."""
    key = less(nets, b, a) if largest else less(nets, a, b)
    chosen = nets.mux(key, a, b)
    frac = max(a.frac, b.frac)
    pick = max if largest else min
    low = pick(n.low << (frac - n.frac) for n in (a, b))
    high = pick(n.high << (frac - n.frac) for n in (a, b))
    return nets.narrow(chosen, low, high, frac)


def argmax(nets: Netlist, args: list[Net]) -> Net:
    """Return the position of the largest value, the first of equals, by a tournament."""
    entrants = [(net, nets.constant(k, 0)) for k, net in enumerate(args)]
    while len(entrants) > 1:
        winners = []
        for (a, a_index), (b, b_index) in zip(entrants[::2], entrants[1::2], strict=False):
            later = less(nets, a, b)
            last = len(entrants) == 2
            winner = a if last else nets.mux(later, b, a)
            winners.append((winner, nets.mux(later, b_index, a_index)))
        entrants = winners + entrants[len(winners) * 2 :]
    return entrants[0][1]


def product(nets: Netlist, a: Net, b: Net) -> Net:
    """Return a · b; a constant factor becomes shifts and adds."""
    if a.constant is not None:
        a, b = b, a
    if b.constant is not None:
        return _times_constant(nets, a, b)
    return nets.multiply(a, b)


def _times_constant(nets: Netlist, a: Net, b: Net) -> Net:
    """Return a times a constant by its canonical signed digits: the fewest non-zero ones."""
    if a.constant is not None or b.constant == 0:
        return nets.constant(a.low * b.low, a.frac + b.frac)
    raw, shift, terms = b.low, 0, []
    while raw:
        if raw % 2:
            digit = 2 - raw % 4
            terms.append((nets.scale(a, shift), digit < 0))
            raw -= digit
        raw //= 2
        shift += 1
    # A positive term first, where there is one, saves a negation.
    terms.sort(key=lambda term: term[1])
    total, negative = terms[0]
    if negative:
        total = nets.negate(total)
    for term, subtract in terms[1:]:
        total = nets.add(total, term, subtract=subtract)
    low, high = sorted((a.low * b.low, a.high * b.low))
    return nets.narrow(nets.scale(total, -b.frac), low, high, a.frac + b.frac)
