"""The longest path of a mapped netlist: levels of LUTs and carry chains between registers and ports.

It is counted on the very cells whose LUTs a report tells. No tool has placed them: what a level takes, a LUT
with the wire to it, is an estimate (`sr2hls.synthesis.level_delays`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sr2hls.errors import ToolError
from sr2hls.synthesis.level_delays import LevelDelays

_Bit = int | str
"""A net by its number, a constant, or a name of a carry inside of a cell."""
_REGISTERS = ("FD", "LD", "SRL", "TRELLIS_FF")
"""First letters of the cells that paths begin and end at (UG974; FPGA-DS-02012)."""
_LUTS = frozenset({"INV", "LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6"})
_MUXES = frozenset({"MUXF7", "MUXF8", "MUXF9", "PFUMX", "L6MUX21"})
_CHOICES = frozenset({"S", "C0", "SD"})
"""Pins by which multiplexers choose: a wire of its own leads there, data come from the LUTs beside it."""
_CHAINS = {"CARRY4": 4, "CARRY8": 8}
_NO_CELL = "$scopeinfo"


@dataclass(frozen=True, slots=True)
class NetlistPath:
    """A path through a netlist.

    Attributes:
        ns: what it takes from register to register, nanoseconds.
        luts: LUTs on it, each with the wire to it.
        carries: carry chains that it enters.
        bits: bits that carries run over.
        muxes: MUXF7 and alike.
    """

    ns: float
    luts: int = 0
    carries: int = 0
    bits: int = 0
    muxes: int = 0

    @property
    def levels(self) -> int:
        """LUTs and carry chains together."""
        return self.luts + self.carries


class _Arc(NamedTuple):
    """A bit that another one follows from, and what is passed on the way."""

    source: _Bit
    luts: int = 0
    carries: int = 0
    bits: int = 0
    muxes: int = 0


@dataclass(slots=True)
class _TimingGraph:
    """Arcs to each bit; where paths begin and end."""

    arcs: dict[_Bit, list[_Arc]] = field(default_factory=dict)
    from_lut: set[_Bit] = field(default_factory=set)
    ends: list[_Bit] = field(default_factory=list)

    def join(self, target: _Bit, arcs: Iterable[_Arc]) -> None:
        self.arcs.setdefault(target, []).extend(arcs)

    def entering(self, source: _Bit) -> _Arc:
        """Return the arc into a carry chain: what comes from no LUT beside it passes through one."""
        return _Arc(source, luts=int(source not in self.from_lut), carries=1)


def longest_path(module: Mapping[str, Any], delays: LevelDelays) -> NetlistPath | None:
    """Return the path of a module that takes longest.

    Args:
        module: of Yosys' JSON netlist, of cells of AMD's devices or of ECP5.
        delays: what a level takes.

    Returns:
        The path; ``None`` where a cell is no LUT, carry, multiplexer or register, e.g. a DSP block, whose
        delay is not known.

    Raises:
        ToolError: gates feed themselves.
    """
    graph = _TimingGraph()
    outputs = [port["bits"] for port in module["ports"].values() if port["direction"] == "output"]
    graph.ends += [bit for bits in outputs for bit in bits]
    cells = [cell for cell in module["cells"].values() if cell["type"] != _NO_CELL]
    for cell in cells:
        if cell["type"] in _LUTS:
            graph.from_lut.update(_pins(cell, "output").values())
    if not all(_read(graph, cell) for cell in cells):
        return None
    reached = _arrivals(graph, delays)
    worst = _slowest(reached[bit] for bit in graph.ends) or NetlistPath(0.0)
    return NetlistPath(worst.ns + delays.register_ns, worst.luts, worst.carries, worst.bits, worst.muxes)


def _pins(cell: Mapping[str, Any], direction: str) -> dict[str, _Bit]:
    """Return the first bit of each input or output of a cell."""
    pins, directions = cell["connections"], cell["port_directions"]
    return {name: bits[0] for name, bits in pins.items() if bits and directions[name] == direction}


def _read(graph: _TimingGraph, cell: Mapping[str, Any]) -> bool:
    """Put a cell into a graph; return whether it is one whose delay is known."""
    kind, pins = cell["type"], cell["connections"]
    if kind.startswith(_REGISTERS):
        directions = cell["port_directions"]
        graph.ends += [bit for name, bits in pins.items() if directions[name] == "input" for bit in bits]
    elif kind in _LUTS:
        _joined(graph, cell, lambda name, bit: _Arc(bit, luts=1))
    elif kind in _MUXES:
        _joined(graph, cell, lambda name, bit: _Arc(bit, luts=int(name in _CHOICES), muxes=1))
    elif kind in _CHAINS:
        _chain(graph, cell, _CHAINS[kind])
    elif kind == "CCU2C":
        _pair(graph, cell)
    else:
        return False
    return True


def _joined(graph: _TimingGraph, cell: Mapping[str, Any], arc: Callable[[str, _Bit], _Arc]) -> None:
    arcs = [arc(name, bit) for name, bit in _pins(cell, "input").items()]
    for target in _pins(cell, "output").values():
        graph.join(target, arcs)


def _chain(graph: _TimingGraph, cell: Mapping[str, Any], width: int) -> None:
    """Take in a carry of AMD's devices: S and DI enter it, the carry of the bit below runs over the bit."""
    pins = cell["connections"]
    below: _Bit = f"carry {id(cell)} in"
    graph.join(below, [_Arc(bit) for bit in pins.get("CI", ())])
    graph.join(below, [graph.entering(bit) for bit in pins.get("CYINIT", ())])
    for k in range(width):
        ripple = _Arc(below, bits=1)
        here: _Bit = f"carry {id(cell)} {k}"
        graph.join(here, [graph.entering(pins["S"][k]), graph.entering(pins["DI"][k]), ripple])
        for name, arcs in (("O", [graph.entering(pins["S"][k]), ripple]), ("CO", [_Arc(here)])):
            if k < len(pins.get(name, ())):
                graph.join(pins[name][k], arcs)
        below = here


