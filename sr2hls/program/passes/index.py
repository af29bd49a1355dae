"""Table indices: bits that the entries do not depend on, and entries that no input reaches."""

from dataclasses import dataclass, replace

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.passes.bits import BitPiece, clamped_index, extract, signed_index, whole
from sr2hls.program.passes.rewrite import Rewriter, plain, rewrite
from sr2hls.program.program import Program
from sr2hls.program.size import used_bits


@dataclass(frozen=True, slots=True)
class ReduceIndices:
    """Removes unused index bits; tables that only move bits become shifts, constant ones constants."""

    name: str = "reduce-indices"

    def apply(self, program: Program) -> Program:
        """Return the program with smaller tables."""
        return rewrite(program, _rule)


def _rule(rewriter: Rewriter, position: int, op: ops.Operation) -> int | None:
    if not isinstance(op, ops.Table):
        return None
    build = rewriter.build
    types = [build.type(a) for a in op.args]
    reachable = clamped_index(types, [build.range(a) for a in op.args])
    values = np.array(op.values, dtype=np.int64)[reachable]
    pieces = whole(build, op.args)
    kept: list[BitPiece] = []
    used = set(used_bits(values)) - set(_repeated(pieces))
    if _repeated(pieces):
        values = values[_consistent(pieces)]
        used = set(used_bits(values))
    if not used:
        return rewriter.literal(int(values[0]), op)
    offset = sum(p.count for p in pieces)
    for piece in pieces:
        offset -= piece.count
        kept.extend(_runs(piece, offset, used))
    n_bits = len(values).bit_length() - 1
    without = sum(1 << b for b in range(n_bits) if b not in used)
    values = values[(np.arange(len(values)) & without) == 0]
    wire = _wire(rewriter, op, kept, values)
    if wire is not None:
        return wire
    args = tuple(extract(build, piece, op.origin) for piece in kept)
    return build.push(replace(op, args=args, values=tuple(int(v) for v in values)))


def _runs(piece: BitPiece, offset: int, used: set[int]) -> list[BitPiece]:
    """Return the runs of used bits of a piece whose lowest bit is an index bit, the highest run first."""
    runs: list[BitPiece] = []
    for bit in reversed(range(piece.count)):
        if offset + bit not in used:
            continue
        if runs and runs[-1].low == piece.low + bit + 1:
            runs[-1] = BitPiece(piece.value, piece.low + bit, runs[-1].count + 1)
        else:
            runs.append(BitPiece(piece.value, piece.low + bit, 1))
    return runs


def _repeated(pieces: list[BitPiece]) -> list[int]:
    """Return the index bits of arguments that came before."""
    bits: list[int] = []
    offset = sum(p.count for p in pieces)
    for k, piece in enumerate(pieces):
        offset -= piece.count
        if piece in pieces[:k]:
            bits.extend(range(offset, offset + piece.count))
    return bits


def _consistent(pieces: list[BitPiece]) -> IntArray:
    """Return, for each index, the one in which repeated arguments have the value of the first."""
    index = np.arange(1 << sum(p.count for p in pieces))
    result = np.zeros_like(index)
    first: dict[BitPiece, IntArray] = {}
    offset = sum(p.count for p in pieces)
    for piece in pieces:
        offset -= piece.count
        bits = first.setdefault(piece, (index >> offset) & ((1 << piece.count) - 1))
        result |= bits << offset
    return result


def _wire(rewriter: Rewriter, op: ops.Table, kept: list[BitPiece], values: IntArray) -> int | None:
    """Return a shift of the only argument if the table is nothing but that."""
    if len(kept) != 1:
        return None
    type_ = rewriter.build.type(kept[0].value)
    is_whole = kept[0].count == type_.width
    pattern = signed_index(type_) if is_whole else np.arange(1 << kept[0].count)
    mask = (1 << op.type.width) - 1
    for places in range(-kept[0].count, op.type.width):
        moved = pattern << places if places >= 0 else pattern >> -places
        if np.array_equal(((moved - op.type.raw_min) & mask) + op.type.raw_min, values):
            value = extract(rewriter.build, kept[0], op.origin)
            amount = places + rewriter.build.type(value).frac - op.type.frac
            shift = ops.Shift(args=(value,), type=plain(op.type), amount=amount, origin=op.origin)
            return rewriter.build.push(shift) if rewriter.fits(shift) else None
    return None
