"""Clock cycles of a program's HLS project, before any tool has run.

The model places the operations as Vivado HLS does (`sr2hls.hls.schedule`). It knows nothing that only the
tool's other passes would tell (re-association, sharing across formulas), hence the stated error.
"""

from dataclasses import dataclass

from sr2hls.hls.cpp import exact_type
from sr2hls.hls.cpp_types import ExactType
from sr2hls.hls.schedule import HlsSchedule, OperatorKind, ScheduledNode, schedule
from sr2hls.program import ops
from sr2hls.program.exact import div_shift
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.target import Family, Target

UNCERTAINTY = {"Vivado": 0.125, "Vitis": 0.27}
"""Share of the clock period that the tools keep free by default."""
MODEL = "scheduler model of Vivado HLS 2020.1"
ERROR = "0.7 cycles on average, at most 2, on 12 published designs (benchmarks/hls_latency.py)"


@dataclass(frozen=True, slots=True)
class LatencyEstimate:
    """What the scheduler model says.

    Attributes:
        cycles: from input to output ports, clock cycles; 0 means that all is combinational.
        ii: initiation interval, clock cycles; the design is a pipeline without feedback, so always 1.
        longest_ns: longest chain of operations in a cycle, nanoseconds.
        provenance: the model and its error.
    """

    cycles: int
    ii: int
    longest_ns: float
    provenance: Provenance

    def figures(self, clock_ns: float) -> dict[str, Figure]:
        """Return the estimates by their names in a hardware report."""
        return {
            "latency_cycles": Figure(self.cycles, "cycles", self.provenance),
            "latency_ns": Figure(self.cycles * clock_ns, "ns", self.provenance),
            "ii": Figure(self.ii, "cycles", self.provenance),
            "critical_path_ns": Figure(self.longest_ns, "ns", self.provenance),
        }


def estimate_latency(
    program: Program, target: Target, *, backend: str = "Vitis", use_dsp: bool | None = None
) -> LatencyEstimate | None:
    """Estimate cycles and initiation interval of a program's HLS project.

    Args:
        program: what the project computes.
        target: part and clock.
        backend: ``Vitis`` or ``Vivado``; they keep different shares of the clock free.
        use_dsp: as in `sr2hls.hls.project.write_hls`.

    Returns:
        The estimate, or None for parts other than UltraScale+, whose delays the model does not know.
    """
    if target.family is not Family.ULTRASCALE_PLUS:
        return None
    dsp = target.budget.max_dsp != 0 if use_dsp is None else use_dsp
    placed = schedule_program(program, target.clock_ns, UNCERTAINTY[backend] * target.clock_ns, use_dsp=dsp)
    provenance = Provenance(Origin.ESTIMATED, MODEL, target.part, "HLS scheduling", ERROR)
    return LatencyEstimate(placed.latency_cycles, 1, placed.longest_ns, provenance)


def schedule_program(
    program: Program, clock_ns: float, uncertainty_ns: float, *, use_dsp: bool = True
) -> HlsSchedule:
    """Place a program's operations into clock cycles."""
    graph = _ScheduleGraph(program, use_dsp)
    outputs = [node for node in (graph.value[i] for i in program.outputs) if node is not None]
    return schedule(graph.nodes, outputs, clock_ns, uncertainty_ns)


