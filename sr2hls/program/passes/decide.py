"""Decisions: comparisons, selections and argmax whose outcome is known, or known from less."""

from dataclasses import dataclass, replace

from sr2hls.program import ops
from sr2hls.program.passes.rewrite import Rewriter, rewrite
from sr2hls.program.program import Program
from sr2hls.program.quantize import quantize_raw
from sr2hls.program.types import BIT, FixedType

P = ops.Predicate
_OPPOSITE = {P.LT: P.GE, P.GE: P.LT, P.GT: P.LE, P.LE: P.GT, P.EQ: P.NE, P.NE: P.EQ}


@dataclass(frozen=True, slots=True)
class SimplifyDecisions:
    """Decides by ranges, compares without subtracting, reads signs as bits, shortens argmax."""

    name: str = "simplify-decisions"

    def apply(self, program: Program) -> Program:
        """Return the program with simpler decisions."""
        return rewrite(program, _rule)


def _rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
    match op:
        case ops.Compare():
            return _compare(rewriter, op)
        case ops.Select():
            return _select(rewriter, op)
        case ops.Argmax():
            return _argmax(rewriter, op)
    return None


def _bit(op: ops.Operation, rewriter: Rewriter, *, true: bool) -> int:
    return rewriter.literal(quantize_raw(int(true), 0, op.type), op)


def _compare(rewriter: Rewriter, op: ops.Compare) -> int | None:
    decided = _decided(rewriter, op)
    if decided is not None:
        return _bit(op, rewriter, true=decided)
    a, b = op.args
    inner, constant = rewriter.op(a), rewriter.constant_of(b)
    if constant is None and rewriter.constant_of(a) is not None:
        mirrored = {P.LT: P.GT, P.GT: P.LT, P.LE: P.GE, P.GE: P.LE}.get(op.predicate, op.predicate)
        return _compare(rewriter, replace(op, args=(b, a), predicate=mirrored))
    if constant == 0 and isinstance(inner, ops.Sub) and rewriter.lossless(inner):
        return rewriter.build.push(replace(op, args=inner.args))
    if constant == 0 and isinstance(inner, ops.Neg) and rewriter.lossless(inner):
        zero = rewriter.build.constant(0, 0)
        return _compare(rewriter, replace(op, args=(zero, inner.args[0])))
    if constant == 0 and op.predicate is P.LT and rewriter.build.type(a).signed:
        return _sign(rewriter, op, a)
    if constant is None:
        return None
    return _rounded_threshold(rewriter, op)


def _decided(rewriter: Rewriter, op: ops.Compare) -> bool | None:
    if op.args[0] == op.args[1]:
        return op.predicate in (P.LE, P.GE, P.EQ)
    a, b = (rewriter.range(v) for v in op.args)
    frac = max(a.frac, b.frac)
    a, b = a.at(frac), b.at(frac)
    always = {
        P.LT: a.high < b.low, P.LE: a.high <= b.low, P.GT: a.low > b.high, P.GE: a.low >= b.high,
        P.EQ: a.low == a.high == b.low == b.high, P.NE: a.high < b.low or a.low > b.high,
    }  # fmt: skip
    if always[op.predicate]:
        return True
    return False if always[_OPPOSITE[op.predicate]] else None


def _sign(rewriter: Rewriter, op: ops.Compare, a: int) -> int:
    """Write a < 0 as the top bit of a, which costs nothing."""
    type_ = rewriter.build.type(a)
    amount = type_.frac - (type_.width - 1)
    if op.type.width == 1 and not op.type.signed and op.type.integer == 1:
        return rewriter.build.push(ops.Shift(args=(a,), type=BIT, amount=amount, origin=op.origin))
    bit = rewriter.build.push(ops.Shift(args=(a,), type=BIT, amount=amount, origin=op.origin))
    return rewriter.build.push(ops.Cast(args=(bit,), type=op.type, origin=op.origin))


