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
def _loss(row, outputs, target, loss, scale, offsets, powers, decision, soft):  # type: ignore[no-untyped-def]
    """Loss of one row; `sr2hls.search.cascade.objective` says what it stands for."""
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
    largest, where = -1, 0
    for k in range(outputs.shape[0]):
        if row[outputs[k]] > largest:
            largest, where = row[outputs[k]], k
    result = -decision * target[where]
    if soft > 0:
        total, dot = 0.0, 0.0
        for k in range(outputs.shape[0]):
            total += powers[row[outputs[k]]]
            dot += target[k] * row[outputs[k]]
        result += soft * (np.log(total) - scale * dot)
    return result


@_jit
def total_loss(values, outputs, targets, loss, scale, offsets, powers, decision, soft):  # type: ignore[no-untyped-def]
    """Mean loss of all rows."""
    total = 0.0
    for s in range(values.shape[0]):
        total += _loss(values[s], outputs, targets[s], loss, scale, offsets, powers, decision, soft)
    return total / values.shape[0]


@_jit
def entry_losses(  # type: ignore[no-untyped-def]
    node, values, levels, above, is_output, kind, first, children, shift, offset, entries,
    outputs, targets, loss, scale, offsets, powers, decision, soft, result,
):  # fmt: skip
    """Add to ``result[e, v]`` the loss of the rows that read entry e of a table, were its value v.

    Every row reads one entry of the table, so that the best value of each entry, all else being equal, is the
    least of its row of the result: the table is re-optimised exactly, in one pass.
    Only what changes is computed again.
    """
    n_above = above.shape[0]
    changed = np.zeros(values.shape[1], np.uint8)
    touched = np.empty(n_above + 1, np.int64)
    before = np.empty(n_above + 1, np.int64)
    for s in range(values.shape[0]):
        row = values[s]
        entry = 0
        for k in range(first[node], first[node + 1]):
            entry |= row[children[k]] << shift[k]
        kept = row[node]
        same = _loss(row, outputs, targets[s], loss, scale, offsets, powers, decision, soft)
        changed[node] = 1
        for v in range(levels):
            if v == kept:
                result[entry, v] += same
                continue
            row[node] = v
            count, reached = 0, is_output[node]
            for i in range(n_above):
                parent = above[i]
                affected = False
                for k in range(first[parent], first[parent + 1]):
                    if changed[children[k]]:
                        affected = True
                        break
                if affected:
                    new = _value(parent, row, kind, first, children, shift, offset, entries)
                    if new != row[parent]:
                        touched[count], before[count] = parent, row[parent]
                        count += 1
                        row[parent] = new
                        changed[parent] = 1
                        if is_output[parent]:
                            reached = 1
            if reached:
                result[entry, v] += _loss(
                    row, outputs, targets[s], loss, scale, offsets, powers, decision, soft
                )
            else:
                result[entry, v] += same
            for i in range(count):
                row[touched[i]] = before[i]
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
