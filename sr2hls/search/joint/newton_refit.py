"""Newton steps for all constants of a model at once, on the loss of all outputs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.search.joint.joint_state import InputColumns, JointState
from sr2hls.search.joint.loss import JointLoss

RIDGE = 5e-3
"""Coefficients are drawn to zero by this share of their own curvature and of the loss, against large terms
that cancel; where the loss goes to zero, so does the pull."""
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-6, 1e6
_FLAT = 1e-10
_DEAD = 1e-30
"""Curvature of a constant that changes nothing."""


@dataclass(frozen=True, eq=False)
class System:
    """Gradient and Gauss-Newton Hessian of the loss by the parameters of a model.

    Attributes:
        gradient: shape (parameters,).
        hessian: shape (parameters, parameters).
    """

    gradient: FloatArray
    hessian: FloatArray


@dataclass(frozen=True, eq=False)
class Refit:
    """Result of a refit.

    Attributes:
        state: the model with its new constants.
        loss: its loss, without the ridge.
    """

    state: JointState
    loss: float


def loss_of(state: JointState, data: InputColumns, loss: JointLoss) -> float:
    """Return the loss of a model, in batches of rows; infinite where an output is."""
    total = 0.0
    for rows in data.batches():
        outputs = data.outputs_of(state, rows)
        if not np.all(np.isfinite(outputs)):
            return float("inf")
        total += loss.value(outputs, rows)
    return total


def assemble(state: JointState, data: InputColumns, loss: JointLoss) -> System:
    """Return the system at a model, in batches of rows: nothing of the size of all rows is kept."""
    size = state.offsets[-1]
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    links = list(state.link_parameters())
    for rows in data.batches():
        worked = [data.derivatives(atom, rows) for atom in state.atoms]
        count = len(range(len(data))[rows])
        slopes = loss.slopes(state.outputs([values for values, _ in worked], count), rows)
        mixed = None if slopes.coupling is None else np.zeros((count, size))
        for output in range(len(state.bias)):
            curvature = slopes.curvature[:, output]
            jacobian, index = _jacobian(state, worked, links, output, count)
            if mixed is not None and slopes.coupling is not None:
                coupling = slopes.coupling[:, output]
                curvature = curvature + coupling**2
                mixed[:, index] += coupling[:, None] * jacobian
            gradient[index] += slopes.gradient[:, output] @ jacobian
            hessian[np.ix_(index, index)] += jacobian.T @ (curvature[:, None] * jacobian)
        if mixed is not None:
            hessian -= mixed.T @ mixed
    return System(gradient, hessian)


def _jacobian(
    state: JointState,
    worked: list[tuple[FloatArray, FloatArray]],
    links: list[tuple[int, int, int, range]],
    output: int,
    count: int,
) -> tuple[FloatArray, list[int]]:
    """Derivatives of one output by the parameters that it has, and their indices."""
    columns: list[FloatArray] = []
    index = [output]
    for owner, place, coefficient, constants in links:
        if owner != output:
            continue
        values, slopes = worked[place]
        columns.append(values[:, None])
        index.append(coefficient)
        if len(constants):
            columns.append(state.coefficients[output, place] * slopes)
            index += constants
    return np.column_stack([np.ones(count), *columns]), index


def refit(
    state: JointState,
    data: InputColumns,
    loss: JointLoss,
    *,
    steps: int,
    ridge: float = RIDGE,
    fixed: NDArray[np.bool_] | None = None,
) -> Refit:
    """Fit all constants by damped Newton steps (Levenberg-Marquardt on the Gauss-Newton Hessian).

    Args:
        state: the model to start from.
        data: inputs.
        loss: on the same rows.
        steps: most accepted steps.
        ridge: how strongly coefficients are drawn to zero, in shares of curvature and loss at the start.
        fixed: which parameters stay as they are, a mask of shape (parameters,).
    """
    vector = state.vector()
    free = np.ones(len(vector), dtype=bool) if fixed is None else ~fixed
    value = loss_of(state, data, loss)
    if not free.any():
        return Refit(state, value)
    coefficients = slice(len(state.bias), state.offsets[0])
    damping = _FIRST_DAMPING
    pull = np.zeros(len(vector))
    first = True
    for _ in range(steps):
        system = assemble(state, data, loss)
        if first:
            pull[coefficients] = ridge * value * np.diag(system.hessian)[coefficients]
            total, first = value + 0.5 * float(pull @ vector**2), False
        gradient = system.gradient + pull * vector
        hessian = system.hessian + np.diag(pull)
        before = total
        while damping < _MOST_DAMPING:
            trial = vector.copy()
            trial[free] += newton_step(gradient[free], hessian[np.ix_(free, free)], damping)
            candidate = state.with_vector(trial)
            reached = loss_of(candidate, data, loss)
            with_pull = reached + 0.5 * float(pull @ trial**2)
            if with_pull < total:
                state, vector, value, total = candidate, trial, reached, with_pull
                damping = max(damping / 10, _LEAST_DAMPING)
                break
            damping *= 10
        if before - total <= 1e-7 * abs(before):
            break
    return Refit(state, value)


def newton_step(gradient: FloatArray, hessian: FloatArray, damping: float) -> FloatArray:
    """Return the step of Levenberg and Marquardt, scaled by the diagonal; flat directions are left alone.

    The gradient has shape (parameters,), the Hessian shape (parameters, parameters).
    """
    scale = np.sqrt(np.maximum(np.diag(hessian), _DEAD))
    scaled = hessian / np.outer(scale, scale)
    scaled[np.diag_indices_from(scaled)] += damping + _FLAT
    right = -gradient / scale
    try:
        step = np.linalg.solve(scaled, right)
    except np.linalg.LinAlgError:
        step = np.linalg.lstsq(scaled, right, rcond=_FLAT)[0]
    dead = np.diag(hessian) <= _DEAD
    return np.where(dead, 0.0, step / scale)
