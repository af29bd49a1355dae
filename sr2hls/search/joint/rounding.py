"""Constants to few digits, one after the other, while those that are left make up for it.

With C the inverse Hessian of the loss, moving constant k by d while all free constants follow costs
d²/(2 C_kk) and moves them by C_·k d/C_kk; then C loses that direction. The quadratic model is renewed after
the constants inside functions and after the coefficients.
"""

import numpy as np
from numpy.typing import NDArray

from sr2hls.search.joint.joint_state import InputColumns, JointState
from sr2hls.search.joint.loss import JointLoss
from sr2hls.search.joint.newton_refit import Refit, assemble, loss_of, refit
from sr2hls.search.joint.numbers import MOST_DIGITS, short_numbers

TOLERANCE = 3e-5
"""A shorter number may raise the loss by this share."""
_REFIT_STEPS = 3
_UNMOVED = 1e-9
_NOTHING = 1e-12
"""Share of the constants' loss that a shorter number may always cost: sums of doubles are no better."""


def round_constants(
    state: JointState,
    data: InputColumns,
    loss: JointLoss,
    tolerance: float = TOLERANCE,
    *,
    digits: int | None = MOST_DIGITS,
    exact: NDArray[np.bool_] | None = None,
) -> Refit:
    """Round all constants of a model.

    Args:
        state: a model whose constants are fitted.
        data: inputs.
        loss: on the same rows.
        tolerance: by what share a shorter number may raise the loss.
        digits: of the last choice, which is taken whatever it costs; ``None``: the constant as it is.
        exact: which parameters stay as they are, a mask of shape (parameters,).
    """
    fixed = np.zeros(state.offsets[-1], dtype=bool) if exact is None else exact.copy()
    biases = len(state.bias)
    begin, end = state.offsets[0], state.offsets[-1]
    of_constants = loss_of(JointState.empty(loss.start()), data, loss)
    allowed = max(tolerance * loss_of(state, data, loss), _NOTHING * of_constants)
    for places in (range(begin, end), range(biases, begin), range(biases)):
        if group := [k for k in places if not fixed[k]]:
            state = _round_group(state, data, loss, group, fixed, allowed, digits)
            fixed[group] = True
            if not fixed.all():
                state = refit(state, data, loss, steps=_REFIT_STEPS, fixed=fixed).state
    return Refit(state, loss_of(state, data, loss))


def _round_group(
    state: JointState,
    data: InputColumns,
    loss: JointLoss,
    group: list[int],
    fixed: NDArray[np.bool_],
    allowed: float,
    digits: int | None,
) -> JointState:
    system = assemble(state, data, loss)
    scale = np.sqrt(np.maximum(np.diag(system.hessian), 0.0))
    dead = scale <= _UNMOVED * max(float(scale.max()), 1e-300)
    for index in [k for k in group if dead[k]]:
        state = _round_by_trial(state, data, loss, index, allowed, digits)
    free = ~fixed & ~dead
    vector = state.vector()
    places = np.flatnonzero(free)
    scaled = system.hessian[np.ix_(places, places)] / np.outer(scale[places], scale[places])
    scaled[np.diag_indices_from(scaled)] += 1e-9
    inverse = np.linalg.inv(scaled) / np.outer(scale[places], scale[places])
    waiting = [int(np.flatnonzero(places == k)[0]) for k in group if free[k]]
    # Those that the loss feels most come first: the others can still make up for them.
    chosen: dict[int, float] = {}
    for k in sorted(waiting, key=lambda k: float(inverse[k, k]) / max(float(vector[places[k]]) ** 2, 1e-12)):
        freedom = max(float(inverse[k, k]), 1e-300)
        value = float(vector[places[k]])
        place = int(places[k])
        numbers = list(short_numbers(value, inside=place >= state.offsets[0], digits=digits))
        if place < len(state.bias):
            numbers.insert(0, 0.0)
        chosen[place] = _shortest(value, numbers, freedom, allowed)
        vector[places] += inverse[:, k] / freedom * (chosen[int(places[k])] - value)
        inverse = inverse - np.outer(inverse[:, k], inverse[k]) / freedom
    for place, number in chosen.items():
        vector[place] = number
    return state.with_vector(vector)


def _shortest(value: float, numbers: list[float], freedom: float, allowed: float) -> float:
    """The first number whose rise is allowed by the quadratic model, else the nearest one."""
    short = (n for n in numbers if (n - value) ** 2 / (2 * freedom) <= allowed)
    return next(short, min(numbers, key=lambda n: abs(n - value)))


def _round_by_trial(
    state: JointState,
    data: InputColumns,
    loss: JointLoss,
    index: int,
    allowed: float,
    digits: int | None,
) -> JointState:
    """Round a constant without a derivative, e.g. the place of a step."""
    vector = state.vector()
    before = loss_of(state, data, loss)
    rounded = state
    for number in short_numbers(float(vector[index]), digits=digits):
        vector[index] = number
        rounded = state.with_vector(vector)
        if loss_of(rounded, data, loss) - before <= allowed:
            return rounded
    return rounded
