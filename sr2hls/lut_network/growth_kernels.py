"""Inner loops over the samples of a LUT network, compiled.

The values of all samples stand in rows, shape (values, samples): inputs first, then nodes, children before
parents. A row is contiguous, so that a node is computed in one pass.
A node is a table over the concatenated bits of its children (the first child in the highest bits) or the sum
of its children.
"""

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray, IntArray

IndexArray = NDArray[np.int16]

TABLE, SUM = 0, 1
CLASSES, LOGIT, NUMBERS = 0, 1, 2
"""Losses: several classes, one logit for two classes, numbers that are wanted for themselves."""


class FlatNetwork(NamedTuple):
    """A network as flat arrays: numba takes named tuples.

    Attributes:
        kind: `TABLE` or `SUM` of each value, shape (values,).
        first: where the children of each value begin, shape (values + 1,).
        children: values that are read, shape (edges,).
        shift: by how many bits each child is shifted in the index of its reader, shape (edges,).
        offset: where the entries of each table begin, shape (values,).
        entries: of all tables.
        outputs: values that are outputs, shape (outputs,).
        is_output: whether a value is one, shape (values,).
    """

    kind: IntArray
    first: IntArray
    children: IntArray
    shift: IntArray
    offset: IntArray
    entries: IntArray
    outputs: IntArray
    is_output: NDArray[np.uint8]


class FlatLoss(NamedTuple):
    """A loss as numbers: what `sr2hls.lut_network.samples_and_loss` says in words.

    Attributes:
        kind: `CLASSES`, `LOGIT` or `NUMBERS`.
        scale: step of the outputs.
        offsets: of each output, shape (outputs,).
        base: offsets of scores in steps, shape (outputs,).
        powers: exp(scale · score) of each score.
        decision: weight of the decision.
        soft: weight of the cross-entropy.
    """

    kind: int
    scale: float
    offsets: FloatArray
    base: IntArray
    powers: FloatArray
    decision: float
    soft: float


_jit: Any = nb.njit(cache=True, nogil=True)


@_jit
def _value(node, row, flat):  # type: ignore[no-untyped-def]
    value = 0
    if flat.kind[node] == TABLE:
        for k in range(flat.first[node], flat.first[node + 1]):
            value |= row[flat.children[k]] << flat.shift[k]
        return flat.entries[flat.offset[node] + value]
    for k in range(flat.first[node], flat.first[node + 1]):
        value += row[flat.children[k]]
    return value


@_jit
def run(values, nodes, flat):  # type: ignore[no-untyped-def]
    """Compute the given nodes of every sample, in their order; each node is one pass over whole rows."""
    first, children, shift = flat.first, flat.children, flat.shift
    for i in range(nodes.shape[0]):
        node = nodes[i]
        begin, end = first[node], first[node + 1]
        result = values[node]
        if flat.kind[node] == SUM:
            result[:] = 0
            for k in range(begin, end):
                result += values[children[k]]
            continue
        table = flat.entries[flat.offset[node] :]
        if end - begin == 1:
            only = values[children[begin]]
            for s in range(result.shape[0]):
                result[s] = table[only[s]]
            continue
        left, right = values[children[begin]], values[children[begin + 1]]
        high, low = shift[begin], shift[begin + 1]
        if end - begin == 2:
            for s in range(result.shape[0]):
                result[s] = table[left[s] << high | right[s] << low]
            continue
        for s in range(result.shape[0]):
            result[s] = _value(node, values[:, s], flat)


@_jit
def row_loss(row, outputs, target, loss):  # type: ignore[no-untyped-def]
    """Loss of one row; `sr2hls.lut_network.samples_and_loss` says what it stands for."""
    scale, base, decision, soft = loss.scale, loss.base, loss.decision, loss.soft
    if loss.kind == NUMBERS:
        total = 0.0
        for k in range(outputs.shape[0]):
            error = scale * row[outputs[k]] + loss.offsets[k] - target[k]
            total += error * error
        return total
    if loss.kind == LOGIT:
        logit = scale * row[outputs[0]] + loss.offsets[0]
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
            total += loss.powers[score]
            dot += target[k] * score
        result += soft * (np.log(total) - scale * dot)
    return result


@_jit
def total_loss(values, flat, targets, loss):  # type: ignore[no-untyped-def]
    """Mean loss of all rows."""
    total = 0.0
    for s in range(values.shape[1]):
        total += row_loss(values[:, s], flat.outputs, targets[s], loss)
    return total / values.shape[1]


_LARGE = 1e100
"""Products of so many are turned into logarithms before they leave the range of doubles."""


