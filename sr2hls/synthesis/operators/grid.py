"""Which operators are measured, at which widths: one circuit each, between registers.

Widths go from 4 to 18 bits in steps of two; what lies between is interpolated. Tables go over their index
bits and output bits, constants over their non-zero digits, combinations over what designs are made of.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sr2hls.arrays import IntArray
from sr2hls.options.measure import WIDTHS
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.size import nonzero_digits
from sr2hls.program.types import FixedType, Overflow, Rounding

_UNEQUAL = ((4, 8), (4, 12), (4, 16), (6, 10), (8, 12), (8, 16), (12, 16), (12, 18))
_EXTRA = 4
"""Bits that rounding and saturation take away."""

Write = Callable[[Builder], int]


@dataclass(frozen=True, slots=True)
class OperatorPoint:
    """One circuit of the grid.

    Attributes:
        operator: what it computes, e.g. ``mul`` or ``sum of tables``.
        in_bits: bits of its inputs, e.g. ``8+8``; of one of them where all are alike, e.g. ``16x6``.
        detail: what else tells it from others, e.g. the constant.
        program: the circuit.
        dsp: whether a DSP block may be used.
    """

    operator: str
    in_bits: str
    detail: str
    program: Program
    dsp: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What a point is found by."""
        return self.operator, self.in_bits, self.detail

    @property
    def out_bits(self) -> int:
        """Bits of its output."""
        return self.program.output_types[0].width


def grid(seed: int = 0, widths: Sequence[int] = WIDTHS) -> tuple[OperatorPoint, ...]:
    """Return every point; constants and entries of tables are drawn with the seed.

    Args:
        seed: of the random numbers.
        widths: bits of the arguments of single operators, at least 4.
    """
    rng = np.random.default_rng(seed)
    return (*_arithmetic(widths), *_constants(rng), *_tables(rng), *_combinations(rng))


