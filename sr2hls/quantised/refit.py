"""All constants at once: steps of Gauss and Newton on the loss; parts fitted one by one get there slowly.

The derivatives are those before rounding (as in straight-through estimation: Bengio et al.,
arXiv:1308.3432) at the rounded predictions. A step counts only if the rounded formula loses less.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.lut_network.samples_and_loss import gradient
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.part import NUDGES, Part, sums
from sr2hls.quantised.rows import QuantisedRows

_STEPS = 4
_SCALES = (1.0, 0.5, 0.25, 0.1)
_DAMPING = 0.03
_DIFFERENCE = 1e-3


def refit(rows: QuantisedRows) -> None:
    """Move all constants of the state together as long as that lowers its loss on the rows."""
    now = rows.loss()
    for _ in range(_STEPS):
        steps = dict(_steps(rows))
        tried = [
            replace(rows.state, parts=tuple(_moved(p, scale * steps[p]) for p in rows.state.parts))
            for scale in _SCALES
        ]
        losses = [rows.loss(state) for state in tried]
        best = int(np.argmin(losses))
        if losses[best] >= now:
            return
        gained, now = now - losses[best], losses[best]
        rows.become(tried[best])
        if gained < 1e-5 * abs(now):
            return


def _steps(rows: QuantisedRows) -> Iterator[tuple[Part, FloatArray]]:
    """Iterate over parts with the step of their constants and offset, each output by itself."""
    weights = rows.samples.row_weights[:, None]
    g, h = (weights * s for s in gradient(rows.predictions(), rows.samples))
    for k in range(len(rows.state.bias)):
        parts = rows.state.of_output(k)
        if not parts:
            continue
        unit = rows.state.temperature * 2.0 ** rows.state.scale.fracs[k]
        slopes = [unit * _slopes(part)[rows.index(part)] for part in parts]
        joint = np.concatenate(slopes, axis=1)
        curvature = joint.T @ (h[:, k : k + 1] * joint)
        own = np.diag(curvature)
        damped = curvature + np.diag(_DAMPING * own + 1e-9 * max(float(own.max()), 1e-9))
        step = np.linalg.solve(damped, joint.T @ g[:, k])
        step[own < 1e-9 * own.max()] = 0.0
        ends = np.cumsum([s.shape[1] for s in slopes])
        yield from zip(parts, np.split(step, ends[:-1]), strict=True)


def _slopes(part: Part) -> FloatArray:
    """Return derivatives of a part's entries by its constants and its offset, shape (entries, constants + 1).

    An entry that saturates does not move.
    """
    constants = np.array(part.constants)
    moves = np.diag(_DIFFERENCE * (np.abs(constants) + 0.1))
    with np.errstate(all="ignore"):
        sets = np.concatenate([constants[None], constants + moves, constants - moves])
        values = sums(part.shapes, part.readers, sets)
    n = len(constants)
    slopes = (values[1 : n + 1] - values[n + 1 :]) / (2 * np.diag(moves)[:, None])
    steps = (values[0] + part.offset) * 2.0**part.frac
    inside = (steps > -0.5) & (steps < (1 << part.bits) - 0.5)
    found = np.concatenate([slopes, np.ones((1, len(inside)))]) * inside
    return np.where(np.isfinite(found), found, 0.0).T


def _moved(part: Part, step: FloatArray) -> Part:
    """Return a part with its constants moved and rounded; the same part if no offset keeps it off ties."""
    constants = tuple(rounded(c + s) for c, s in zip(part.constants, step[:-1].tolist(), strict=True))
    for nudge in NUDGES:
        offset = rounded(part.offset + float(step[-1]) + nudge * 2.0**-part.frac)
        moved = replace(part, constants=constants, offset=offset)
        if moved.is_finite() and moved.is_clear():
            return moved
    return part
