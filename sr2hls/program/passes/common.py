"""Common subexpressions: operations that compute the same exact result are computed once."""

from dataclasses import dataclass, replace

import numpy as np

from sr2hls.program import ops
from sr2hls.program.passes.rewrite import Rewriter, rewrite
from sr2hls.program.program import Program
from sr2hls.program.types import BIT, MAX_WIDTH, FixedType, narrowest

_MIRRORED = {
    ops.Predicate.GT: ops.Predicate.LT,
    ops.Predicate.GE: ops.Predicate.LE,
}
_SHARED = (ops.Add, ops.Sub, ops.Mul, ops.Neg, ops.Abs, ops.Min, ops.Max, ops.Select, ops.Argmax, ops.Compare)


@dataclass(frozen=True, slots=True)
class ShareSubexpressions:
    """Gives operands a canonical order, so that equal operations are found, and shares exact results.

    Two operations that differ in their result types only become one exact operation and two casts.
    """

    name: str = "share-subexpressions"

    def apply(self, program: Program) -> Program:
        """Return the program in which each exact result is computed once."""
        ordered = rewrite(program, _order)
        types: dict[ops.Operation, set[FixedType]] = {}
        for op in ordered:
            if isinstance(op, _SHARED):
                types.setdefault(_untyped(op), set()).add(op.type)
        several = {key for key, found in types.items() if len(found) > 1}
        old = {position: _untyped(op) for position, op in enumerate(ordered)}

        def share(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
            if old[position] not in several:
                return None
            exact = rewriter.build.exact(op)
            if exact.bits > MAX_WIDTH - 1:
                return None
            whole = replace(op, type=narrowest(exact.low, exact.high, exact.frac))
            if not rewriter.fits(whole):
                return None
            cast = ops.Cast(args=(rewriter.build.push(whole),), type=op.type, origin=op.origin)
            return rewriter.build.push(cast) if rewriter.fits(cast) else None

        return rewrite(ordered, share) if several else ordered


def _untyped(op: ops.Operation) -> ops.Operation:
    return replace(op, type=BIT, origin="") if isinstance(op, _SHARED) else op


def _order(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
    match op:
        case ops.Add() | ops.Mul() | ops.Min() | ops.Max():
            return rewriter.build.push(replace(op, args=tuple(sorted(op.args))))
        case ops.Compare(predicate=predicate):
            a, b = op.args
            if predicate in (ops.Predicate.EQ, ops.Predicate.NE):
                a, b = min(a, b), max(a, b)
            elif predicate in _MIRRORED:
                a, b, predicate = b, a, _MIRRORED[predicate]
            return rewriter.build.push(replace(op, args=(a, b), predicate=predicate))
        case ops.Table() if list(op.args) != sorted(op.args):
            return rewriter.build.push(_sorted_table(rewriter, op))
    return None


def _sorted_table(rewriter: Rewriter, table: ops.Table) -> ops.Table:
    widths = [rewriter.build.type(a).width for a in table.args]
    order = sorted(range(len(widths)), key=lambda k: (table.args[k], k))
    cube = np.array(table.values, dtype=np.int64).reshape([1 << w for w in widths])
    values = tuple(int(v) for v in cube.transpose(order).ravel())
    return replace(table, args=tuple(table.args[k] for k in order), values=values)