def _rounded_threshold(rewriter: Rewriter, op: ops.Compare) -> int | None:
    """Compare with a constant of the value's own resolution, by < or >= (or = or not)."""
    value, threshold = op.args
    constant = rewriter.constant_of(threshold)
    assert constant is not None
    frac = rewriter.range(value).frac
    scaled = constant * 2**frac if frac >= 0 else constant / 2**-frac
    exact = scaled.denominator == 1
    if op.predicate in (P.EQ, P.NE):
        return None if exact else _bit(op, rewriter, true=op.predicate is P.NE)
    # a < c is a < ceil(c); a <= c is a < floor(c) + 1; a >= c and a > c are their opposites.
    strict = op.predicate in (P.LT, P.GE)
    bound = (
        -(-scaled.numerator // scaled.denominator) if strict else scaled.numerator // scaled.denominator + 1
    )
    predicate = P.LT if op.predicate in (P.LT, P.LE) else P.GE
    new = rewriter.build.constant(bound, frac, origin=rewriter.op(threshold).origin)
    if rewriter.constant_of(new) == constant and predicate is op.predicate:
        return None
    changed = replace(op, args=(value, new), predicate=predicate)
    decided = _decided(rewriter, changed)
    return rewriter.build.push(changed) if decided is None else _bit(op, rewriter, true=decided)


def _select(rewriter: Rewriter, op: ops.Select) -> int | None:
    condition, a, b = op.args
    interval = rewriter.range(condition)
    always = interval.low > 0 or interval.high < 0
    never = interval.low == interval.high == 0
    if always or never or a == b:
        chosen = b if never else a
        return rewriter.build.push(ops.Cast(args=(chosen,), type=op.type, origin=op.origin))
    by = rewriter.op(condition)
    if isinstance(by, ops.Select):
        inner = [rewriter.constant_of(v) for v in by.args[1:]]
        if inner[0] == 0 and inner[1] not in (0, None) and rewriter.lossless(by):
            return rewriter.build.push(replace(op, args=(by.args[0], b, a)))
        if inner[1] == 0 and inner[0] not in (0, None) and rewriter.lossless(by):
            return rewriter.build.push(replace(op, args=(by.args[0], a, b)))
    if isinstance(by, ops.Compare) and by.predicate is P.NE and _is_one(by.type):
        if rewriter.constant_of(by.args[1]) == 0:
            return rewriter.build.push(replace(op, args=(by.args[0], a, b)))
        if rewriter.constant_of(by.args[0]) == 0:
            return rewriter.build.push(replace(op, args=(by.args[1], a, b)))
    if rewriter.constant_of(a) == 1 and rewriter.constant_of(b) == 0 and _is_bit(rewriter, condition):
        return rewriter.build.push(ops.Cast(args=(condition,), type=op.type, origin=op.origin))
    return None


def _is_one(type_: FixedType) -> bool:
    """Return whether a comparison's 1 is not zero in its type."""
    return type_.frac >= 0 and type_.raw_max >= 1 << type_.frac


def _is_bit(rewriter: Rewriter, value: int) -> bool:
    interval = rewriter.range(value)
    return (interval.low, interval.high, interval.frac) == (0, 1, 0)


def _argmax(rewriter: Rewriter, op: ops.Argmax) -> int | None:
    ranges = [rewriter.range(v) for v in op.args]
    frac = max(i.frac for i in ranges)
    ranges = [i.at(frac) for i in ranges]
    keep = len(op.args)
    # Positions must not move, so only values at the end that can never win are left out.
    while keep > 1 and any(ranges[keep - 1].high <= i.low for i in ranges[: keep - 1]):
        keep -= 1
    args = op.args[:keep]
    if keep == 1:
        return rewriter.literal(0, op)
    if keep == 2:
        second_wins = ops.Compare(args=args, type=op.type, predicate=P.LT, origin=op.origin)
        return rewriter.build.push(second_wins)
    common = _common_addend(rewriter, args)
    if common is not None:
        return rewriter.build.push(replace(op, args=common))
    return rewriter.build.push(replace(op, args=args))


def _common_addend(rewriter: Rewriter, args: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the other addends if all values are sums with one value in common, exactly."""
    sums = [rewriter.op(a) for a in args]
    if not all(isinstance(s, ops.Add) and rewriter.lossless(s) for s in sums):
        return None
    for common in sums[0].args:
        if all(common in s.args for s in sums):
            return tuple(s.args[1] if s.args[0] == common else s.args[0] for s in sums)
    return None
