"""One part at a time becomes the best that there is, all else being kept: constants, widths and readers.

What every raw value of a part would lose for every value of its inputs is known from one pass over the
samples (`QuantisedRows.cell_losses`). Constants, rounding, width and the bits that are read are then judged
exactly by
looking losses up, a few thousand candidates in milliseconds. Constants have three digits from the start, so
that nothing is rounded afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.quantised import rounding_kernels as kernels
from sr2hls.quantised.digits import rounded, rounded_array
from sr2hls.quantised.luts import output_luts, readers_luts
from sr2hls.quantised.part import NUDGES, sums
from sr2hls.quantised.reader import Reader, free_readers, neighbours, new_readers
from sr2hls.quantised.rows import CellLosses, QuantisedRows
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.state import QuantisedState

_SHIFTS = np.array([0.0, 0.2, 0.4, 0.6, 0.8])
_SPREADS = (0.5, 0.2, 0.07)
_HOP = 3
_NEW = 10


@dataclass(frozen=True)
class FitOptions:
    """How parts are fitted.

    Attributes:
        price: loss, a sample's mean, that a LUT is worth.
        max_lut: most LUTs of a state; one that has more must not grow.
        part_bits: most bits of a part.
        reader_bits: most bits of an input that is rounded.
        index_bits: most bits that a part reads.
        combinations: of readers that are tried for a part.
        finalists: combinations whose constants are fitted.
        sets: of constants that are tried at once.
    """

    price: float
    max_lut: int | None = None
    part_bits: int = 7
    reader_bits: int = 4
    index_bits: int = 6
    combinations: int = 80
    finalists: int = 3
    sets: int = 40


@dataclass(frozen=True)
class _FoundPart:
    worth: float
    readers: tuple[Reader, ...]
    constants: tuple[float, ...]
    shift: float
    low: int
    bits: int


def improved(rows: QuantisedRows, at: int, options: FitOptions, rng: np.random.Generator) -> QuantisedState:
    """Return the state with one of its parts fitted; the same state where nothing is gained."""
    return _Fit(rows, at, options, rng).run()


class _Fit:
    def __init__(self, rows: QuantisedRows, at: int, options: FitOptions, rng: np.random.Generator) -> None:
        self.rows, self.at, self.options, self.rng = rows, at, options, rng
        self.state, self.part = rows.state, rows.state.parts[at]
        self.grids = self.state.grids
        self.most_bits = max(self.part.bits, min(options.part_bits, self.part.bits + 1))
        self.low = -(1 << self.most_bits >> 1)
        self.losses: CellLosses = rows.cell_losses(at, self.part.inputs, self.low, 2 << self.most_bits)
        others = self.state.without(at)
        self.others = [(p.bits, p.index_bits) for p in others.of_output(self.part.output)]
        self.read = set(others.readers())
        outputs = range(len(self.state.bias))
        self.rest_luts = readers_luts(sorted(self.read, key=lambda r: r.key), self.grids) + sum(
            output_luts([(p.bits, p.index_bits) for p in others.of_output(k)])
            for k in outputs
            if k != self.part.output
        )
        self.step = 2.0**-self.part.frac
        self.luts_now = self._luts(self.part.readers, self.part.bits)

    def run(self) -> QuantisedState:
        table = self.losses.table(self.part.readers)
        entries = self.part.entries()
        now = float(table[np.arange(len(table)), entries - self.low].sum())
        now += self._paid(self.part.readers, self.part.bits)
        ranked = sorted(
            (
                found
                for readers in self._combinations()
                for found in self._judged(readers, self._start(), None)
            ),
            key=lambda found: found.worth,
        )
        finalists: dict[tuple[Reader, ...], _FoundPart] = {}
        for found in ranked:
            finalists.setdefault(found.readers, found)
        best: _FoundPart | None = None
        for found in list(finalists.values())[: self.options.finalists]:
            fitted = self._constants_fitted(found)
            if best is None or fitted.worth < best.worth:
                best = fitted
        if best is None or best.worth >= now - 1e-9:
            return self.state
        return self._taken(best, now)

    def _start(self) -> FloatArray:
        return np.array([self.part.constants])

    def _taken(self, found: _FoundPart, now: float) -> QuantisedState:
        """Return the state with what was found, if it is as good with its offset rounded."""
        if found.bits == 0:
            return self.state.without(self.at).with_bias(self.part.output, found.low)
        for nudge in NUDGES:
            part = replace(
                self.part,
                constants=found.constants,
                offset=rounded((found.shift + nudge - found.low) * self.step),
                readers=found.readers,
                bits=found.bits,
            )
            if not part.is_clear():
                continue
            table = self.losses.table(part.readers)
            worth = float(table[np.arange(len(table)), part.entries() + found.low - self.low].sum())
            if worth + self._paid(part.readers, part.bits) < now - 1e-9:
                return self.state.with_part(self.at, part).with_bias(part.output, found.low)
        return self.state

    def _combinations(self) -> list[tuple[Reader, ...]]:
        """Return what may be read: the present readers, free ones, those of other parts, some new ones."""
        choices = []
        for i, present in zip(self.part.inputs, self.part.readers, strict=True):
            if present.factor is not None:
                choices.append(self._of_factor(present, present.factor.shape))
                continue
            free = free_readers(i, self.grids[i], self.options.index_bits)
            known = [r for r in self._known(i) if r.factor is None]
            new = new_readers(i, self.grids[i], self.options.reader_bits)
            some = self.rng.permutation(len(new))[:_NEW].tolist()
            choices.append(list(dict.fromkeys([present, *known, *free, *(new[k] for k in some)])))
        fitting = [c for c in product(*choices) if sum(r.bits for r in c) <= self.options.index_bits]
        now = self.part.readers
        others = [c for c in fitting if c != now]
        order = self.rng.permutation(len(others))[: self.options.combinations].tolist()
        return [now, *(others[k] for k in order)]

    def _of_factor(self, present: Reader, shape: QuantisedShape) -> list[Reader]:
        """Return the present reader, those of other parts of such a factor, and some that differ a little."""
        known = [r for r in self._known(present.input) if r.factor is not None and r.factor.shape == shape]
        new = list(neighbours(present, self.grids[present.input], self.options.reader_bits))
        some = self.rng.permutation(len(new))[:_NEW].tolist()
        return list(dict.fromkeys([present, *known, *(new[k] for k in some)]))

    def _known(self, position: int) -> list[Reader]:
        return [r for r in sorted(self.read, key=lambda r: r.key) if r.input == position]

    def _judged(
        self, readers: tuple[Reader, ...], sets: FloatArray, table: FloatArray | None
    ) -> list[_FoundPart]:
        """Return the best rounding for some sets of constants and readers; none if it is not finite."""
        with np.errstate(all="ignore"):
            values = sums(self.part.shapes, readers, sets) / self.step
        finite = np.isfinite(values).all(axis=1)
        if not finite.any():
            return []
        sets, values = sets[finite], values[finite]
        table = self.losses.table(readers) if table is None else table
        best, where = np.empty(self.most_bits + 1), np.zeros((self.most_bits + 1, 3), np.int64)
        kernels.best_windows(values, table, self.low, _SHIFTS, self.most_bits, _HOP, best, where)
        worths = [best[b] + self._paid(readers, b) for b in range(self.most_bits + 1)]
        bits = int(np.argmin(worths))
        if not np.isfinite(worths[bits]):
            return []
        s, f, low = where[bits].tolist()
        return [_FoundPart(worths[bits], readers, tuple(sets[s].tolist()), float(_SHIFTS[f]), low, bits)]

    def _constants_fitted(self, found: _FoundPart) -> _FoundPart:
        table = self.losses.table(found.readers)
        for spread in _SPREADS:
            sets = proposals(np.array(found.constants), spread, self.options.sets, self.rng)
            for other in self._judged(found.readers, sets, table):
                if other.worth < found.worth:
                    found = other
        return found

    def _luts(self, readers: Sequence[Reader], bits: int) -> int:
        if bits == 0:
            return self.rest_luts + output_luts(self.others)
        index_bits = sum(r.bits for r in readers)
        new = [r for r in readers if r not in self.read]
        total = self.rest_luts + output_luts([*self.others, (bits, index_bits)])
        return total + readers_luts(new, self.grids)

    def _paid(self, readers: Sequence[Reader], bits: int) -> float:
        luts, most = self._luts(readers, bits), self.options.max_lut
        if most is not None and luts > max(most, self.luts_now):
            return float("inf")
        return self.options.price * len(self.rows.samples) * luts


def proposals(constants: FloatArray, spread: float, sets: int, rng: np.random.Generator) -> FloatArray:
    """Return sets of constants near some, of three digits, shape (sets, constants); the first are they."""
    noise = rng.standard_normal((sets, len(constants))) * (rng.random((sets, len(constants))) < 0.6)
    moved = constants + spread * noise * (np.abs(constants) + 0.1)
    moved[0] = constants
    return rounded_array(moved)
