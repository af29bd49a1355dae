"""The dictionary of shapes that cost little in hardware, with the constants that the search starts from.

One input: any function of few bits is a table of about one LUT an output bit, so they differ in what a reader
pays. Two inputs: products of two functions of one input, and a few that mix their inputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.costs import Operators
from sr2hls.search.expressions import expr_from_text
from sr2hls.search.joint.shapes import ARGUMENTS, Shape, make_shape


@dataclass(frozen=True)
class Range:
    """Where the values of an input lie.

    Attributes:
        low: 1 % quantile.
        high: 99 % quantile.
        least: smallest value, or what it can be.
        most: largest value, or what it can be.
    """

    low: float
    high: float
    least: float
    most: float

    @classmethod
    def of(cls, column: FloatArray, ends: Sequence[float] | None = None) -> "Range":
        """Measure a column of shape (rows,); its values can be from one end to the other."""
        low, high = np.quantile(column, (0.01, 0.99))
        least, most = ends or (float(column.min()), float(column.max()))
        return cls(float(low), float(high), least, most) if high > low else cls(least, most, least, most)

    @property
    def half(self) -> float:
        """Half of the width, positive."""
        return (self.high - self.low) / 2 or 1.0

    def grid(self, count: int) -> FloatArray:
        """Return places between the ends, without the ends."""
        return np.linspace(self.low, self.high, count + 2)[1:-1]

    @property
    def has_zero(self) -> bool:
        """Whether zero is among the values or very near to them."""
        near = 0.02 * self.half
        return self.least <= near and self.most >= -near


Start = Callable[[Range], Sequence[tuple[float, ...]]]


@dataclass(frozen=True)
class DictionaryEntry:
    """A shape of one input.

    Attributes:
        shape: the shape over u.
        start: constants to start from, for the range of the input.
        factor: constants to start from in products with functions of another input; ``None``: no products.
    """

    shape: Shape
    start: Start
    factor: Start | None = None


@dataclass(frozen=True)
class MixedEntry:
    """A shape of two inputs that is no product.

    Attributes:
        shape: the shape over u and v.
        start: constants to start from, for the ranges of both.
        symmetric: whether exchanging the inputs gives nothing new.
    """

    shape: Shape
    start: Callable[[Range, Range], Sequence[tuple[float, ...]]]
    symmetric: bool = False


def one_input_entries() -> tuple[DictionaryEntry, ...]:
    """Return the shapes of one input."""
    return (
        DictionaryEntry(make_shape("u"), _plain, _plain),
        DictionaryEntry(make_shape("u^2"), _plain, _plain),
        DictionaryEntry(make_shape("u^3"), _plain),
        DictionaryEntry(make_shape("abs(u)"), _with_zero, _with_zero),
        DictionaryEntry(make_shape("1/u"), _without_zero, _without_zero),
        DictionaryEntry(make_shape("sqrt(u)"), _positive, _positive),
        DictionaryEntry(make_shape("log(u)"), _positive, _positive),
        DictionaryEntry(make_shape("u - p0"), _nowhere, _off_centre),
        DictionaryEntry(make_shape("max(u, p0)"), _places(15), _places(5)),
        DictionaryEntry(make_shape("abs(u - p0)"), _places(15), _places(5)),
        DictionaryEntry(make_shape("sign(u - p0)"), _places(31), _places(9)),
        DictionaryEntry(make_shape("exp(p0*u)"), _rates(-3.0, -1.5, -0.7, 0.7, 1.5, 3.0), _rates(-1.5, 1.5)),
        DictionaryEntry(make_shape("sin(p0*u)"), _rates(0.8, 1.6, 2.4, 3.2, 4.8, 6.4), _rates(1.6, 3.2)),
        DictionaryEntry(make_shape("cos(p0*u)"), _rates(0.8, 1.6, 2.4, 3.2, 4.8, 6.4), _rates(1.6, 3.2)),
        DictionaryEntry(make_shape("tanh(p0*u)"), _rates(1.0, 2.0, 5.0), _rates(2.0)),
        DictionaryEntry(make_shape("tanh(p0*u + p1)"), _steps),
        DictionaryEntry(make_shape("min(abs(u - p0), p1)"), _tents, _few_tents),
        DictionaryEntry(make_shape("exp(p0*(u - p1)^2)"), _bumps),
    )


def mixed_entries() -> tuple[MixedEntry, ...]:
    """Return the shapes of two inputs that are no products of functions of one."""
    return (
        MixedEntry(make_shape("max(u, v)"), lambda a, b: [()], symmetric=True),
        MixedEntry(make_shape("min(u, v)"), lambda a, b: [()], symmetric=True),
        MixedEntry(make_shape("abs(u + v)"), lambda a, b: [()], symmetric=True),
        MixedEntry(make_shape("sign(u - v)"), lambda a, b: [()], symmetric=True),
        MixedEntry(make_shape("max(u*v, p0)"), lambda a, b: [(p,) for p in _products(a, b)], symmetric=True),
        MixedEntry(make_shape("max(u + p0*v, p1)"), _mixtures),
        MixedEntry(make_shape("abs(u + p0*v - p1)"), _mixtures),
    )


def user_entries(operators: Operators, allowed: Sequence[str] | None = None) -> tuple[DictionaryEntry, ...]:
    """Return entries for the user's own operators of one input: f(u), and f(a u + b).

    Args:
        operators: the operators known.
        allowed: names of those that are meant; ``None``: all.
    """
    entries = []
    for operator in operators.custom:
        if len(operator.parameters) == 1 and (allowed is None or operator.name in allowed):
            for argument, start in (("u", _plain), ("p0*u + p1", _steps)):
                shape = make_shape(expr_from_text(f"{operator.name}({argument})", operators))
                entries.append(DictionaryEntry(shape, start, start if argument == "u" else None))
    return tuple(entries)


def entries_of(
    allowed: Sequence[str], operators: Operators
) -> tuple[tuple[DictionaryEntry, ...], tuple[MixedEntry, ...]]:
    """Return the entries whose shapes have some operators only; without sums and products there are none."""
    if not {"+", "*"} <= set(allowed):
        return (), ()
    single = (e for e in one_input_entries() if _has_only(e.shape, allowed))
    mixed = tuple(e for e in mixed_entries() if _has_only(e.shape, allowed))
    return (*single, *user_entries(operators, allowed)), mixed


def _has_only(shape: Shape, allowed: Sequence[str]) -> bool:
    """Whether a shape is made of some operators; differences are sums, and whole powers are products."""
    needed = {node.op for node in shape.tree.nodes()} - {"var", "const", "-", "square", "^"}
    return needed <= {*allowed, *(("/",) if "inv" in allowed else ())}


@lru_cache(maxsize=4096)
def product_shape(first: Shape, second: Shape) -> Shape:
    """Return the shape f(u) g(v) of two shapes of one input; the second one's constants come last."""
    rename: dict[sp.Basic, sp.Basic] = {
        sp.Symbol(f"p{k}"): sp.Symbol(f"p{k + first.constants}") for k in range(second.constants)
    }
    moved = second.expr.xreplace(rename | {ARGUMENTS[0]: ARGUMENTS[1]})
    return Shape(first.expr * moved, first.constants + second.constants)


