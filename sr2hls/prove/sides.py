"""Sides of a proof in one graph: outputs as words over the bits of the input ports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from alkaid.types import CombLogic
from numpy.typing import NDArray

from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.prove.aig import FALSE, Aig, Word, extended
from sr2hls.prove.gates import written
from sr2hls.prove.logic_terms import Terms
from sr2hls.prove.of_logic import LogicTerms
from sr2hls.prove.of_program import Scaled, operation_term
from sr2hls.prove.proof import Counterexample
from sr2hls.rtl.ports import Port

Side = list[Word]
"""The raw bits of each output, in the order of the program."""
_BLOCK_BITS = 15


@dataclass(frozen=True, slots=True)
class Ports:
    """Input and output ports, in the order of the program."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def input_bits(self) -> int:
        """Bits of all inputs."""
        return sum(port.width for port in self.inputs)


def _variables(aig: Aig, terms: Terms, ports: Ports) -> tuple[list[Scaled], dict[int, Word]]:
    inputs, words = [], {}
    for k, port in enumerate(ports.inputs):
        type_ = port.type
        variable = terms.variable(("input", k), type_.raw_min, type_.raw_max)
        bits = [aig.variable((port.name, bit)) for bit in range(port.width)]
        words[variable] = bits if type_.signed else [*bits, FALSE]
        inputs.append(Scaled(variable, type_.frac))
    return inputs, words


def program_side(aig: Aig, program: Program, ports: Ports) -> Side:
    """Return the outputs of a program by its contract."""
    terms = Terms()
    inputs, words = _variables(aig, terms, ports)
    steps: list[Scaled] = []
    for op in program.ops:
        if isinstance(op, ops.Input):
            steps.append(inputs[op.index])
        else:
            types = [program.ops[a].type for a in op.args]
            steps.append(operation_term(terms, op, [steps[a] for a in op.args], types))
    return _written(aig, terms, [steps[k] for k in program.outputs], words, ports)


def logic_side(aig: Aig, logic: CombLogic, ports: Ports) -> Side:
    """Return the outputs of alkaid's logic, adder by adder.

    Every value is a variable to what reads it: terms would make one sum of several adders, in another order
    than that of the Verilog, and the solver finds gates that are equal where the order is the same.
    """
    terms = Terms()
    inputs, words = _variables(aig, terms, ports)
    values = LogicTerms(terms, logic, inputs)
    known: dict[int, Scaled] = {}
    for k in range(len(values)):
        value = values.value(k, known)
        term = terms[value.term]
        variable = terms.variable(("value", k), term.low, term.high)
        if terms.value(variable) is None:
            words[variable] = written(aig, terms, [value.term], words)[0]
        known[k] = Scaled(variable, value.frac)
    return _written(aig, terms, [known[k] for k in logic.out_idxs], words, ports)


def _written(aig: Aig, terms: Terms, values: Sequence[Scaled], words: dict[int, Word], ports: Ports) -> Side:
    roots = [
        terms.shift_right(v.term, v.frac - port.type.frac)
        for v, port in zip(values, ports.outputs, strict=True)
    ]
    found = written(aig, terms, roots, words)
    return [extended(word, port.width) for word, port in zip(found, ports.outputs, strict=True)]


def flat(side: Side) -> list[int]:
    """Return the bits of all outputs."""
    return [bit for word in side for bit in word]


def differing(
    aig: Aig, left: Side, right: Side, ports: Ports, rows: NDArray[np.int64], seed: int | None
) -> Counterexample | None:
    """Return inputs among raw rows, shape (samples, inputs), for which two sides differ.

    Variables other than the inputs' (those of other cycles, wires that nothing drives) take random values, or
    0, as simulators do, where there is no seed.
    """
    padded = np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % 64, axis=0)])
    rng = np.random.default_rng(seed)
    values = {}
    columns = {
        (port.name, bit): ((column >> bit) & 1).astype(np.uint8)
        for port, column in zip(ports.inputs, padded.T, strict=True)
        for bit in range(port.width)
    }
    for key, literal in aig.variables.items():
        bits = columns.get(key)  # type: ignore[call-overload]
        if bits is None:
            zeros = np.zeros(len(padded), dtype=np.uint8)
            bits = zeros if seed is None else rng.integers(2, size=len(padded), dtype=np.uint8)
        values[literal >> 1] = np.packbits(bits, bitorder="little").view(np.uint64)
    pairs = [(a, b) for a, b in zip(flat(left), flat(right), strict=True) if a != b]
    if not pairs:
        return None
    found = aig.simulate([k for pair in pairs for k in pair], values)
    wrong = np.zeros_like(found[0])
    for x, y in zip(found[::2], found[1::2], strict=True):
        wrong |= x ^ y
    where = np.flatnonzero(np.unpackbits(wrong.view(np.uint8), bitorder="little"))
    if not len(where):
        return None
    at = int(where[0])
    return counterexample(
        aig, ports, {k: bool(v[at // 64] >> np.uint64(at % 64) & np.uint64(1)) for k, v in values.items()}
    )


def counterexample(aig: Aig, ports: Ports, values: dict[int, bool]) -> Counterexample:
    """Return the rows of inputs that values of the variables' nodes spell; what is not given is 0."""
    rows: dict[int, list[int]] = {0: [0] * len(ports.inputs)}
    index = {port.name: k for k, port in enumerate(ports.inputs)}
    for key, literal in aig.variables.items():
        if not (isinstance(key, tuple) and key[0] in index):
            continue
        cycle = key[2] if len(key) > 2 else 0
        row = rows.setdefault(cycle, [0] * len(ports.inputs))
        row[index[key[0]]] |= int(values.get(literal >> 1, False)) << key[1]
    first, last = min(rows), max(rows)
    whole = np.array([rows.get(k, rows[0]) for k in range(first, last + 1)], dtype=np.int64)
    for column, port in zip(whole.T, ports.inputs, strict=True):
        if port.type.signed:
            column[column > port.type.raw_max] -= 1 << port.width
    return Counterexample(whole, -first)


def every_row(ports: Ports) -> Iterator[NDArray[np.int64]]:
    """Yield every input there is, in blocks of raw rows."""
    block = 1 << min(_BLOCK_BITS, ports.input_bits)
    for first in range(0, 1 << ports.input_bits, block):
        rest = np.arange(first, first + block, dtype=np.int64)
        columns = []
        for port in ports.inputs:
            raw = rest & ((1 << port.width) - 1)
            columns.append(np.where(raw > port.type.raw_max, raw - (1 << port.width), raw))
            rest = rest >> port.width
        yield np.stack(columns, axis=1)
