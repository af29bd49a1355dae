"""How an HLS tool places operations into clock cycles: as soon as possible, chained while the clock allows.

The delays are the ones that Vivado HLS 2020.1 itself prints in its schedules (``*.verbose.sched.rpt``) of the
designs of arXiv 2305.04099 for xcvu9p-flga2577-2-e, fitted over the operand widths that occur there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

DSP_WIDTHS = (27, 18)
"""Widest operands of one DSP48E2 multiplier, signed."""
LUT_MULTIPLIER = 10
"""Widest operands that Vivado HLS multiplies in LUTs."""
CORE_NS = 4.2
"""A core's states fill the clock (4.25 to 4.37 ns of 4.375 in the logs): nothing is chained to it."""


class OperatorKind(StrEnum):
    """What a node is; the delay depends on it."""

    WIRE = "wire"
    ADD = "add"
    MUL = "mul"
    COMPARE = "compare"
    SELECT = "select"
    LOGIC = "logic"
    ROM = "rom"
    DIV = "div"
    CORE = "core"
    """A pipelined core from the tool's library, such as `hls::sin`."""


@dataclass(frozen=True, slots=True)
class ScheduledNode:
    """An operation of the tool's data-flow graph.

    Attributes:
        kind: what it is.
        args: positions of the nodes that it reads; constants are not nodes.
        width: bits of the result.
        operands: bits of the two factors (`OperatorKind.MUL`) or of the dividend (`OperatorKind.DIV`);
            cycles of a core.
        use_dsp: whether a multiplier may be a DSP block.
        aligned: whether an addend has the same binary point as the product beside it, so that one DSP block
            can hold both.
    """

    kind: OperatorKind
    args: tuple[int, ...] = ()
    width: int = 1
    operands: tuple[int, int] = (1, 1)
    use_dsp: bool = True
    aligned: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """When a value is there: clock cycle, and nanoseconds after its start."""

    cycle: int
    ns: float


@dataclass(frozen=True, slots=True)
class HlsSchedule:
    """A placed graph.

    Attributes:
        latency_cycles: cycle of the last result; 0 means combinational from input to output ports.
        longest_ns: longest chain in a cycle.
        at: when each value is there.
    """

    latency_cycles: int
    longest_ns: float
    at: tuple[Placement, ...]


def delay_ns(node: ScheduledNode) -> float:
    """Return how long a node takes in its last cycle."""
    match node.kind:
        case OperatorKind.ADD:
            return 0.65 + 0.007 * node.width
        case OperatorKind.MUL:
            return _multiplier_ns(node)
        case OperatorKind.COMPARE:
            return 0.60 + 0.005 * node.width
        case OperatorKind.SELECT:
            return 0.34
        case OperatorKind.LOGIC:
            return 0.12
        case OperatorKind.ROM:
            return 1.15
        case OperatorKind.DIV:
            return 1.0
        case OperatorKind.CORE:
            return CORE_NS
        case OperatorKind.WIRE:
            return 0.0


def latency(node: ScheduledNode) -> int:
    """Return the registers inside of a node, in cycles."""
    if node.kind is OperatorKind.ROM:
        return 1
    if node.kind is OperatorKind.CORE:
        return node.operands[0]
    # The published table of operators: width + fractional bits + 3 at all of its 21 precisions, where the
    # dividend has width + fractional bits.
    return node.operands[0] + 3 if node.kind is OperatorKind.DIV else 0


def _multiplier_ns(node: ScheduledNode) -> float:
    wide, narrow = max(node.operands), min(node.operands)
    if wide <= LUT_MULTIPLIER or not node.use_dsp:
        return 0.95 + 0.075 * wide
    return 2.53 if _one_dsp(node) else 3.3 if narrow <= DSP_WIDTHS[1] else 3.6


def _one_dsp(node: ScheduledNode) -> bool:
    wide, narrow = max(node.operands), min(node.operands)
    fits = wide <= DSP_WIDTHS[0] and narrow <= DSP_WIDTHS[1]
    return node.kind is OperatorKind.MUL and node.use_dsp and wide > LUT_MULTIPLIER and fits


TERNARY_NS = (0.67, 0.0025)
"""Delay of two chained adders, merged into one of three operands: at no width, and for each bit."""
DSP_ADDER_NS = 2.03
"""From the addend of a DSP block to its result."""


def schedule(
    nodes: Sequence[ScheduledNode], outputs: Sequence[int], clock_ns: float, uncertainty_ns: float
) -> HlsSchedule:
    """Place every node as early as its operands and the clock allow.

    Args:
        nodes: in an order in which each reads earlier ones only.
        outputs: positions of the results.
        clock_ns: clock period.
        uncertainty_ns: what the tool keeps free of it.
    """
    limit = clock_ns - uncertainty_ns
    uses = [0] * len(nodes)
    for node in nodes:
        for arg in set(node.args):
            uses[arg] += 1
    for output in outputs:
        uses[output] += 1
    at: list[Placement] = []
    merged: set[int] = set()
    absorbed: set[int] = set()
    for position, node in enumerate(nodes):
        ready = [at[a] for a in node.args]
        best = _place(ready, delay_ns(node), limit)
        if node.kind is OperatorKind.ADD:
            for arg in node.args:
                if uses[arg] != 1:
                    continue
                others = [at[a] for a in node.args if a != arg]
                if nodes[arg].kind is OperatorKind.ADD and arg not in merged:
                    together = [*(at[a] for a in nodes[arg].args), *others]
                    ternary = _place(together, TERNARY_NS[0] + TERNARY_NS[1] * node.width, limit)
                    if _earlier(ternary, best):
                        best = ternary
                        merged.add(position)
                        absorbed.add(arg)
                elif _one_dsp(nodes[arg]) and node.aligned and node.width <= 48:
                    # The adder is in the DSP block: the product waits for nothing, the addend for the sum.
                    inside = _place([at[arg], *(_later(o, DSP_ADDER_NS, limit) for o in others)], 0.0, limit)
                    if _earlier(inside, best):
                        best = inside
        inner = latency(node)
        if inner:
            start = best.cycle
            if (
                node.kind is OperatorKind.CORE
                and max((p.ns for p in ready if p.cycle == best.cycle), default=0.0) > 0
            ):
                start += 1  # what it reads is registered first
            best = Placement(start + inner, delay_ns(node))
        at.append(best)
    last = max((at[o].cycle for o in outputs), default=0)
    longest = max((p.ns for k, p in enumerate(at) if k not in absorbed), default=0.0)
    return HlsSchedule(last, longest, tuple(at))


def _place(ready: Sequence[Placement], delay: float, limit: float) -> Placement:
    cycle = max((p.cycle for p in ready), default=0)
    start = max((p.ns for p in ready if p.cycle == cycle), default=0.0)
    if start > 0 and start + delay > limit and delay > 0:
        cycle, start = cycle + 1, 0.0
    if delay > limit:
        # The tool takes a core with registers inside.
        more = int(delay / limit)
        return Placement(cycle + more, delay - more * limit)
    return Placement(cycle, start + delay)


def _later(placement: Placement, delay: float, limit: float) -> Placement:
    return _place([placement], delay, limit)


def _earlier(a: Placement, b: Placement) -> bool:
    return (a.cycle, a.ns) < (b.cycle, b.ns)
