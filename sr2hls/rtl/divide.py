"""Division: long division of the magnitudes, with the guard and the sticky bit of the contract."""

from collections.abc import Sequence

from sr2hls.program import ops
from sr2hls.program.exact import div_shift
from sr2hls.program.types import FixedType
from sr2hls.rtl.arithmetic import absolute, less
from sr2hls.rtl.netlist import Net, Netlist
from sr2hls.rtl.quantize import quantize
from sr2hls.rtl.tabulate import tabulated

# Beyond this many bits together, a long division is smaller than a table of 2^(bits - 6) LUTs an output bit.
TABLE_BITS = 8


def divide(nets: Netlist, op: ops.Div, args: Sequence[Net], types: Sequence[FixedType]) -> Net:
    """Return a / b quantised to the operation's type."""
    a, b = args
    bits = sum(n.width for n in {n.position: n for n in args if n.constant is None}.values())
    if bits <= TABLE_BITS or b.constant == 0:
        return tabulated(nets, op, args, types) if bits <= TABLE_BITS else _by_zero(nets, a, op.type)
    # Raw integers in the argument types: the quotient of the contract is one of those.
    numerator = nets.scale(a, types[0].frac)
    denominator = nets.scale(b, types[1].frac)
    shift = div_shift(types[0], types[1], op.type)
    if shift >= 0:
        numerator = nets.scale(numerator, shift)
    else:
        denominator = nets.scale(denominator, -shift)
    quotient, rest = _long_division(nets, absolute(nets, numerator), absolute(nets, denominator))
    # floor(n / d) with its sticky bit is odd-symmetric: 2q + (r > 0) of the magnitudes, with the sign.
    magnitude = nets.concatenate([(quotient, quotient.width), (nets.any(rest), 1)])
    negative = nets.logic("xor", _sign(nets, a), _sign(nets, b))
    exact = nets.mux(negative, nets.negate(magnitude), magnitude)
    result = quantize(nets, nets.scale(exact, -(op.type.frac + 2)), op.type)
    if b.low > 0 or b.high < 0:
        return result
    return nets.mux(nets.any(b), result, _by_zero(nets, a, op.type))


def _by_zero(nets: Netlist, a: Net, type_: FixedType) -> Net:
    largest = nets.constant(type_.raw_max, type_.frac)
    least = nets.constant(type_.raw_min, type_.frac)
    return nets.mux(_sign(nets, a), least, nets.mux(nets.any(a), largest, nets.constant(0, 0)))


def _sign(nets: Netlist, a: Net) -> Net:
    if a.constant is not None:
        return nets.constant(int(a.constant < 0), 0)
    return nets.bits(a, a.width - 1, 1) if a.signed else nets.constant(0, 0)


def _long_division(nets: Netlist, numerator: Net, denominator: Net) -> tuple[Net, Net]:
    """Return quotient and remainder of two unsigned integers; anything where the denominator is 0.

    One compare-and-subtract for each bit of the quotient that can be set, the highest first.
    """
    n_bits = numerator.width - numerator.frac
    # The remainder before the first quotient bit holds the numerator bits above it.
    largest, least = numerator.high << -numerator.frac, max(1, denominator.low << -denominator.frac)
    q_bits = max(1, (largest // least).bit_length())
    rest = _integer_bits(nets, numerator, q_bits, n_bits - q_bits)
    quotient: list[tuple[Net, int]] = []
    for position in reversed(range(q_bits)):
        digit = _integer_bits(nets, numerator, position, 1)
        rest = nets.concatenate([(rest, max(rest.width, 1)), (digit, 1)])
        rest = nets.narrow(rest, 0, 2 * (denominator.high << -denominator.frac) - 1, 0)
        fits = nets.invert(less(nets, rest, denominator))
        quotient.append((fits, 1))
        reduced = nets.add(rest, denominator, subtract=True)
        rest = nets.mux(fits, reduced, rest)
        rest = nets.narrow(rest, 0, (denominator.high << -denominator.frac) - 1, 0)
    return nets.concatenate(quotient), rest


def _integer_bits(nets: Netlist, a: Net, first: int, count: int) -> Net:
    """Return bits of an unsigned integer that may leave out low bits that are 0 (frac < 0)."""
    if count <= 0:
        return nets.constant(0, 0)
    below = -a.frac
    skipped = max(0, below - first)
    if skipped >= count:
        return nets.constant(0, 0)
    if a.constant is not None:
        return nets.constant(((a.low << below) >> first) & ((1 << count) - 1), 0)
    taken = nets.bits(a, max(0, first - below), count - skipped)
    return nets.scale(taken, skipped)
