"""Least squares by Levenberg-Marquardt that gives the same bits each time.

MINPACK's (behind scipy's ``method="lm"``) does not: formulas of an engine often have constants that can be
traded for each other, along such a direction the loss is flat, and what MINPACK does there is amplified
rounding noise, which was seen to differ between two calls in one process. Here a step has no component along
flat directions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray

_FLAT = 1e-9
"""Singular values of the scaled Jacobian below this share of the largest belong to flat directions."""
_FIRST_DAMPING = 1e-6
_LEAST_DAMPING = 1e-14
_MOST_DAMPING = 1e8


@dataclass(frozen=True, slots=True)
class Minimum:
    """Result of `least_squares`.

    Attributes:
        x: parameters, shape (p,).
        jacobian: Jacobian of the residuals there, shape (n, p).
        evaluations: how often the residuals were computed.
    """

    x: FloatArray
    jacobian: FloatArray
    evaluations: int


def least_squares(
    residual: Callable[[FloatArray], FloatArray],
    jacobian: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    *,
    max_evaluations: int,
    ftol: float = 1e-12,
    xtol: float = 1e-14,
) -> Minimum:
    """Minimise the sum of squares of residuals (Marquardt, J. SIAM 11, 1963; scaling of Moré, 1978).

    Args:
        residual: parameters, shape (p,), to residuals, shape (n,); finite.
        jacobian: parameters to derivatives of the residuals, shape (n, p); finite.
        start: parameters to start from.
        max_evaluations: residuals are computed at most this often.
        ftol: stop when a step lowers the sum, in truth and by the linear model, by no more than this share.
        xtol: stop when a step is no longer than this share of the parameters, both scaled.
    """
    x = start
    r = residual(x)
    total = float(np.sum(r * r))
    J = jacobian(x)
    scale = np.zeros(len(x))
    damping, growth = _FIRST_DAMPING, 4.0
    evaluations = 1
    fresh = True
    while evaluations < max_evaluations and total > 0:
        if fresh:
            scale = np.maximum(scale, np.sqrt(np.sum(J * J, axis=0)))
            safe = np.where(scale > 0, scale, 1.0)
            u, s, vt = np.linalg.svd(J / safe, full_matrices=False)
            bent = s > _FLAT * s[0]
            along = -(u.T @ r)
        slopes = np.where(bent, s / (s * s + damping * s[0] * s[0] + np.finfo(float).tiny), 0.0)
        move = slopes * along
        step = (vt.T @ move) / safe
        trial = x + step
        r_trial = residual(trial)
        evaluations += 1
        total_trial = float(np.sum(r_trial * r_trial))
        predicted = float(np.sum(np.where(bent, along * along - (along + s * move) ** 2, 0.0)))
        small = float(np.linalg.norm(safe * step)) <= xtol * float(np.linalg.norm(safe * x))
        converged = small or (abs(total - total_trial) <= ftol * total and predicted <= ftol * total)
        fresh = total_trial < total
        if fresh:
            x, r, total = trial, r_trial, total_trial
            J = jacobian(x)
            damping, growth = max(damping / 10, _LEAST_DAMPING), 4.0
        else:
            damping, growth = damping * growth, growth * 2
        if converged or damping > _MOST_DAMPING:
            break
    return Minimum(x, J, evaluations)


def by_differences(residual: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], FloatArray]:
    """Return a Jacobian by forward differences, for formulas whose derivatives are not known.

    The residual maps parameters of shape (parameters,) to shape (rows,).
    """

    def jacobian(x: FloatArray) -> FloatArray:
        r = residual(x)
        columns = []
        for k, value in enumerate(x):
            moved = x.copy()
            moved[k] = value + float(np.sqrt(np.finfo(np.float64).eps)) * max(1.0, abs(value))
            columns.append((residual(moved) - r) / (moved[k] - value))
        return np.stack(columns, axis=1)

    return jacobian
