"""Verilog and mapped netlists as and-inverter graphs, with their pipelines unrolled.

Yosys reads the sources, gives mapped cells the models that come with it (cells_sim.v) and writes gates and
flip-flops. A flip-flop is a wire to the cycle before: outputs become functions of the inputs some edges ago.
Were paths through the pipeline of different lengths, an output would depend on the inputs of several cycles,
which are variables of their own; the proof then fails. Registers that feed themselves are refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sr2hls.errors import VerificationError
from sr2hls.program.ops import MAX_TABLE_BITS
from sr2hls.prove.aig import FALSE, TRUE, Aig, Word
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.yosys_run import run_yosys

_GATES = (
    "hierarchy -check -top {top}",
    "proc",
    "flatten",
    "setattr -unset init w:*",
    "opt_expr",
    "opt_clean",
    "opt_dff -nodffe -nosdff",
    "memory",
    "techmap t:* t:$shiftx %d",
    "simplemap",
    "dffunmap",
    "aigmap",
    "opt_clean -purge",
)
_LUTS = {f"LUT{n}": n for n in range(1, 7)}
"""Look-up tables of AMD's devices and their inputs, I0 to I5 (UG974, "LUT6")."""
_LATER = 64
"""Cycles that a path may be longer than the pipeline before its registers are taken for a loop."""
_Bit = int | str


@dataclass(frozen=True, slots=True)
class Gates:
    """A circuit of gates and flip-flops of one clock.

    Attributes:
        inputs: bits of each input port, the lowest first, without the clock.
        outputs: bits of each output port.
        drivers: for each driven bit, the kind of its cell and the bits that this reads: ``and``, ``not``,
            ``register``, or ``table`` with the address, the lowest bit first, and then the entries.
    """

    inputs: Mapping[str, tuple[_Bit, ...]]
    outputs: Mapping[str, tuple[_Bit, ...]]
    drivers: Mapping[_Bit, tuple[str, tuple[_Bit, ...]]]


def read_gates(
    sources: Sequence[Path], top: str, *, clock: str | None, cells: str | None = None, timeout_s: float
) -> Gates:
    """Read Verilog as gates.

    Args:
        sources: Verilog files, those without dependencies first.
        top: top module.
        clock: name of its clock port.
        cells: for a netlist, Yosys' simulation models of its cells, e.g. ``+/xilinx/cells_sim.v``.
        timeout_s: limit on the wall time.

    Raises:
        ToolError: Yosys is missing, fails or exceeds the limit.
        VerificationError: there are cells that are no gates and no flip-flops of the clock.
    """
    passes = [line.format(top=top) for line in _GATES]
    if cells is not None:
        # LUTs are read off their INIT: hundreds of them would become as many modules.
        passes[:1] = [
            f"read_verilog -defer -nooverwrite {cells}",
            f"delete {' '.join(_LUTS)}",
            f"hierarchy -top {top}",
        ]
    found = run_yosys(HdlDesign(top, tuple(sources)), passes, timeout_s=timeout_s, netlist=True)
    assert found.netlist is not None
    return _gates(json.loads(found.netlist)["modules"][top], top, clock)


