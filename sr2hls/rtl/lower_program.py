"""The typed program as alkaid's combinational logic, bit for bit.

Every operation is written as its exact result, which `quantize` then rounds and bounds once. An operation
whose arguments have few bits together becomes a lookup table of the whole operation instead: any function of
six bits is one LUT an output bit.
"""

from dataclasses import replace

from alkaid.trace.passes import dead_code_elimin
from alkaid.trace.passes.surrogate import add_surrogate
from alkaid.types import CombLogic

from sr2hls.errors import LoweringError
from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.program.sums import inner_sums
from sr2hls.program.types import Rounding
from sr2hls.rtl.adder_chains import AdderTerm, summed
from sr2hls.rtl.arithmetic import absolute, argmax, compare, extreme, product, scaled
from sr2hls.rtl.divide import divide
from sr2hls.rtl.multiply import multiplied
from sr2hls.rtl.netlist import NEGATE, SUB, Net, Netlist
from sr2hls.rtl.quantize import quantize
from sr2hls.rtl.tabulate import tabulated

LUT_BITS = 6
"""Inputs of the LUTs that tables are made for."""


def to_alkaid(program: Program, *, slack: int | None = None, rows: bool = True) -> CombLogic:
    """Return the program as alkaid operations, with alkaid's own cost and delay estimates.

    Inputs and outputs stay in the order of the program. What is provably constant is left out: an output's
    bits may be fewer than its type's (see `sr2hls.rtl.ports`).

    Args:
        program: what to lower.
        slack: how many adders more than the fewest a sum may have on its longest path to save LUTs; None for
            any number.
        rows: whether products of variables become rows of adders, the fewest LUTs, or stay multiplications,
            which a tool may give to DSP blocks.

    Raises:
        LoweringError: a value lies outside of what alkaid can express.
    """
    lowering = _Lowering(program, slack, rows)
    for position, op in enumerate(program.ops):
        try:
            lowering.lower(position, op)
        except LoweringError as error:
            where = f"operation %{position} ({op.name}{', ' + op.origin if op.origin else ''})"
            raise LoweringError(f"{where}: {error}") from None
    logic = lowering.nets.logic_of([lowering.net(i) for i in program.outputs])
    return with_delays(dead_code_elimin(logic))


def with_delays(logic: CombLogic) -> CombLogic:
    """Return logic with alkaid's cost and delay of each operation; a negation counts as the adder that it is.

    To alkaid it is free, as if whatever reads it took it in: while it looks, -a stands there as a - a.
    """
    shown = [
        op._replace(addr=op.addr * 2, opcode=SUB, data=(0,)) if op.opcode == NEGATE else op
        for op in logic.ops
    ]
    counted = add_surrogate(logic._replace(ops=shown)).ops
    return logic._replace(
        ops=[op._replace(latency=c.latency, cost=c.cost) for op, c in zip(logic.ops, counted, strict=True)]
    )


class _Lowering:
    """Nets of the operations so far; a sum that only a larger sum reads stays a list of terms."""

    def __init__(self, program: Program, slack: int | None, rows: bool) -> None:
        self.nets = Netlist(program.n_inputs)
        self._program = program
        self._slack = slack
        self._rows = rows
        self._inner = inner_sums(program)
        self._values: list[Net | list[AdderTerm]] = []

    def net(self, position: int) -> Net:
        """Return the net of an operation."""
        value = self._values[position]
        assert isinstance(value, Net)
        return value

    def lower(self, position: int, op: ops.Operation) -> None:
        """Write one operation."""
        if isinstance(op, ops.Add | ops.Sub) and self._is_sum(position, op):
            terms = self._terms(op)
            if position in self._inner:
                self._values.append(terms)
                return
            result = self._rounded_sum(op, terms)
        else:
            result = self._lower(op, [self.net(a) for a in op.args])
        held = self._program.ranges[position]
        self._values.append(self.nets.narrow(result, held.low, held.high, held.frac))

    def _lower(self, op: ops.Operation, args: list[Net]) -> Net:
        match op:
            case ops.Input(index=index):
                return self.nets.input(index, op.type)
            case ops.Constant(raw=raw):
                return self.nets.constant(raw, op.type.frac)
        types = [self._program.ops[a].type for a in op.args]
        variables = {n.position: n for n in args if n.constant is None}
        bits = sum(n.width for n in variables.values())
        if isinstance(op, ops.Table) or bits <= LUT_BITS:
            return tabulated(self.nets, op, args, types)
        if isinstance(op, ops.Div):
            return divide(self.nets, op, args, types)
        if isinstance(op, ops.Mul) and self._rows and not any(n.constant is not None for n in args):
            return quantize(self.nets, multiplied(self.nets, args[0], args[1], self._slack), op.type)
        return quantize(self.nets, _exact(self.nets, op, args), op.type)

    def _is_sum(self, position: int, op: ops.Operation) -> bool:
        """Return whether an addition is better added than looked up as a whole."""
        args = [self._values[a] for a in op.args]
        nets = [n for n in args if isinstance(n, Net)]
        if len(nets) < len(args):
            return True
        direct = {n.position: n for n in nets if n.constant is None}
        if sum(n.width for n in direct.values()) > LUT_BITS:
            return True
        tables = [n for n in direct.values() if self.nets.is_table(n)]
        return position in self._inner and bool(tables)

    def _terms(self, op: ops.Operation) -> list[AdderTerm]:
        terms: list[AdderTerm] = []
        for k, arg in enumerate(op.args):
            value = self._values[arg]
            found = [AdderTerm(value, False, self.nets.depth(value))] if isinstance(value, Net) else value
            flip = k == 1 and isinstance(op, ops.Sub)
            terms += [replace(t, negative=t.negative != flip) for t in found]
        return terms

    def _rounded_sum(self, op: ops.Operation, terms: list[AdderTerm]) -> Net:
        drop = max(t.net.frac for t in terms) - op.type.frac
        type_ = op.type
        if type_.rounding is Rounding.RND and drop > 0 and any(self.nets.is_table(t.net) for t in terms):
            # Half a step added to a table's entries rounds without an adder.
            terms = [*terms, AdderTerm(self.nets.constant(1, type_.frac + 1))]
            type_ = type_.with_modes(Rounding.TRN, type_.overflow)
        return quantize(self.nets, summed(self.nets, terms, self._slack), type_)


def _exact(nets: Netlist, op: ops.Operation, args: list[Net]) -> Net:
    match op:
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
