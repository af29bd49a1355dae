"""What candidates of every engine go through: constants refitted, simplified, snapped; scored again."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import sympy

from sr2hls.arrays import FloatArray
from sr2hls.costs import CostModel, Operators
from sr2hls.errors import InputError
from sr2hls.search.fit_constants import MAX_FITTED, Fit, Fitter, Skeleton
from sr2hls.search.front import Candidate, Front, Scalar, complexity_of, cost_or_none
from sr2hls.search.gauge import without_spare_constants
from sr2hls.search.search_objective import SearchObjective
from sr2hls.search.simplify import simplified

_PRUNE_TRIALS = 4
_BETTER = 1 - 1e-6  # share of its best loss so far that makes a form worth another look
_MOST_SAVED = 8.0  # nats; a constant never counts more than some four digits


@dataclass(frozen=True, slots=True)
class Polisher:
    """Refits, simplifies and snaps formulas on the data of one output.

    Attributes:
        X: inputs, shape (n, f).
        objective: targets and loss.
        cost: cost model for the scores.
        latency: second cost model, or ``None``.
        operators: the operators known.
    """

    X: FloatArray
    objective: SearchObjective
    cost: CostModel
    latency: CostModel | None = None
    operators: Operators = field(default_factory=Operators)

    def fit(self, expr: sympy.Expr) -> Fit | None:
        """Fit the constants; ``None`` if the formula has no real value on the data."""
        try:
            if expr.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
                return None
            fit = Fitter(self.X, self.objective, self.operators).fit(expr)
        except (InputError, TypeError, ValueError, OverflowError, np.linalg.LinAlgError):
            return None
        return fit if math.isfinite(fit.loss) else None

    def evaluate(self, expr: sympy.Expr) -> float:
        """Loss of a formula as it is; infinite where it has no real value."""
        return Fitter(self.X, self.objective, self.operators).loss(Skeleton.of(expr, self.operators))

    def snap(self, fit: Fit) -> Fit:
        """Replace constants by simple exact ones where that takes fewer digits; refit the others.

        A fitted constant v known to ±d takes log(v/d) nats to write down, a fraction p/q log((p + 1)(q + 1)).
        What is saved may be lost again in the residuals: n/2 log(loss) may grow by it (minimum description
        length; Rissanen, Automatica 14, 1978). With many rows that is next to nothing: a constant is rounded
        only if the data cannot tell.
        """
        tried: set[float] = set()
        while True:
            step = self._snap_one(fit, tried)
            if step is None:
                return fit
            fit = step

    def _snap_one(self, fit: Fit, tried: set[float]) -> Fit | None:
        for k, value in enumerate(fit.form.values):
            # Constants that follow others move a little in each refit: compare them roughly.
            mark = float(f"{value:.3g}")
            if mark in tried:
                continue
            tried.add(mark)
            for number in simple_numbers(value):
                limit = self._limit(fit, k, value, number)
                if fit.stiffness is not None:
                    expected = fit.stiffness[k] * (float(number) - value) ** 2
                    if fit.loss + 0.2 * expected > limit:
                        continue
                trial = self.fit(fit.form.with_fixed(k, number))
                if trial is not None and trial.loss <= limit:
                    return trial
        return None

    def _limit(self, fit: Fit, index: int, value: float, number: sympy.Expr) -> float:
        """Largest loss that replacing a constant by an exact number may lead to."""
        rows = len(self.X)
        if fit.stiffness is None or fit.loss <= self.objective.floor:
            return self.objective.floor + fit.loss
        error = math.sqrt(fit.loss / (rows * max(fit.stiffness[index], 1e-300)))
        rational = number.as_coeff_Mul()[0]
        written = math.log((abs(int(rational.p)) + 1) * (int(rational.q) + 1))
        saved = (
            min(max(0.0, math.log(abs(value) / error) - written), _MOST_SAVED) if error < abs(value) else 0.0
        )
        return float(fit.loss * math.exp(2 * saved / rows) + self.objective.floor)

    def prune(self, fit: Fit) -> Iterator[Fit]:
        """Ever cheaper formulas: each time the constant goes (to 0, 1 or -1) that the loss needs least."""
        first = max(fit.loss, self.objective.floor)
        for _ in range(MAX_FITTED):
            values = fit.form.values
            if not values or len(values) > MAX_FITTED:
                return
            stiffness = fit.stiffness or (1.0,) * len(values)
            moves = sorted(
                (_rough(s * (number - v) ** 2), k, number)
                for k, (v, s) in enumerate(zip(values, stiffness, strict=True))
                for number in (0, 1 if v > 0 else -1)
            )
            best: Fit | None = None
            for expected, k, n in moves[:_PRUNE_TRIALS]:
                if best is not None and best.loss <= fit.loss + expected:
                    break  # by the quadratic model of the loss, what follows is worse
                trial = self.fit(fit.form.with_fixed(k, sympy.Integer(n)))
                if trial is not None and (
                    best is None or self._pruned_order(trial) < self._pruned_order(best)
                ):
                    best = trial
            if best is None:
                return
            fit = best
            yield fit
            if fit.loss > 1e3 * first:
                return

    def _pruned_order(self, fit: Fit) -> tuple[float, int]:
        return _rough(max(fit.loss, self.objective.floor)), fit.form.tree.complexity

    def polish(
        self,
        expr: sympy.Expr,
        engine: str,
        details: Mapping[str, Scalar],
        seen: dict[sympy.Expr, float] | None = None,
    ) -> list[Candidate]:
        """All that becomes of one formula: itself refitted and snapped, and its pruned relatives.

        Formulas without a real value on the data are dropped.

        Args:
            expr: the formula.
            engine: engine that found it.
            details: where it comes from.
            seen: least loss of each form of earlier calls, which is updated: a form that comes again and is
                no better is left out, and what it would be pruned to.
        """
        seen = {} if seen is None else seen
        fitted = self.fit(without_spare_constants(expr))
        if fitted is None or len(fitted.form.values) >= len(self.X):
            return []
        found: dict[sympy.Expr, float] = {}
        for relative in itertools.chain([fitted], self.prune(fitted)):
            form = _form(relative)
            loss = max(relative.loss, self.objective.floor)
            if loss > seen.get(form, math.inf) * _BETTER:
                break
            seen[form] = loss
            snapped = self._reduced(self.snap(relative))
            found[simplified(snapped.expr, self.cost)] = snapped.loss
        return [self.score(e, loss, engine, details) for e, loss in found.items()]

    def _reduced(self, fit: Fit) -> Fit:
        """Take out the constants that pruning and snapping made spare: exp(1)*0.55 is one number again."""
        expr = without_spare_constants(fit.expr)
        again = None if expr == fit.expr else self.fit(expr)
        return fit if again is None else self.snap(again)

    def score(self, expr: sympy.Expr, loss: float, engine: str, details: Mapping[str, Scalar]) -> Candidate:
        """Make a candidate, with costs by our own models."""
        return Candidate(
            expr=expr,
            loss=loss,
            cost=cost_or_none(self.cost, expr),
            latency=cost_or_none(self.latency, expr),
            complexity=complexity_of(expr, self.operators),
            engine=engine,
            details=dict(details),
        )

    def front(self, output: str, candidates: Iterable[Candidate]) -> Front:
        """The Pareto front of candidates."""
        return Front(output, tuple(candidates), self.objective.floor, len(self.X)).pareto()


def _form(fit: Fit) -> sympy.Expr:
    """The formula with the same symbol for every fitted constant, to recognise the same form."""
    symbols = {sympy.Symbol(f"p{k}"): sympy.Symbol("c") for k in range(len(fit.form.values))}
    return fit.form.expr.xreplace(symbols)


def _rough(loss: float) -> float:
    """Loss to six digits: the rest differs between equivalent formulas by rounding and must not decide."""
    return float(f"{loss:.6g}")


def simple_numbers(value: float) -> Iterator[sympy.Expr]:
    """Exact numbers near a value, simplest first: integers, halves, ..., fractions of π, short decimals."""
    if value == 0 or not math.isfinite(value):
        return
    seen: set[sympy.Expr] = set()
    for number, closeness in _near(value):
        if number != 0 and number not in seen and abs(float(number) - value) <= closeness * abs(value):
            seen.add(number)
            yield number


def _near(value: float) -> Iterator[tuple[sympy.Expr, float]]:
    """Numbers to try, with how close, relatively, they have to be."""
    for unit, symbol, tight in ((1.0, sympy.Integer(1), 1.0), (math.pi, sympy.pi, 0.1)):
        if abs(value / unit) > 10:
            continue
        for limit, closeness in ((1, 0.02), (2, 0.01), (3, 0.01), (4, 0.005)):
            fraction = Fraction(value / unit).limit_denominator(limit)
            yield sympy.Rational(fraction.numerator, fraction.denominator) * symbol, closeness * tight
    for decimal, closeness in ((10, 1e-4), (100, 1e-6)):
        if abs(value) <= 100:
            yield sympy.Rational(round(value * decimal), decimal), closeness