@_jit
def class_entry_losses(  # type: ignore[no-untyped-def]
    node, values, levels, is_above, flat, targets, loss, result
):
    """`entry_losses` for classes where all above the table is scores that add it up.

    What the other scores add to the loss is computed once a sample. The logarithms of the samples that read
    an entry are taken of the product of their sums of powers, not one by one.
    """
    first, children, shift, outputs = flat.first, flat.children, flat.shift, flat.outputs
    base, powers, scale, decision, soft = loss.base, loss.powers, loss.scale, loss.decision, loss.soft
    product = np.ones(result.shape)
    for s in range(values.shape[1]):
        entry = 0
        for k in range(first[node], first[node + 1]):
            entry |= values[children[k], s] << shift[k]
        kept = values[node, s]
        rest, rest_dot, rest_top, rest_at = 0.0, 0.0, -1, -1
        for k in range(outputs.shape[0]):
            if is_above[k]:
                continue
            score = values[outputs[k], s] + base[k]
            rest += powers[score]
            rest_dot += targets[s, k] * score
            if score > rest_top:
                rest_top, rest_at = score, k
        for v in range(levels):
            total, dot, top, at = rest, rest_dot, rest_top, rest_at
            for k in range(outputs.shape[0]):
                if not is_above[k]:
                    continue
                score = values[outputs[k], s] + base[k] + v - kept
                total += powers[score]
                dot += targets[s, k] * score
                if score > top or (score == top and k < at):
                    top, at = score, k
            result[entry, v] -= decision * targets[s, at] + soft * scale * dot
            if total > _LARGE:
                result[entry, v] += soft * np.log(total)
                continue
            product[entry, v] *= total
            if product[entry, v] > _LARGE:
                result[entry, v] += soft * np.log(product[entry, v])
                product[entry, v] = 1.0
    for e in range(result.shape[0]):
        for v in range(levels):
            result[e, v] += soft * np.log(product[e, v])


@_jit
def entry_losses(  # type: ignore[no-untyped-def]
    node, values, levels, above, only_sums, flat, targets, loss, result
):
    """Add to ``result[e, v]`` the loss of the rows that read entry e of a table, were its value v.

    Every row reads one entry of the table, so that the best value of each entry, all else being equal, is the
    least of its row of the result: the table is re-optimised exactly, in one pass.
    Only what changes is computed again; ``only_sums``: all above the table is outputs that add it up.
    """
    first, children, shift, kind = flat.first, flat.children, flat.shift, flat.kind
    is_output = flat.is_output
    n_above = above.shape[0]
    changed = np.zeros(values.shape[0], np.uint8)
    touched = np.empty(n_above + 1, np.int64)
    before = np.zeros(values.shape[0], np.int64)
    for s in range(values.shape[1]):
        row = values[:, s]
        entry = 0
        for k in range(first[node], first[node + 1]):
            entry |= row[children[k]] << shift[k]
        kept = row[node]
        if only_sums:
            for v in range(levels):
                for i in range(n_above):
                    row[above[i]] += v - kept
                result[entry, v] += row_loss(row, flat.outputs, targets[s], loss)
                for i in range(n_above):
                    row[above[i]] -= v - kept
            continue
        same = row_loss(row, flat.outputs, targets[s], loss)
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
                    new = row[parent] + difference if kind[parent] == SUM else _value(parent, row, flat)
                    if new != row[parent]:
                        touched[count], before[parent] = parent, row[parent]
                        count += 1
                        row[parent] = new
                        changed[parent] = 1
                        if is_output[parent]:
                            reached = 1
            if reached:
                result[entry, v] += row_loss(row, flat.outputs, targets[s], loss)
            else:
                result[entry, v] += same
            for i in range(count):
                row[touched[i]] = before[touched[i]]
                changed[touched[i]] = 0
        row[node] = kept
        changed[node] = 0


@_jit
def cell_sums(cells, n_cells, gradient, hessian, g, h):  # type: ignore[no-untyped-def]
    """Add gradient and hessian of each row to the sums of its cell, shape (cells, outputs)."""
    for s in range(cells.shape[0]):
        c = cells[s]
        for k in range(gradient.shape[1]):
            g[c, k] += gradient[s, k]
            h[c, k] += hessian[s, k]


@_jit
def pair_sums(first, second, second_bits, gradient, hessian, g, h):  # type: ignore[no-untyped-def]
    """`cell_sums` for the cells that two values make together, the first in the higher bits."""
    for s in range(first.shape[0]):
        c = (first[s] << second_bits) | second[s]
        for k in range(gradient.shape[1]):
            g[c, k] += gradient[s, k]
            h[c, k] += hessian[s, k]


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
