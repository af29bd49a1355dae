"""A formula for a table: a polynomial of one or two values, rounded and kept within the table's bits.

The formula is fitted to what its table is for, not to its entries: the loss of a whole network is known for
each entry and each value that it may have, so that the loss of any formula is a sum of numbers looked up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import comb

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray, IntArray

_DEGREES: tuple[tuple[int, int], ...] = ((1, 1), (1, 2), (2, 2), (3, 3), (4, 4), (6, 6))
"""Largest exponent of a value and largest sum of exponents; (1, 2) has the product but no square."""
_DIRECTIONS = 12
_SMALLEST_STEP = 0.02
_MOST_ROUNDS = 400
_MOST_DIGITS = 9
_TIE = 1e-7


@dataclass(frozen=True)
class TableFormula:
    """``min(max(floor(Σ cᵢ · Π xⱼ^eᵢⱼ + 1/2), 0), largest)``.

    Attributes:
        exponents: of each term, one a value.
        coefficients: of each term.
        largest: largest entry, 2^bits - 1.
    """

    exponents: tuple[tuple[int, ...], ...]
    coefficients: tuple[float, ...]
    largest: int

    def entries(self, values: FloatArray) -> IntArray:
        """Return the table over given values of its arguments, shape (entries, arguments)."""
        return _rounded(_design(values, self.exponents) @ np.array(self.coefficients), self.largest)

    def shifted(self, argument: int, by: int) -> "TableFormula":
        """Return the formula of which an argument is replaced by itself and a number."""
        terms: dict[tuple[int, ...], float] = {}
        for exponents, coefficient in zip(self.exponents, self.coefficients, strict=True):
            power = exponents[argument]
            for p in range(power + 1):
                key = (*exponents[:argument], p, *exponents[argument + 1 :])
                terms[key] = terms.get(key, 0.0) + coefficient * comb(power, p) * float(by) ** (power - p)
        return TableFormula(tuple(terms), tuple(terms.values()), self.largest)

    def expr(self, arguments: Sequence[sp.Expr]) -> sp.Expr:
        """Return the polynomial, without rounding and limits, as a sympy expression."""
        terms = [
            sp.Float(c) * sp.Mul(*(a**e for a, e in zip(arguments, exponents, strict=True)))
            for c, exponents in zip(self.coefficients, self.exponents, strict=True)
            if c != 0
        ]
        return sp.Add(*terms)

    def exact(self, arguments: Sequence[sp.Expr]) -> sp.Expr:
        """Return the formula with rounding and limits as a sympy expression."""
        return sp.Min(sp.Max(sp.floor(self.expr(arguments) + sp.Rational(1, 2)), 0), self.largest)


def fit_table_formula(
    values: FloatArray, losses: FloatArray, tolerance: float, rng: np.random.Generator, most_terms: int = 15
) -> TableFormula:
    """Return the polynomial with the fewest terms whose table loses little.

    Args:
        values: of the arguments for each entry, shape (entries, arguments).
        losses: of each entry with each value, shape (entries, levels), summed over the samples that read it.
        tolerance: how much more loss than that of the best polynomial tried may pay for a simpler one.
        rng: source of randomness.
        most_terms: terms of the largest polynomial.
    """
    found: list[tuple[float, TableFormula]] = []
    floor = float(losses.min(axis=1).sum())
    for exponents in _families(values, most_terms):
        fitted = _fit(values, losses, exponents, rng)
        found.append((_loss(losses, fitted.entries(values)), fitted))
        if found[-1][0] <= floor + tolerance:
            break
    best = min(loss for loss, _ in found)
    enough, formula = next((loss, formula) for loss, formula in found if loss <= best + tolerance)
    return _sparser(values, losses, formula, max(enough, best + tolerance), rng)


def _sparser(
    values: FloatArray, losses: FloatArray, formula: TableFormula, allowed: float, rng: np.random.Generator
) -> TableFormula:
    """Leave out terms, the highest first, as long as the loss stays within what is allowed."""
    for exponents in reversed(formula.exponents[1:]):
        fewer = tuple(e for e in formula.exponents if e != exponents)
        candidate = _fit(values, losses, fewer, rng)
        if _loss(losses, candidate.entries(values)) <= allowed:
            formula = candidate
    return formula


def _families(values: FloatArray, most_terms: int) -> list[tuple[tuple[int, ...], ...]]:
    arguments = values.shape[1]
    distinct = [len(np.unique(values[:, k])) for k in range(arguments)]
    found: list[tuple[tuple[int, ...], ...]] = []
    for largest, total in _DEGREES:
        exponents = tuple(
            sorted(
                (
                    e
                    for e in product(range(largest + 1), repeat=arguments)
                    if sum(e) <= total and all(p < d for p, d in zip(e, distinct, strict=True))
                ),
                key=lambda e: (sum(e), e),
            )
        )
        if len(exponents) <= most_terms and exponents not in found:
            found.append(exponents)
    return found


def _fit(
    values: FloatArray, losses: FloatArray, exponents: tuple[tuple[int, ...], ...], rng: np.random.Generator
) -> TableFormula:
    largest = losses.shape[1] - 1
    design = _design(values, exponents)
    matters = losses.mean(axis=1) - losses.min(axis=1)
    weight = np.sqrt(matters + 1e-3 * (matters.mean() + 1e-12))
    # In an orthogonal basis each coefficient changes entries by about as much as it is changed itself.
    basis, mix = np.linalg.qr(design * weight[:, None])
    reach = np.abs(design @ np.linalg.pinv(mix)).max(axis=0)
    to_terms = np.linalg.pinv(mix) / np.maximum(reach, 1e-12)
    shapes = design @ to_terms
    start = basis.T @ (losses.argmin(axis=1) * weight) * reach
    coefficients = _descend(shapes, losses, start, rng)
    return _shortest(design, exponents, to_terms @ coefficients, largest)


def _descend(
    shapes: FloatArray, losses: FloatArray, start: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Pattern search: steps along each coefficient and along random directions, halved where none helps."""
    n = shapes.shape[1]
    best, best_loss = start, _loss(losses, _rounded(shapes @ start, losses.shape[1] - 1))
    step = losses.shape[1] / 4
    for _ in range(_MOST_ROUNDS):
        if step < _SMALLEST_STEP:
            break
        random = rng.standard_normal((_DIRECTIONS, n))
        random /= np.maximum(np.linalg.norm(random, axis=1, keepdims=True), 1e-12)
        directions = np.concatenate([np.eye(n), -np.eye(n), random])
        trials = best + step * directions
        tables = _rounded(trials @ shapes.T, losses.shape[1] - 1)
        totals = losses[np.arange(len(losses)), tables].sum(axis=1)
        first = int(totals.argmin())
        if totals[first] < best_loss - 1e-9:
            best, best_loss = trials[first], float(totals[first])
        else:
            step /= 2
    return best


