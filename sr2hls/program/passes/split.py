"""Large tables split into smaller ones where these, with an adder, take fewer LUTs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.passes.bits import BitPiece, extract, split_at, whole
from sr2hls.program.passes.rewrite import Rewriter, plain, rewrite
from sr2hls.program.program import Program
from sr2hls.program.size import LUT_INPUTS, table_luts
from sr2hls.program.types import FixedType, narrowest


@dataclass(frozen=True, slots=True)
class TableSplit:
    """A table as two: of the high index bits and of the rest.

    Attributes:
        order: order of the arguments, the first in the highest bits.
        low_bits: how many index bits the first table does not see.
        first: entries of the first table.
        second: entries of the second table.
        coded: the first gives a code that indexes the second, with the low bits; else they are added.
        low_only: the second sees the low bits only.
        luts: estimated size.
    """

    order: tuple[int, ...]
    low_bits: int
    first: tuple[int, ...]
    second: tuple[int, ...]
    coded: bool
    low_only: bool
    luts: int


@dataclass(frozen=True, slots=True)
class SplitTables:
    """Writes a table of more than six bits as a sum or a composition of smaller ones, where cheaper.

    - sum: T[h, l] = A[h] + D[h, l], where the remainder D has fewer bits than T, or depends on l only
      (Das Sarma and Matula's bipartite tables, 1995, here without error);
    - composition: T[h, l] = C[code(h), l], where few different rows are left for h (Ashenhurst 1957).

    Attributes:
        min_gain: LUTs that a split must save, as a share of the table's.
    """

    min_gain: float = 0.1
    name: str = "split-tables"

    def apply(self, program: Program) -> Program:
        """Return the program with large tables split."""
        return rewrite(program, self._rule)

    def _rule(self, rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
        if not isinstance(op, ops.Table):
            return None
        luts = table_luts(op.values)
        if luts == 0 or len(op.values) <= 1 << LUT_INPUTS:
            return None
        widths = [rewriter.build.type(a).width for a in op.args]
        best = min(_splits(op, widths), key=lambda s: (s.luts, s.low_bits, s.order), default=None)
        if best is None or best.luts > luts - max(1.0, self.min_gain * luts):
            return None
        return _write(rewriter.build, op, best)


def _splits(op: ops.Table, widths: list[int]) -> Iterator[TableSplit]:
    cube = np.array(op.values, dtype=np.int64).reshape([1 << w for w in widths])
    n_bits = sum(widths)
    for leading in range(len(widths)):
        order = (leading, *(k for k in range(len(widths)) if k != leading))
        flat = cube.transpose(order).ravel()
        for low_bits in range(1, n_bits):
            matrix = flat.reshape(-1, 1 << low_bits)
            yield _sum(matrix, order, low_bits)
            coded = _coded(matrix, order, low_bits)
            if coded is not None:
                yield coded


def _entries(values: IntArray) -> tuple[int, ...]:
    return tuple(int(v) for v in values.ravel())


def _sum(matrix: IntArray, order: tuple[int, ...], low_bits: int) -> TableSplit:
    base = matrix.min(axis=1)
    rest = matrix - base[:, None]
    low_only = bool((rest == rest[0]).all())
    first, second = _entries(base), _entries(rest[0] if low_only else rest)
    adder = max(int(matrix.max()).bit_length(), (-int(matrix.min()) - 1).bit_length()) + 1
    luts = table_luts(first) + table_luts(second) + adder
    return TableSplit(order, low_bits, first, second, False, low_only, luts)


def _coded(matrix: IntArray, order: tuple[int, ...], low_bits: int) -> TableSplit | None:
    rows, code = np.unique(matrix, axis=0, return_inverse=True)
    code_bits = max(1, (len(rows) - 1).bit_length())
    if 1 << code_bits >= len(matrix):
        return None
    # Codes that do not occur repeat the last row.
    padded = rows[np.minimum(np.arange(1 << code_bits), len(rows) - 1)]
    first, second = _entries(code.astype(np.int64)), _entries(padded)
    return TableSplit(order, low_bits, first, second, True, False, table_luts(first) + table_luts(second))


def _write(build: Builder, op: ops.Table, split: TableSplit) -> int:
    pieces = whole(build, [op.args[k] for k in split.order])
    high, low = split_at(pieces, split.low_bits)

    def values(of: list[BitPiece]) -> list[int]:
        return [extract(build, piece, op.origin) for piece in of]

    if split.coded:
        n_codes = max(split.first) + 1
        width = max(1, (n_codes - 1).bit_length())
        code = build.table(values(high), split.first, FixedType(False, width, width), op.origin)
        return build.table([code, *values(low)], split.second, op.type, op.origin)
    first = build.table(values(high), split.first, _type(split.first, op), op.origin)
    index = values(low) if split.low_only else values(high) + values(low)
    if not split.low_only:
        index = values(pieces)
    second = build.table(index, split.second, _type(split.second, op), op.origin)
    return build.push(ops.Add(args=(first, second), type=plain(op.type), origin=op.origin))


def _type(values: tuple[int, ...], op: ops.Table) -> FixedType:
    return narrowest(min(values), max(values), op.type.frac)
