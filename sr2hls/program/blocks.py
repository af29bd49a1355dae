"""A program as the blocks that its circuit is made of, with what makes each of them large and slow.

The blocks are those that the RTL is written in: sums of several values in carry chains that absorb tables of
up to five bits, tables, products in rows of adders, comparisons. Counting them takes no lowering.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sr2hls.program import ops
from sr2hls.program.exact import Interval, aligned
from sr2hls.program.program import Program
from sr2hls.program.size import (
    ABSORBED_BITS,
    LUT_INPUTS,
    is_small_table,
    nonzero_digits,
    quantisation_luts,
    table_luts,
    used_index_bits,
)
from sr2hls.program.sums import inner_sums, sum_terms
from sr2hls.program.types import Overflow, Rounding

ADDERS_A_STAGE = 3
"""Adders that follow each other within 5 ns, by alkaid's delay model: 1.2 to 1.5 ns each."""
SINGLE_ROWS = 3
"""Factors of up to so many bits give a row of a product for each bit, which is smaller than the multiple 3a;
wider ones give a row for two bits."""


class AreaFeature(IntEnum):
    """What LUTs are counted from: the features of the area model."""

    ADDER = 0
    """Bits of adders."""
    ABSORBING = 1
    """Bits of adders whose LUTs also hold a table."""
    SMALL_TABLE = 2
    """Output bits of tables of at most six bits."""
    LARGE_TABLE = 3
    """LUT6 of tables of more bits, by their different subfunctions."""
    SMALL_OPERATION = 4
    """Output bits of other operations of at most six bits together."""
    PRODUCT = 5
    """Bits of the rows that a product is added up of."""
    SQUARE = 6
    CONSTANT_PRODUCT = 7
    """Bits of the adders of signed digits."""
    CHOICE = 8
    """Bits of minimum, maximum, argmax, select."""
    COMPARE = 9
    """Bits compared."""
    QUOTIENT = 10
    """Bits of a quotient times those of its divisor."""
    NEGATION = 11
    """Bits of negations and absolute values."""
    ROUNDING = 12
    """Bits of the incrementers that round: their carry chains need hardly a LUT."""
    BOUNDING = 13
    """Bits of values that saturate, and the checks for it."""


class PathFeature(IntEnum):
    """What delay is counted from along a path: the features of the delay model."""

    REGISTERS = 0
    ADDERS = 1
    CARRY = 2
    """Bits of carry chains passed."""
    LUTS = 3
    """Levels of LUTs beside adders."""
    TABLE_BITS = 4
    """Index bits of tables beyond four."""
    PRODUCTS = 5
    PRODUCT_BITS = 6


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the circuit.

    Attributes:
        position: of the value that it computes.
        args: positions of the values that it reads.
        area: pairs of `AreaFeature` and an amount.
        path: pairs of `PathFeature` and an amount, from any argument to the result.
    """

    position: int
    args: tuple[int, ...]
    area: tuple[tuple[AreaFeature, float], ...] = ()
    path: tuple[tuple[PathFeature, float], ...] = ()


def width(interval: Interval) -> int:
    """Return the bits that hold every raw value: none for a constant."""
    if interval.low == interval.high:
        return 0
    return interval.bits - (interval.low >= 0)


def blocks_of(program: Program) -> tuple[Block, ...]:
    """Return the blocks of a program, each after those that it reads."""
    inner = inner_sums(program)
    free = _absorbed_everywhere(program, inner)
    return tuple(_block(program, k, inner, free) for k in range(len(program.ops)) if k not in inner)


def _index_bits(program: Program, op: ops.Table) -> int:
    return used_index_bits(op.values)


def _absorbed_everywhere(program: Program, inner: frozenset[int]) -> frozenset[int]:
    """Return the small tables that only sums read: they are part of the adders' LUTs."""
    found = set()
    for position in range(len(program.ops)):
        if position in program.outputs or not is_small_table(program, position):
            continue
        users = [program.ops[u] for u in program.users[position]]
        if users and all(isinstance(u, ops.Add | ops.Sub) for u in users):
            found.add(position)
    return frozenset(found)


