"""Casts fused into the operation before them, so that nothing is computed that is dropped at once."""

from dataclasses import dataclass, replace

from sr2hls.program import ops
from sr2hls.program.exact import Interval
from sr2hls.program.passes.rewrite import Rewriter, rewrite
from sr2hls.program.program import Program
from sr2hls.program.types import Overflow, Rounding


@dataclass(frozen=True, slots=True)
class FuseCasts:
    """Gives an exact operation the type of the only cast that reads it: one quantisation either way."""

    name: str = "fuse-casts"

    def apply(self, program: Program) -> Program:
        """Return the program with fused casts."""
        return rewrite(program, _rule)


def _rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
    if not isinstance(op, ops.Cast):
        return None
    before = rewriter.op(op.args[0])
    if isinstance(before, ops.Input | ops.Constant | ops.Table | ops.Div):
        return None
    free = isinstance(before, ops.Cast | ops.Shift)
    if not free and not rewriter.single_use(rewriter.program.ops[position].args[0]):
        return None
    fused = replace(before, type=op.type)
    if (rewriter.lossless(before) or _one_floor(rewriter, before, op)) and rewriter.fits(fused):
        return rewriter.build.push(fused)
    return None


def _one_floor(rewriter: Rewriter, first: ops.Operation, second: ops.Cast) -> bool:
    """Return whether two truncations, the first without overflow, are one."""
    if first.type.rounding is not Rounding.TRN or second.type.rounding is not Rounding.TRN:
        return False
    if second.type.frac > first.type.frac or first.type.overflow is not Overflow.WRAP:
        return False
    exact = rewriter.build.exact(first)
    drop = exact.frac - first.type.frac
    if drop < 0:
        return False
    floors = Interval(exact.low >> drop, exact.high >> drop, first.type.frac)
    return first.type.raw_min <= floors.low and floors.high <= first.type.raw_max