def _plain(_: Range) -> list[tuple[float, ...]]:
    return [()]


def _nowhere(_: Range) -> list[tuple[float, ...]]:
    """A line has its place in the output's constant."""
    return []


def _off_centre(r: Range) -> list[tuple[float, ...]]:
    """Places for the factor of a product, where 0 is not among the values anyway."""
    return [] if r.least < 0 < r.most else [(float(b),) for b in r.grid(3)]


def _places(count: int) -> Start:
    return lambda r: [(float(b),) for b in r.grid(count)]


def _rates(*rates: float) -> Start:
    return lambda r: [(a / r.half,) for a in rates]


def _with_zero(r: Range) -> list[tuple[float, ...]]:
    return [()] if r.least < 0 < r.most else []


def _without_zero(r: Range) -> list[tuple[float, ...]]:
    return [] if r.has_zero else [()]


def _positive(r: Range) -> list[tuple[float, ...]]:
    return [()] if r.least > 0 else []


def _steps(r: Range) -> list[tuple[float, ...]]:
    return [(a / r.half, -a / r.half * b) for a, b in product((1.5, 3.0, 8.0), r.grid(9))]


def _tents(r: Range) -> list[tuple[float, ...]]:
    return [(b, r.half * d) for d, b in product((0.15, 0.3, 0.6), r.grid(15))]


def _few_tents(r: Range) -> list[tuple[float, ...]]:
    return [(b, 0.3 * r.half) for b in r.grid(5)]


def _bumps(r: Range) -> list[tuple[float, ...]]:
    return [(-a / r.half**2, b) for a, b in product((3.0, 12.0, 50.0), r.grid(15))]


def _products(a: Range, b: Range) -> FloatArray:
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return np.linspace(min(corners), max(corners), 7)[1:-1]


def _mixtures(a: Range, b: Range) -> list[tuple[float, ...]]:
    result: list[tuple[float, ...]] = []
    for slope in (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0):
        factor = slope * a.half / b.half
        middle = (a.low + a.high + factor * (b.low + b.high)) / 2
        width = a.half + abs(factor) * b.half
        result += [(factor, middle + t * width) for t in (-0.4, -0.15, 0.15, 0.4)]
    return result