def _signed(*widths: int) -> Builder:
    return Builder({f"x{k}": FixedType(True, w, w // 2) for k, w in enumerate(widths)})


def _point(
    operator: str, widths: tuple[int, ...], write: Write, detail: str = "", dsp: bool = False
) -> OperatorPoint:
    builder = _signed(*widths)
    program = builder.program({"y": write(builder)})
    alike = len(widths) > 2 and len(set(widths)) == 1
    text = f"{len(widths)}x{widths[0]}" if alike else "+".join(map(str, widths))
    return OperatorPoint(operator, text, detail, program, dsp)


def _arithmetic(widths: Sequence[int]) -> Iterator[OperatorPoint]:
    for w in widths:
        kept = FixedType(True, w, w // 2 - _EXTRA // 2)
        yield _point("add", (w, w), lambda b: b.add(0, 1))
        yield _point("sub", (w, w), lambda b: b.sub(0, 1))
        yield _point("neg", (w,), lambda b: b.neg(0))
        yield _point("abs", (w,), lambda b: b.abs(0))
        yield _point("min", (w, w), lambda b: b.min(0, 1))
        yield _point("max", (w, w), lambda b: b.max(0, 1))
        yield _point("less", (w, w), lambda b: b.compare(ops.Predicate.LT, 0, 1))
        yield _point("equal", (w, w), lambda b: b.compare(ops.Predicate.EQ, 0, 1))
        yield _point("select", (1, w, w), lambda b: b.select(0, 1, 2))
        yield _point("mul", (w, w), lambda b: b.mul(0, 1))
        yield _point("mul", (w, w), lambda b: b.mul(0, 1), "DSP allowed", dsp=True)
        yield _point("square", (w,), lambda b: b.mul(0, 0))
        # Four bits fewer: below by rounding, above by saturation.
        low = FixedType(True, w, (w + _EXTRA) // 2, Rounding.RND, Overflow.WRAP)
        high = FixedType(True, w, kept.integer, Rounding.TRN, Overflow.SAT)
        yield _point("round", (w + _EXTRA,), lambda b, t=low: _cast(b, t))  # type: ignore[misc]
        yield _point("saturate", (w + _EXTRA,), lambda b, t=high: _cast(b, t))  # type: ignore[misc]
    for a, c in _UNEQUAL:
        yield _point("mul", (a, c), lambda b: b.mul(0, 1))
    for w in (4, 6, 8, 10):
        quotient = FixedType(True, w, w // 2, Rounding.TRN, Overflow.SAT)
        yield _point("div", (w, w), lambda b, t=quotient: b.div(0, 1, t))  # type: ignore[misc]
    for n in (2, 3, 5):
        for w in (4, 8, 12):
            yield _point("argmax", (w,) * n, lambda b, n=n: b.argmax(list(range(n))))  # type: ignore[misc]


def _cast(builder: Builder, type_: FixedType) -> int:
    return builder.push(ops.Cast(args=(0,), type=type_))


def _constants(rng: Generator) -> Iterator[OperatorPoint]:
    drawn = [int(rng.integers(1 << (b - 1), 1 << b)) | 1 for b in (8, 12)]
    for w in (4, 8, 12, 16):
        for raw in (3, 7, 11, 85, *drawn):
            detail = f"constant {raw}, {nonzero_digits(raw)} digits"
            yield _point("constant mul", (w,), lambda b, r=raw: b.mul(0, b.constant(r, 4)), detail)  # type: ignore[misc]


def _tables(rng: Generator) -> Iterator[OperatorPoint]:
    for bits in range(4, 11):
        for out in (1, 4, 8, 12):
            entries = rng.integers(0, 1 << out, size=1 << bits)
            yield _table_point(entries, (bits,), out, "random entries")
            if out > 1:
                yield _table_point(_curve(rng, bits, out), (bits,), out, "smooth curve")
    for half in (3, 4, 5):
        for out in (4, 8):
            x = _curve(rng, half, out)[:, None] + _curve(rng, half, out)[None, :] * 0.5
            smooth = np.rint(x / 1.5).astype(np.int64).ravel()
            yield _table_point(smooth, (half, half), out, "smooth surface")


def _curve(rng: Generator, bits: int, out: int) -> IntArray:
    at = np.linspace(-1, 1, 1 << bits)
    wave = np.sin(float(rng.uniform(1, 3)) * at + float(rng.uniform(-1, 1))) + 0.2 * at
    wave = (wave - wave.min()) / (wave.max() - wave.min())
    raws: IntArray = np.rint(wave * ((1 << out) - 1)).astype(np.int64)
    return raws


def _table_point(entries: IntArray, widths: tuple[int, ...], out: int, detail: str) -> OperatorPoint:
    type_ = FixedType(False, out, out)
    detail = f"{out} bits out, {detail}"
    return _point("table", widths, lambda b: b.table(list(range(len(widths))), entries, type_), detail)


def _combinations(rng: Generator) -> Iterator[OperatorPoint]:
    for w in (8, 12):
        yield _point("mul and add", (w, w, w), lambda b: b.add(b.mul(0, 1), 2))
    for w in (6, 10):
        yield _point("quadratic", (w,), lambda b: _quadratic(b), "a + x(b + cx)")
    for n in (3, 8):
        for w in (6, 10):
            yield _point("sum", (w,) * n, lambda b, n=n: b.sum(list(range(n))))  # type: ignore[misc]
        for bits in (4, 6, 8):
            yield _point("sum of tables", (bits,) * n, _sum_of_tables(rng, n, bits), "6 bits out each")
    for n in (2, 6):
        for w in (6, 10):
            weights = [int(r) | 1 for r in rng.integers(-127, 128, size=n)]
            yield _point("dot with constants", (w,) * n, _dot(weights), " ".join(map(str, weights)) + " / 64")
    for bits in (4, 6, 8):
        yield _point("product of tables", (bits, bits), _product_of_tables(rng, bits), "6 bits out each")
    for w in (4, 5, 6):
        yield _point("table of a sum", (w, w), _table_of_sum(rng, w), "8 bits out")


def _quadratic(b: Builder) -> int:
    inner = b.add(b.mul(0, b.constant(11, 4)), b.constant(5, 3))
    return b.add(b.mul(0, inner), b.constant(-3, 2))


def _sum_of_tables(rng: Generator, n: int, bits: int) -> Write:
    curves = [_curve(rng, bits, 6) for _ in range(n)]
    return lambda b: b.sum([b.table([k], c, FixedType(False, 6, 2)) for k, c in enumerate(curves)])


def _dot(weights: list[int]) -> Write:
    return lambda b: b.sum([b.mul(k, b.constant(w, 6)) for k, w in enumerate(weights)])


def _product_of_tables(rng: Generator, bits: int) -> Write:
    curves = [_curve(rng, bits, 6) for _ in range(2)]
    type_ = FixedType(False, 6, 2)
    return lambda b: b.mul(b.table([0], curves[0], type_), b.table([1], curves[1], type_))


def _table_of_sum(rng: Generator, w: int) -> Write:
    curve = _curve(rng, w + 1, 8)
    return lambda b: b.table([b.add(0, 1)], curve, FixedType(False, 8, 2))
