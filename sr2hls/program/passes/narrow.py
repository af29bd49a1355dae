"""Range narrowing: each value in the fewest bits that hold everything it can be."""

from dataclasses import dataclass, replace

from sr2hls.program import ops
from sr2hls.program.exact import held_interval, overflows
from sr2hls.program.passes.rewrite import Rewriter, plain, rewrite
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding, narrowest

_ALL_ZERO = 64
"""Trailing zeros of 0."""


@dataclass(frozen=True, slots=True)
class NarrowRanges:
    """Drops leading bits that ranges never reach and trailing bits that are always zero."""

    name: str = "narrow-ranges"

    def apply(self, program: Program) -> Program:
        """Return the program with narrower values; numbers stay the same on every input."""
        zeros: dict[int, int] = {}

        def rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
            value = rewriter.build.push(_narrowed(rewriter, op, zeros))
            new = rewriter.op(value)
            zeros[value] = _held_zeros(rewriter, new, zeros)
            return value

        return rewrite(program, rule)


def _held_zeros(rewriter: Rewriter, op: ops.Operation, zeros: dict[int, int]) -> int:
    """Return how many low bits of an operation's quantised results are always zero."""
    exact = rewriter.build.exact(op)
    if any(overflows(exact, op.type)) and op.type.overflow in (Overflow.SAT, Overflow.SAT_SYM):
        return 0
    return max(0, _exact_zeros(rewriter, op, zeros) - (exact.frac - op.type.frac))


def _exact_zeros(rewriter: Rewriter, op: ops.Operation, zeros: dict[int, int]) -> int:
    """Return how many low bits of an operation's exact results are always zero."""
    of = [zeros.get(a, 0) for a in op.args]
    fracs = [rewriter.build.type(a).frac for a in op.args]
    match op:
        case ops.Constant(raw=raw):
            return _trailing(raw)
        case ops.Table(values=values):
            return min(_trailing(v) for v in values)
        case ops.Add() | ops.Sub() | ops.Min() | ops.Max():
            return _aligned(of, fracs)
        case ops.Select():
            return _aligned(of[1:], fracs[1:])
        case ops.Mul():
            return sum(of)
        case ops.Neg() | ops.Abs() | ops.Cast() | ops.Shift():
            return of[0]
    return 0


def _aligned(zeros: list[int], fracs: list[int]) -> int:
    return min(z + max(fracs) - f for z, f in zip(zeros, fracs, strict=True))


def _trailing(raw: int) -> int:
    return (raw & -raw).bit_length() - 1 if raw else _ALL_ZERO


def _narrowed(rewriter: Rewriter, op: ops.Operation, zeros: dict[int, int]) -> ops.Operation:
    match op:
        case ops.Constant(raw=raw):
            drop = _trailing(raw) if raw else op.type.frac
            type_ = narrowest(raw >> drop, raw >> drop, op.type.frac - drop) if raw else _ZERO
            return replace(op, type=type_, raw=raw >> drop if raw else 0)
        case ops.Table(values=values):
            drop = min(_trailing(v) for v in values)
            if drop == _ALL_ZERO:
                return op
            entries = tuple(v >> drop for v in values)
            return replace(
                op, values=entries, type=narrowest(min(entries), max(entries), op.type.frac - drop)
            )
        case ops.Div():
            return op
    exact = rewriter.build.exact(op)
    held = held_interval(op, exact, [rewriter.range(a) for a in op.args])
    if held.low == held.high:
        constant = ops.Constant(type=plain(op.type), raw=held.low, origin=op.origin)
        return _narrowed(rewriter, constant, zeros)
    finest = exact.frac - min(_exact_zeros(rewriter, op, zeros), _ALL_ZERO - 1)
    frac = min(op.type.frac, finest)
    drop = op.type.frac - frac
    type_ = narrowest(held.low >> drop, held.high >> drop, frac)
    over, under = overflows(exact, op.type)
    if type_.width > op.type.width or ((over or under) and not _same_bounds(op.type, type_, over, under)):
        return op
    rounding = op.type.rounding if finest > op.type.frac else Rounding.TRN
    overflow = op.type.overflow if over or under else Overflow.WRAP
    narrow = replace(op, type=type_.with_modes(rounding, overflow))
    return narrow if rewriter.fits(narrow) else op


_ZERO = FixedType(signed=False, width=1, integer=1)


def _same_bounds(old: FixedType, new: FixedType, over: bool, under: bool) -> bool:
    """Return whether a narrower type bounds what overflows the old one at the same values."""
    if old.overflow is Overflow.WRAP or old.frac != new.frac:
        return False
    if over and new.raw_max != old.raw_max:
        return False
    if under and old.overflow is Overflow.SAT_SYM and old.signed:
        return new.signed and new.raw_max == old.raw_max
    if under:
        return new.raw_min == old.raw_min
    return True
