"""Products of two variables in rows of carry chains.

Two bits of one factor choose 0, a, 2a or 3a of the other, which takes five inputs of a LUT6 for each bit; the
sixth is the sum so far, so that a row takes one LUT a bit, choice and addition together. That is half of what
Yosys' own multiplier takes, which builds compressors out of LUTs.
"""

from sr2hls.program.blocks import SINGLE_ROWS
from sr2hls.rtl.adder_chains import AdderTerm, summed
from sr2hls.rtl.netlist import Net, Netlist


def multiplied(nets: Netlist, a: Net, b: Net, slack: int | None) -> Net:
    """Return a · b for two values that are not constants.

    Args:
        nets: where to write.
        a: one factor.
        b: the other.
        slack: as in `sr2hls.rtl.adder_chains.summed`, for the rows.
    """
    if (b.signed, b.width) > (a.signed, a.width):
        # Rows come from the bits of b: an unsigned factor has no row for a sign, a narrow one has fewer.
        a, b = b, a
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    low = 0 if a.position == b.position and min(corners) < 0 else min(corners)
    rows = _rows(nets, a, b)
    return nets.narrow(summed(nets, rows, slack), low, max(corners), a.frac + b.frac)


def _rows(nets: Netlist, a: Net, b: Net) -> list[AdderTerm]:
    unsigned = b.width - int(b.signed)
    zero = nets.constant(0, 0)
    multiples = [zero, a, nets.scale(a, 1)]
    if unsigned > SINGLE_ROWS:
        multiples.append(nets.add(a, nets.scale(a, 1)))
    rows: list[AdderTerm] = []
    first = 0
    while first < unsigned:
        low = nets.bits(b, first, 1)
        if unsigned > SINGLE_ROWS and first + 1 < unsigned:
            high = nets.bits(b, first + 1, 1)
            chosen = nets.mux(high, nets.mux(low, multiples[3], multiples[2]), nets.mux(low, a, zero))
            rows.append(_row(nets, chosen, first - b.frac))
            first += 2
        else:
            rows.append(_row(nets, nets.mux(low, a, zero), first - b.frac))
            first += 1
    if b.signed:
        sign = nets.bits(b, b.width - 1, 1)
        rows.append(_row(nets, nets.mux(sign, a, zero), b.width - 1 - b.frac, negative=True))
    return rows


def _row(nets: Netlist, net: Net, shift: int, negative: bool = False) -> AdderTerm:
    placed = nets.scale(net, shift)
    return AdderTerm(placed, negative, nets.depth(placed), absorbed=True)
