"""Write a program anew, operation by operation, with some operations replaced."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.exact import Interval
from sr2hls.program.program import Program, verify_operation
from sr2hls.program.size import same_bits
from sr2hls.program.types import FixedType, Overflow


class Rewriter:
    """Builds the new program of a pass.

    Every old value has a new one that is the same real number on every input; its type may differ. The bits
    of a value matter in two places only, and there it is cast back: as the index of a table and as an output.

    Attributes:
        program: the old program.
        build: holds the new operations; a rule writes with it.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.build = Builder(dict(zip(program.input_names, program.input_types, strict=True)))
        self._at: list[int] = []

    def run(self, rule: "Rule") -> Program:
        """Return the program in which each operation is what the rule says (itself, where that is None)."""
        for position, op in enumerate(self.program.ops):
            if isinstance(op, ops.Input):
                self._at.append(position)
                continue
            new = rule(self, position, self._moved(op))
            self._at.append(self.build.push(self._moved(op)) if new is None else new)
        outputs = {
            name: self._typed(self._at[i], self.program.ops[i].type)
            for name, i in zip(self.program.output_names, self.program.outputs, strict=True)
        }
        return self.build.program(outputs)

    def typed(self, position: int) -> int:
        """Return the new value of an old one, with the old one's bits."""
        return self._typed(self._at[position], self.program.ops[position].type)

    def single_use(self, position: int) -> bool:
        """Return whether an old value is read by one operation only and is no output."""
        return len(self.program.users[position]) == 1 and position not in self.program.outputs

    def op(self, value: int) -> ops.Operation:
        """Return the new operation that computes a new value."""
        return self.build.operation(value)

    def range(self, value: int) -> Interval:
        """Return the raw values that a new value can take."""
        return self.build.range(value)

    def constant_of(self, value: int) -> Fraction | None:
        """Return the number that a new value always is, if it is a constant."""
        op = self.op(value)
        return op.type.exact(op.raw) if isinstance(op, ops.Constant) else None

    def literal(self, raw: int, op: ops.Operation) -> int:
        """Write a constant for an operation, given by its raw value in the operation's type."""
        return self.build.push(ops.Constant(type=plain(op.type), raw=raw, origin=op.origin))

    def lossless(self, op: ops.Operation) -> bool:
        """Return whether an operation on new values keeps its exact result: no rounding, no overflow."""
        return is_lossless(op, self.build.exact(op))

    def fits(self, op: ops.Operation) -> bool:
        """Return whether an operation on new values keeps to the bits that are computed exactly."""
        try:
            verify_operation(op, [self.build.type(a) for a in op.args], op.name)
        except ProgramError:
            return False
        return True

    def _moved(self, op: ops.Operation) -> ops.Operation:
        args = tuple(self._at[a] for a in op.args)
        if isinstance(op, ops.Table):
            args = tuple(
                self._typed(new, self.program.ops[old].type) for new, old in zip(args, op.args, strict=True)
            )
        return replace(op, args=args)

    def _typed(self, value: int, type_: FixedType) -> int:
        if same_bits(self.build.type(value), type_):
            return value
        op = self.op(value)
        if isinstance(op, ops.Cast) and self.lossless(op) and same_bits(self.build.type(op.args[0]), type_):
            return op.args[0]
        return self.build.push(ops.Cast(args=(value,), type=plain(type_), origin=op.origin))


Rule = Callable[[Rewriter, int, ops.Operation], int | None]
"""From the rewriter, the old position and the operation on new arguments to the new value, or None."""


def rewrite(program: Program, rule: Rule) -> Program:
    """Return the program in which each operation is what the rule says."""
    return Rewriter(program).run(rule)


def is_lossless(op: ops.Operation, exact: Interval) -> bool:
    """Return whether every exact result in an interval is held by the operation's type."""
    if isinstance(op, ops.Div):
        return False
    drop = exact.frac - op.type.frac
    if drop > 0:
        return exact.low == exact.high == 0
    least = op.type.raw_min
    if op.type.overflow is Overflow.SAT_SYM and op.type.signed:
        least = -op.type.raw_max
    return least <= exact.low << -drop and exact.high << -drop <= op.type.raw_max


def plain(type_: FixedType) -> FixedType:
    """Return a type's bits with the default modes."""
    return FixedType(type_.signed, type_.width, type_.integer)