def _pair(graph: _TimingGraph, cell: Mapping[str, Any]) -> None:
    """Take in a CCU2C: two LUTs, and a carry that runs over both (FPGA-DS-02012)."""
    pins = cell["connections"]
    below: _Bit = f"carry {id(cell)} in"
    graph.join(below, [_Arc(bit) for bit in pins.get("CIN", ())])
    for k in range(2):
        ripple = _Arc(below, bits=1)
        read = [bit for name in "ABCD" for bit in pins[f"{name}{k}"]]
        here: _Bit = f"carry {id(cell)} {k}"
        graph.join(here, [*(_Arc(bit, luts=1, carries=1) for bit in read), ripple])
        for bit in pins[f"S{k}"]:
            graph.join(bit, [*(_Arc(source, luts=1) for source in read), ripple])
        below = here
    for bit in pins["COUT"]:
        graph.join(bit, [_Arc(below)])


def _arrivals(graph: _TimingGraph, delays: LevelDelays) -> dict[_Bit, NetlistPath | None]:
    """Return the slowest path to each bit that one ends at, and to those on the way; none to constants."""
    done: dict[_Bit, NetlistPath | None] = {}
    under_way: set[_Bit] = set()
    for end in graph.ends:
        stack = [end]
        while stack:
            bit = stack[-1]
            waiting = [a.source for a in graph.arcs.get(bit, ()) if a.source not in done]
            if bit not in done and waiting:
                if bit in under_way and not under_way.isdisjoint(waiting):
                    raise ToolError("a gate of the mapped netlist feeds itself: its paths have no end")
                under_way.add(bit)
                stack += waiting
                continue
            stack.pop()
            under_way.discard(bit)
            if bit not in done:
                arcs = graph.arcs.get(bit)
                start = NetlistPath(0.0) if arcs is None and isinstance(bit, int) else None
                done[bit] = start or _slowest(_further(done[a.source], a, delays) for a in arcs or ())
    return done


def _slowest(paths: Iterable[NetlistPath | None]) -> NetlistPath | None:
    return max((path for path in paths if path is not None), key=lambda path: path.ns, default=None)


def _further(path: NetlistPath | None, arc: _Arc, delays: LevelDelays) -> NetlistPath | None:
    if path is None:
        return None
    own = (
        arc.luts * delays.lut_ns
        + arc.carries * delays.carry_ns
        + arc.bits * delays.bit_ns
        + arc.muxes * delays.mux_ns
    )
    return NetlistPath(
        path.ns + own,
        path.luts + arc.luts,
        path.carries + arc.carries,
        path.bits + arc.bits,
        path.muxes + arc.muxes,
    )
