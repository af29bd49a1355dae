"""An operation over few bits as a table of all its results."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import IntArray
from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.rtl.netlist import TABLE_ENTRY_BITS, Net, Netlist


def tabulated(nets: Netlist, op: ops.Operation, args: Sequence[Net], types: Sequence[FixedType]) -> Net:
    """Return an operation as a table over the bits of its arguments that are not constant.

    Bit patterns that no argument can have are left open, for the logic optimiser to choose.
    """
    variables = list({n.position: n for n in args if n.constant is None}.values())
    index = np.arange(1 << sum(n.width for n in variables))
    raws, known = _unpack(variables, index)
    columns = []
    for net, type_ in zip(args, types, strict=True):
        raw = np.full(len(index), net.low) if net.constant is not None else raws[net.position]
        columns.append(_at(raw, net.frac, type_.frac))
    results = _evaluate(op, types, np.stack(columns, axis=1), known)
    if not variables:
        return nets.constant(int(results[0]), op.type.frac)
    address = nets.concatenate([(nets.bits(n, 0, n.width), n.width) for n in variables])
    return _looked_up(nets, address, results, known, op.type.frac)


def _unpack(variables: list[Net], index: IntArray) -> tuple[dict[int, IntArray], NDArray[np.bool_]]:
    """Return each net's raw value for each index, the first net in the highest bits, and what can occur."""
    raws, known = {}, np.ones(len(index), dtype=bool)
    shift = 0
    for net in reversed(variables):
        raw = (index >> shift) & ((1 << net.width) - 1)
        if net.signed:
            raw = raw - ((raw >> (net.width - 1)) << net.width)
        known &= (net.low <= raw) & (raw <= net.high)
        raws[net.position] = raw
        shift += net.width
    return raws, known


def _at(raw: IntArray, frac: int, type_frac: int) -> IntArray:
    """Return raw values in the type of the value; a net may leave out low bits that are always 0."""
    shifted: IntArray = raw << (type_frac - frac) if type_frac >= frac else raw >> (frac - type_frac)
    return shifted


def _evaluate(
    op: ops.Operation, types: Sequence[FixedType], columns: IntArray, known: NDArray[np.bool_]
) -> IntArray:
    """Return the operation's raw results, 0 where the arguments cannot occur."""
    inputs = [ops.Input(type=type_, index=k) for k, type_ in enumerate(types)]
    alone = replace(op, args=tuple(range(len(types))))
    names = tuple(f"a{k}" for k in range(len(types)))
    program = Program((*inputs, alone), (len(types),), names, ("y",))
    results = np.zeros(len(columns), dtype=np.int64)
    results[known] = Interpreter(program).run(columns[known])[:, 0]
    return results


def _looked_up(nets: Netlist, address: Net, results: IntArray, known: NDArray[np.bool_], frac: int) -> Net:
    """Return the table of the results without their common zeros; one wider than an entry is split."""
    possible = results[known]
    if (possible == possible[0]).all():
        return nets.constant(int(possible[0]), frac)
    union = int(np.bitwise_or.reduce(possible))
    zeros = (union & -union).bit_length() - 1
    results, possible, frac = results >> zeros, possible >> zeros, frac - zeros
    if max(int(possible.max()), -int(possible.min())) < 1 << TABLE_ENTRY_BITS:
        return nets.lookup(address, results, known, frac)
    half = TABLE_ENTRY_BITS
    low = _looked_up(nets, address, results & ((1 << half) - 1), known, frac)
    return nets.add(low, _looked_up(nets, address, results >> half, known, frac - half))
