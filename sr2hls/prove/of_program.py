"""Programs as terms, straight from the contract: the exact result, then one quantisation.

It shares nothing with the generator of the Verilog: no ranges, no narrowing, no tables of whole operations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.exact import div_shift
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove.logic_terms import TermKind, Terms


@dataclass(frozen=True, slots=True)
class Scaled:
    """The number ``term · 2^-frac``."""

    term: int
    frac: int


def aligned(terms: Terms, args: list[Scaled]) -> tuple[list[int], int]:
    """Return terms at a common binary point."""
    frac = max(a.frac for a in args)
    return [terms.scaled(a.term, 1 << (frac - a.frac)) for a in args], frac


Cut = Callable[[Scaled], Scaled]
"""Takes a step of an operation and returns what stands for it in the steps after it."""


def operation_term(
    terms: Terms, op: ops.Operation, args: list[Scaled], types: list[FixedType], cut: Cut = lambda step: step
) -> Scaled:
    """Return an operation's value.

    Args:
        terms: where to write.
        op: any operation but an input.
        args: its arguments.
        types: their types.
        cut: is given what the operation computes on its way, in order: the exact result, with what rounds it,
            rounded, bounded. A generator of circuits may merge steps; whichever it keeps is a point where a
            proof can be cut.
    """
    exact = cut(_exact(terms, op, args, types, cut))
    if isinstance(op, ops.Table | ops.Constant):
        return exact
    type_ = op.type
    drop = exact.frac - type_.frac
    if drop > 0:
        biased = cut(Scaled(_biased(terms, exact.term, drop, type_.rounding), exact.frac))
        rounded = cut(Scaled(terms.shift_right(biased.term, drop), type_.frac))
    else:
        rounded = Scaled(terms.scaled(exact.term, 1 << -drop), type_.frac)
    bounded = _bounded(terms, rounded.term, type_)
    if isinstance(op, ops.Div):
        bounded = _unless_by_zero(terms, args, bounded, type_)
    return cut(Scaled(bounded, type_.frac))


def _exact(terms: Terms, op: ops.Operation, args: list[Scaled], types: list[FixedType], cut: Cut) -> Scaled:
    match op:
        case ops.Constant(raw=raw):
            return Scaled(terms.constant(raw), op.type.frac)
        case ops.Table(values=values):
            parts, shift = [], 0
            for arg, type_ in zip(reversed(args), reversed(types), strict=True):
                parts.append((1 << shift, terms.wrap(arg.term, False, type_.width)))
                shift += type_.width
            return Scaled(terms.table(terms.total(parts), values), op.type.frac)
        case ops.Mul():
            return Scaled(terms.product(args[0].term, args[1].term), args[0].frac + args[1].frac)
        case ops.Shift(amount=amount):
            return Scaled(args[0].term, args[0].frac - amount)
        case ops.Select():
            (b, c), frac = aligned(terms, args[1:])
            return Scaled(terms.choice(args[0].term, b, c), frac)
        case ops.Div():
            shift = div_shift(types[0], types[1], op.type)
            numerator = terms.scaled(args[0].term, 1 << max(0, shift))
            denominator = terms.scaled(args[1].term, 1 << max(0, -shift))
            return Scaled(_quotient(terms, numerator, denominator, cut), op.type.frac + 2)
    numbers, frac = aligned(terms, args)
    match op:
        case ops.Compare(predicate=predicate):
            return Scaled(_relation(terms, predicate, numbers[0], numbers[1]), 0)
        case ops.Argmax():
            return Scaled(_position_of_largest(terms, numbers), 0)
        case _:
            return Scaled(_number(terms, op, numbers), frac)


def _number(terms: Terms, op: ops.Operation, numbers: list[int]) -> int:
    a, b = numbers[0], numbers[-1]
    match op:
        case ops.Cast():
            return a
        case ops.Neg():
            return terms.scaled(a, -1)
        case ops.Abs():
            return terms.magnitude(a)
        case ops.Add():
            return terms.total([(1, a), (1, b)])
        case ops.Sub():
            return terms.total([(1, a), (-1, b)])
        case ops.Min():
            return terms.choice(terms.less(b, a), b, a)
        case ops.Max():
            return terms.choice(terms.less(a, b), b, a)
        case _:
            raise ProgramError(f"operation '{op.name}' is not one of the contract's")


def _relation(terms: Terms, predicate: ops.Predicate, a: int, b: int) -> int:
    match predicate:
        case ops.Predicate.LT:
            return terms.less(a, b)
        case ops.Predicate.GT:
            return terms.less(b, a)
        case ops.Predicate.GE:
            return terms.invert(terms.less(a, b))
        case ops.Predicate.LE:
            return terms.invert(terms.less(b, a))
        case ops.Predicate.NE:
            return terms.differ(a, b)
        case ops.Predicate.EQ:
            return terms.invert(terms.differ(a, b))


def _position_of_largest(terms: Terms, numbers: list[int]) -> int:
    best, position = numbers[0], terms.constant(0)
    for k, number in enumerate(numbers[1:], start=1):
        larger = terms.less(best, number)
        best = terms.choice(larger, number, best)
        position = terms.choice(larger, terms.constant(k), position)
    return position


def _biased(terms: Terms, a: int, drop: int, rounding: Rounding) -> int:
    """Return a plus what rounds it when ``drop`` bits are dropped (see `sr2hls.program.quantize`)."""
    half = 1 << (drop - 1)
    negative = terms.less(a, terms.constant(0))
    match rounding:
        case Rounding.TRN:
            return a
        case Rounding.TRN_ZERO:
            return terms.total([(1, a), (2 * half - 1, negative)])
        case Rounding.RND:
            return terms.total([(1, a)], half)
        case Rounding.RND_MIN_INF:
            return terms.total([(1, a)], half - 1)
        case Rounding.RND_INF:
            return terms.total([(1, a), (-1, negative)], half)
        case Rounding.RND_ZERO:
            return terms.total([(1, a), (1, negative)], half - 1)
        case Rounding.RND_CONV:
            odd = terms.wrap(terms.shift_right(a, drop), False, 1)
            return terms.total([(1, a), (1, odd)], half - 1)


def _bounded(terms: Terms, a: int, type_: FixedType) -> int:
    inside = terms.wrap(a, type_.signed, type_.width)
    if type_.overflow is Overflow.WRAP:
        return inside
    low, high = type_.raw_min, type_.raw_max
    if type_.overflow is Overflow.SAT_SYM and type_.signed:
        low = -high
    below, above = terms.less(a, terms.constant(low)), terms.less(terms.constant(high), a)
    if type_.overflow is Overflow.SAT_ZERO:
        outside = terms.bitwise(TermKind.OR, below, above)
        return terms.choice(outside, terms.constant(0), inside)
    result = terms.choice(above, terms.constant(high), inside)
    return terms.choice(below, terms.constant(low), result)


def _quotient(terms: Terms, a: int, b: int, cut: Cut) -> int:
    """Return 2 · floor(a / b), plus 1 where there is a remainder; b = 0 gives anything.

    Long division of the magnitudes, a bit after the other, so that a proof can be cut at each remainder. The
    result is odd-symmetric: floor(-a / b) is -floor(a / b) - 1 where there is a remainder.
    """
    zero = terms.constant(0)
    n, d = (cut(Scaled(terms.magnitude(x), 0)).term for x in (a, b))
    if terms[d].high == 0:
        return zero
    bits = (terms[n].high // max(1, terms[d].low)).bit_length()
    rest, parts = terms.shift_right(n, bits), []
    for k in reversed(range(bits)):
        digit = terms.wrap(terms.shift_right(n, k), False, 1)
        rest = cut(Scaled(terms.total([(2, rest), (1, digit)]), 0)).term
        most = terms[rest].high
        fits = cut(Scaled(terms.invert(terms.less(rest, d)), 0)).term
        parts.append((1 << k, fits))
        rest = terms.choice(fits, terms.total([(1, rest), (-1, d)]), rest)
        # It is less than the divisor, which intervals do not see; only where this is 0 is a bit lost.
        width = min(most, terms[d].high - 1).bit_length()
        rest = cut(Scaled(terms.wrap(rest, False, width) if width else zero, 0)).term
    quotient = cut(Scaled(terms.total(parts), 0)).term
    sticky = terms.choice(rest, terms.constant(1), zero)
    magnitude = cut(Scaled(terms.total([(2, quotient), (1, sticky)]), 0)).term
    negative = terms.bitwise(TermKind.XOR, terms.less(a, zero), terms.less(b, zero))
    return terms.choice(negative, terms.scaled(magnitude, -1), magnitude)


def _unless_by_zero(terms: Terms, args: list[Scaled], result: int, type_: FixedType) -> int:
    numerator, denominator = args[0].term, args[1].term
    positive = terms.choice(numerator, terms.constant(type_.raw_max), terms.constant(0))
    negative = terms.less(numerator, terms.constant(0))
    by_zero = terms.choice(negative, terms.constant(type_.raw_min), positive)
    return terms.choice(denominator, result, by_zero)


class ProgramTerms:
    """Terms of a program's values, written when they are asked for."""

    def __init__(self, terms: Terms, program: Program, inputs: list[Scaled]) -> None:
        self._terms = terms
        self._program = program
        self._inputs = inputs

    def __len__(self) -> int:
        return len(self._program.ops)

    @property
    def outputs(self) -> list[int]:
        """Positions of the outputs."""
        return list(self._program.outputs)

    def value(self, position: int, known: Mapping[int, Scaled]) -> Scaled:
        """Return a value as a term over those that are known and over inputs."""
        found: dict[int, Scaled] = {}
        for at, op in enumerate(self._program.ops[: position + 1]):
            if at in known and at != position:
                found[at] = known[at]
            elif isinstance(op, ops.Input):
                found[at] = self._inputs[op.index]
            else:
                types = [self._program.ops[a].type for a in op.args]
                found[at] = operation_term(self._terms, op, [found[a] for a in op.args], types)
        return found[position]
