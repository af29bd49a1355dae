"""Affine range analysis: ranges that know which values depend on each other.

Interval arithmetic forgets that both operands of ``x - round(x)`` move together. Here every value is a
constant plus multiples of symbols, each symbol with the interval it ranges over: the inputs, the results that
are no linear function of their arguments, and each rounding's error (affine arithmetic; Stolfi and de
Figueiredo, Self-Validated Numerical Methods and Applications, 1997, chapter 3; for fixed-point widths: Lee et
al., Accuracy-guaranteed bit-width optimization, IEEE TCAD 25, 2006). Coefficients and intervals are exact
fractions, so that what is found holds for every input.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from sr2hls.program import ops
from sr2hls.program.exact import Interval, exact_interval, held_interval, overflows
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Rounding

_MOST_SYMBOLS = 48
"""Forms with more of them become one symbol, so that long sums stay quick."""

Bounds = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class AffineForm:
    """``constant + Σ factor · symbol``."""

    constant: Fraction
    factors: Mapping[int, Fraction] = field(default_factory=dict)

    def plus(self, other: "AffineForm", sign: int = 1) -> "AffineForm":
        """Return this form plus (minus) another one; what cancels is gone."""
        factors = dict(self.factors)
        for symbol, factor in other.factors.items():
            factors[symbol] = factors.get(symbol, Fraction(0)) + sign * factor
        return AffineForm(self.constant + sign * other.constant, {s: f for s, f in factors.items() if f})

    def times(self, number: Fraction) -> "AffineForm":
        """Return the form times a number."""
        return AffineForm(self.constant * number, {s: f * number for s, f in self.factors.items() if number})


@dataclass(frozen=True)
class AffineRanges:
    """What the analysis found.

    Attributes:
        held: for each value, the raw values that it can take in its type; never wider than `Program.ranges`.
        exact: for each value, the exact results before they are quantised; never wider than `Program.exact`.
        decided: outcome of comparisons that always end the same way, by position.
        same: position of the first value that is the same number on every input, for those that have one.
    """

    held: tuple[Interval, ...]
    exact: tuple[Interval, ...]
    decided: Mapping[int, bool]
    same: Mapping[int, int]


def affine_ranges(program: Program) -> AffineRanges:
    """Return ranges of all values of a program."""
    analysis = _Analysis(program)
    for position, op in enumerate(program.ops):
        analysis.visit(position, op)
    return AffineRanges(tuple(analysis.held), tuple(analysis.exact), analysis.decided, analysis.same)


class _Analysis:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.held: list[Interval] = []
        self.exact: list[Interval] = []
        self.decided: dict[int, bool] = {}
        self.same: dict[int, int] = {}
        self._first: dict[tuple[Fraction, frozenset[tuple[int, Fraction]]], int] = {}
        self._forms: list[AffineForm] = []
        self._symbols: list[Bounds] = []

    def visit(self, position: int, op: ops.Operation) -> None:
        types = [self.program.ops[a].type for a in op.args]
        exact = exact_interval(op, [self.held[a] for a in op.args], types)
        form = self._linear(op)
        if form is not None:
            exact = _meet(exact, self.bounds(form))
        if isinstance(op, ops.Compare):
            self._decide(position, op)
        held = held_interval(op, exact, [self.held[a] for a in op.args])
        kept = None if form is None else self._quantised(form, exact, op.type)
        if kept is None or len(kept.factors) > _MOST_SYMBOLS:
            kept = self._fresh((held.low * _step(held.frac), held.high * _step(held.frac)))
        else:
            held = _meet(held, self.bounds(kept))
        self.exact.append(exact)
        self.held.append(held)
        self._forms.append(kept)
        first = self._first.setdefault((kept.constant, frozenset(kept.factors.items())), position)
        if first != position:
            self.same[position] = first

    def bounds(self, form: AffineForm) -> Bounds:
        """Return the least and the largest value of a form."""
        low = high = form.constant
        for symbol, factor in form.factors.items():
            ends = [factor * end for end in self._symbols[symbol]]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def _fresh(self, bounds: Bounds) -> AffineForm:
        if bounds[0] == bounds[1]:
            return AffineForm(bounds[0])
        self._symbols.append(bounds)
        return AffineForm(Fraction(0), {len(self._symbols) - 1: Fraction(1)})

    def _linear(self, op: ops.Operation) -> AffineForm | None:
        """Return the exact result as a form; None where it is no linear function of its arguments' forms."""
        args = [self._forms[a] for a in op.args]
        match op:
            case ops.Constant(raw=raw):
                return AffineForm(raw * _step(op.type.frac))
            case ops.Add():
                return args[0].plus(args[1])
            case ops.Sub():
                return args[0].plus(args[1], -1)
            case ops.Neg():
                return args[0].times(Fraction(-1))
            case ops.Shift(amount=amount):
                return args[0].times(_step(-amount))
            case ops.Cast():
                return args[0]
            case ops.Mul():
                for a, b in ((args[0], args[1]), (args[1], args[0])):
                    if not a.factors:
                        return b.times(a.constant)
        return None

    def _quantised(self, form: AffineForm, exact: Interval, type_: FixedType) -> AffineForm | None:
        """Return the form of a result in its type: with the error of rounding; None where it may overflow."""
        if any(overflows(exact, type_)):
            return None
        if exact.frac <= type_.frac:
            return form
        fine, coarse = _step(exact.frac), _step(type_.frac)
        error = self._fresh(_ROUNDING[type_.rounding](fine, coarse))
        return form.plus(error)

    def _decide(self, position: int, op: ops.Compare) -> None:
        low, high = self.bounds(self._forms[op.args[0]].plus(self._forms[op.args[1]], -1))
        outcome = {
            ops.Predicate.LT: (high < 0, low >= 0),
            ops.Predicate.LE: (high <= 0, low > 0),
            ops.Predicate.GT: (low > 0, high <= 0),
            ops.Predicate.GE: (low >= 0, high < 0),
            ops.Predicate.EQ: (low == high == 0, low > 0 or high < 0),
            ops.Predicate.NE: (low > 0 or high < 0, low == high == 0),
        }[op.predicate]
        if any(outcome):
            self.decided[position] = outcome[0]


def _down(fine: Fraction, coarse: Fraction) -> Bounds:
    return fine - coarse, Fraction(0)


def _either(fine: Fraction, coarse: Fraction) -> Bounds:
    return fine - coarse, coarse - fine


def _nearest(fine: Fraction, coarse: Fraction) -> Bounds:
    return -coarse / 2, coarse / 2


_ROUNDING = dict.fromkeys(Rounding, _nearest) | {Rounding.TRN: _down, Rounding.TRN_ZERO: _either}
"""Least and largest error of rounding multiples of a fine step to multiples of a coarse one."""


def _step(frac: int) -> Fraction:
    return Fraction(2) ** -frac


def _meet(interval: Interval, bounds: Bounds) -> Interval:
    """Return what lies in an interval and within bounds."""
    scale = Fraction(2) ** interval.frac
    low = max(interval.low, math.ceil(bounds[0] * scale))
    high = min(interval.high, math.floor(bounds[1] * scale))
    return Interval(low, high, interval.frac)
