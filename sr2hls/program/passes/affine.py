"""Affine arithmetic: leading bits, sums and comparisons go that intervals alone cannot rule out."""

from dataclasses import dataclass, replace

from sr2hls.program import ops
from sr2hls.program.affine import affine_ranges
from sr2hls.program.exact import overflows
from sr2hls.program.passes.rewrite import Rewriter, rewrite
from sr2hls.program.program import Program
from sr2hls.program.quantize import quantize_raw
from sr2hls.program.types import Overflow, narrowest

_GIVEN = (ops.Input, ops.Constant, ops.Table, ops.Div)


@dataclass(frozen=True, slots=True)
class NarrowAffine:
    """Narrows, decides and shares where operands depend on each other.

    Leading bits that are never reached go, values that are one number are written as constants, those
    that equal an earlier one (a + b - a; sums of the same terms in another order) are replaced by it, and
    comparisons that always end the same way are decided.
    """

    name: str = "narrow-affine"

    def apply(self, program: Program) -> Program:
        """Return the program with narrower values; numbers stay the same on every input."""
        found = affine_ranges(program)

        def rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
            if position in found.decided:
                return rewriter.literal(quantize_raw(int(found.decided[position]), 0, op.type), op)
            held, exact = found.held[position], found.exact[position]
            if isinstance(op, _GIVEN):
                return None
            if held.low == held.high:
                return rewriter.literal(held.low, op)
            if position in found.same and not isinstance(op, ops.Cast):
                return rewriter.build.cast(rewriter.typed(found.same[position]), op.type, op.origin)
            # Whatever the type did on overflow happens to no result that lies within the range.
            type_ = narrowest(held.low, held.high, held.frac).with_modes(op.type.rounding, Overflow.WRAP)
            narrow = replace(op, type=type_)
            if type_.width >= op.type.width or any(overflows(exact, op.type)) or not rewriter.fits(narrow):
                return None
            return rewriter.build.push(narrow)

        return rewrite(program, rule)
