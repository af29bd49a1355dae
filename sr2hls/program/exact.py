"""Exact results of operations: their resolution and range, before they are quantised."""

from dataclasses import dataclass

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.quantize import quantize_raw, rounded_raw
from sr2hls.program.types import FixedType, Overflow


@dataclass(frozen=True, slots=True)
class Interval:
    """Values ``raw · 2^-frac`` with ``low <= raw <= high``."""

    low: int
    high: int
    frac: int

    @classmethod
    def of_type(cls, type_: FixedType) -> "Interval":
        """Return everything that a type can hold."""
        return cls(type_.raw_min, type_.raw_max, type_.frac)

    def at(self, frac: int) -> "Interval":
        """Return the same values with at least as many fractional bits.

        Raises:
            ValueError: there would be fewer.
        """
        shift = frac - self.frac
        if shift < 0:
            raise ValueError("an exact interval cannot lose fractional bits")
        return Interval(self.low << shift, self.high << shift, frac)

    @property
    def bits(self) -> int:
        """Bits of a two's-complement number that holds every raw value."""
        return max((-self.low - 1).bit_length() if self.low < 0 else 0, max(0, self.high).bit_length()) + 1


def aligned(intervals: list[Interval]) -> list[Interval]:
    """Return the intervals with a common number of fractional bits."""
    frac = max(i.frac for i in intervals)
    return [i.at(frac) for i in intervals]


def div_shift(numerator: FixedType, denominator: FixedType, result: FixedType) -> int:
    """Return by how many bits a numerator is shifted left so that the quotient has one guard bit."""
    return result.frac + 1 - numerator.frac + denominator.frac


def exact_interval(op: ops.Operation, args: list[Interval], arg_types: list[FixedType]) -> Interval:
    """Return the exact results that an operation can have for arguments in the given intervals.

    For `Div` it is the quotient with a guard bit and a sticky bit (result frac + 2), which quantises as the
    true quotient does in every rounding mode.

    Raises:
        ProgramError: the operation is none of the contract's.
    """
    match op:
        case ops.Input():
            return Interval.of_type(op.type)
        case ops.Constant(raw=raw):
            return Interval(raw, raw, op.type.frac)
        case ops.Table(values=values):
            return Interval(min(values), max(values), op.type.frac)
        case ops.Argmax():
            return Interval(0, len(args) - 1, 0)
        case ops.Compare():
            return Interval(0, 1, 0)
        case ops.Cast():
            return args[0]
        case ops.Shift(amount=amount):
            return Interval(args[0].low, args[0].high, args[0].frac - amount)
        case ops.Neg():
            return Interval(-args[0].high, -args[0].low, args[0].frac)
        case ops.Abs():
            a = args[0]
            low = 0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
            return Interval(low, max(abs(a.low), abs(a.high)), a.frac)
        case ops.Add():
            a, b = aligned(args)
            return Interval(a.low + b.low, a.high + b.high, a.frac)
        case ops.Sub():
            a, b = aligned(args)
            return Interval(a.low - b.high, a.high - b.low, a.frac)
        case ops.Min():
            a, b = aligned(args)
            return Interval(min(a.low, b.low), min(a.high, b.high), a.frac)
        case ops.Max():
            a, b = aligned(args)
            return Interval(max(a.low, b.low), max(a.high, b.high), a.frac)
        case ops.Select():
            b, c = aligned(args[1:])
            return Interval(min(b.low, c.low), max(b.high, c.high), b.frac)
        case ops.Mul():
            a, b = args
            if op.args[0] == op.args[1]:
                squares = [a.low * a.low, a.high * a.high]
                return Interval(0 if a.low <= 0 <= a.high else min(squares), max(squares), 2 * a.frac)
            corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
            return Interval(min(corners), max(corners), a.frac + b.frac)
        case ops.Div():
            return _quotient(args[0], args[1], div_shift(arg_types[0], arg_types[1], op.type), op.type.frac)
        case _:
            raise ProgramError(f"operation '{op.name}' has no exact result: it is not one of the contract's")


def _quotient(a: Interval, b: Interval, shift: int, frac: int) -> Interval:
    """Return ``a · 2^shift / b`` with a sticky bit, for every b but 0."""
    nearest = [d for d in (-1, 1, b.low, b.high) if d and b.low <= d <= b.high]
    if not nearest:
        return Interval(0, 0, frac + 2)
    floors = [(n << max(0, shift)) // (d << max(0, -shift)) for n in (a.low, a.high) for d in nearest]
    return Interval(2 * min(floors), 2 * max(floors) + 1, frac + 2)


def overflows(exact: Interval, type_: FixedType) -> tuple[bool, bool]:
    """Return whether rounded exact results may lie above and below what a type holds.

    Rounding never changes the order of two values, so that it is enough to round the ends.
    """
    drop = exact.frac - type_.frac
    low, high = (rounded_raw(raw, drop, type_.rounding) for raw in (exact.low, exact.high))
    least = -type_.raw_max if type_.overflow is Overflow.SAT_SYM and type_.signed else type_.raw_min
    return high > type_.raw_max, low < least


def held_interval(op: ops.Operation, exact: Interval, args: list[Interval]) -> Interval:
    """Return the raw values that an operation can have once its exact results are quantised.

    Rounding never changes the order of two values, so that it is enough to round the ends.
    """
    if isinstance(op, ops.Input | ops.Constant | ops.Table):
        # Given as raw values of the type: not quantised, so that SAT_SYM does not take the least one away.
        return exact
    type_ = op.type
    low, high = (rounded_raw(raw, exact.frac - type_.frac, type_.rounding) for raw in (exact.low, exact.high))
    first, last = (quantize_raw(raw, type_.frac, type_) for raw in (low, high))
    match type_.overflow:
        case Overflow.SAT | Overflow.SAT_SYM:
            held = Interval(first, last, type_.frac)
        case Overflow.WRAP if high - low < 1 << type_.width and first <= last:
            held = Interval(first, last, type_.frac)
        case Overflow.SAT_ZERO if type_.raw_min <= low and high <= type_.raw_max:
            held = Interval(first, last, type_.frac)
        case Overflow.SAT_ZERO:
            held = Interval(min(0, max(low, type_.raw_min)), max(0, min(high, type_.raw_max)), type_.frac)
        case _:
            held = Interval.of_type(type_)
    if isinstance(op, ops.Div) and args[1].low <= 0 <= args[1].high:
        ends = [
            0,
            *([type_.raw_max] if args[0].high > 0 else []),
            *([type_.raw_min] if args[0].low < 0 else []),
        ]
        return Interval(min(held.low, *ends), max(held.high, *ends), type_.frac)
    return held
