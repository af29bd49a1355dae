"""The common shift of scores: it decides nothing, so that it is chosen for the circuit's sake.

The constant of a sum stands in one of its tables, at the head of a chain of adders, and takes a LUT for each
bit that varies there besides the table's own (see `sr2hls.rtl.adder_chains`).
"""

from collections.abc import Sequence

from sr2hls.lut_network.table_network import LUT_INPUTS
from sr2hls.quantised.part import Part
from sr2hls.quantised.state import QuantisedState

_FARTHEST = 64
_TOP = 0.5
"""Weight of a further bit of the whole sum: often it is a carry, or its opposite."""


def common_shift(state: QuantisedState, wanted: int) -> int:
    """Return what to take away from all constants of a classification, near to what is wanted, in steps.

    Args:
        state: parts and constants of every output.
        wanted: the shift that would be printed best.
    """
    outputs = [_Ends(state.of_output(k), bias) for k, bias in enumerate(state.bias)]

    def cost(shift: int) -> tuple[float, int]:
        return sum(o.further_bits(shift) for o in outputs), abs(shift - wanted)

    return min(range(wanted - _FARTHEST, wanted + _FARTHEST + 1), key=cost)


class _Ends:
    """Ranges of an output's parts, each from 0 on, and what is added to them."""

    def __init__(self, parts: Sequence[Part], bias: int) -> None:
        ends = [(int(e.min()), int(e.max())) for e in (p.entries() for p in parts)]
        self.tops = [high - low for low, high in ends]
        self.bias = bias + sum(low for low, _ in ends)
        wide = [k for k, p in enumerate(parts) if p.index_bits >= LUT_INPUTS]
        self.heads = wide or list(range(len(parts)))
        self.rooms = [(1 << top.bit_length()) - 1 - top for top in self.tops]

    def further_bits(self, shift: int) -> float:
        """Return about how many LUTs the constant takes."""
        offset, whole = self.bias - shift, sum(self.tops)
        found = [float("inf") if self.heads else 0.0]
        for head in self.heads:
            room = sum(self.rooms) - self.rooms[head]
            for low_bits in range(abs(offset).bit_length() + 1):
                spread = offset & ((1 << low_bits) - 1)
                if spread > room:
                    break
                rest = offset - spread
                found.append(_more(rest, self.tops[head]) + _TOP * max(0, _more(rest, whole + spread)))
        return min(found)


def _more(offset: int, top: int) -> int:
    """Return how many bits more vary from ``offset`` to ``offset + top`` than from 0 to ``top``."""
    return (offset ^ (offset + top)).bit_length() - top.bit_length()
