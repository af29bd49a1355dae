"""A LUT network: a network of small functions of one or two values, each of few bits.

Its inputs are numbers of few bits, its nodes tables (any function of the few bits of their children) and
sums. A table of up to six index bits costs one LUT6 an output bit, whatever its function is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import count
from typing import Any

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.errors import InputError

FORMAT = "sr2hls cascade 1"
LUT_INPUTS = 6


@dataclass(slots=True)
class TableNode:
    """A value of a LUT network.

    Attributes:
        children: what it reads, the first in the highest bits of the index.
        bits: width of its value, an unsigned number.
        entries: values for every index, shape (2^index bits,); ``None``: it is the sum of its children.
    """

    children: tuple[int, ...]
    bits: int
    entries: IntArray | None

    def copy(self) -> "TableNode":
        """Return a node that can be changed apart from this one."""
        return TableNode(self.children, self.bits, None if self.entries is None else self.entries.copy())


class LutNetwork:
    """Inputs 0 to n-1, then nodes by number.

    An output of raw value v stands for ``scale · v + offset``: a score (the largest wins), a logit, or the
    number that is wanted. Offsets of scores and logits are whole steps (and half a step for a logit).

    Attributes:
        input_bits: width of each input, an unsigned number (the position on the grid of the input's type).
        nodes: number to node.
        outputs: number of each output's node.
        scale: step of the outputs.
        offsets: of each output.
    """

    def __init__(self, input_bits: Sequence[int], n_outputs: int) -> None:
        self.input_bits = tuple(input_bits)
        self.nodes: dict[int, TableNode] = {}
        self.outputs: list[int] = []
        self.scale = 1.0
        self.offsets = np.zeros(n_outputs)
        self._next = len(self.input_bits)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(self.input_bits)

    def bits(self, value: int) -> int:
        """Return the width of an input or a node."""
        return self.input_bits[value] if value < self.n_inputs else self.nodes[value].bits

    def index_bits(self, values: Sequence[int]) -> int:
        """Return how many bits values have together."""
        return sum(self.bits(v) for v in values)

    def add(self, children: Sequence[int], bits: int, entries: IntArray | None) -> int:
        """Add a node and return its number; entries of a table have the shape (2^index bits,)."""
        number = self._next
        self._next += 1
        self.nodes[number] = TableNode(tuple(children), bits, entries)
        return number

    def copy(self) -> "LutNetwork":
        """Return a network that can be changed apart from this one."""
        other = LutNetwork(self.input_bits, len(self.offsets))
        other.nodes = {number: node.copy() for number, node in self.nodes.items()}
        other.outputs, other.scale, other.offsets = list(self.outputs), self.scale, self.offsets.copy()
        other._next = self._next
        return other

    def order(self) -> list[int]:
        """Return the nodes that outputs depend on, children before parents."""
        found: dict[int, None] = {}

        def visit(number: int) -> None:
            if number >= self.n_inputs and number not in found:
                for child in self.nodes[number].children:
                    visit(child)
                found[number] = None

        for output in self.outputs:
            visit(output)
        return list(found)

    def drop_unused(self) -> None:
        """Remove nodes that no output depends on."""
        self.nodes = {number: self.nodes[number] for number in sorted(self.order())}

    def used_inputs(self) -> tuple[int, ...]:
        """Return the inputs that outputs depend on."""
        read = {c for number in self.order() for c in self.nodes[number].children}
        return tuple(sorted(c for c in read if c < self.n_inputs))

    def source(self, value: int) -> int | None:
        """Return the only input that a value is a function of, through tables of one argument; else None."""
        while value >= self.n_inputs:
            node = self.nodes[value]
            if len(node.children) != 1 or node.entries is None:
                return None
            value = node.children[0]
        return value

    def quantised_indices(self) -> Iterator[int]:
        """Iterate over the tables that are functions of a single input, and no terms of a sum."""
        terms = {c for node in self.nodes.values() if node.entries is None for c in node.children}
        for number in self.nodes:
            if number not in terms and self.source(number) is not None:
                yield number

    def is_slice(self, number: int) -> bool:
        """Return whether a table is the highest bits of its argument: wires, no LUT."""
        node = self.nodes[number]
        if node.entries is None or len(node.children) != 1:
            return False
        shift = self.bits(node.children[0]) - node.bits
        return shift >= 0 and bool((node.entries == np.arange(len(node.entries)) >> shift).all())

    def is_wide(self, number: int) -> bool:
        """Return whether a table reads too many bits to be taken in by an adder."""
        return self.index_bits(self.nodes[number].children) >= LUT_INPUTS

    def steps(self) -> IntArray:
        """Return the offsets of scores in steps, the least 0: only their differences count."""
        whole = np.rint(self.offsets / self.scale).astype(np.int64)
        return np.asarray(whole - whole.min(), dtype=np.int64)

    def depth(self) -> int:
        """Return the largest number of nodes between an input and an output."""
        level = dict.fromkeys(range(self.n_inputs), 0)
        for number in self.order():
            level[number] = 1 + max((level[c] for c in self.nodes[number].children), default=0)
        return max(level[o] for o in self.outputs)

    def luts(self) -> int:
        """Return about how many LUT6 it takes.

        A table of b index bits takes max(1, 2^(b-6)) LUTs for each bit of its value (UltraScale architecture,
        UG574: a LUT6 is any function of six bits, the wide multiplexers come for nothing); a slice none. An
        adder takes one a bit, which computes a table of up to five bits as well (`sr2hls.rtl.adder_chains`),
        so that
        a chain costs what its tables cost. Synthesis finds less: equal bits, constants, functions of fewer
        bits.
        """
        return sum(self.node_luts(number) for number in self.order())

    def node_luts(self, number: int) -> int:
        """Return about how many LUT6 a node takes."""
        node = self.nodes[number]
        if node.entries is None:
            begun = chains(len(node.children))
            # A chain begins with a table of its own; those of six bits that begin none are one besides.
            wide = sorted((self.bits(c) for c in node.children if self.is_wide(c)), reverse=True)
            return (begun - 1) * node.bits + sum(wide[begun:])
        if self.is_slice(number):
            return 0
        return node.bits * max(1, int(2 ** (self.index_bits(node.children) - LUT_INPUTS)))

    def sum_bits(self, children: Sequence[int]) -> int:
        """Return the width of a sum of nodes."""
        return sum((1 << self.bits(c)) - 1 for c in children).bit_length()

    def to_json(self) -> dict[str, Any]:
        """As plain numbers."""
        return {
            "format": FORMAT,
            "input_bits": list(self.input_bits),
            "nodes": [
                {
                    "number": number,
                    "children": list(self.nodes[number].children),
                    "bits": self.nodes[number].bits,
                    "entries": None if (e := self.nodes[number].entries) is None else e.tolist(),
                }
                for number in self.order()
            ],
            "outputs": self.outputs,
            "scale": self.scale,
            "offsets": self.offsets.tolist(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "LutNetwork":
        """Return a network from plain numbers.

        Raises:
            InputError: the content is not one.
        """
        try:
            if content["format"] != FORMAT:
                raise InputError(f"format '{content['format']}' of a LUT network is not '{FORMAT}'")
            network = cls([int(b) for b in content["input_bits"]], len(content["outputs"]))
            for node in content["nodes"]:
                entries = None if node["entries"] is None else np.array(node["entries"], dtype=np.int64)
                number = int(node["number"])
                network.nodes[number] = TableNode(
                    tuple(int(c) for c in node["children"]), int(node["bits"]), entries
                )
                network._next = max(network._next, number + 1)
            network.outputs = [int(o) for o in content["outputs"]]
            network.scale = float(content["scale"])
            network.offsets = np.array(content["offsets"], dtype=np.float64)
            _check(network)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"not a LUT network: {type(error).__name__} {error}") from error
        return network


ADDERS_A_CYCLE = 3
"""Adders that follow each other within 5 ns by alkaid's delay model, 1.1 ns each."""


def chains(terms: int) -> int:
    """Return in how many chains of adders a sum is made: the fewest that need no further cycle.

    With a adders on the longest path, 2^t chains of a - t adders each, brought together by a tree of t,
    add up 2^t · (a - t + 1) terms. Three adders make eight terms, in four chains of two.
    """
    cycles = next(c for c in count(1) if terms <= most_terms(c))
    adders = ADDERS_A_CYCLE * cycles
    return next(1 << t for t in range(adders) if terms <= (1 << t) * (adders - t + 1))


def most_terms(cycles: int) -> int:
    """Return how many terms a sum may have that is made in some cycles: 8 in one, 64 in two."""
    adders = ADDERS_A_CYCLE * cycles
    return max((1 << t) * (adders - t + 1) for t in range(adders))


def index(parts: Sequence[tuple[IntArray, int]]) -> IntArray:
    """Return values of given widths concatenated, the first in the highest bits; all of one shape."""
    return reduce(lambda left, part: (left << part[1]) | part[0], parts, np.zeros((), dtype=np.int64))


def _check(network: LutNetwork) -> None:
    for number, node in network.nodes.items():
        if any(c >= network.n_inputs and c not in network.nodes for c in node.children):
            raise InputError(f"node {number} of a LUT network reads a node that is not there")
        if node.entries is None:
            continue
        wanted = 1 << network.index_bits(node.children)
        if node.entries.shape != (wanted,):
            raise InputError(f"node {number} of a LUT network has {len(node.entries)} entries, not {wanted}")
        if node.entries.min() < 0 or node.entries.max() >= 1 << node.bits:
            raise InputError(f"node {number} of a LUT network has an entry outside of its {node.bits} bits")
    if not network.outputs or any(o not in network.nodes for o in network.outputs):
        raise InputError("a LUT network has an output that is not one of its nodes")
