"""How the ports of a project map to the packed bits of alkaid's machine.

alkaid packs all inputs into one vector and all outputs into another, the first value in the lowest bits, and
leaves out bits that it can prove: constants, copies of a sign, low zeros. The ports have the full types.
"""

from dataclasses import dataclass

from alkaid.types import CombLogic

from sr2hls.errors import LoweringError
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.rtl.names import safe_names

_INPUT, _CONSTANT = -1, 5


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the top module.

    Attributes:
        name: identifier in the sources.
        source: name in the program.
        type: fixed-point type; the port carries its raw bits.
    """

    name: str
    source: str
    type: FixedType

    @property
    def width(self) -> int:
        """Bits of the port."""
        return self.type.width


@dataclass(frozen=True, slots=True)
class InputBits:
    """Bits ``low`` to ``high`` of the packed inputs, taken from a port."""

    port: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class OutputBits:
    """How a port is put together, from the highest bit: ``extend`` copies, a field or constant, ``zeros``.

    Attributes:
        port: name of the port.
        width: bits of the port.
        literal: the port's bits as a binary string where it is constant, else None.
        low: lowest packed bit.
        high: highest packed bit.
        extend: how often the sign, or 0, is repeated above.
        signed: whether the sign is repeated.
        zeros: zeros below.
    """

    port: str
    width: int
    literal: str | None = None
    low: int = 0
    high: int = 0
    extend: int = 0
    signed: bool = False
    zeros: int = 0


def ports_of(program: Program) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Return the input and output ports of a program, with names that are legal in both languages."""
    names = safe_names([*program.input_names, *program.output_names])
    sources = (*program.input_names, *program.output_names)
    types = (*program.input_types, *program.output_types)
    ports = tuple(Port(*p) for p in zip(names, sources, types, strict=True))
    return ports[: program.n_inputs], ports[program.n_inputs :]


def field_bits(ports: tuple[Port, ...]) -> list[InputBits]:
    """Return the ports side by side, the first in the lowest bits."""
    found, low = [], 0
    for port in ports:
        found.append(InputBits(port.name, low, low + port.width - 1))
        low += port.width
    return found


def input_bits(logic: CombLogic, ports: tuple[Port, ...]) -> list[InputBits]:
    """Return where each input port goes; the machine has no bits for an input that nothing reads."""
    read = {op.data[0] for op in logic.ops if op.opcode == _INPUT}
    return field_bits(tuple(port for index, port in enumerate(ports) if index in read))


def output_bits(logic: CombLogic, ports: tuple[Port, ...]) -> list[OutputBits]:
    """Return how each output port is made; a constant one needs no bits of the machine.

    `variable_outputs` are the outputs that the machine has, in order.

    Raises:
        LoweringError: an output is a negated value.
    """
    found, low = [], 0
    outputs = zip(ports, logic.out_idxs, logic.out_shifts, logic.out_negs, strict=True)
    for port, position, shift, negated in outputs:
        if negated:
            raise LoweringError(f"output '{port.source}' is a negated value, which wires cannot express")
        op = logic.ops[position]
        frac = op.qint.kif.fractional - shift
        zeros = port.type.frac - frac
        if op.opcode == _CONSTANT:
            raw = op.data[0] << zeros if zeros >= 0 else op.data[0] >> -zeros
            literal = format(raw & ((1 << port.width) - 1), f"0{port.width}b")
            found.append(OutputBits(port.name, port.width, literal=literal))
            continue
        width = sum(op.qint.kif)
        # alkaid's interval may be wider than what the program proves: the bits above are copies of the sign.
        kept = min(width, port.width - zeros)
        extend = port.width - zeros - kept
        signed = bool(op.qint.kif.signed)
        found.append(
            OutputBits(
                port.name,
                port.width,
                low=low,
                high=low + kept - 1,
                extend=extend,
                signed=signed,
                zeros=zeros,
            )
        )
        low += width
    return found


def variable_outputs(logic: CombLogic) -> CombLogic:
    """Return the logic without its constant outputs."""
    kept = [k for k, position in enumerate(logic.out_idxs) if logic.ops[position].opcode != _CONSTANT]
    return logic._replace(
        shape=(logic.shape[0], len(kept)),
        out_idxs=[logic.out_idxs[k] for k in kept],
        out_shifts=[0] * len(kept),
        out_negs=[False] * len(kept),
    )