def _block(program: Program, position: int, inner: frozenset[int], free: frozenset[int]) -> Block:
    op = program.ops[position]
    if isinstance(op, ops.Input | ops.Constant):
        return Block(position, ())
    if isinstance(op, ops.Table):
        return _table(program, position, op, free)
    ranges = [program.ranges[a] for a in op.args]
    bits = sum(width(program.ranges[a]) for a in set(op.args))
    if isinstance(op, ops.Add | ops.Sub) and (
        position in inner or bits > LUT_INPUTS or _sums(program, op, inner)
    ):
        return _sum(program, position, op, inner)
    after_area, after_path = _quantisation(program.exact[position], op)
    if isinstance(op, ops.Cast | ops.Shift) and not after_area:
        return Block(position, op.args)
    if bits <= LUT_INPUTS:
        out = width(program.ranges[position])
        return Block(position, op.args, ((AreaFeature.SMALL_OPERATION, out),), ((PathFeature.LUTS, 1),))
    area, path = _operation(program, op, ranges, program.exact[position])
    return Block(position, op.args, (*area, *after_area), (*path, *after_path))


def _sums(program: Program, op: ops.Operation, inner: frozenset[int]) -> bool:
    return any(a in inner for a in op.args)


def _quantisation(
    exact: Interval, op: ops.Operation, *, rounds: bool = True
) -> tuple[tuple[tuple[AreaFeature, float], ...], tuple[tuple[PathFeature, float], ...]]:
    """Return what rounding and bounding an exact result takes."""
    both, bits = quantisation_luts(exact, op), op.type.width
    rounding = op.type.rounding is not Rounding.TRN and exact.frac > op.type.frac
    bounding = both - bits if rounding else both
    area: list[tuple[AreaFeature, float]] = []
    path: list[tuple[PathFeature, float]] = []
    if rounding and rounds:
        area.append((AreaFeature.ROUNDING, bits))
        path += [(PathFeature.ADDERS, 1), (PathFeature.CARRY, bits)]
    if bounding > 0:
        area.append((AreaFeature.BOUNDING, bounding))
        path.append((PathFeature.LUTS, 1))
    return tuple(area), tuple(path)


def _table(program: Program, position: int, op: ops.Table, free: frozenset[int]) -> Block:
    bits = _index_bits(program, op)
    if position in free:
        return Block(position, op.args)
    kind = AreaFeature.SMALL_TABLE if bits <= LUT_INPUTS else AreaFeature.LARGE_TABLE
    path = ((PathFeature.LUTS, 1), (PathFeature.TABLE_BITS, max(0, bits - 4)))
    return Block(position, op.args, ((kind, table_luts(op.values)),), path if bits > 1 else ())


def _sum(program: Program, position: int, op: ops.Operation, inner: frozenset[int]) -> Block:
    """Adders of a sum, narrow and constant terms first; small tables are absorbed but for the first."""
    terms = sum_terms(program, position, inner)
    args = tuple(t.position for t in terms)
    negative = {t.position for t in terms if t.negative}
    small, large, constant = _gathered(program, args, negative)
    order = [*sorted(large, key=_span), *sorted(small, key=_span)]
    if constant is not None and not small:
        order.insert(0, constant)
    if not order:
        return Block(position, args)
    exact, drop = program.exact[position], program.exact[position].frac - op.type.frac
    top = op.type.width - op.type.frac if op.type.overflow is Overflow.WRAP else None
    adders = absorbing = 0
    total = order[0]
    chains = _chains(len(order))
    loose = max(0, chains - len(large)) if small else 0
    first = width(order[0]) if small and not large else 0
    for k, term in enumerate(order[1:], start=1):
        table = k >= len(order) - len(small)
        total, bits = _added(total, term, top, table=table)
        if not table:
            adders += bits
        elif k < len(large) + loose:
            # The first of a chain is a table of its own, and an adder joins the chain with the others.
            first += (term.high - term.low).bit_length()
            adders += width(total)
        else:
            absorbing += bits
    # The half that is added to round goes into a table where there is one.
    merged = op.type.rounding is Rounding.RND and drop > 0 and bool(small)
    after_area, after_path = _quantisation(exact, op, rounds=not merged)
    depth = (len(order) - 1).bit_length()
    area = (
        (AreaFeature.ADDER, adders),
        (AreaFeature.ABSORBING, absorbing),
        (AreaFeature.SMALL_TABLE, first),
        *after_area,
    )
    path = ((PathFeature.ADDERS, depth), (PathFeature.CARRY, exact.bits), *after_path)
    return Block(position, args, area, path)


