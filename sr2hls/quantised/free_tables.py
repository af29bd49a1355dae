"""Tables that may move from their formulas, where the user wants more than a formula gives."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from sr2hls.arrays import IntArray
from sr2hls.lut_network import DECISIVE, SOFT, LossKind, Samples
from sr2hls.quantised.part import Part
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.state import QuantisedState


@dataclass(frozen=True)
class MovedPart(Part):
    """A part some of whose entries are not those of its formula.

    Attributes:
        table: raw values in the order of its readers' raw values.
    """

    table: tuple[int, ...] = ()

    @classmethod
    def of(cls, part: Part, table: IntArray) -> "MovedPart":
        """Return a part with another table, shape (entries,)."""
        own = {f.name: getattr(part, f.name) for f in fields(Part)}
        return cls(**own, table=tuple(table.tolist()))

    def entries(self) -> IntArray:
        """Return the raw values of its table, moved ones included."""
        return np.array(self.table, dtype=np.int64)

    def is_moved(self) -> IntArray:
        """Return which entries are not those of the formula, shape (entries,)."""
        return np.asarray(self.entries() != super().entries())


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """When entries move.

    Attributes:
        gain: loss, summed over the samples that read an entry, that a move has to save.
        sweeps: over all parts.
        rows: samples of each sweep.
    """

    gain: float = 1.0
    sweeps: int = 3
    rows: int = 60_000


def let_move(
    state: QuantisedState,
    samples: Samples,
    validation: Samples,
    options: MoveOptions,
    rng: np.random.Generator,
) -> QuantisedState:
    """Return the state with entries free to move from their formulas where that gains enough.

    The widths stay, and so do the LUTs that are predicted. Of the states after each sweep, and of the one
    without moves, that with the least loss on validation rows is taken.

    Args:
        state: trained, its entries those of its formulas.
        samples: what it is for.
        validation: what states are chosen on.
        options: see there.
        rng: source of randomness.
    """
    weights = SOFT if state.scale.kind is LossKind.NUMBERS else DECISIVE
    found = [state]
    for _ in range(options.sweeps):
        rows = QuantisedRows(found[-1], samples.batch(options.rows, rng), weights)
        for at in rng.permutation(len(state.parts)).tolist():
            rows.become(rows.state.with_part(at, _moved(rows, at, state.parts[at], options.gain)))
        found.append(rows.state)
    return min(found, key=lambda s: QuantisedRows(s, validation, weights).loss())


def _moved(rows: QuantisedRows, at: int, formula: Part, gain: float) -> Part:
    """Return a part with the best entries; each that is not the formula's has to gain enough."""
    levels = 1 << formula.bits
    losses = rows.cell_losses(at, [r.input for r in formula.readers], 0, levels).table(formula.readers)
    printed = formula.entries()
    costs = losses + gain * (np.arange(levels) != printed[:, None])
    table = np.where(
        costs.min(axis=1) < costs[np.arange(len(printed)), printed], costs.argmin(axis=1), printed
    )
    return formula if np.array_equal(table, printed) else MovedPart.of(formula, table)


def shares_moved(state: QuantisedState, samples: Samples) -> Mapping[Part, float]:
    """Return the share of the samples that read an entry that has moved, for each part that has any."""
    rows = QuantisedRows(state, samples, SOFT)
    return {
        part: float(np.mean(part.is_moved()[rows.index(part)]))
        for part in state.parts
        if isinstance(part, MovedPart)
    }


def of_formulas(state: QuantisedState) -> QuantisedState:
    """Return the state whose entries are those of its formulas."""
    names = [f.name for f in fields(Part)]
    parts = (Part(**{name: getattr(part, name) for name in names}) for part in state.parts)
    return replace(state, parts=tuple(parts))
