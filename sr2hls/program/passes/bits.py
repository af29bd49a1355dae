"""Bits of values as indices of tables."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.exact import Interval
from sr2hls.program.types import FixedType, narrowest


@dataclass(frozen=True, slots=True)
class BitPiece:
    """Some neighbouring bits of a value.

    Attributes:
        value: position of the value.
        low: lowest bit taken.
        count: number of bits.
    """

    value: int
    low: int
    count: int


def whole(build: Builder, values: Sequence[int]) -> list[BitPiece]:
    """Return all bits of values as pieces."""
    return [BitPiece(v, 0, build.type(v).width) for v in values]


def extract(build: Builder, piece: BitPiece, origin: str = "") -> int:
    """Write the bits of a piece as a value: wires, no logic."""
    type_ = build.type(piece.value)
    if piece.low == 0 and piece.count == type_.width:
        return piece.value
    frac = type_.frac - piece.low
    bits = FixedType(signed=False, width=piece.count, integer=piece.count - frac)
    return build.push(ops.Cast(args=(piece.value,), type=bits, origin=origin))


def split_at(pieces: Sequence[BitPiece], low_bits: int) -> tuple[list[BitPiece], list[BitPiece]]:
    """Return an index's pieces above and within its lowest bits; the last piece is the lowest."""
    high: list[BitPiece] = []
    low: list[BitPiece] = []
    for piece in reversed(pieces):
        taken = min(low_bits, piece.count)
        low_bits -= taken
        if taken:
            low.insert(0, BitPiece(piece.value, piece.low, taken))
        if taken < piece.count:
            high.insert(0, BitPiece(piece.value, piece.low + taken, piece.count - taken))
    return high, low


def signed_index(type_: FixedType) -> IntArray:
    """Return the raw value for each pattern of a type's bits."""
    pattern = np.arange(1 << type_.width, dtype=np.int64)
    return pattern - ((pattern >> (type_.width - 1)) << type_.width) if type_.signed else pattern


def clamped_index(types: Sequence[FixedType], ranges: Sequence[Interval]) -> IntArray:
    """Return, for each index of a table, one that its arguments' ranges let come.

    Leading bits that a range does not need have no effect; what then is outside of it is moved to its end.
    """
    index = np.zeros(1, dtype=np.int64)
    for type_, held in zip(types, ranges, strict=True):
        narrow = narrowest(held.low, held.high, held.frac)
        pattern = np.arange(1 << type_.width) & ((1 << narrow.width) - 1)
        raw = np.clip(signed_index(narrow)[pattern], held.low, held.high) & ((1 << type_.width) - 1)
        index = ((index[:, None] << type_.width) | raw[None, :]).ravel()
    return index