def _gathered(
    program: Program, args: Sequence[int], negative: Collection[int]
) -> tuple[list[Interval], list[Interval], Interval | None]:
    """Return small tables, other values and the constant of a sum; tables of the same bits are one."""
    tables: dict[tuple[int, ...], Interval] = {}
    large: list[Interval] = []
    constant: Interval | None = None
    for arg in args:
        held = program.ranges[arg]
        if arg in negative:
            held = Interval(-held.high, -held.low, held.frac)
        if held.low == held.high:
            constant = held if constant is None else _total(constant, held)
        elif is_small_table(program, arg):
            key = program.ops[arg].args
            tables[key] = held if key not in tables else _total(tables[key], held)
        else:
            large.append(held)
    merged: list[tuple[int, Interval]] = []
    for key, held in sorted(tables.items(), key=lambda item: -_bits(program, item[0])):
        bits = _bits(program, key)
        for k, (other, before) in enumerate(merged):
            if other + bits <= ABSORBED_BITS:
                merged[k] = (other + bits, _total(before, held))
                break
        else:
            merged.append((bits, held))
    if constant is not None and constant.low == 0:
        constant = None
    return [held for _, held in merged], large, constant


def _bits(program: Program, args: Sequence[int]) -> int:
    return sum(program.ops[a].type.width for a in args)


def _span(interval: Interval) -> tuple[int, int]:
    return -interval.frac, width(interval)


def _total(a: Interval, b: Interval) -> Interval:
    a, b = aligned([a, b])
    return Interval(a.low + b.low, a.high + b.high, a.frac)


