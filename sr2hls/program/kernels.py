"""The interpreter's kernels: operations over blocks of samples, compiled by numba once for all programs.

Samples are taken in blocks small enough for the cache; an operation runs over a whole block before the next
one, in loops without branches that become vector instructions.
"""

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.encode import OPCODE, PREDICATE, Column, Quantize
from sr2hls.program.quantize import OVERFLOW_CODE, ROUNDING_CODE, requantize
from sr2hls.program.types import Overflow, Rounding

BLOCK = 256

# numba takes module constants as literals.
_INPUT, _CONSTANT, _ADD, _SUB, _MUL, _NEG, _SHIFT, _ABS = (
    OPCODE[k] for k in (ops.Input, ops.Constant, ops.Add, ops.Sub, ops.Mul, ops.Neg, ops.Shift, ops.Abs)
)
_MIN, _MAX, _COMPARE, _SELECT, _ARGMAX, _CAST, _TABLE, _DIV = (
    OPCODE[k] for k in (ops.Min, ops.Max, ops.Compare, ops.Select, ops.Argmax, ops.Cast, ops.Table, ops.Div)
)
_LT, _LE, _GT, _GE, _EQ = (PREDICATE[p] for p in list(ops.Predicate)[:5])
_C_OPCODE, _C_SLOT, _C_ARG0, _C_ARG1, _C_ARG2 = (int(c) for c in list(Column)[:5])
_C_SHIFT0, _C_SHIFT1, _C_AUX, _C_FIRST, _C_N = (int(c) for c in list(Column)[5:10])
_C_QUANTIZE, _C_DROP, _C_ROUNDING, _C_OVERFLOW, _C_LOW, _C_HIGH, _C_MASK = (int(c) for c in list(Column)[10:])
_Q_NOTHING, _Q_SHIFT = int(Quantize.NOTHING), int(Quantize.SHIFT)
_TRN, _WRAP = ROUNDING_CODE[Rounding.TRN], OVERFLOW_CODE[Overflow.WRAP]

_Function = Callable[..., Any]


def _compiled(**options: Any) -> Callable[[_Function], _Function]:
    return cast(Callable[[_Function], _Function], numba.njit(cache=True, nogil=True, **options))


_requantize = _compiled(inline="always")(requantize)


@_compiled()
def _divide(a: int, b: int, shift: int, low: int, high: int) -> tuple[int, bool]:
    """Return the quotient with guard and sticky bit, or the result for b = 0 and True."""
    if b == 0:
        return (0 if a == 0 else (high if a > 0 else low)), True
    if shift >= 0:
        a = a << shift
    else:
        b = b << -shift
    quotient = a // b
    return 2 * quotient + (1 if quotient * b != a else 0), False


@_compiled()
def _compare(predicate: int, a: int, b: int) -> bool:
    if predicate == _LT:
        return a < b
    if predicate == _LE:
        return a <= b
    if predicate == _GT:
        return a > b
    if predicate == _GE:
        return a >= b
    if predicate == _EQ:
        return a == b
    return a != b


