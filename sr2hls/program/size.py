"""Size of a program in LUTs, estimated in microseconds to milliseconds from its operations alone.

A LUT6 is any function of six bits, and a carry chain takes one LUT a bit (AMD UG574, UltraScale CLB). The
estimate ranks rewritings of one program; figures for people come from synthesis.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sr2hls.program import ops
from sr2hls.program.exact import Interval, aligned
from sr2hls.program.program import Program
from sr2hls.program.sums import inner_sums, sum_terms
from sr2hls.program.types import FixedType, Overflow, Rounding

LUT_INPUTS = 6
ABSORBED_BITS = 5
"""Inputs of a LUT6 that an adder leaves free for the logic of its second operand."""


def estimate_luts(program: Program) -> int:
    """Return the estimated LUTs of a program: its operations added up."""
    return sum(operation_luts(program))


def operation_luts(program: Program) -> tuple[int, ...]:
    """Return the estimated LUTs of each operation of a program; a table that an adder takes in has none."""
    free = absorbed_tables(program)
    return tuple(
        0
        if position in free
        else _exact_luts(op, [program.ops[a] for a in op.args], [program.ranges[a] for a in op.args], exact)
        + quantisation_luts(exact, op)
        for position, (op, exact) in enumerate(zip(program.ops, program.exact, strict=True))
    )


def absorbed_tables(program: Program) -> frozenset[int]:
    """Return the tables that are part of the LUTs of adders.

    They have few bits, and a single sum reads them; each of its adders takes one in, so that a sum of nothing
    else has one left, the smallest.
    """
    inner = inner_sums(program)
    found: set[int] = set()
    for position, op in enumerate(program.ops):
        if position in inner or not isinstance(op, ops.Add | ops.Sub):
            continue
        terms = [term.position for term in sum_terms(program, position, inner)]
        small = [t for t in terms if _is_absorbable(program, t)]
        if len(small) == len(terms):
            small.remove(min(small, key=lambda t: (table_luts(program.ops[t].values), t)))  # type: ignore[attr-defined]
        found.update(small)
    return frozenset(found)


def is_small_table(program: Program, position: int) -> bool:
    """Return whether a value is a table of so few bits that an adder can take it in."""
    op = program.ops[position]
    return isinstance(op, ops.Table) and used_index_bits(op.values) <= ABSORBED_BITS


def _is_absorbable(program: Program, position: int) -> bool:
    alone = len(program.users[position]) == 1 and position not in program.outputs
    return alone and is_small_table(program, position)


def quantisation_luts(exact: Interval, op: ops.Operation) -> int:
    """Return the LUTs of rounding and bounding an exact result: an incrementer, a multiplexer and a check."""
    if isinstance(op, ops.Input | ops.Constant | ops.Table):
        return 0
    type_ = op.type
    drop = exact.frac - type_.frac
    low, high = (v >> drop if drop >= 0 else v << -drop for v in (exact.low, exact.high))
    rounds = type_.width if drop > 0 and type_.rounding is not Rounding.TRN else 0
    least = -type_.raw_max if type_.overflow is Overflow.SAT_SYM and type_.signed else type_.raw_min
    if type_.overflow is Overflow.WRAP or (least <= low and high + (rounds > 0) <= type_.raw_max):
        return rounds
    beyond = max(1, Interval(low, high, 0).bits - type_.width)
    return rounds + type_.width + (beyond + LUT_INPUTS - 1) // LUT_INPUTS


def _exact_luts(op: ops.Operation, args: list[ops.Operation], ranges: list[Interval], exact: Interval) -> int:
    match op:
        case ops.Table(values=values):
            return table_luts(values)
        case ops.Add() | ops.Sub():
            return _adder(op, ranges, exact)
        case ops.Neg() | ops.Abs():
            return exact.bits
        case ops.Mul():
            return _multiplier(op, args, ranges, exact)
        case ops.Compare(predicate=predicate):
            bits = max(i.bits for i in aligned(ranges))
            if predicate in (ops.Predicate.EQ, ops.Predicate.NE):
                return (bits + 2) // 3
            by_constant = any(isinstance(a, ops.Constant) for a in args)
            return 1 if by_constant and bits <= LUT_INPUTS else bits
        case ops.Min() | ops.Max():
            return 2 * max(i.bits for i in aligned(ranges))
        case ops.Select():
            return op.type.width
        case ops.Argmax():
            bits = max(i.bits for i in aligned(ranges))
            return (len(args) - 1) * (2 * bits + op.type.width)
        case ops.Div():
            return (exact.bits - 1) * (ranges[1].bits + 1)
        case _:
            return 0


def _adder(op: ops.Operation, ranges: list[Interval], exact: Interval) -> int:
    # Bits below the other operand's lowest one pass through; above the result's highest one nothing is kept.
    low = abs(ranges[0].frac - ranges[1].frac)
    if isinstance(op, ops.Sub) and ranges[1].frac > ranges[0].frac:
        low = 0
    top = exact.bits
    if op.type.overflow is Overflow.WRAP:
        top = min(top, op.type.width + max(0, exact.frac - op.type.frac))
    return max(1, top - low)


def _multiplier(op: ops.Operation, args: list[ops.Operation], ranges: list[Interval], exact: Interval) -> int:
    for arg in args:
        if isinstance(arg, ops.Constant):
            return max(0, nonzero_digits(arg.raw) - 1) * exact.bits
    a, b = (i.bits - (i.low >= 0) for i in ranges)
    return a * (a + 1) // 2 if op.args[0] == op.args[1] else a * b


def nonzero_digits(value: int) -> int:
    """Return the number of non-zero digits of the canonical signed-digit form (Reitwiesner 1960)."""
    return ((3 * abs(value)) ^ abs(value)).bit_count()


@lru_cache(maxsize=4096)
def table_luts(values: tuple[int, ...]) -> int:
    """Return the LUTs of a table from its entries.

    An output bit that is constant, equals an index bit or another output bit (or their complement) is free.
    Any other takes one LUT for each different function of six bits that is left when the bits above are
    fixed; the multiplexers behind them are part of the fabric (MUXF7 to MUXF9).
    """
    seen: set[bytes] = set()
    luts = 0
    for row in output_bits(values):
        row = row ^ row[0]
        if row.tobytes() in seen or not row.any():
            continue
        seen.add(row.tobytes())
        luts += _function_luts(row)
    return luts


def output_bits(values: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the entries' two's-complement bits, shape (bits, entries), the lowest bit first."""
    raws = np.array(values, dtype=np.int64)
    low, high = int(raws.min()), int(raws.max())
    width = max(1, Interval(low, high, 0).bits - (low >= 0))
    return ((raws[None, :] >> np.arange(width)[:, None]) & 1).astype(np.uint8)


