"""Strength reduction: products and quotients with constants become shifts and few additions."""

from dataclasses import dataclass, replace

from sr2hls.program import ops
from sr2hls.program.passes.rewrite import Rewriter, rewrite
from sr2hls.program.program import Program
from sr2hls.program.size import nonzero_digits

_EXACT_BITS = 60


@dataclass(frozen=True, slots=True)
class ReduceStrength:
    """Writes a product with a constant as shifts and additions of its signed digits.

    Attributes:
        max_digits: most non-zero digits of a constant that is written out.
    """

    max_digits: int = 4
    name: str = "reduce-strength"

    def apply(self, program: Program) -> Program:
        """Return the program without products and quotients that are shifts and few additions."""
        return rewrite(program, self._rule)

    def _rule(self, rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
        match op:
            case ops.Mul(args=(a, b)):
                for value, other in ((a, b), (b, a)):
                    constant = rewriter.op(other)
                    if isinstance(constant, ops.Constant) and not isinstance(
                        rewriter.op(value), ops.Constant
                    ):
                        return self._product(rewriter, op, value, constant)
            case ops.Div(args=(a, b)):
                return _quotient(rewriter, op, a, b)
        return None

    def _product(self, rewriter: Rewriter, op: ops.Mul, value: int, constant: ops.Constant) -> int | None:
        raw = constant.raw
        too_wide = rewriter.build.exact(op).bits > _EXACT_BITS
        if raw == 0 or nonzero_digits(raw) > self.max_digits or too_wide:
            return None
        origin = op.origin
        digits = signed_digits(raw)
        total: int | None = None
        for place, digit in reversed(digits):
            term = rewriter.build.shift(value, place - constant.type.frac, origin=origin)
            if total is None:
                total = term if digit > 0 else rewriter.build.neg(term, origin=origin)
            elif digit > 0:
                total = rewriter.build.add(total, term, origin=origin)
            else:
                total = rewriter.build.sub(total, term, origin=origin)
        assert total is not None
        return rewriter.build.push(ops.Cast(args=(total,), type=op.type, origin=origin))


def signed_digits(value: int) -> list[tuple[int, int]]:
    """Return the places and digits (1 or -1) of the canonical signed-digit form, the lowest place first."""
    digits: list[tuple[int, int]] = []
    place = 0
    while value:
        if value & 1:
            digit = 2 - (value & 3)
            digits.append((place, digit))
            value -= digit
        value >>= 1
        place += 1
    return digits


def _quotient(rewriter: Rewriter, op: ops.Div, a: int, b: int) -> int | None:
    """Write a quotient by plus or minus a power of two as a shift; the rest stays a division."""
    constant = rewriter.op(b)
    if not isinstance(constant, ops.Constant) or constant.raw == 0:
        return None
    size = abs(constant.raw)
    if size & (size - 1):
        return None
    amount = constant.type.frac - (size.bit_length() - 1)
    if constant.raw > 0:
        return rewriter.build.push(ops.Shift(args=(a,), type=op.type, amount=amount, origin=op.origin))
    if rewriter.range(a).bits > _EXACT_BITS:
        return None
    shifted = rewriter.build.shift(a, amount, origin=op.origin)
    return rewriter.build.push(replace(ops.Neg(args=(shifted,), type=op.type), origin=op.origin))
