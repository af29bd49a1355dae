"""The published designs as graphs of the scheduler model: what hls4ml's C++ asks of the tool."""

import ast
import json
import math
from dataclasses import dataclass
from pathlib import Path

from sr2hls.hls.schedule import HlsSchedule, OperatorKind, ScheduledNode, schedule

DATA = Path(__file__).parent / "data" / "published_schedules.json"


@dataclass(frozen=True)
class Value:
    """A constant (raw, frac) or a node with its bits."""

    node: int | None
    width: int
    frac: int
    raw: int = 0


class Graph:
    """Builds nodes for expressions in which nothing is rounded before the end."""

    def __init__(self, width: int, integer: int, core_cycles: int | None = None) -> None:
        self.width, self.integer, self.frac = width, integer, width - integer
        self.core_cycles = core_cycles
        self.nodes: list[ScheduledNode] = []
        self.known: dict[ScheduledNode, int] = {}

    def push(self, node: ScheduledNode) -> int:
        if node not in self.known:
            self.known[node] = len(self.nodes)
            self.nodes.append(node)
        return self.known[node]

    def constant(self, value: float) -> Value:
        return Value(None, self.width, self.frac, math.floor(value * 2**self.frac))

    def negated(self, a: Value) -> Value:
        # Signs go into the adder or the constant behind them.
        return Value(None, a.width, a.frac, -a.raw) if a.node is None else a

    def add(self, a: Value, b: Value) -> Value:
        if a.node is None and b.node is None:
            frac = max(a.frac, b.frac)
            raw = (a.raw << (frac - a.frac)) + (b.raw << (frac - b.frac))
            return Value(None, self.width, frac, raw)
        if a.node is None or b.node is None:
            (zero, other) = (a, b) if a.node is None else (b, a)
            if zero.raw == 0:
                return other
        frac = max(a.frac, b.frac)
        # What lies above the output's most significant bit is cut off.
        width = min(max(a.width - a.frac, b.width - b.frac) + 1, self.integer) + frac
        args = tuple(v.node for v in (a, b) if v.node is not None)
        node = ScheduledNode(OperatorKind.ADD, args, width, aligned=a.frac == b.frac)
        return Value(self.push(node), width, frac)

    def mul(self, a: Value, b: Value) -> Value:
        if a.node is None and b.node is None:
            return Value(None, self.width, a.frac + b.frac, a.raw * b.raw)
        frac = a.frac + b.frac
        if a.node is None or b.node is None:
            constant, other = (a, b) if a.node is None else (b, a)
            return self.by_constant(other, constant.raw, frac)
        width = min(a.width + b.width, frac + self.integer)
        operands = (min(a.width, width), min(b.width, width))
        return Value(
            self.push(ScheduledNode(OperatorKind.MUL, (a.node, b.node), width, operands)), width, frac
        )

    def by_constant(self, a: Value, raw: int, frac: int) -> Value:
        if raw == 0:
            return Value(None, self.width, frac, 0)
        digits = bin(raw ^ (3 * raw)).count("1")  # non-zero signed digits
        size = abs(raw).bit_length()
        width = min(a.width + size, frac + self.integer)
        if digits == 1:
            return Value(a.node, width, frac)
        if digits == 2:
            return Value(self.push(ScheduledNode(OperatorKind.ADD, (a.node, a.node), width)), width, frac)
        node = ScheduledNode(OperatorKind.MUL, (a.node,), width, (a.width, size + 1))
        return Value(self.push(node), width, frac)

    def sin(self, a: Value) -> Value:
        """hls4ml's user table: index arithmetic (rounding, clipping) and a ROM; or the core of hls_math."""
        if self.core_cycles is not None:
            width = self.frac + 2
            core = ScheduledNode(OperatorKind.CORE, (a.node,), width, (self.core_cycles, 1))
            return Value(self.push(core), width, self.frac)
        position = self.push(ScheduledNode(OperatorKind.ADD, (a.node,), self.width + 1))
        if self.frac > 6:
            # Entries are finer than the input's step: the index is rounded.
            position = self.push(ScheduledNode(OperatorKind.ADD, (position,), self.width - 2))
            position = self.push(ScheduledNode(OperatorKind.SELECT, (position,), self.width - 2))
        position = self.push(ScheduledNode(OperatorKind.COMPARE, (position,), 4))
        position = self.push(ScheduledNode(OperatorKind.SELECT, (position,), 10))
        width = self.frac + 1
        return Value(self.push(ScheduledNode(OperatorKind.ROM, (position,), width)), width, self.frac)

    def value(self, tree: ast.expr) -> Value:
        match tree:
            case ast.Constant(value=number):
                return self.constant(float(number))
            case ast.Name(id=name):
                node = ScheduledNode(OperatorKind.WIRE, (), self.width, (int(name[1:]), 0))
                return Value(self.push(node), self.width, self.frac)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=number)):
                return self.constant(-float(number))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.negated(self.value(operand))
            case ast.Call(args=[argument]):
                return self.sin(self.value(argument))
            case ast.BinOp(left=ast.UnaryOp(op=ast.USub(), operand=operand), op=ast.Mult(), right=right):
                # hls4ml writes -c(0.5)*x here, not c(-0.5)*x: the constant is truncated before its sign.
                return self.negated(self.mul(self.value(operand), self.value(right)))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self.mul(self.value(left), self.value(right))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.add(self.value(left), self.value(right))
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return self.add(self.value(left), self.negated(self.value(right)))
        raise ValueError(ast.dump(tree))


def modelled(
    formulas: list[str], precision: str, clock: float, uncertainty: float, core: int | None = None
) -> HlsSchedule:
    width, integer = map(int, precision.split(","))
    graph = Graph(width, integer, core)
    outputs = [graph.value(ast.parse(f, mode="eval").body).node for f in formulas]
    return schedule(graph.nodes, [o for o in outputs if o is not None], clock, uncertainty)


def comparison() -> list[tuple[str, str, int, int]]:
    """Return (design, precision, published cycles, modelled cycles)."""
    data = json.loads(DATA.read_text())
    clock = data["clock_ns"], data["clock_uncertainty_ns"]
    rows = []
    for design in data["designs"]:
        for precision, cycles in design["cycles"].items():
            found = modelled(design["formulas"], precision, *clock)
            rows.append((design["name"], f"ap_fixed<{precision}>", cycles, found.latency_cycles))
        for precision, core in design.get("core", {}).items():
            found = modelled(design["formulas"], precision, *clock, core)
            published = design["core_cycles"][precision]
            rows.append((design["core_name"], f"ap_fixed<{precision}>", published, found.latency_cycles))
    return rows
