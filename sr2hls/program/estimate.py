"""A rough size of a program, for choices that need no tool."""

from sr2hls.program import ops
from sr2hls.program.program import Program


def estimated_size(program: Program) -> int:
    """Return about how many LUTs a program takes, as if each operation stood alone.

    A table of b index bits takes 2^(b-6) LUT6 an output bit, an adder or comparison one LUT a bit, a product
    one LUT a partial product (AMD UG574, UltraScale CLB).
    """
    size = 0
    for op in program.ops:
        width = op.type.width
        match op:
            case ops.Table():
                index = sum(program.ops[a].type.width for a in op.args)
                size += width * max(1, 1 << max(0, index - 6))
            case ops.Mul():
                size += program.ops[op.args[0]].type.width * program.ops[op.args[1]].type.width
            case ops.Input() | ops.Constant() | ops.Shift() | ops.Cast():
                pass
            case _:
                size += width
    return size
