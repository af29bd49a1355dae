"""Formulas for a function of one input, by least squares: sums of a line, steps and bumps.

A sum of k steps a·tanh(b·x + c) comes as near to any continuous function as one likes (Cybenko 1989), so that
there is always a formula within a given error; the search engine looks for a simpler one.
"""

from collections.abc import Iterator

import numpy as np
import sympy as sp
from scipy.optimize import least_squares

from sr2hls.arrays import FloatArray

_STARTS = 4
_MOST_STEPS = 4
_DIGITS = 4


def fitted_curves(
    x: FloatArray, y: FloatArray, weight: FloatArray, symbol: sp.Symbol, seed: int = 0
) -> Iterator[tuple[sp.Expr, float]]:
    """Yield formulas of growing size with their weighted rms error.

    Args:
        x: where the function is known, shape (n,).
        y: its values, shape (n,).
        weight: how much each point counts, shape (n,), summing to 1.
        symbol: the input.
        seed: of the starting points.
    """
    rng = np.random.default_rng(seed)
    for shapes in _families():
        best: tuple[float, FloatArray] | None = None
        for _ in range(_STARTS if "square" not in shapes and shapes else 1):
            inner = _start(shapes, x, rng)
            if len(inner):
                inner = least_squares(_residual, inner, args=(shapes, x, y, weight), max_nfev=40).x
            values, _ = _model(shapes, inner, x, y, weight)
            error = float(np.sqrt(weight @ (values - y) ** 2))
            if best is None or error < best[0]:
                best = error, inner
        assert best is not None
        _, outer = _model(shapes, best[1], x, y, weight)
        yield _expression(shapes, best[1], outer, symbol), best[0]


def _families() -> Iterator[tuple[str, ...]]:
    yield ()
    yield ("square",)
    yield ("step",)
    yield ("bump",)
    for count in range(2, _MOST_STEPS + 1):
        yield ("step",) * count


def _start(shapes: tuple[str, ...], x: FloatArray, rng: np.random.Generator) -> FloatArray:
    span = float(np.ptp(x)) or 1.0
    start = []
    for shape in shapes:
        if shape != "square":
            slope = rng.choice([2.0, 6.0, 15.0]) / span
            start += [slope, -slope * rng.uniform(x.min(), x.max())]
    return np.array(start, dtype=np.float64)


def _residual(
    inner: FloatArray, shapes: tuple[str, ...], x: FloatArray, y: FloatArray, weight: FloatArray
) -> FloatArray:
    return np.asarray(np.sqrt(weight) * (_model(shapes, inner, x, y, weight)[0] - y))


def _model(
    shapes: tuple[str, ...], inner: FloatArray, x: FloatArray, y: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the best values for the inner constants, and the outer constants, which are linear."""
    columns = [np.ones_like(x), x]
    at = 0
    for shape in shapes:
        if shape == "square":
            columns.append(x * x)
            continue
        argument = inner[at] * x + inner[at + 1]
        at += 2
        columns.append(np.tanh(argument) if shape == "step" else np.exp(-np.minimum(argument**2, 700.0)))
    design = np.stack(columns, axis=1)
    root = np.sqrt(weight)[:, None]
    # A little ridge keeps nearly equal steps from growing against each other.
    ridge = 1e-4 * np.eye(design.shape[1])
    ridge[0, 0] = 0.0
    outer, *_ = np.linalg.lstsq(
        np.concatenate([design * root, ridge]),
        np.concatenate([y * root[:, 0], np.zeros(len(ridge))]),
        rcond=None,
    )
    return design @ outer, outer


def _expression(shapes: tuple[str, ...], inner: FloatArray, outer: FloatArray, symbol: sp.Symbol) -> sp.Expr:
    def number(value: float) -> sp.Float:
        return sp.Float(float(f"{value:.{_DIGITS}g}"))

    expr: sp.Expr = number(outer[0]) + number(outer[1]) * symbol
    at = 0
    for shape, factor in zip(shapes, outer[2:], strict=True):
        if shape == "square":
            expr += number(factor) * symbol**2
            continue
        argument = number(inner[at]) * symbol + number(inner[at + 1])
        at += 2
        expr += number(factor) * (sp.tanh(argument) if shape == "step" else sp.exp(-(argument**2)))
    return expr
