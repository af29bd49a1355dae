"""Functions of few bits become tables, whatever operations they are made of."""

from dataclasses import dataclass, replace

import numpy as np

from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.passes.bits import clamped_index
from sr2hls.program.passes.cuts import Cut, cone, enumerate_cuts, only_for
from sr2hls.program.passes.rewrite import Rewriter, plain, rewrite
from sr2hls.program.program import Program
from sr2hls.program.size import operation_luts, table_luts


@dataclass(frozen=True, slots=True)
class TableCandidate:
    """A value that could be a table.

    Attributes:
        root: position of the value.
        leaves: positions of the table's arguments.
        values: entries of the table.
        gone: positions of the operations that it replaces.
        gain: estimated LUTs saved, and operations saved.
    """

    root: int
    leaves: tuple[int, ...]
    values: tuple[int, ...]
    gone: frozenset[int]
    gain: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tabulate:
    """Replaces subgraphs that depend on few bits by tables, where that is estimated to be smaller.

    Tables, negations, shifts and casts in a row become one table this way too.

    Attributes:
        max_bits: most index bits of a new table (one that replaces a larger one may be as large as that).
        max_cuts: how many ways to cut a value off are tried.
    """

    max_bits: int = 9
    max_cuts: int = 6
    name: str = "tabulate"

    def apply(self, program: Program) -> Program:
        """Return the program with subgraphs replaced."""
        chosen = _compatible(self._candidates(program))

        def rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
            candidate = chosen.get(position)
            if candidate is None:
                return None
            args = tuple(rewriter.typed(leaf) for leaf in candidate.leaves)
            table = ops.Table(args=args, type=plain(op.type), values=candidate.values, origin=op.origin)
            return rewriter.build.push(table) if args else rewriter.literal(candidate.values[0], op)

        return rewrite(program, rule) if chosen else program

    def _candidates(self, program: Program) -> list[TableCandidate]:
        sizes = operation_luts(program)
        largest = max(
            (len(op.values).bit_length() - 1 for op in program if isinstance(op, ops.Table)), default=0
        )
        limit = max(self.max_bits, min(largest, 12))
        found: list[TableCandidate] = []
        for root, cuts in enumerate(enumerate_cuts(program, limit, self.max_cuts)):
            best: TableCandidate | None = None
            for cut in cuts:
                candidate = _candidate(program, root, cut, sizes)
                if candidate and (best is None or candidate.gain > best.gain):
                    best = candidate
            if best is not None:
                found.append(best)
        return found


def _candidate(program: Program, root: int, cut: Cut, sizes: tuple[int, ...]) -> TableCandidate | None:
    inside = cone(program, root, cut)
    gone = only_for(program, root, inside)
    saved = sum(sizes[p] for p in gone)
    fewer = sum(not isinstance(program.ops[p], ops.Constant) for p in gone) - 1
    if saved == 0 and fewer == 0:
        return None
    leaves = tuple(sorted(cut))
    values = tabulated(program, inside, leaves)
    gain = (saved - table_luts(values), fewer)
    return TableCandidate(root, leaves, values, frozenset(gone), gain) if gain > (0, 0) else None


def tabulated(program: Program, inside: list[int], leaves: tuple[int, ...]) -> tuple[int, ...]:
    """Return the raw values of the last operation of a cone for every index made of its leaves' bits.

    Where a leaf never has a value, the entry is the one of the nearest value that it has.
    """
    types = [program.ops[leaf].type for leaf in leaves]
    at = {old: new for new, old in enumerate([*leaves, *inside])}
    inputs = tuple(ops.Input(type=t, index=k) for k, t in enumerate(types))
    inner = tuple(
        replace(program.ops[p], args=tuple(at[a] for a in program.ops[p].args), origin="") for p in inside
    )
    names = tuple(f"x{k}" for k in range(len(leaves)))
    alone = Program((*inputs, *inner), (at[inside[-1]],), names, ("y",))
    index = clamped_index(types, [program.ranges[leaf] for leaf in leaves])
    columns = []
    offset = sum(t.width for t in types)
    for type_ in types:
        offset -= type_.width
        bits = (index >> offset) & ((1 << type_.width) - 1)
        columns.append(bits - ((bits >> (type_.width - 1)) << type_.width) if type_.signed else bits)
    raw = np.stack(columns, axis=1) if columns else np.zeros((1, 0), dtype=np.int64)
    return tuple(int(v) for v in Interpreter(alone).run(raw)[:, 0])


def _compatible(candidates: list[TableCandidate]) -> dict[int, TableCandidate]:
    """Return the best candidates that do not touch each other's operations, by root."""
    chosen: dict[int, TableCandidate] = {}
    gone: set[int] = set()
    needed: set[int] = set()
    for candidate in sorted(candidates, key=lambda c: (-c.gain[0], -c.gain[1], c.root)):
        if candidate.gone & (gone | needed) or gone & set(candidate.leaves):
            continue
        chosen[candidate.root] = candidate
        gone |= candidate.gone
        needed |= set(candidate.leaves)
    return chosen
