"""Fitting the constants of a formula to data."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy

from sr2hls.arrays import FloatArray
from sr2hls.costs import Operators, Tree, tree_of
from sr2hls.search.expressions import evaluate
from sr2hls.search.jacobian import differentiable, value_and_jacobian
from sr2hls.search.levenberg import by_differences, least_squares
from sr2hls.search.search_objective import SearchObjective

MAX_FITTED = 12
"""Formulas with more constants are left as the engine fitted them."""
_FIT_ROWS = 4000
_HUGE = 1e6
_STEEPEST = 1e120  # squares of it can still be added up


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A formula with its constants taken out.

    Attributes:
        expr: sympy expression over x0, x1, ... and p0, p1, ...
        tree: its tree.
        values: value of each p.
    """

    expr: sympy.Expr
    tree: Tree
    values: tuple[float, ...]

    @classmethod
    def of(cls, expr: sympy.Expr, operators: Operators | None = None) -> "Skeleton":
        """Take the Floats out; integers and fractions belong to the form."""
        floats = sorted(expr.atoms(sympy.Float), key=sympy.default_sort_key)
        skeleton = expr.xreplace({c: sympy.Symbol(f"p{k}") for k, c in enumerate(floats)})
        return cls(skeleton, tree_of(skeleton, operators), tuple(float(c) for c in floats))

    def with_values(self, values: Iterable[float]) -> sympy.Expr:
        """Put constants back."""
        return self.expr.xreplace({sympy.Symbol(f"p{k}"): sympy.Float(v) for k, v in enumerate(values)})

    def with_fixed(self, index: int, number: sympy.Expr) -> sympy.Expr:
        """Put an exact number in the place of one constant, and the others back."""
        values: dict[sympy.Symbol, sympy.Expr] = {
            sympy.Symbol(f"p{k}"): sympy.Float(v) for k, v in enumerate(self.values)
        }
        return self.expr.xreplace({**values, sympy.Symbol(f"p{index}"): number})


@dataclass(frozen=True, slots=True)
class Fit:
    """Result of a fit.

    Attributes:
        form: the formula with the fitted constants.
        loss: loss on all rows.
        stiffness: how much the loss grows, divided by (change of the constant) squared, when one constant is
            moved and the others follow; ``None`` where nothing was fitted.
    """

    form: Skeleton
    loss: float
    stiffness: tuple[float, ...] | None

    @property
    def expr(self) -> sympy.Expr:
        """The formula."""
        return self.form.with_values(self.form.values)


@dataclass(frozen=True, slots=True)
class Fitter:
    """Fits formulas to the data of one output.

    Attributes:
        X: inputs, shape (n, f).
        objective: targets and loss.
        operators: the operators known.
    """

    X: FloatArray
    objective: SearchObjective
    operators: Operators = field(default_factory=Operators)

    def loss(self, form: Skeleton, values: Iterable[float] | None = None) -> float:
        """Loss on all rows; infinite where the formula has no real value."""
        return self.objective.value(self.predict(form, form.values if values is None else values, self.X))

    def predict(self, form: Skeleton, values: Iterable[float], X: FloatArray) -> FloatArray:
        """Values of the formula, shape (n,)."""
        columns: dict[str, Any] = {f"x{i}": X[:, i] for i in range(X.shape[1])}
        columns |= {f"p{k}": np.asarray([v]) for k, v in enumerate(values)}
        return np.broadcast_to(evaluate(form.tree, columns, self.operators), (len(X),)).astype(np.float64)

    def fit(self, expr: sympy.Expr) -> Fit:
        """Fit the constants by Levenberg-Marquardt; the start is kept if the fit is not better."""
        form = Skeleton.of(expr, self.operators)
        start = np.asarray(form.values)
        before = self.loss(form)
        if not 0 < len(start) <= min(MAX_FITTED, len(self.X)) or before <= self.objective.floor:
            return Fit(form, before, None)
        rows = slice(None, None, max(1, len(self.X) // _FIT_ROWS))
        part = self.objective.rows(rows)
        X = self.X[rows]

        def residual(values: FloatArray) -> FloatArray:
            return _bounded(part.residual(self.predict(form, values, X)))

        parameters = {f"p{k}": k for k in range(len(start))}
        columns = {f"x{i}": X[:, i] for i in range(X.shape[1])}

        def jacobian(values: FloatArray) -> FloatArray:
            value, derivatives = value_and_jacobian(form.tree, columns, parameters, tuple(values), len(X))
            return np.nan_to_num(
                part.derivative(value)[:, None] * derivatives, nan=0.0, posinf=_HUGE, neginf=-_HUGE
            )

        with np.errstate(all="ignore"):
            derivatives = jacobian if differentiable(form.tree) else by_differences(residual)
            found = least_squares(residual, derivatives, start, max_evaluations=20 + 5 * len(start))
        after = self.loss(form, found.x)
        if after < before:
            form = replace(form, values=tuple(float(v) for v in found.x))
        unit = self.objective.unit**2 if self.objective.loss == "mse" else 1.0
        return Fit(form, min(before, after), _stiffness(found.jacobian, unit))


def _bounded(values: FloatArray) -> FloatArray:
    """Keep the fit away from infinities: a formula without a real value is just very wrong."""
    return np.nan_to_num(np.clip(values, -_HUGE, _HUGE), nan=_HUGE)


def _stiffness(jacobian: FloatArray, unit: float) -> tuple[float, ...]:
    # By the quadratic model of the loss: moving p_k by d and refitting the rest costs d^2 / (J'J)^-1_kk.
    jacobian = np.clip(jacobian, -_STEEPEST, _STEEPEST)
    norms = np.linalg.norm(jacobian, axis=0)
    norms[norms == 0] = 1e-300
    scaled = jacobian / norms
    normal = scaled.T @ scaled + 1e-12 * np.eye(scaled.shape[1])
    inverse = np.abs(np.diag(np.linalg.inv(normal)))
    return tuple(float(v) for v in unit * norms**2 / np.maximum(inverse, 1e-300) / len(jacobian))
