"""Lookup tables as logic instead of memories.

alkaid writes a table as a full ``case``, which synthesis tools take for a ROM: Yosys then moves registers
through it and keeps its logic apart from what follows. One constant vector for each output bit, indexed by
the inputs that the bit depends on, is plain logic that merges with its neighbours.
"""

from dataclasses import dataclass

import numpy as np
from alkaid.codegen.rtl.verilog.lookup import lookup_name, lookup_ops
from alkaid.stateful import FSM
from alkaid.types import CombLogic, Op
from numpy.typing import NDArray

_OPEN = 2
"""An entry that may be 0 or 1: its index cannot occur."""


@dataclass(frozen=True, slots=True)
class TableBit:
    """One output bit of a table.

    Attributes:
        inputs: address bits that it depends on, the highest first.
        entries: its values for each address, the last first, as a binary string.
    """

    inputs: tuple[int, ...]
    entries: str


@dataclass(frozen=True, slots=True)
class TableModule:
    """A table as a module: name, address bits, output bits."""

    name: str
    address_width: int
    bits: tuple[TableBit, ...]


def table_modules(machine: FSM) -> list[TableModule]:
    """Return the tables of a machine, each once, under the names that its logic uses."""
    found: dict[str, TableModule] = {}
    for logic in machine.logic.values():
        for op in lookup_ops(logic):
            name = lookup_name(logic, op)
            if name not in found:
                found[name] = _module(logic, op, name)
    return list(found.values())


def _module(logic: CombLogic, op: Op, name: str) -> TableModule:
    assert logic.lookup_tables is not None
    entries = logic.lookup_tables[op.data[0]].padded_table(logic.ops[op.addr[0]].qint)
    n_address = len(entries).bit_length() - 1
    is_open = np.isnan(entries)
    values = np.where(is_open, 0, entries).astype(np.int64)
    bits = []
    for k in range(sum(op.qint.kif)):
        column = np.where(is_open, _OPEN, (values >> k) & 1).astype(np.uint8)
        bits.append(_reduced(column, n_address))
    return TableModule(name, n_address, tuple(bits))


def closed_entries(logic: CombLogic, op: Op) -> tuple[int, ...]:
    """Return a table as its module has it, for each address: raw bits of the result, as an unsigned number.

    Entries that are open are chosen as `table_modules` chooses them.
    """
    module = _module(logic, op, "")
    address = np.arange(1 << module.address_width)
    values = np.zeros(len(address), dtype=np.int64)
    for k, bit in enumerate(module.bits):
        index = np.zeros(len(address), dtype=np.int64)
        for position in bit.inputs:
            index = 2 * index + ((address >> position) & 1)
        entries = np.frombuffer(bit.entries[::-1].encode(), dtype=np.uint8) - ord("0")
        values += entries[index].astype(np.int64) << k
    return tuple(values.tolist())


def _reduced(column: NDArray[np.uint8], n_address: int) -> TableBit:
    """Return a bit without the inputs that it need not depend on, its open entries chosen accordingly."""
    cube = column.reshape((2,) * n_address)
    inputs = list(reversed(range(n_address)))
    axis = 0
    while axis < cube.ndim:
        low, high = np.take(cube, 0, axis=axis), np.take(cube, 1, axis=axis)
        if ((low == high) | (low == _OPEN) | (high == _OPEN)).all():
            cube = np.where(low == _OPEN, high, low)
            del inputs[axis]
        else:
            axis += 1
    closed = np.where(cube == _OPEN, 0, cube).ravel()
    return TableBit(tuple(inputs), "".join(map(str, closed[::-1])))
