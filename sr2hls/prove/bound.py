"""How far a program is from its formulas for every input, where both are sums of functions of few bits.

What reads few input bits is computed for all of them: the program by its interpreter, the formula in ball
arithmetic. What sums drop is bounded by an interval. The largest error of a sum is at most the sum of the
largest ones of its parts.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import sympy as sp
from flint import ctx

from sr2hls.arrays import FloatArray
from sr2hls.errors import VerificationError
from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import Overflow, Rounding
from sr2hls.prove.balls import PRECISIONS, Ball, BallOf, UndecidedError, ball, compiled

Key = frozenset[int]
"""Inputs that a part reads."""
_MOST_BITS = 20
_NEVER = 1000
"""Integer bits of a sum that wraps around nowhere."""
_SLACK = 1e-12
"""Share of the magnitudes that sums in floating point may be off by, and far more than they are."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Least and largest difference of an output from its formula, in the output's units.

    Attributes:
        output: its name.
        low: least difference.
        high: largest difference.
        inputs: how many inputs were computed for it.
        undefined: those of them for which the formula has no value; they are left out.
        seconds: wall time.
    """

    output: str
    low: float
    high: float
    inputs: int
    undefined: int
    seconds: float


@dataclass(frozen=True)
class _Sum:
    """Positions of values that are computed, with their signs, and what is dropped between them.

    Attributes:
        parts: positions in the program and factors.
        low: least sum of what is dropped.
        high: largest sum of it.
        integer: bits of the narrowest type that the sum wrapped around in.
    """

    parts: tuple[tuple[int, int], ...]
    low: float = 0.0
    high: float = 0.0
    integer: int = _NEVER


@dataclass
class _Component:
    """What reads the same inputs, on both sides."""

    parts: list[tuple[int, int]] = field(default_factory=list)
    terms: list[sp.Expr] = field(default_factory=list)


def error_bound(program: Program, name: str, formula: sp.Expr, ends: float) -> Bound:
    """Bound the difference of an output from its formula for every input.

    Args:
        program: the program.
        name: of the output.
        formula: over the program's input names.
        ends: when to give up, in seconds of the monotonic clock.

    Raises:
        VerificationError: the two are no sums of functions of few bits, or the time is over; the message says
            which.
    """
    started = time.monotonic()
    out = program.outputs[program.output_names.index(name)]
    reads = _reads(program)
    total = _sum_of(program, reads, out)
    components: dict[Key, _Component] = {}
    for position, sign in total.parts:
        components.setdefault(reads[position], _Component()).parts.append((position, sign))
    index = {n: k for k, n in enumerate(program.input_names)}
    for term in sp.Add.make_args(formula):
        key = frozenset(index[str(s)] for s in term.free_symbols)
        components.setdefault(key, _Component()).terms.append(term)
    low, high, least, most = total.low, total.high, total.low, total.high
    count, undefined, size = 0, 0, 0.0
    for key, component in _joined(components).items():
        given, (below, above) = _evaluated(program, key, component, ends)
        defined = np.isfinite(below)
        if not defined.any():
            raise VerificationError(f"the formula of '{name}' has no value")
        low += float((given - above)[defined].min())
        high += float((given - below)[defined].max())
        undefined += int((~defined).sum())
        least, most = least + float(given.min()), most + float(given.max())
        count, size = count + len(given), size + float(np.abs(given).max() + np.abs(above[defined]).max())
    held, step = program.ranges[out], 2.0 ** -program.ranges[out].frac
    inside = held.low * step <= least and most <= held.high * step
    alone = (held.high - held.low + 1) * step <= 2.0**total.integer
    if total.integer < _NEVER and not (inside and alone):
        raise VerificationError(f"'{name}': its sums wrap around, or may")
    slack = _SLACK * size
    return Bound(name, low - slack, high + slack, count, undefined, time.monotonic() - started)


def error_bounds(
    program: Program, formulas: Mapping[str, sp.Expr], limit_s: float
) -> tuple[tuple[Bound, ...], tuple[str, ...]]:
    """Bound the differences of outputs from their formulas; return the bounds, and why there is no other.

    Args:
        program: the program.
        formulas: output name to formula over the program's input names.
        limit_s: seconds for all of them.
    """
    ends, found, reasons = time.monotonic() + limit_s, [], []
    for name, formula in formulas.items():
        try:
            found.append(error_bound(program, name, formula, ends))
        except VerificationError as error:
            reasons.append(f"the error of {name} is measured and not bounded: {error}")
    return tuple(found), tuple(reasons)


def _reads(program: Program) -> list[Key]:
    found: list[Key] = []
    for op in program.ops:
        own = {op.index} if isinstance(op, ops.Input) else set()
        found.append(frozenset(own).union(*(found[a] for a in op.args)))
    return found


def _bits(program: Program, key: Iterable[int]) -> int:
    return sum(program.input_types[k].width for k in key)


def _sum_of(program: Program, reads: list[Key], position: int) -> _Sum:
    """Return a value as a sum of those that read few bits."""
    op = program.ops[position]
    if not isinstance(op, ops.Add | ops.Sub | ops.Cast | ops.Neg) or len(reads[position]) < 2:
        if _bits(program, reads[position]) > _MOST_BITS:
            raise VerificationError(
                f"'{op.origin or op.name}' reads {_bits(program, reads[position])} bits and is no sum"
            )
        return _Sum(((position, 1),))
    signs = (1, -1) if isinstance(op, ops.Sub) else (-1,) if isinstance(op, ops.Neg) else (1, 1)
    args = [_scaled(_sum_of(program, reads, a), s) for a, s in zip(op.args, signs, strict=False)]
    total = reduce(_plus, args)
    exact, type_ = program.exact[position], op.type
    if exact.frac > type_.frac:
        rest = type_.step - 2.0**-exact.frac
        low, high = (-rest, 0.0) if type_.rounding is Rounding.TRN else (-rest, rest)
        total = replace(total, low=total.low + low, high=total.high + high)
    step, up = 2.0**-exact.frac, 0.0 if type_.rounding is Rounding.TRN else type_.step
    low, high = type_.raw_min * type_.step, (type_.raw_max + 1) * type_.step
    if low <= exact.low * step and exact.high * step + up < high:
        return total
    if type_.overflow is not Overflow.WRAP:
        raise VerificationError(f"'{op.origin or op.name}' may saturate")
    return replace(total, integer=min(total.integer, type_.integer))


def _scaled(a: _Sum, sign: int) -> _Sum:
    low, high = (a.low, a.high) if sign > 0 else (-a.high, -a.low)
    return _Sum(tuple((p, s * sign) for p, s in a.parts), low, high, a.integer)


def _plus(a: _Sum, b: _Sum) -> _Sum:
    return _Sum(a.parts + b.parts, a.low + b.low, a.high + b.high, min(a.integer, b.integer))


def _joined(components: Mapping[Key, _Component]) -> dict[Key, _Component]:
    """Join what reads a common input: its errors do not come apart."""
    found: dict[Key, _Component] = {}
    for key, component in components.items():
        whole, both = key, component
        for other in [k for k in found if k & key]:
            merged = found.pop(other)
            whole = whole | other
            both = _Component(both.parts + merged.parts, both.terms + merged.terms)
        found[whole] = both
    return found


def _evaluated(
    program: Program, key: Key, component: _Component, ends: float
) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
    """Return the program's part for all values of its inputs, and the ends of the formula's."""
    inputs = sorted(key)
    if _bits(program, key) > _MOST_BITS:
        raise VerificationError(f"a part reads {_bits(program, key)} bits, more than {_MOST_BITS}")
    types = [program.input_types[k] for k in inputs]
    grids = np.meshgrid(*(np.arange(t.raw_min, t.raw_max + 1) for t in types), indexing="ij")
    rows = np.zeros((grids[0].size if grids else 1, program.n_inputs), dtype=np.int64)
    for k, grid in zip(inputs, grids, strict=True):
        rows[:, k] = grid.ravel()
    given = np.zeros(len(rows))
    if component.parts:
        positions = [p for p, _ in component.parts]
        parts = replace(
            program, outputs=tuple(positions), output_names=tuple(f"p{k}" for k in range(len(positions)))
        )
        factors = [s * program.ops[p].type.step for p, s in component.parts]
        given = Interpreter(parts).run(rows) @ np.array(factors)
    evaluate = compiled(sp.Add(*component.terms))
    names = [program.input_names[k] for k in inputs]
    below, above = np.zeros(len(rows)), np.zeros(len(rows))
    for n, row in enumerate(rows[:, inputs].tolist()):
        if time.monotonic() > ends:
            raise VerificationError("the time is over")
        at = {name: (raw, t.frac) for name, raw, t in zip(names, row, types, strict=True)}
        below[n], above[n] = _ends(evaluate, at)
    return given, (below, above)


def _ends(evaluate: BallOf, at: Mapping[str, tuple[int, int]]) -> tuple[float, float]:
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            try:
                value: Ball = evaluate({name: ball(raw, frac) for name, (raw, frac) in at.items()})
            except UndecidedError:
                continue
            if value.is_finite():
                low, high = float(value.lower()), float(value.upper())
                return float(np.nextafter(low, -np.inf)), float(np.nextafter(high, np.inf))
    return float("nan"), float("nan")
