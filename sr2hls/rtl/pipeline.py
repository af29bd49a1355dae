"""Pipeline registers: combinational logic cut into stages that fit a clock.

alkaid's own splitter divides the total delay evenly and moves an operation that straddles a border to the
next stage, which can then be too long. Here each operation is placed in the first stage that it still fits
into, so that no stage exceeds the limit unless a single operation does; then the limit is lowered as far as
the number of stages allows, which leaves the most slack.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alkaid.stateful import FSM, Conn, ModuloSchedule, Signal
from alkaid.trace.passes import dead_code_elimin
from alkaid.types import CombLogic, Op

from sr2hls.program.size import ABSORBED_BITS

_SEARCH_STEPS = 12
_INPUT, _CONSTANT, _LOOKUP = -1, 5, 8
_ADDERS = frozenset({0, 1})
_CHOICES = frozenset({3, 6})
"""Slices and multiplexers."""


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    """Operations in stages.

    Attributes:
        stage: for each operation, its stage.
        delay_ns: for each stage, its longest path by alkaid's delay model, nanoseconds.
    """

    stage: tuple[int, ...]
    delay_ns: tuple[float, ...]

    @property
    def n_stages(self) -> int:
        """Number of stages: clock cycles from the input to the output registers."""
        return len(self.delay_ns)


def schedule(logic: CombLogic, limit_ns: float) -> PipelinePlan:
    """Return the fewest stages that keep to a limit, with the shortest longest stage."""
    best = _place(logic, limit_ns)
    low, high = max(best.delay_ns) / 4, max(best.delay_ns)
    for _ in range(_SEARCH_STEPS if best.n_stages > 1 else 0):
        middle = (low + high) / 2
        found = _place(logic, middle)
        if found.n_stages == best.n_stages and max(found.delay_ns) <= max(best.delay_ns):
            best, high = found, middle
        else:
            low = middle
    late = _postponed(logic, best)
    return late if max(late.delay_ns) <= max(limit_ns, *best.delay_ns) else best


def _postponed(logic: CombLogic, plan: PipelinePlan) -> PipelinePlan:
    """Return the plan with what an adder's LUTs can take in in the stage that reads it first.

    Registers before a table or a choice instead of behind it may be a few more; but an adder's LUTs take it
    in only if it stands in the same stage (see `sr2hls.rtl.adder_chains` and `sr2hls.rtl.multiply`).
    """
    stage = list(plan.stage)
    absorbed = _absorbed(logic)
    first_use: dict[int, int] = {}
    for position in reversed(range(len(logic.ops))):
        op = logic.ops[position]
        if position in absorbed and position in first_use:
            stage[position] = first_use[position]
        for a in op.addr:
            first_use[a] = min(stage[position], first_use.get(a, stage[position]))
    arrival: list[float] = []
    delays = [0.0] * plan.n_stages
    for op, at in zip(logic.ops, stage, strict=True):
        start = max((arrival[a] for a in op.addr if stage[a] == at), default=0.0)
        arrival.append(start + _own_delay(logic, op))
        delays[at] = max(delays[at], arrival[-1])
    return PipelinePlan(tuple(stage), tuple(delays))


def _absorbed(logic: CombLogic) -> frozenset[int]:
    """Return the tables of few bits, and the choices and slices that only adders and such choices read."""
    found: set[int] = set()
    outside = set(logic.out_idxs)
    for position in reversed(range(len(logic.ops))):
        op = logic.ops[position]
        chooses = op.opcode in _CHOICES
        if position not in outside and (chooses or _is_small_table(logic, op)):
            found.add(position)
        if op.opcode not in _ADDERS and not (chooses and position in found):
            outside.update(a for a in op.addr if logic.ops[a].opcode in _CHOICES)
    return frozenset(found)


def _is_small_table(logic: CombLogic, op: Op) -> bool:
    if op.opcode != _LOOKUP:
        return False
    address = logic.ops[op.addr[0]].qint
    return bool(sum(address.kif) <= ABSORBED_BITS)


def _own_delay(logic: CombLogic, op: Op) -> float:
    return float(op.latency - max((logic.ops[a].latency for a in op.addr), default=0.0))


def _place(logic: CombLogic, limit_ns: float) -> PipelinePlan:
    stage: list[int] = []
    arrival: list[float] = []
    delays = [0.0]
    for op in logic.ops:
        own = _own_delay(logic, op)
        at = max((stage[a] for a in op.addr), default=0)
        start = max((arrival[a] for a in op.addr if stage[a] == at), default=0.0)
        if own > 0 and start > 0 and start + own > limit_ns:
            at, start = at + 1, 0.0
        if at == len(delays):
            delays.append(0.0)
        stage.append(at)
        arrival.append(start + own)
        delays[at] = max(delays[at], start + own)
    return PipelinePlan(tuple(stage), tuple(delays))


def split(logic: CombLogic, plan: PipelinePlan) -> tuple[CombLogic, ...]:
    """Return the logic of each stage; a stage's outputs are the next one's inputs, in the same order."""
    constants = {k for k, op in enumerate(logic.ops) if op.opcode == _CONSTANT}
    # What a later stage reads has to pass through every stage from where it is computed.
    needed: list[set[int]] = [set() for _ in range(plan.n_stages + 1)]
    needed[-1] = set(logic.out_idxs)
    for border in reversed(range(1, plan.n_stages)):
        read = {a for k, op in enumerate(logic.ops) if plan.stage[k] == border for a in op.addr}
        needed[border] = {a for a in needed[border + 1] | read if plan.stage[a] < border} - constants
    borders = [sorted(n) for n in needed]
    stages = []
    for number in range(plan.n_stages):
        last = number == plan.n_stages - 1
        outputs = list(logic.out_idxs) if last else borders[number + 1]
        inputs = None if number == 0 else borders[number]
        stages.append(_stage(logic, plan, number, inputs, outputs, constants))
    return tuple(stages)


def _stage(
    logic: CombLogic,
    plan: PipelinePlan,
    number: int,
    inputs: list[int] | None,
    outputs: list[int],
    constants: set[int],
) -> CombLogic:
    ops: list[Op] = []
    local: dict[int, int] = {}
    for index, position in enumerate(inputs or []):
        local[position] = len(ops)
        ops.append(Op((), _INPUT, (index,), logic.ops[position].qint, 0.0, 0.0))
    for position, op in enumerate(logic.ops):
        if position in local or (plan.stage[position] != number and position not in constants):
            continue
        local[position] = len(ops)
        ops.append(op._replace(addr=tuple(local[a] for a in op.addr)))
    part = logic._replace(
        shape=(logic.shape[0] if inputs is None else len(inputs), len(outputs)),
        inp_shifts=[0] * (logic.shape[0] if inputs is None else len(inputs)),
        out_idxs=[local[k] for k in outputs],
        out_shifts=[0] * len(outputs),
        out_negs=[False] * len(outputs),
        ops=ops,
    )
    return dead_code_elimin(part)


def to_machine(stages: Sequence[CombLogic], name: str) -> FSM:
    """Return alkaid's machine of the stages between registers at the inputs, each border and the outputs.

    A new sample is taken each cycle (II = 1). The stages' modules are called ``<name>_stage<k>``.
    """
    n = len(stages)
    precisions_in = [tuple(q.kif for q in s.inp_qint) for s in stages]
    precisions_out = tuple(q.kif for q in stages[-1].out_qint)
    port = Signal("model_inp", True, precisions_in[0], reg=False, mode="r", schedule=ModuloSchedule((0,), 1))
    registers = [
        Signal(f"stage{k}_reg", False, precisions, reg=True, mode="rw")
        for k, precisions in enumerate(precisions_in)
    ]
    out = Signal("model_out", True, precisions_out, reg=True, mode="w", schedule=ModuloSchedule((n + 1,), 1))
    connections = [Conn(port, registers[0])]
    logic: dict[str, CombLogic] = {}
    for k, stage in enumerate(stages):
        module = f"{name}_stage{k}"
        logic[module] = stage
        taken = Signal(f"INTERNAL_{module}_inp", False, precisions_in[k], reg=False, mode="r")
        given = tuple(q.kif for q in stage.out_qint)
        produced = Signal(f"INTERNAL_{module}_outp", False, given, reg=False, mode="w")
        connections.append(Conn(registers[k], taken))
        connections.append(Conn(produced, registers[k + 1] if k + 1 < n else out))
    return FSM(logic, tuple(connections))


def register_bits(machine: FSM) -> int:
    """Return how many bits a machine's registers hold, before synthesis removes those that nothing reads."""
    return sum(signal.width for signal in machine.signals.values() if signal.reg)
