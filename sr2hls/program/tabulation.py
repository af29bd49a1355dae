"""Real values of nodes for every index of a table, bounded to what the node reaches on data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.graph import Graph
from sr2hls.program.types import FixedType

_WIDE = 4.0
"""A table whose range is more than this many times the range with margin that data reach is saturated."""


class Anchor(NamedTuple):
    """A value of the circuit that stands for a node.

    Attributes:
        node: position of the node in the graph.
        value: position of the value in the program.
        offset: what to add to the value's number to get the node's: half a step where bits were dropped.
    """

    node: int
    value: int
    offset: float = 0.0


@dataclass
class Memory:
    """What several emissions of one graph on the same data share, so that trials of precisions are quick.

    Attributes:
        origins: formula of each node as text.
        ranges: range of each node on data, with its margin.
        tables: real values of a node for every index of a table over anchors of given types, and the notes
            that came with them.
    """

    origins: dict[int, str] = field(default_factory=dict)
    ranges: dict[int, tuple[float, float]] = field(default_factory=dict)
    tables: dict[tuple[object, ...], tuple[FloatArray, tuple[str, ...]]] = field(default_factory=dict)


@dataclass
class Tabulation:
    """Evaluates nodes of one graph.

    Attributes:
        graph: the formulas.
        values: each node's values on data, shape (samples,): they give ranges where intervals are too wide.
        memory: shared with other emissions of the same graph on the same data.
        notes: what a user should know about the result.
    """

    graph: Graph
    values: Mapping[int, FloatArray]
    memory: Memory
    notes: list[str] = field(default_factory=list)

    def origin(self, position: int) -> str:
        """Return a node's formula over the program's inputs."""
        origins = self.memory.origins
        if position not in origins:
            origins[position] = str(sp.sstr(self.graph.nodes[position].expr))
        return origins[position]

    def shown(self, position: int) -> str:
        """Return a node's formula over the user's names."""
        return self.graph.text(self.graph.nodes[position].expr)

    def table(self, position: int, anchors: Sequence[Anchor], types: Sequence[FixedType]) -> FloatArray:
        """Return a node's real values for every index of a table over anchors of the given types.

        Raises:
            LoweringError: the node is undefined on all data.
        """
        key = (position, *((a.node, a.offset, t) for a, t in zip(anchors, types, strict=True)))
        if key not in self.memory.tables:
            before, self.notes = self.notes, []
            table = self._evaluated(position, anchors, types)
            self.memory.tables[key] = table, tuple(self.notes)
            self.notes = before
        table, notes = self.memory.tables[key]
        for note in notes:
            self._note(note)
        return table

    def seen_range(self, position: int) -> tuple[float, float]:
        """Return the range on data with half of its width added on both sides.

        Raises:
            LoweringError: the value is nowhere finite.
        """
        ranges = self.memory.ranges
        if position not in ranges:
            seen = self.values[position]
            finite = seen[np.isfinite(seen)]
            if not finite.size:
                raise LoweringError(f"'{self.shown(position)}' is undefined or infinite on all data")
            margin = max(float(np.ptp(finite)) / 2, 1e-9 * float(np.abs(finite).max()))
            ranges[position] = float(finite.min()) - margin, float(finite.max()) + margin
        return ranges[position]

    def _evaluated(self, position: int, anchors: Sequence[Anchor], types: Sequence[FixedType]) -> FloatArray:
        size = 1 << sum(t.width for t in types)
        index = np.arange(size)
        known: dict[int, FloatArray] = {}
        sign_bits = used = 0
        for anchor, type_ in reversed(list(zip(anchors, types, strict=True))):
            raw = index & ((1 << type_.width) - 1)
            index = index >> type_.width
            if type_.signed:
                raw = np.where(raw >> (type_.width - 1) == 1, raw - (1 << type_.width), raw)
                sign_bits |= 1 << (used + type_.width - 1)
            used += type_.width
            known[anchor.node] = np.asarray(raw * type_.step + anchor.offset, dtype=np.float64)
        real = np.broadcast_to(self.graph.evaluate(position, known), (size,)).astype(np.float64)
        return self._bounded(position, self._defined(position, real, sign_bits))

    def _bounded(self, position: int, table: FloatArray) -> FloatArray:
        """Saturate entries far outside of what the node reaches on data: their bits would buy nothing."""
        low, high = self.seen_range(position)
        if np.ptp(table) <= _WIDE * (high - low):
            return table
        self._note(
            f"'{self.shown(position)}' saturates at {low:.4g} and {high:.4g}; on the data it stays within"
        )
        return np.clip(table, low, high)

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _defined(self, position: int, table: FloatArray, sign_bits: int) -> FloatArray:
        """Replace entries where the formula is undefined by the nearest defined ones.

        Args:
            position: of the node, for messages.
            table: values, one for each index.
            sign_bits: the index bits that are signs of anchors.
        """
        bad = ~np.isfinite(table)
        if not bad.any():
            return table
        origin, seen = self.shown(position), self.values[position]
        if bad.all() or not np.isfinite(seen).any():
            raise LoweringError(
                f"'{origin}' is undefined or infinite on the data: protect it (with Abs, Max or a small "
                "constant in the denominator) or restrict its inputs"
            )
        self._note(
            f"'{origin}' is undefined for {int(bad.sum())} of {len(table)} table entries; "
            "they repeat the nearest entry"
        )
        # In the order of the values, not of the index: negative numbers have the high indices.
        order = np.argsort(np.arange(len(table)) ^ sign_bits, kind="stable")
        table, bad = table[order], bad[order]
        good = np.flatnonzero(~bad)
        at = np.arange(len(table))
        right = np.clip(np.searchsorted(good, at), 0, len(good) - 1)
        left = np.maximum(right - 1, 0)
        nearest = np.where(np.abs(good[left] - at) <= np.abs(good[right] - at), good[left], good[right])
        repaired = np.empty_like(table)
        repaired[order] = table[nearest]
        return repaired
