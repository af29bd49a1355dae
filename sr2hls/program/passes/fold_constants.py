"""Constant folding: a value that is the same on every input becomes a constant."""

from dataclasses import dataclass, replace

from sr2hls.program import ops
from sr2hls.program.passes.rewrite import Rewriter, rewrite
from sr2hls.program.program import Program
from sr2hls.program.reference import evaluate


@dataclass(frozen=True, slots=True)
class FoldConstants:
    """Evaluates operations on constants, and those whose range is a single value."""

    name: str = "fold-constants"

    def apply(self, program: Program) -> Program:
        """Return the program without operations that always give the same value."""
        return rewrite(program, _rule)


def _rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
    if isinstance(op, ops.Constant):
        return None
    args = [rewriter.op(a) for a in op.args]
    if all(isinstance(a, ops.Constant) for a in args):
        alone = [replace(a, origin="") for a in args]
        last = replace(op, args=tuple(range(len(args))))
        raw = evaluate(Program((*alone, last), (len(args),), (), ("y",)), [])[0]
        return rewriter.literal(raw, op)
    value = rewriter.build.push(op)
    interval = rewriter.range(value)
    return rewriter.literal(interval.low, op) if interval.low == interval.high else value