@_compiled()
def _run_block(
    rows: IntArray,
    extras: IntArray,
    tables: IntArray,
    inputs: IntArray,
    start: int,
    n: int,
    values: IntArray,
) -> bool:
    """Run all operations over one block, unless an input leaves its type: then return False."""
    for position in range(rows.shape[0]):
        row = rows[position]
        opcode = row[_C_OPCODE]
        out = values[row[_C_SLOT]]
        a = values[row[_C_ARG0]]
        b = values[row[_C_ARG1]]
        c = values[row[_C_ARG2]]
        shift0 = row[_C_SHIFT0]
        shift1 = row[_C_SHIFT1]
        aux = row[_C_AUX]
        quantized = False
        if opcode == _INPUT:
            low, high = row[_C_LOW], row[_C_HIGH]
            n_outside = 0
            for s in range(n):
                value = inputs[start + s, aux]
                n_outside += (value < low) | (value > high)
                out[s] = value
            if n_outside:
                return False
        elif opcode == _CONSTANT:
            for s in range(n):
                out[s] = aux
        elif opcode == _ADD:
            for s in range(n):
                out[s] = (a[s] << shift0) + (b[s] << shift1)
        elif opcode == _SUB:
            for s in range(n):
                out[s] = (a[s] << shift0) - (b[s] << shift1)
        elif opcode == _MUL:
            for s in range(n):
                out[s] = a[s] * b[s]
        elif opcode == _NEG:
            for s in range(n):
                out[s] = -a[s]
        elif opcode == _CAST or opcode == _SHIFT:  # noqa: SIM109 (numba compiles this one faster)
            for s in range(n):
                out[s] = a[s]
        elif opcode == _ABS:
            for s in range(n):
                out[s] = abs(a[s])
        elif opcode == _MIN:
            for s in range(n):
                out[s] = min(a[s] << shift0, b[s] << shift1)
        elif opcode == _MAX:
            for s in range(n):
                out[s] = max(a[s] << shift0, b[s] << shift1)
        elif opcode == _COMPARE:
            for s in range(n):
                out[s] = 1 if _compare(aux, a[s] << shift0, b[s] << shift1) else 0
        elif opcode == _SELECT:
            for s in range(n):
                out[s] = b[s] << shift0 if a[s] != 0 else c[s] << shift1
        elif opcode == _ARGMAX:
            first = row[_C_FIRST]
            for s in range(n):
                best = values[extras[first, 0], s] << extras[first, 1]
                at = 0
                for k in range(1, row[_C_N]):
                    score = values[extras[first + k, 0], s] << extras[first + k, 1]
                    if score > best:
                        best = score
                        at = k
                out[s] = at
        elif opcode == _TABLE:
            first = row[_C_FIRST]
            for s in range(n):
                index = 0
                for k in range(row[_C_N]):
                    width = extras[first + k, 1]
                    index = (index << width) | (values[extras[first + k, 0], s] & ((1 << width) - 1))
                out[s] = tables[aux + index]
        elif opcode == _DIV:
            quantized = True
            for s in range(n):
                quotient, done = _divide(a[s], b[s], aux, row[_C_LOW], row[_C_HIGH])
                if not done:
                    quotient = _requantize(
                        quotient,
                        2,
                        row[_C_ROUNDING],
                        row[_C_OVERFLOW],
                        row[_C_LOW],
                        row[_C_HIGH],
                        row[_C_MASK],
                    )
                out[s] = quotient
        if not quantized:
            _quantize_block(row, out, n)
    return True


@_compiled()
def _quantize_block(row: IntArray, out: IntArray, n: int) -> None:
    how = row[_C_QUANTIZE]
    if how == _Q_NOTHING:
        return
    drop = row[_C_DROP]
    if how == _Q_SHIFT:
        for s in range(n):
            out[s] = out[s] << -drop
        return
    rounding, overflow = row[_C_ROUNDING], row[_C_OVERFLOW]
    low, high, mask = row[_C_LOW], row[_C_HIGH], row[_C_MASK]
    if drop >= 0 and rounding == _TRN and overflow == _WRAP:
        # The commonest case, without branches: the loop becomes vector instructions.
        for s in range(n):
            out[s] = (((out[s] >> drop) - low) & mask) + low
        return
    for s in range(n):
        out[s] = _requantize(out[s], drop, rounding, overflow, low, high, mask)


@_compiled()
def run_blocks(
    rows: IntArray,
    extras: IntArray,
    tables: IntArray,
    inputs: IntArray,
    n_slots: int,
    output_slots: IntArray,
    outputs: IntArray,
    first: int,
    last: int,
) -> bool:
    """Run blocks ``first`` to ``last - 1`` of a program.

    Args:
        rows: see `Code`.
        extras: see `Code`.
        tables: see `Code`.
        inputs: raw inputs, shape (samples, inputs).
        n_slots: see `Code`.
        output_slots: see `Code`.
        outputs: where raw outputs go, shape (samples, outputs).
        first: number of the first block.
        last: number after the last block.

    Returns:
        Whether every input lies in its type; outputs mean nothing otherwise.
    """
    n_samples = inputs.shape[0]
    values = np.empty((n_slots, BLOCK), dtype=np.int64)
    for block in range(first, last):
        start = block * BLOCK
        n = min(BLOCK, n_samples - start)
        if not _run_block(rows, extras, tables, inputs, start, n, values):
            return False
        for k in range(output_slots.shape[0]):
            for s in range(n):
                outputs[start + s, k] = values[output_slots[k], s]
    return True


@_compiled(parallel=True)
def run_parallel(
    rows: IntArray,
    extras: IntArray,
    tables: IntArray,
    inputs: IntArray,
    n_slots: int,
    output_slots: IntArray,
    outputs: IntArray,
    n_blocks: int,
    n_chunks: int,
) -> bool:
    """Run all ``n_blocks`` blocks on numba's threads in ``n_chunks`` pieces; see `run_blocks`."""
    n_outside = 0
    for chunk in numba.prange(n_chunks):
        first, last = chunk * n_blocks // n_chunks, (chunk + 1) * n_blocks // n_chunks
        inside = run_blocks(rows, extras, tables, inputs, n_slots, output_slots, outputs, first, last)
        n_outside += 0 if inside else 1
    return n_outside == 0