class _ScheduleGraph:
    """Nodes of a program; a constant has none."""

    def __init__(self, program: Program, use_dsp: bool) -> None:
        self.nodes: list[ScheduledNode] = []
        self.value: list[int | None] = []
        self._use_dsp = use_dsp
        for op in program:
            types = [program.ops[a].type for a in op.args]
            constants = [program.ops[a] for a in op.args]
            node = self._lower(op, [self.value[a] for a in op.args], types, constants)
            exact = exact_type(op, types, ExactType.of(op.type))
            self.value.append(node if node is None else self._quantised(op, node, exact))

    def _push(
        self,
        kind: OperatorKind,
        args: list[int | None],
        width: int,
        *,
        operands: tuple[int, int] = (1, 1),
        use_dsp: bool = True,
        aligned: bool = True,
    ) -> int | None:
        """Add a node; what reads only constants is a constant."""
        used = tuple(a for a in args if a is not None)
        if args and not used:
            return None
        self.nodes.append(ScheduledNode(kind, used, width, operands, use_dsp, aligned))
        return len(self.nodes) - 1

    def _lower(
        self,
        op: ops.Operation,
        args: list[int | None],
        types: list[FixedType],
        sources: list[ops.Operation],
    ) -> int | None:
        width = exact_type(op, types, ExactType.of(op.type)).width
        common = ExactType.common(types).width if types else width
        match op:
            case ops.Input():
                return self._push(OperatorKind.WIRE, [], op.type.width)
            case ops.Constant():
                return None
            case ops.Add() | ops.Sub():
                return self._push(OperatorKind.ADD, args, width, aligned=types[0].frac == types[1].frac)
            case ops.Neg():
                return self._push(OperatorKind.ADD, args, width)
            case ops.Abs():
                return self._push(
                    OperatorKind.SELECT, [self._push(OperatorKind.ADD, args, width), *args], width
                )
            case ops.Mul():
                return self._product(args, types, sources, width)
            case ops.Min() | ops.Max():
                return self._push(
                    OperatorKind.SELECT, [self._push(OperatorKind.COMPARE, args, common), *args], common
                )
            case ops.Compare():
                return self._push(OperatorKind.COMPARE, args, common)
            case ops.Select():
                condition = self._push(OperatorKind.COMPARE, args[:1], types[0].width)
                return self._push(OperatorKind.SELECT, [condition, *args[1:]], width)
            case ops.Argmax():
                return self._tournament(args, common)
            case ops.Table():
                return self._push(OperatorKind.ROM, args, op.type.width)
            case ops.Div():
                dividend = types[0].width + max(0, div_shift(types[0], types[1], op.type))
                quotient = self._push(OperatorKind.DIV, args, dividend, operands=(dividend, types[1].width))
                # Rounding down, and the rule for a divisor of zero.
                floored = self._push(OperatorKind.ADD, [quotient], dividend)
                return self._push(OperatorKind.SELECT, [floored], dividend)
            case _:
                return args[0]

    def _product(
        self,
        args: list[int | None],
        types: list[FixedType],
        sources: list[ops.Operation],
        width: int,
    ) -> int | None:
        """Products with a constant become wires or an adder where it has one or two signed digits."""
        for here, there in ((0, 1), (1, 0)):
            source = sources[here]
            if isinstance(source, ops.Constant):
                digits = (source.raw ^ (3 * source.raw)).bit_count()
                if digits <= 1:
                    return args[there] if source.raw else None
                if digits == 2:
                    return self._push(OperatorKind.ADD, [args[there], args[there]], width)
        operands = (types[0].width + (not types[0].signed), types[1].width + (not types[1].signed))
        return self._push(OperatorKind.MUL, args, width, operands=operands, use_dsp=self._use_dsp)

    def _tournament(self, players: list[int | None], width: int) -> int | None:
        while len(players) > 1:
            winners = [
                self._push(
                    OperatorKind.SELECT, [self._push(OperatorKind.COMPARE, [a, b], width), a, b], width
                )
                for a, b in zip(players[::2], players[1::2], strict=False)
            ]
            players = winners + (players[-1:] if len(players) % 2 else [])
        return players[0]

    def _quantised(self, op: ops.Operation, node: int, exact: ExactType) -> int:
        """Add what rounding and saturation take."""
        if isinstance(op, ops.Input | ops.Constant | ops.Table):
            return node
        type_ = op.type
        rounded: int | None = node
        if exact.frac > type_.frac and type_.rounding is not Rounding.TRN:
            rounded = self._push(OperatorKind.ADD, [rounded], type_.width, aligned=False)
        if exact.integer > type_.integer and type_.overflow is not Overflow.WRAP:
            outside = self._push(OperatorKind.COMPARE, [rounded], max(1, exact.integer - type_.integer + 1))
            rounded = self._push(OperatorKind.SELECT, [outside, rounded], type_.width)
        return node if rounded is None else rounded
