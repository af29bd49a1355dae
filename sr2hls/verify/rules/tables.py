"""Rules on tables: constant ones, duplicates, and steps finer than what comes in."""

from collections.abc import Iterator

import numpy as np

from sr2hls.program import ops
from sr2hls.program.passes.bits import clamped_index
from sr2hls.program.passes.cuts import cone
from sr2hls.program.passes.tabulate import tabulated
from sr2hls.verify.checked_design import NEGLIGIBLE, CheckedDesign, rms
from sr2hls.verify.finding import Lint, Severity

_MAX_SOURCE_BITS = 16


def constant_tables(design: CheckedDesign) -> Iterator[Lint]:
    """Find tables whose reachable entries are all equal though their formula is not constant."""
    program = design.program
    for position, op in enumerate(program.ops):
        if not isinstance(op, ops.Table):
            continue
        types = [program.ops[a].type for a in op.args]
        index = clamped_index(types, [program.ranges[a] for a in op.args])
        reached = np.unique(np.array(op.values, dtype=np.int64)[index])
        if len(reached) > 1:
            continue
        influence = _influence(design, op.origin)
        if influence == 0.0:
            continue
        explained = influence is not None and any(influence <= design.allowed(o) for o in design.bounds)
        yield Lint(
            rule="constant-table",
            severity=Severity.WARNING if explained else Severity.ERROR,
            value=f"%{position}",
            formula=op.origin,
            message=(
                f"{design.where(position)} is constant: each of its {len(op.values)} entries that can be "
                f"reached is {op.type.value(int(reached[0])):g} in {op.type}"
            ),
            remedy="give it more fractional bits, correct its range and step, or drop it from the formula",
        )


def _influence(design: CheckedDesign, origin: str) -> float | None:
    """Return by how much (rms) the formulas change with a subexpression (or its terms) held at the mean."""
    nodes = design.nodes_of(origin)
    if not nodes:
        return None
    known = {k: v for k, v in design.values.items() if not design.graph.nodes[k].args}
    for node in nodes:
        values = design.values[node]
        finite = values[np.isfinite(values)]
        known[node] = np.full_like(values, finite.mean() if finite.size else 0.0)
    largest = 0.0
    for at in design.graph.outputs.values():
        values = design.values[at]
        change = rms(np.broadcast_to(design.graph.evaluate(at, known), values.shape) - values)
        largest = max(largest, change if change > NEGLIGIBLE * rms(values) else 0.0)
    return largest


def duplicate_tables(design: CheckedDesign) -> Iterator[Lint]:
    """Find tables of the same function over the same values."""
    first: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    for position, op in enumerate(design.program.ops):
        if not isinstance(op, ops.Table):
            continue
        other = first.setdefault((op.args, op.values), position)
        if other != position:
            yield Lint(
                rule="duplicate-table",
                severity=Severity.WARNING,
                value=f"%{position}",
                formula=op.origin,
                message=f"{design.where(position)} has the entries and arguments of {design.where(other)}",
                remedy="optimise the program (sr2hls.program.passes.optimize), which shares them",
            )


def fine_tables(design: CheckedDesign) -> Iterator[Lint]:
    """Find tables with more entries than their only input has values, and index bits without effect."""
    program = design.program
    for position, op in enumerate(program.ops):
        if not isinstance(op, ops.Table) or isinstance(program.ops[op.args[0]], ops.Input):
            continue
        source = _only_input(design, op)
        if source is None:
            continue
        reached = _reached(design, op, source)
        type_ = program.input_types[source]
        name = program.input_names[source]
        gaps = np.diff(reached)
        if len(reached) == 1:
            yield Lint(
                rule="table-step",
                severity=Severity.ERROR,
                value=f"%{position}",
                formula=op.origin,
                message=(
                    f"{design.where(position)} is read at one of its {len(op.values)} entries only, whatever "
                    f"'{name}' ({type_}) is: its index or step has become 0"
                ),
                remedy=f"index the table by the bits of '{name}', or compute the index in a finer type",
            )
        elif gaps.size and int(np.median(gaps)) > 1:
            yield Lint(
                rule="table-step",
                severity=Severity.WARNING,
                value=f"%{position}",
                formula=op.origin,
                message=(
                    f"{design.where(position)} has a step below the {type_.step:g} of '{name}' ({type_}): "
                    f"{len(reached)} of its {len(op.values)} entries are ever read"
                ),
                remedy="make the table smaller, or give the input more fractional bits",
            )


def _only_input(design: CheckedDesign, op: ops.Table) -> int | None:
    """Return the only input that a table's index depends on."""
    program = design.program
    inputs = {
        inner
        for arg in op.args
        for inner in cone(program, arg, frozenset())
        if isinstance(program.ops[inner], ops.Input)
    }
    if len(inputs) != 1:
        return None
    (source,) = inputs
    return source if program.ops[source].type.width <= _MAX_SOURCE_BITS else None


def _reached(design: CheckedDesign, op: ops.Table, source: int) -> np.ndarray:
    """Return the indices that the values of one input lead to."""
    program = design.program
    index = np.zeros(1 << program.ops[source].type.width, dtype=np.int64)
    for arg in op.args:
        width = program.ops[arg].type.width
        if arg == source:
            raw = np.arange(len(index))
        else:
            inside = cone(program, arg, frozenset([source]))
            raw = np.array(tabulated(program, inside, (source,)), dtype=np.int64)
        index = (index << width) | (raw & ((1 << width) - 1))
    return np.unique(index)
