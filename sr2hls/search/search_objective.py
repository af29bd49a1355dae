"""What a search minimises, and how data of extreme magnitude are scaled for it; the notes say so."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.errors import InputError

_COMFORTABLE = 1e3  # magnitudes from 1e-3 to 1e3 are left alone: scaling would spoil exact constants
_FEW = 0.1  # share of zeros that underflow may have made
_SINGLE = 30.0  # decades that single precision holds on either side of one
_DECADES = 2.0  # positive data over more decades than this are seen better on a logarithmic axis


class Loss(StrEnum):
    """How far a formula is from the data."""

    MSE = "mse"
    """Mean squared error."""
    LOG = "log"
    """Mean squared error of log|y|: relative errors. Targets of one sign; a few zeros are left out."""
    AUTO = "auto"
    """`LOG` for targets of one sign over more than two decades, else `MSE`."""


@dataclass(frozen=True, slots=True)
class SearchObjective:
    """Residuals of a formula on the data of one output.

    Attributes:
        y: targets, shape (n,).
        loss: `Loss.MSE` or `Loss.LOG`.
        weights: of the rows, shape (n,), of mean one; ``None``: all count the same.
    """

    y: FloatArray
    loss: Loss
    weights: FloatArray | None = None

    def residual(self, prediction: FloatArray) -> FloatArray:
        """Residuals, shape (n,); divided by the spread of y for `Loss.MSE`, so that they are of order one."""
        with np.errstate(all="ignore"):
            if self.loss is Loss.LOG:
                ratio = prediction / np.where(self.y == 0, 1.0, self.y)
                residual = np.where(ratio > 0, np.log(np.where(ratio > 0, ratio, 1.0)), np.nan)
                return self._weighted(np.where(self.y == 0, 0.0, residual))
            return self._weighted((prediction - self.y) / self.unit)

    def derivative(self, prediction: FloatArray) -> FloatArray:
        """Derivative of the residual by the prediction, shape (n,)."""
        with np.errstate(all="ignore"):
            if self.loss is Loss.LOG:
                return self._weighted(np.where(self.y == 0, 0.0, 1 / prediction))
            return self._weighted(np.full(len(self.y), 1 / self.unit))

    def rows(self, keep: NDArray[np.integer[Any]] | slice) -> "SearchObjective":
        """Return the objective on rows of some numbers, shape (rows,)."""
        return SearchObjective(self.y[keep], self.loss, None if self.weights is None else self.weights[keep])

    def _weighted(self, values: FloatArray) -> FloatArray:
        # The square of a residual counts with its weight.
        return values if self.weights is None else values * np.sqrt(self.weights)

    def value(self, prediction: FloatArray) -> float:
        """Loss of predictions, shape (n,): in units of y², for `Loss.LOG` in squared natural logarithms."""
        residual = self.residual(prediction)
        unit = self.unit if self.loss is Loss.MSE else 1.0
        with np.errstate(all="ignore"):
            rows = np.count_nonzero(self.y) if self.loss is Loss.LOG else len(self.y)
            result = float(np.sum(residual**2) / rows) * unit * unit
        return result if np.isfinite(result) else float("inf")

    @property
    def unit(self) -> float:
        """Root mean square of y (1 if y is zero)."""
        return float(np.sqrt(np.mean(self.y**2))) or 1.0

    @property
    def floor(self) -> float:
        """Losses below this are rounding noise of double arithmetic."""
        step = 64 * np.finfo(np.float64).eps
        return float((step * (self.unit if self.loss is Loss.MSE else 1.0)) ** 2)


def decades(values: FloatArray) -> float:
    """Decades that values of one sign, shape (n,), span, a few zeros apart; 0 if they have both signs."""
    if not one_sign(values):
        return 0.0
    magnitude = np.abs(values[values != 0])
    return float(np.log10(magnitude.max()) - np.log10(magnitude.min()))


def one_sign(values: FloatArray) -> bool:
    """Whether all values, shape (n,), have one sign, but for a tenth of zeros at most, from underflow."""
    zeros = np.count_nonzero(values == 0)
    return bool(zeros <= _FEW * len(values) and (np.all(values >= 0) or np.all(values <= 0)))


def objective_for(y: FloatArray, loss: Loss, weights: FloatArray | None = None) -> SearchObjective:
    """Resolve `Loss.AUTO` for targets of shape (n,), and bring weights of their shape to a mean of one.

    Raises:
        InputError: `Loss.LOG` for targets of both signs or with a zero.
    """
    if loss is Loss.LOG and not one_sign(y):
        raise InputError("loss 'log' needs targets of one sign and few zeros: use loss 'mse'")
    if loss is Loss.AUTO:
        loss = Loss.LOG if decades(y) > _DECADES else Loss.MSE
    return SearchObjective(y, loss, None if weights is None else weights / weights.mean())


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at the data: what an engine is given instead of X and y, and the way back.

    Attributes:
        name: ``linear``, ``log`` or ``inverse``.
        columns: for each column of the view, the index of the input and whether its logarithm is taken.
        input_scales: inputs are divided by these, shape (f,).
        output_scale: targets are divided by this; its sign makes them positive in a logarithmic view.
    """

    name: str
    columns: tuple[tuple[int, bool], ...]
    input_scales: tuple[float, ...]
    output_scale: float

    def transform(self, X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Data as the engine sees them, shapes (m, columns), (m,); y = 0 only in the linear view."""
        if self.name != "linear":
            X, y = X[y != 0], y[y != 0]
        scaled = X / np.asarray(self.input_scales)
        seen = [np.log(np.abs(scaled[:, i])) if log else scaled[:, i] for i, log in self.columns]
        target = y / self.output_scale
        if self.name == "log":
            target = np.log(target)
        elif self.name == "inverse":
            target = 1 / target
        return np.column_stack(seen), target

    def back(self, expr: sympy.Expr) -> sympy.Expr:
        """The formula for y over the inputs, from the engine's formula over the columns of this view."""
        replace: dict[sympy.Symbol, sympy.Expr] = {}
        dummies: dict[sympy.Symbol, sympy.Expr] = {}
        for k, (i, log) in enumerate(self.columns):
            # positive, so that exp(a*log(x)) becomes x**a
            symbol = sympy.Symbol(f"x{i}", positive=True) if log else sympy.Symbol(f"x{i}")
            scale = self.input_scales[i]
            value = symbol if scale == 1.0 else symbol / sympy.Float(scale)
            replace[sympy.Symbol(f"x{k}")] = sympy.expand_log(sympy.log(value)) if log else value
            if log:
                dummies[symbol] = sympy.Symbol(f"x{i}")
        result = expr.xreplace(replace)
        if self.name == "log":
            result = _exponential(sympy.expand_mul(result))
        elif self.name == "inverse":
            result = 1 / result
        if self.output_scale != 1.0:
            result = result * sympy.Float(self.output_scale)
        return result.xreplace(dummies)

    def describe(self, names: tuple[str, ...]) -> str:
        """One line for the notes; empty if the data are taken as they are."""
        parts = [f"{names[i]}/{s:.0e}" for i, s in enumerate(self.input_scales) if s != 1.0]
        logs = [names[i] for i, log in self.columns if log]
        if self.output_scale not in (1.0, -1.0):
            parts.append(f"target/{self.output_scale:.0e}")
        if logs:
            parts.append(f"log of {', '.join(logs)}")
        if self.name != "linear":
            parts.append(f"{self.name} of the target")
        return f"{self.name} view: {', '.join(parts)}" if parts else ""


def _exponential(exponent: sympy.Expr) -> sympy.Expr:
    """exp(c + a*log(x) + rest) as exp(c)*x**a*exp(rest)."""
    factors: list[sympy.Expr] = []
    rest: list[sympy.Expr] = []
    for term in sympy.Add.make_args(exponent):
        coefficient, logarithm = term.as_coeff_Mul()
        if isinstance(logarithm, sympy.log):
            factors.append(logarithm.args[0] ** coefficient)
        elif not term.free_symbols:
            factors.append(sympy.exp(term))
        else:
            rest.append(term)
    return sympy.Mul(*factors) * sympy.exp(sympy.Add(*rest))


def _scale(values: FloatArray) -> float:
    """A power of ten near the typical magnitude, or 1 if that is moderate."""
    magnitude = np.abs(values[values != 0])
    if not len(magnitude):
        return 1.0
    typical = float(np.exp(np.mean(np.log(magnitude))))
    largest = float(magnitude.max())
    if typical >= 1 / _COMFORTABLE and largest <= _COMFORTABLE:
        return 1.0
    return float(10.0 ** np.round(np.log10(typical)))


def views_of(X: FloatArray, y: FloatArray) -> tuple[View, ...]:
    """The ways to look at data of shapes (n, inputs) and (n,) that are worth a search, most natural first.

    Always the linear one. Where targets of one sign span more than two decades, also their logarithm, with
    inputs that span a decade as themselves and as their logarithm, so that power laws are sums; and their
    inverse, in which harmonic sums (lenses, resistors) are sums.
    """
    count = X.shape[1]
    scales = tuple(_scale(X[:, i]) for i in range(count))
    plain = tuple((i, False) for i in range(count))
    views = [View("linear", plain, scales, _scale(y))]
    if decades(y) > _DECADES:
        logs = tuple((i, True) for i in range(count) if np.all(X[:, i] > 0) and decades(X[:, i]) > 1.0)
        sign = 1.0 if y.sum() > 0 else -1.0
        views.append(View("log", plain + logs, scales, sign * _scale(y)))
        if decades(y) < _SINGLE:
            views.append(View("inverse", plain, scales, _scale(y)))
    return tuple(views)
