"""Duplicate tables: one table for functions of the same bits that are multiples of each other."""

from dataclasses import dataclass

from sr2hls.program import ops
from sr2hls.program.passes.rewrite import Rewriter, plain, rewrite
from sr2hls.program.program import Program
from sr2hls.program.size import table_luts


@dataclass(frozen=True, slots=True)
class ShareTables:
    """Reads a table for another over the same arguments that is it, shifted, negated or with an offset.

    A shift is free; negation and offset are taken where they are smaller than the table.
    """

    name: str = "share-tables"

    def apply(self, program: Program) -> Program:
        """Return the program with fewer tables."""
        tables: dict[tuple[int, ...], list[int]] = {}

        def rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
            if not isinstance(op, ops.Table):
                return None
            for other in tables.setdefault(op.args, []):
                shared = _from_other(rewriter, op, other)
                if shared is not None:
                    return shared
            value = rewriter.build.push(op)
            tables[op.args].append(value)
            return value

        return rewrite(program, rule)


def _from_other(rewriter: Rewriter, op: ops.Table, other: int) -> int | None:
    first = rewriter.op(other)
    assert isinstance(first, ops.Table)
    if first == op:
        return other
    if first.values == op.values:
        return _scaled(rewriter, op, other, first)
    cost = table_luts(op.values)
    if cost > first.type.width + 1 and all(a == -b for a, b in zip(first.values, op.values, strict=True)):
        negative = rewriter.build.neg(other, origin=op.origin)
        return _scaled(rewriter, op, negative, first)
    offset = op.values[0] - first.values[0]
    if op.type.frac == first.type.frac and cost > max(op.type.width, first.type.width) and all(
        b - a == offset for a, b in zip(first.values, op.values, strict=True)
    ):  # fmt: skip
        constant = rewriter.build.constant(offset, op.type.frac, origin=op.origin)
        return rewriter.build.push(ops.Add(args=(other, constant), type=plain(op.type), origin=op.origin))
    return None


def _scaled(rewriter: Rewriter, op: ops.Table, value: int, first: ops.Table) -> int:
    amount = first.type.frac - op.type.frac
    return rewriter.build.push(ops.Shift(args=(value,), type=plain(op.type), amount=amount, origin=op.origin))
