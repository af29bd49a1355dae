"""Inner loops of the search for a part's rounding, compiled."""

from typing import Any

import numba as nb
import numpy as np

from sr2hls.lut_network.growth_kernels import CLASSES, row_loss

_jit: Any = nb.njit(cache=True, nogil=True)


@_jit
def best_windows(values, losses, low, shifts, bits, hop, best, where):  # type: ignore[no-untyped-def]
    """Find the rounding that loses least for each number of bits.

    Args:
        values: of the part before rounding in steps, shape (sets, entries).
        losses: of each entry and raw value from ``low`` on, shape (entries, levels).
        low: least raw value.
        shifts: parts of a step that may be added before rounding.
        bits: most bits; a constant has none.
        hop: distance of the least values that are tried for a width, a shift right of its range.
        best: least loss for each number of bits, 0 to ``bits``; filled.
        where: set, shift and least value of the best, shape (bits + 1, 3); filled.
    """
    sets, entries = values.shape
    levels = losses.shape[1]
    raw = np.empty(entries, np.int64)
    for b in range(bits + 1):
        best[b] = np.inf
    for s in range(sets):
        for f in range(shifts.shape[0]):
            least, most = np.inf, -np.inf
            for e in range(entries):
                v = np.floor(values[s, e] + shifts[f] + 0.5) - low
                least, most = min(least, v), max(most, v)
                raw[e] = int(min(max(v, -1e6), 1e6))
            for b in range(bits + 1):
                if b == 0 and (s > 0 or f > 0):
                    continue
                span = (1 << b) - 1
                step = max(1, (1 << b) >> hop)
                first, last = 0, levels - 1 - span
                if b > 0:
                    first = max(first, min(last, int(max(least, 0.0))))
                    last = min(last, max(first, int(min(most, 1e6)) - span))
                for w in range(first, last + 1, step):
                    total = 0.0
                    for e in range(entries):
                        total += losses[e, min(max(raw[e], w), w + span)]
                        if total >= best[b]:
                            break
                    if total < best[b]:
                        best[b] = total
                        where[b, 0], where[b, 1], where[b, 2] = s, f, w + low


@_jit
def total_loss(totals, targets, weights, loss):  # type: ignore[no-untyped-def]
    """Return the mean of weights times losses of sums of parts, see `sr2hls.lut_network.growth_kernels`.

    Sums have shape (rows, outputs), weights shape (rows,).
    """
    outputs, total = np.arange(totals.shape[1]), 0.0
    for s in range(totals.shape[0]):
        total += weights[s] * row_loss(totals[s], outputs, targets[s], loss)
    return total / totals.shape[0]


@_jit
def _class_losses(totals, output, low, target, weight, loss, result):  # type: ignore[no-untyped-def]
    """`row_loss` for every level of one output; what the other outputs add to it is worked out once."""
    base, powers = loss.base, loss.powers
    others, dot, largest, where = 0.0, 0.0, -(1 << 60), 0
    for k in range(totals.shape[0]):
        if k != output:
            score = totals[k] + base[k]
            others += powers[score]
            dot += target[k] * score
            if score > largest:
                largest, where = score, k
    for v in range(result.shape[0]):
        score = totals[output] + base[output] + low + v
        # The first of equal scores decides.
        wins = score > largest or (score == largest and output < where)
        result[v] -= weight * loss.decision * target[output if wins else where]
        if loss.soft > 0:
            likely = np.log(others + powers[score]) - loss.scale * (dot + target[output] * score)
            result[v] += weight * loss.soft * likely


@_jit
def level_losses(cells, totals, output, low, targets, weights, loss, result):  # type: ignore[no-untyped-def]
    """Add to ``result[c, v]`` the loss of the rows of cell c, were ``low + v`` added to an output.

    Args:
        cells: cell of each row, shape (rows,).
        totals: the outputs without what is added, shape (rows, outputs).
        output: which output it is.
        low: least of what may be added.
        targets: of each row, shape (rows, outputs).
        weights: of each row, shape (rows,).
        loss: see `sr2hls.lut_network.growth_kernels.FlatLoss`.
        result: shape (cells, levels).
    """
    outputs = np.arange(totals.shape[1])
    row = np.empty(totals.shape[1], np.int64)
    for s in range(cells.shape[0]):
        if loss.kind == CLASSES:
            _class_losses(totals[s], output, low, targets[s], weights[s], loss, result[cells[s]])
            continue
        for k in range(totals.shape[1]):
            row[k] = totals[s, k]
        for v in range(result.shape[1]):
            row[output] = totals[s, output] + low + v
            result[cells[s], v] += weights[s] * row_loss(row, outputs, targets[s], loss)