def _shortest(
    design: FloatArray, exponents: tuple[tuple[int, ...], ...], coefficients: FloatArray, largest: int
) -> TableFormula:
    """Return the formula with the fewest significant digits that gives the same table.

    Few digits make ties, values half way between two integers, which fall to either side with the order of
    the additions: the table has to stay the same a little above and below.
    """
    constant = np.array([float(not any(e)) for e in exponents])
    if _has_ties(design @ coefficients, largest):
        coefficients = coefficients + 3 * _TIE * constant
    wanted = _rounded(design @ coefficients, largest)
    for digits in range(1, _MOST_DIGITS + 1):
        short = np.array([float(f"{c:.{digits}g}") for c in coefficients])
        values = design @ short
        if np.array_equal(_rounded(values, largest), wanted) and not _has_ties(values, largest):
            break
    else:
        short = coefficients
    return TableFormula(exponents, tuple(float(c) for c in short), largest)


def _has_ties(values: FloatArray, largest: int) -> bool:
    """Return whether a value is so near to half way between two integers that rounding errors decide."""
    return not np.array_equal(_rounded(values - _TIE, largest), _rounded(values + _TIE, largest))


def _design(values: FloatArray, exponents: Sequence[tuple[int, ...]]) -> FloatArray:
    columns = [np.prod(values ** np.array(e), axis=1) for e in exponents]
    return np.stack(columns, axis=1).astype(np.float64)


def _rounded(values: FloatArray, largest: int) -> IntArray:
    return np.clip(np.floor(values + 0.5), 0, largest).astype(np.int64)


def _loss(losses: FloatArray, entries: IntArray) -> float:
    return float(losses[np.arange(len(losses)), entries].sum())