def _gates(module: Mapping[str, Any], top: str, clock: str | None) -> Gates:
    ports: dict[str, dict[str, tuple[_Bit, ...]]] = {"input": {}, "output": {}, "inout": {}}
    for name, port in module["ports"].items():
        ports[port["direction"]][name] = tuple(port["bits"])
    ticks = ports["input"].pop(clock, ()) if clock is not None else ()
    drivers: dict[_Bit, tuple[str, tuple[_Bit, ...]]] = {}
    unknown = count()
    for cell in module["cells"].values():
        kind, pins = cell["type"], {pin: bits[0] for pin, bits in cell["connections"].items()}
        if kind == "$_AND_":
            drivers[pins["Y"]] = ("and", (pins["A"], pins["B"]))
        elif kind == "$_NOT_":
            drivers[pins["Y"]] = ("not", (pins["A"],))
        elif kind in _LUTS:
            entries = tuple(reversed(cell["parameters"]["INIT"][-(1 << _LUTS[kind]) :]))
            address = tuple(pins[f"I{k}"] for k in range(_LUTS[kind]))
            drivers[pins["O"]] = (f"table{len(address)}", (*address, *entries))
        elif kind == "$shiftx" and _is_table(cell):
            pins = cell["connections"]
            n = len(pins["B"])
            entries = (pins["A"] + ["x"] * (1 << n))[: 1 << n]
            drivers[pins["Y"][0]] = (f"table{n}", (*pins["B"], *entries))
        elif kind == "$_DFF_P_" and (pins["C"],) == ticks:
            drivers[pins["Q"]] = ("register", (pins["D"],))
        else:
            raise VerificationError(
                f"'{top}' has a cell '{kind}', which is neither a gate nor a register at the rising edge of "
                f"'{clock}': such circuits are tested and not proven"
            )
    # Every unknown is one of its own: two of them need not be equal.
    known = {
        bit: (kind, tuple(f"x{next(unknown)}" if r in ("x", "z") else r for r in reads))
        for bit, (kind, reads) in drivers.items()
    }
    return Gates(ports["input"], ports["output"], known)


def _is_table(cell: Mapping[str, Any]) -> bool:
    pins = cell["connections"]
    return (
        len(pins["Y"]) == 1
        and len(pins["B"]) <= MAX_TABLE_BITS
        and not int(cell["parameters"]["B_SIGNED"], 2)
    )


def unrolled(aig: Aig, gates: Gates, edges: int) -> dict[str, Word]:
    """Return the bits of each output as functions of the inputs a number of clock edges ago.

    The variable of an input's bit is ``(port, bit)``; that of another cycle ``(port, bit, cycles later)``.

    Raises:
        VerificationError: a register or a gate feeds itself.
    """
    positions = {bit: (name, k) for name, bits in gates.inputs.items() for k, bit in enumerate(bits)}
    done: dict[tuple[_Bit, int], int] = {}
    under_way: set[tuple[_Bit, int]] = set()

    def needs(item: tuple[_Bit, int]) -> list[tuple[_Bit, int]]:
        kind, reads = gates.drivers[item[0]]
        later = item[1] + (kind == "register")
        return [(bit, later) for bit in reads]

    def leaf(item: tuple[_Bit, int]) -> int:
        bit, age = item
        if bit in ("0", "1"):
            return TRUE if bit == "1" else FALSE
        if bit in positions:
            name, k = positions[bit]
            return aig.variable((name, k) if age == edges else (name, k, edges - age))
        return aig.variable(("undriven", bit, age))

    for bits in gates.outputs.values():
        stack = [(bit, 0) for bit in bits]
        while stack:
            item = stack[-1]
            if item in done:
                stack.pop()
            elif item[0] not in gates.drivers:
                done[item] = leaf(item)
            else:
                reads = needs(item)
                waiting = [r for r in reads if r not in done]
                if waiting:
                    loops = item in under_way and any(r in under_way for r in waiting)
                    if loops or item[1] > edges + _LATER:
                        raise VerificationError("a register or a gate of the circuit feeds itself")
                    under_way.add(item)
                    stack += waiting
                    continue
                done[item] = _joined(aig, gates.drivers[item[0]][0], [done[r] for r in reads])
                under_way.discard(item)
                stack.pop()
    return {name: [done[bit, 0] for bit in bits] for name, bits in gates.outputs.items()}


def _joined(aig: Aig, kind: str, reads: list[int]) -> int:
    if kind == "and":
        return aig.both(reads[0], reads[1])
    if kind.startswith("table"):
        n = int(kind.removeprefix("table"))
        level = reads[n:]
        for bit in reads[:n]:
            level = [aig.choose(bit, y, x) for x, y in zip(level[::2], level[1::2], strict=True)]
        return level[0]
    return reads[0] ^ 1 if kind == "not" else reads[0]
