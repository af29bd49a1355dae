"""Inner loops over the samples of a cascade, compiled.

A sample's values stand in one row, inputs first, then nodes children before parents.
A node is a table over the concatenated bits of its children (the first child in the highest bits) or the sum
of its children.
"""

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
CodeArray = NDArray[np.int16]
FloatArray = NDArray[np.float64]

TABLE, SUM = 0, 1
CLASSES, LOGIT, NUMBERS = 0, 1, 2
"""Losses: several classes, one logit for two classes, numbers that are wanted for themselves."""

_jit: Any = nb.njit(cache=True, nogil=True)


@_jit
def _value(node, row, kind, first, children, shift, offset, entries):  # type: ignore[no-untyped-def]
    value = 0
    if kind[node] == 0:
        for k in range(first[node], first[node + 1]):
            value |= row[children[k]] << shift[k]
        return entries[offset[node] + value]
    for k in range(first[node], first[node + 1]):
        value += row[children[k]]
    return value


@_jit
def run(values, nodes, kind, first, children, shift, offset, entries):  # type: ignore[no-untyped-def]
    """Compute the given nodes of every row, in their order."""
    for s in range(values.shape[0]):
        row = values[s]
        for i in range(nodes.shape[0]):
            node = nodes[i]
            row[node] = _value(node, row, kind, first, children, shift, offset, entries)


@_jit
def row_loss(row, outputs, target, loss, scale, offsets, base, powers, decision, soft):  # type: ignore[no-untyped-def]
    """Loss of one row; `sr2hls.lut_network.objective` says what it stands for."""
    if loss == 2:
        total = 0.0
        for k in range(outputs.shape[0]):
            error = scale * row[outputs[k]] + offsets[k] - target[k]
            total += error * error
        return total
    if loss == 1:
        logit = scale * row[outputs[0]] + offsets[0]
        likely = target[0] if logit > 0 else 1.0 - target[0]
        return soft * (np.log(1.0 + np.exp(logit)) - target[0] * logit) - decision * likely
    largest, where = row[outputs[0]] + base[0], 0
    for k in range(1, outputs.shape[0]):
        if row[outputs[k]] + base[k] > largest:
            largest, where = row[outputs[k]] + base[k], k
    result = -decision * target[where]
    if soft > 0:
        total, dot = 0.0, 0.0
        for k in range(outputs.shape[0]):
            score = row[outputs[k]] + base[k]
            total += powers[score]
            dot += target[k] * score
        result += soft * (np.log(total) - scale * dot)
    return result


@_jit
def total_loss(  # type: ignore[no-untyped-def]
    values, outputs, targets, loss, scale, offsets, base, powers, decision, soft
):
    """Mean loss of all rows."""
    total = 0.0
    for s in range(values.shape[0]):
        total += row_loss(values[s], outputs, targets[s], loss, scale, offsets, base, powers, decision, soft)
    return total / values.shape[0]


@_jit
def entry_losses(  # type: ignore[no-untyped-def]
    node, values, levels, above, only_sums, is_output, kind, first, children, shift, offset, entries,
    outputs, targets, loss, scale, offsets, base, powers, decision, soft, result,
):  # fmt: skip
    """Add to ``result[e, v]`` the loss of the rows that read entry e of a table, were its value v.

    Every row reads one entry of the table, so that the best value of each entry, all else being equal, is the
    least of its row of the result: the table is re-optimised exactly, in one pass.
    Only what changes is computed again; ``only_sums``: all above the table is outputs that add it up.
    """
    n_above = above.shape[0]
    changed = np.zeros(values.shape[1], np.uint8)
    touched = np.empty(n_above + 1, np.int64)
    before = np.zeros(values.shape[1], np.int64)
    for s in range(values.shape[0]):
        row = values[s]
        entry = 0
        for k in range(first[node], first[node + 1]):
            entry |= row[children[k]] << shift[k]
        kept = row[node]
        if only_sums:
            for v in range(levels):
                for i in range(n_above):
                    row[above[i]] += v - kept
                result[entry, v] += row_loss(
                    row, outputs, targets[s], loss, scale, offsets, base, powers, decision, soft
                )
                for i in range(n_above):
                    row[above[i]] -= v - kept
            continue
        same = row_loss(row, outputs, targets[s], loss, scale, offsets, base, powers, decision, soft)
        changed[node] = 1
        before[node] = kept
        for v in range(levels):
            if v == kept:
                result[entry, v] += same
                continue
            row[node] = v
            count, reached = 0, is_output[node]
            for i in range(n_above):
                parent = above[i]
                affected, difference = False, 0
                for k in range(first[parent], first[parent + 1]):
                    if changed[children[k]]:
                        affected = True
                        difference += row[children[k]] - before[children[k]]
                if affected:
                    if kind[parent] == SUM:
                        new = row[parent] + difference
                    else:
                        new = _value(parent, row, kind, first, children, shift, offset, entries)
                    if new != row[parent]:
                        touched[count], before[parent] = parent, row[parent]
                        count += 1
                        row[parent] = new
                        changed[parent] = 1
                        if is_output[parent]:
                            reached = 1
            if reached:
                result[entry, v] += row_loss(
                    row, outputs, targets[s], loss, scale, offsets, base, powers, decision, soft
                )
            else:
                result[entry, v] += same
            for i in range(count):
                row[touched[i]] = before[touched[i]]
                changed[touched[i]] = 0
        row[node] = kept
        changed[node] = 0


@_jit
def cell_sums(cells, n_cells, gradient, curvature, g, h):  # type: ignore[no-untyped-def]
    """Add gradient and curvature of each row to the sums of its cell, shape (cells, outputs)."""
    for s in range(cells.shape[0]):
        c = cells[s]
        for k in range(gradient.shape[1]):
            g[c, k] += gradient[s, k]
            h[c, k] += curvature[s, k]


@_jit
def pair_sums(first, second, second_bits, gradient, curvature, g, h):  # type: ignore[no-untyped-def]
    """`cell_sums` for the cells that two values make together, the first in the higher bits."""
    for s in range(first.shape[0]):
        c = (first[s] << second_bits) | second[s]
        for k in range(gradient.shape[1]):
            g[c, k] += gradient[s, k]
            h[c, k] += curvature[s, k]


@_jit
def step_gains(g, h, scale, gain, low):  # type: ignore[no-untyped-def]
    """Write what a table of whole steps gains, for each output and each number of bits from 1 on.

    With b bits a table's entries are the steps g/h rounded to multiples of the scale and kept within 2^b
    neighbouring ones, the first of which, ``low``, is the best for all entries together. The gain is that of
    the second-order model, Σ g·e - h·e²/2; gain and low have the shape (outputs, bits).
    """
    cells = g.shape[0]
    steps = np.empty(cells)
    for k in range(g.shape[1]):
        least, most = np.inf, -np.inf
        for c in range(cells):
            steps[c] = np.rint(g[c, k] / h[c, k] / scale)
            least, most = min(least, steps[c]), max(most, steps[c])
        for bits in range(gain.shape[1]):
            span = (2 << bits) - 1
            best, start = -np.inf, int(least)
            for first in range(int(least), max(int(least), int(most) - span) + 1):
                total = 0.0
                for c in range(cells):
                    e = scale * min(max(steps[c], first), first + span)
                    total += g[c, k] * e - 0.5 * h[c, k] * e * e
                if total > best:
                    best, start = total, first
            gain[k, bits], low[k, bits] = best, start
