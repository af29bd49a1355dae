"""The contract's rounding and overflow in logic: drop bits, add at most one bit, bound.

Every rounding mode is the floor plus one bit that depends on the dropped bits, the sign and the lowest kept
bit (`sr2hls.program.quantize` is the arithmetic form of the same rule): a correction costs one short adder.
"""

from sr2hls.program.quantize import quantize_raw
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.rtl.netlist import Net, Netlist


def quantize(nets: Netlist, exact: Net, type_: FixedType) -> Net:
    """Return an exact value quantised to a type."""
    if exact.constant is not None:
        return nets.constant(quantize_raw(exact.low, exact.frac, type_), type_.frac)
    return _bound(nets, _round(nets, exact, type_), type_)


def _round(nets: Netlist, a: Net, type_: FixedType) -> Net:
    drop = a.frac - type_.frac
    if drop <= 0:
        return a
    floor = nets.floor(a, type_.frac)
    up = _round_up(nets, a, floor, drop, type_.rounding)
    if up.constant == 0:
        return floor
    # Interval arithmetic would add the bit to the largest floor, which it may never meet: rounding is
    # monotone, so the ends of the interval give the true one, often a bit narrower.
    rounded = nets.add(nets.scale(up, -type_.frac), floor)
    plain = FixedType(True, 64, 64 - type_.frac, type_.rounding, Overflow.WRAP)
    low, high = (quantize_raw(end, a.frac, plain) for end in (a.low, a.high))
    return nets.narrow(rounded, low, high, type_.frac)


def _round_up(nets: Netlist, a: Net, floor: Net, drop: int, rounding: Rounding) -> Net:
    """Return the bit to add to the floor."""
    sign = nets.bits(a, a.width - 1, 1) if a.signed else nets.constant(0, 0)
    if rounding is Rounding.TRN:
        return nets.constant(0, 0)
    if rounding is Rounding.TRN_ZERO:
        return nets.logic("and", sign, nets.any(nets.bits(a, 0, drop)))
    half = nets.bits(a, drop - 1, 1)
    if rounding is Rounding.RND:
        return half
    above_half = nets.any(nets.bits(a, 0, drop - 1)) if drop > 1 else nets.constant(0, 0)
    match rounding:
        case Rounding.RND_MIN_INF:
            tie = nets.constant(0, 0)
        case Rounding.RND_INF:
            tie = nets.invert(sign)
        case Rounding.RND_ZERO:
            tie = sign
        case _:
            tie = nets.bits(a, drop, 1)
    return nets.logic("and", half, nets.logic("or", above_half, tie))


def _bound(nets: Netlist, a: Net, type_: FixedType) -> Net:
    if a.constant is not None:
        return nets.constant(quantize_raw(a.low, a.frac, type_), type_.frac)
    coarser = type_.frac - a.frac
    low, high = type_.raw_min, type_.raw_max
    if type_.overflow is Overflow.SAT_SYM and type_.signed:
        low = -high
    fits_below, fits_above = (a.low << coarser) >= low, (a.high << coarser) <= high
    if fits_below and fits_above:
        return a
    if type_.overflow is Overflow.WRAP:
        return nets.wrap(a, type_)
    below = nets.constant(0, 0) if fits_below else _is_below(nets, a, low, type_)
    above = nets.constant(0, 0) if fits_above else _is_above(nets, a, type_)
    inside = nets.wrap(a, type_)
    if type_.overflow is Overflow.SAT_ZERO:
        return nets.mux(nets.logic("or", below, above), nets.constant(0, 0), inside)
    result = nets.mux(above, nets.constant(high, type_.frac), inside)
    result = nets.mux(below, nets.constant(low, type_.frac), result)
    return nets.narrow(result, low, high, type_.frac)


def _is_above(nets: Netlist, a: Net, type_: FixedType) -> Net:
    """Return whether a exceeds the type: it is not negative and has a bit above the type's highest."""
    first = type_.raw_max.bit_length() - (type_.frac - a.frac)
    count = a.width - int(a.signed) - max(first, 0)
    return _signed_check(nets, a, nets.any(nets.bits(a, max(first, 0), count)), negative=False)


def _is_below(nets: Netlist, a: Net, low: int, type_: FixedType) -> Net:
    """Return whether a is less than the type's least value ``low``."""
    sign = nets.bits(a, a.width - 1, 1)
    if low == 0:
        return sign
    # Bits of a below the type's sign bit; a may be coarser than the type.
    first = (type_.width - 1) - (type_.frac - a.frac)
    if first < 0:
        return sign
    # A negative value fits where every bit above the type's highest repeats the sign.
    count = a.width - 1 - first
    outside = nets.invert(nets.all(nets.bits(a, first, count), count)) if count > 0 else nets.constant(0, 0)
    if low != type_.raw_min:
        # SAT_SYM: the most negative value lies outside, too: all its lower bits are 0.
        lower = nets.invert(nets.any(nets.bits(a, 0, first))) if first > 0 else nets.constant(1, 0)
        outside = nets.logic("or", outside, lower)
    return _signed_check(nets, a, outside, negative=True)


def _signed_check(nets: Netlist, a: Net, outside: Net, *, negative: bool) -> Net:
    if not a.signed:
        return outside
    sign = nets.bits(a, a.width - 1, 1)
    return nets.logic("and", sign if negative else nets.invert(sign), outside)
