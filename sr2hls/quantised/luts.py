"""LUTs of a quantised formula, predicted from the bits of its parts.

The rules are those of `sr2hls.rtl.adder_chains`: an adder takes one LUT a bit, which computes a table of up
to five
index bits as well, so that a chain of such tables costs what the tables cost; a table of six bits costs its
own LUTs unless it begins a chain; chains are brought together by adders of the sum's width. Rounding an input
to fewer bits is a table, too, shared by all parts that read it; an input's highest bits are wires.
"""

from collections.abc import Sequence

from sr2hls.lut_network.table_network import LUT_INPUTS, chains
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.reader import Reader
from sr2hls.quantised.state import QuantisedState


def state_luts(state: QuantisedState) -> int:
    """Return about how many LUTs a state takes."""
    outputs = range(len(state.bias))
    total = sum(output_luts([(p.bits, p.index_bits) for p in state.of_output(k)]) for k in outputs)
    return total + readers_luts(state.readers(), state.grids)


def readers_luts(readers: Sequence[Reader], grids: Sequence[InputGrid]) -> int:
    """Return about how many LUTs the rounding of inputs takes.

    Yosys' ABC gives every other reader of several bits one LUT more, for what their functions share.
    """
    luts = [r.luts(grids[r.input]) for r in readers]
    return sum(luts) + sum(n > 1 for n in luts) // 2


def output_luts(parts: Sequence[tuple[int, int]]) -> int:
    """Return about how many LUTs a sum of tables takes, each given by its bits and its index bits."""
    if not parts:
        return 0
    begun = chains(len(parts))
    total = sum(bits * table_size(index_bits) for bits, index_bits in parts)
    if begun > 1:
        total += (begun - 1) * sum((1 << bits) - 1 for bits, _ in parts).bit_length()
    wide = sorted((bits for bits, index_bits in parts if index_bits >= LUT_INPUTS), reverse=True)
    return total + sum(wide[begun:])


def table_size(index_bits: int) -> int:
    """Return how many LUTs a bit of a table takes: beyond six index bits one in two more to choose by."""
    wide = 1 << max(0, index_bits - LUT_INPUTS)
    return wide + wide // 2