def used_bits(values: NDArray[Any]) -> list[int]:
    """Return the index bits that entries, shape (2^index bits,), depend on, the lowest first."""
    n_bits = len(values).bit_length() - 1
    halves = [values.reshape(-1, 2, 1 << bit) for bit in range(n_bits)]
    return [bit for bit, half in enumerate(halves) if not np.array_equal(half[:, 0], half[:, 1])]


@lru_cache(maxsize=4096)
def used_index_bits(values: tuple[int, ...]) -> int:
    """Return how many index bits a table's entries depend on."""
    return len(used_bits(np.array(values, dtype=np.int64)))


def _function_luts(row: NDArray[np.uint8]) -> int:
    used = used_bits(row)
    if len(used) <= 1:
        return 0
    if len(used) <= LUT_INPUTS:
        return 1
    unused = sum(1 << b for b in range(len(row).bit_length() - 1) if b not in used)
    row = row[(np.arange(len(row)) & unused) == 0].reshape(-1, 1 << LUT_INPUTS)
    different = {chunk.tobytes() for chunk in row ^ row[:, :1] if chunk.any()}
    return max(1, len(different))


def same_bits(a: FixedType, b: FixedType) -> bool:
    """Return whether two types have the same bits, whatever their modes."""
    return (a.signed, a.width, a.integer) == (b.signed, b.width, b.integer)
