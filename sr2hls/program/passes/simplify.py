"""Algebraic identities: operations that are another one, or none."""

from dataclasses import dataclass, replace

from sr2hls.program import ops
from sr2hls.program.passes.rewrite import Rewriter, rewrite
from sr2hls.program.program import Program


@dataclass(frozen=True, slots=True)
class Simplify:
    """Applies identities such as x + 0, x · 1, -(-x), |x| of x >= 0, and drops casts that change nothing."""

    name: str = "simplify"

    def apply(self, program: Program) -> Program:
        """Return the program with the identities applied."""
        return rewrite(program, _rule)


def _rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
    simpler = _simpler(rewriter, op)
    op = op if simpler is None else simpler
    # A value that another one already is, bit for bit of its number, needs no operation of its own.
    if (
        isinstance(op, ops.Cast)
        and rewriter.lossless(op)
        and rewriter.build.type(op.args[0]).width <= op.type.width
    ):
        return op.args[0]
    return rewriter.build.push(op)


def _simpler(rewriter: Rewriter, op: ops.Operation) -> ops.Operation | None:
    match op:
        case ops.Add():
            return _add(rewriter, op)
        case ops.Sub():
            return _sub(rewriter, op)
        case ops.Mul():
            return _mul(rewriter, op)
        case ops.Neg():
            return _neg(rewriter, op)
        case ops.Abs():
            return _abs(rewriter, op)
        case ops.Shift(amount=0):
            return _cast(op, op.args[0])
        case ops.Shift(amount=amount):
            inner = rewriter.op(op.args[0])
            if isinstance(inner, ops.Shift) and rewriter.lossless(inner):
                return replace(op, args=inner.args, amount=amount + inner.amount)
        case ops.Min() | ops.Max():
            return _extreme(rewriter, op)
    return None


def _cast(op: ops.Operation, value: int) -> ops.Cast:
    return ops.Cast(args=(value,), type=op.type, origin=op.origin)


def _negated(rewriter: Rewriter, value: int) -> int | None:
    """Return a if a value is exactly -a."""
    op = rewriter.op(value)
    return op.args[0] if isinstance(op, ops.Neg) and rewriter.lossless(op) else None


def _add(rewriter: Rewriter, op: ops.Add) -> ops.Operation | None:
    for a, b in (op.args, op.args[::-1]):
        if rewriter.constant_of(b) == 0:
            return _cast(op, a)
        minus = _negated(rewriter, b)
        if minus is not None:
            return ops.Sub(args=(a, minus), type=op.type, origin=op.origin)
    if op.args[0] == op.args[1]:
        return ops.Shift(args=(op.args[0],), type=op.type, amount=1, origin=op.origin)
    return None


def _sub(rewriter: Rewriter, op: ops.Sub) -> ops.Operation | None:
    a, b = op.args
    if rewriter.constant_of(b) == 0:
        return _cast(op, a)
    if rewriter.constant_of(a) == 0:
        return ops.Neg(args=(b,), type=op.type, origin=op.origin)
    if a == b:
        return ops.Constant(type=op.type, raw=0, origin=op.origin)
    minus = _negated(rewriter, b)
    if minus is not None:
        return ops.Add(args=(a, minus), type=op.type, origin=op.origin)
    return None


def _mul(rewriter: Rewriter, op: ops.Mul) -> ops.Operation | None:
    for value, other in (op.args, op.args[::-1]):
        constant = rewriter.constant_of(other)
        if constant is None:
            continue
        if constant == 0:
            return ops.Constant(type=op.type, raw=0, origin=op.origin)
        if constant == 1:
            return _cast(op, value)
        if constant == -1:
            return ops.Neg(args=(value,), type=op.type, origin=op.origin)
    minus = [_negated(rewriter, a) for a in op.args]
    if None not in minus:
        return replace(op, args=tuple(m for m in minus if m is not None))
    for value, other in (op.args, op.args[::-1]):
        interval = rewriter.range(other)
        if (interval.low, interval.high, interval.frac) == (0, 1, 0):
            zero = rewriter.build.constant(0, 0)
            return ops.Select(args=(other, value, zero), type=op.type, origin=op.origin)
    return None


def _neg(rewriter: Rewriter, op: ops.Neg) -> ops.Operation | None:
    minus = _negated(rewriter, op.args[0])
    if minus is not None:
        return _cast(op, minus)
    inner = rewriter.op(op.args[0])
    if isinstance(inner, ops.Sub) and rewriter.lossless(inner):
        return ops.Sub(args=inner.args[::-1], type=op.type, origin=op.origin)
    return None


def _abs(rewriter: Rewriter, op: ops.Abs) -> ops.Operation | None:
    interval = rewriter.range(op.args[0])
    if interval.low >= 0:
        return _cast(op, op.args[0])
    if interval.high <= 0:
        return ops.Neg(args=op.args, type=op.type, origin=op.origin)
    minus = _negated(rewriter, op.args[0])
    return None if minus is None else replace(op, args=(minus,))


def _extreme(rewriter: Rewriter, op: ops.Min | ops.Max) -> ops.Operation | None:
    a, b = op.args
    if a == b:
        return _cast(op, a)
    first, second = (rewriter.range(v) for v in op.args)
    frac = max(first.frac, second.frac)
    first, second = first.at(frac), second.at(frac)
    a_is_less, b_is_less = first.high <= second.low, second.high <= first.low
    if not a_is_less and not b_is_less:
        return None
    return _cast(op, a if a_is_less == isinstance(op, ops.Min) else b)
