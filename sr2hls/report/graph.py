"""The program as a graph for people: a short label on every operation, a type on every value."""

import re
from collections import Counter
from collections.abc import Sequence

from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.program.serialize import digest
from sr2hls.report.model import GraphNode, ProgramRecord

_SIGNS = {
    "add": "+",
    "sub": "−",
    "mul": "×",
    "neg": "−x",
    "abs": "|x|",
    "min": "min",
    "max": "max",
    "select": "?:",
    "argmax": "argmax",
    "cast": "cast",
    "div": "÷",
}
_PREDICATES = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠"}


def program_record(
    program: Program, inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None
) -> ProgramRecord:
    """Return the record of a program.

    Args:
        program: the program.
        inputs: the user's names of its inputs, in their order; by default its own.
        outputs: the user's names of its outputs.
    """
    shown = dict(zip(program.input_names, inputs or program.input_names, strict=True))
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, shown)) + r")\b") if shown else None
    users: dict[int, list[str]] = {}
    for name, position in zip(outputs or program.output_names, program.outputs, strict=True):
        users.setdefault(position, []).append(name)
    nodes = tuple(
        GraphNode(
            id=i,
            op=op.name,
            label=shown[program.input_names[op.index]] if isinstance(op, ops.Input) else label(op, program),
            type=str(op.type),
            args=op.args,
            origin=pattern.sub(lambda m: shown[m.group()], op.origin) if pattern else op.origin,
            outputs=tuple(users.get(i, ())),
        )
        for i, op in enumerate(program.ops)
    )
    return ProgramRecord(
        sha256=digest(program),
        nodes=nodes,
        counts=dict(sorted(Counter(op.name for op in program.ops).items())),
        table_entries=sum(len(op.values) for op in program.ops if isinstance(op, ops.Table)),
        listing=str(program),
    )


def label(op: ops.Operation, program: Program) -> str:
    """Return a short text for an operation."""
    match op:
        case ops.Input(index=index):
            return program.input_names[index]
        case ops.Constant(raw=raw):
            return f"{op.type.value(raw):.6g}"
        case ops.Shift(amount=amount):
            return f"<< {amount}" if amount >= 0 else f">> {-amount}"
        case ops.Compare(predicate=predicate):
            return _PREDICATES[predicate.value]
        case ops.Table(values=values):
            return f"table[{len(values)}]"
        case _:
            return _SIGNS[op.name]
