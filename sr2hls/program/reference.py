"""The contract, spelled out for one sample in Python's unbounded integers: slow, and easy to believe."""

from collections.abc import Sequence

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.exact import div_shift
from sr2hls.program.program import Program
from sr2hls.program.quantize import quantize_raw
from sr2hls.program.types import FixedType

_RELATION = {
    ops.Predicate.LT: int.__lt__,
    ops.Predicate.LE: int.__le__,
    ops.Predicate.GT: int.__gt__,
    ops.Predicate.GE: int.__ge__,
    ops.Predicate.EQ: int.__eq__,
    ops.Predicate.NE: int.__ne__,
}


def evaluate(program: Program, inputs: Sequence[int]) -> list[int]:
    """Return the raw outputs for the raw values of one sample's inputs."""
    values: list[int] = []
    for op in program.ops:
        types = [program.ops[a].type for a in op.args]
        values.append(_apply(op, [values[a] for a in op.args], types, inputs))
    return [values[i] for i in program.outputs]


def _aligned(values: list[int], types: list[FixedType]) -> tuple[list[int], int]:
    frac = max(t.frac for t in types)
    return [v << (frac - t.frac) for v, t in zip(values, types, strict=True)], frac


def _apply(op: ops.Operation, args: list[int], types: list[FixedType], inputs: Sequence[int]) -> int:
    match op:
        case ops.Input(index=index):
            raw = int(inputs[index])
            if not op.type.raw_min <= raw <= op.type.raw_max:
                raise ProgramError(f"raw input {index} is {raw}, outside of {op.type}")
            return raw
        case ops.Constant(raw=raw):
            return raw
        case ops.Table(values=values):
            index = 0
            for arg, type_ in zip(args, types, strict=True):
                index = (index << type_.width) | (arg & ((1 << type_.width) - 1))
            return values[index]
        case ops.Argmax():
            scores, _ = _aligned(args, types)
            return quantize_raw(scores.index(max(scores)), 0, op.type)
        case ops.Compare(predicate=predicate):
            (a, b), _ = _aligned(args, types)
            return quantize_raw(int(_RELATION[predicate](a, b)), 0, op.type)
        case ops.Select():
            (b, c), frac = _aligned(args[1:], types[1:])
            return quantize_raw(b if args[0] else c, frac, op.type)
        case ops.Div():
            return _divide(op, args, types)
        case ops.Mul():
            return quantize_raw(args[0] * args[1], types[0].frac + types[1].frac, op.type)
        case ops.Shift(amount=amount):
            return quantize_raw(args[0], types[0].frac - amount, op.type)
    operands, frac = _aligned(args, types)
    match op:
        case ops.Cast():
            exact = operands[0]
        case ops.Neg():
            exact = -operands[0]
        case ops.Abs():
            exact = abs(operands[0])
        case ops.Add():
            exact = operands[0] + operands[1]
        case ops.Sub():
            exact = operands[0] - operands[1]
        case ops.Min():
            exact = min(operands)
        case ops.Max():
            exact = max(operands)
        case _:
            raise ProgramError(f"operation '{op.name}' is not one of the contract's")
    return quantize_raw(exact, frac, op.type)


def _divide(op: ops.Operation, args: list[int], types: list[FixedType]) -> int:
    numerator, denominator = args
    if denominator == 0:
        if numerator == 0:
            return 0
        return op.type.raw_max if numerator > 0 else op.type.raw_min
    shift = div_shift(types[0], types[1], op.type)
    if shift >= 0:
        numerator <<= shift
    else:
        denominator <<= -shift
    quotient, remainder = divmod(numerator, denominator)
    return quantize_raw(2 * quotient + (remainder != 0), op.type.frac + 2, op.type)
