"""The typed program as alkaid's combinational logic, bit for bit.

Every operation is written as its exact result, which `quantize` then rounds and bounds once. An operation
whose arguments have few bits together becomes a lookup table of the whole operation instead: any function of
six bits is one LUT an output bit.
"""

from alkaid.trace.passes import dead_code_elimin
from alkaid.trace.passes.surrogate import add_surrogate
from alkaid.types import CombLogic

from sr2hls.errors import LoweringError
from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.rtl.arithmetic import absolute, argmax, compare, extreme, product, scaled
from sr2hls.rtl.divide import divide
from sr2hls.rtl.netlist import Net, Netlist
from sr2hls.rtl.quantize import quantize
from sr2hls.rtl.tabulate import tabulated

LUT_BITS = 6


def to_alkaid(program: Program) -> CombLogic:
    """Return the program as alkaid operations, with alkaid's own cost and delay estimates.

    Inputs and outputs stay in the order of the program. What is provably constant is left out: an output's
    bits may be fewer than its type's (see `sr2hls.rtl.ports`).

    Raises:
        LoweringError: a value lies outside of what alkaid can express.
    """
    nets = Netlist(program.n_inputs)
    values: list[Net] = []
    for position, op in enumerate(program.ops):
        try:
            value = _lower(nets, op, program, [values[a] for a in op.args])
            held = program.ranges[position]
            values.append(nets.narrow(value, held.low, held.high, held.frac))
        except LoweringError as error:
            where = f"operation %{position} ({op.name}{', ' + op.origin if op.origin else ''})"
            raise LoweringError(f"{where}: {error}") from None
    logic = nets.logic_of([values[i] for i in program.outputs])
    return add_surrogate(dead_code_elimin(logic))


def _lower(nets: Netlist, op: ops.Operation, program: Program, args: list[Net]) -> Net:
    match op:
        case ops.Input(index=index):
            return nets.input(index, op.type)
        case ops.Constant(raw=raw):
            return nets.constant(raw, op.type.frac)
    types = [program.ops[a].type for a in op.args]
    variables = {n.position: n for n in args if n.constant is None}
    bits = sum(n.width for n in variables.values())
    if isinstance(op, ops.Table) or bits <= LUT_BITS:
        return tabulated(nets, op, args, types)
    if isinstance(op, ops.Div):
        return divide(nets, op, args, types)
    return quantize(nets, _exact(nets, op, args), op.type)


def _exact(nets: Netlist, op: ops.Operation, args: list[Net]) -> Net:
    match op:
        case ops.Add():
            return nets.add(args[0], args[1])
        case ops.Sub():
            return nets.add(args[0], args[1], subtract=True)
        case ops.Mul():
            return product(nets, args[0], args[1])
        case ops.Neg():
            return nets.negate(args[0])
        case ops.Shift(amount=amount):
            return scaled(nets, args[0], amount)
        case ops.Abs():
            return absolute(nets, args[0])
        case ops.Min() | ops.Max():
            return extreme(nets, args[0], args[1], largest=isinstance(op, ops.Max))
        case ops.Compare(predicate=predicate):
            return compare(nets, predicate, args[0], args[1])
        case ops.Select():
            return nets.mux(nets.any(args[0]), args[1], args[2])
        case ops.Argmax():
            return argmax(nets, args)
        case ops.Cast():
            return args[0]
        case _:
            raise LoweringError(f"operation '{op.name}' has no circuit: it is not one of the contract's")