def _chains(terms: int) -> int:
    """Return how many chains a sum is made in: the fewest that need no more stages than the fastest sum."""
    depths = [-(-terms // n) - 1 + (n - 1).bit_length() for n in range(1, terms // 2 + 1)]
    if not depths:
        return 1
    allowed = -(-min(depths) // ADDERS_A_STAGE) * ADDERS_A_STAGE
    return next(n for n, depth in enumerate(depths, start=1) if depth <= allowed)


def _added(a: Interval, b: Interval, top: int | None, *, table: bool) -> tuple[Interval, int]:
    """Return a sum and the bits of its adder that take LUTs.

    Bits below one operand's lowest pass on. Above the highest bit of the narrower operand the carry runs
    along the other's bits, which takes no LUT unless there is a sign to add.

    Args:
        a: one operand.
        b: the other, the logic of which the adder takes in.
        top: weight of the first bit that wraps around and is not kept.
        table: whether b is a table, which is made unsigned and costs LUTs for its lowest bits, too.
    """
    total = _total(a, b)
    bits = width(total) if top is None else min(width(total), top + total.frac)
    if table:
        lowest = total.frac - b.frac
        reach = min(bits, (b.high - b.low).bit_length() + lowest)
    else:
        lowest = abs(a.frac - b.frac)
        narrow = min(aligned([a, b]), key=width)
        reach = bits if narrow.low < 0 else min(bits, width(narrow))
    return total, max(1, reach - lowest)


def _operation(
    program: Program, op: ops.Operation, ranges: list[Interval], exact: Interval
) -> tuple[tuple[tuple[AreaFeature, float], ...], tuple[tuple[PathFeature, float], ...]]:
    match op:
        case ops.Mul():
            return _product(op, ranges, exact)
        case ops.Neg():
            return ((AreaFeature.NEGATION, exact.bits),), (
                (PathFeature.ADDERS, 1),
                (PathFeature.CARRY, exact.bits),
            )
        case ops.Abs():
            path = ((PathFeature.ADDERS, 1), (PathFeature.CARRY, exact.bits), (PathFeature.LUTS, 1))
            return ((AreaFeature.NEGATION, exact.bits), (AreaFeature.CHOICE, exact.bits)), path
        case ops.Compare(predicate=predicate):
            bits = max(i.bits for i in aligned(ranges))
            if predicate in (ops.Predicate.EQ, ops.Predicate.NE):
                # Three pairs of bits in a LUT, then their AND; as measured.
                return ((AreaFeature.COMPARE, bits / 2),), ((PathFeature.LUTS, 2),)
            return ((AreaFeature.COMPARE, bits),), ((PathFeature.ADDERS, 1), (PathFeature.CARRY, bits))
        case ops.Min() | ops.Max():
            bits = max(i.bits for i in aligned(ranges))
            path = ((PathFeature.ADDERS, 1), (PathFeature.CARRY, bits), (PathFeature.LUTS, 1))
            return ((AreaFeature.COMPARE, bits), (AreaFeature.CHOICE, bits)), path
        case ops.Select():
            return ((AreaFeature.CHOICE, op.type.width),), ((PathFeature.LUTS, 1),)
        case ops.Argmax():
            bits, n = max(i.bits for i in aligned(ranges)), len(ranges)
            rounds = (n - 1).bit_length()
            area = (
                (AreaFeature.COMPARE, (n - 1) * bits),
                (AreaFeature.CHOICE, (n - 2) * bits + (n - 1) * op.type.width),
            )
            return area, (
                (PathFeature.ADDERS, rounds),
                (PathFeature.CARRY, rounds * bits),
                (PathFeature.LUTS, rounds - 1),
            )
        case ops.Div():
            steps, divisor = exact.bits - 1, ranges[1].bits + 1
            return ((AreaFeature.QUOTIENT, steps * divisor),), (
                (PathFeature.ADDERS, steps),
                (PathFeature.CARRY, steps * divisor),
            )
        case _:
            return (), ()


def _product(
    op: ops.Operation, ranges: list[Interval], exact: Interval
) -> tuple[tuple[tuple[AreaFeature, float], ...], tuple[tuple[PathFeature, float], ...]]:
    for held in ranges:
        if held.low == held.high:
            adders = max(0, nonzero_digits(held.low) - 1)
            bits = exact.bits
            return ((AreaFeature.CONSTANT_PRODUCT, adders * bits),), (
                (PathFeature.ADDERS, adders),
                (PathFeature.CARRY, bits if adders else 0),
            )
    (_, a), (signed, b) = sorted(((i.low < 0, width(i)) for i in ranges), reverse=True)
    kind = AreaFeature.SQUARE if op.args[0] == op.args[1] else AreaFeature.PRODUCT
    return ((kind, _row_bits(a, b, signed)),), ((PathFeature.PRODUCTS, 1), (PathFeature.PRODUCT_BITS, a + b))


def _row_bits(a: int, b: int, signed: bool) -> int:
    """Return the bits of all rows of a product, and of the multiple 3a: see `sr2hls.rtl.multiply`."""
    unsigned = b - int(signed)
    pairs = unsigned // 2 if unsigned > SINGLE_ROWS else 0
    singles = unsigned - 2 * pairs + int(signed)
    return pairs * (a + 2) + singles * a + (a + 1 if pairs else 0)
