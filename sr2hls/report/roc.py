"""ROC curves from histograms, so that any number of rows fit in little memory.

A score is counted in the bin of its float32 bit pattern's highest bits: an order-preserving map of any
score, whatever its range, to a bin whose width is a fixed share of the score (2^-9 for 18 bits). Rows in one
bin count as ties.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.report.fidelity import Fixed, Model, RocCurve, WorkingPoint

INPUT_RATE_KHZ = 40_000.0
"""Bunch crossings of the LHC: 40 MHz."""
FALSE_POSITIVES = (1e-1, 1e-2, 1e-3, 1e-4)
"""Background shares at which efficiencies are given."""
RATES_KHZ = (1000.0, 400.0, 100.0, 40.0, 10.0, 1.0)
"""Trigger rates at which efficiencies are given, if every crossing gives one row."""
LEAST_BACKGROUND = 10
"""Fewest background rows behind a cut that is reported: below, the share let through is not known to 30 %."""
_MOST_POINTS = 240


def score_keys(scores: FloatArray, bits: int) -> NDArray[np.int64]:
    """Return bins of scores, shape (rows,): the highest bits of their float32 pattern keep the order."""
    # Adding 0 makes -0 equal 0, which have different patterns.
    pattern = (scores.astype(np.float32) + np.float32(0)).view(np.uint32)
    negative = (pattern >> 31).astype(bool)
    ordered = np.where(negative, ~pattern, pattern | np.uint32(1 << 31))
    return (ordered >> np.uint32(32 - bits)).astype(np.int64)


class RocCounter:
    """Counts scores of signal and background of each class.

    Args:
        n_classes: number of scores a row.
        bits: bits of a bin's number; memory is ``n_classes · 2^(bits + 4)`` bytes.
    """

    def __init__(self, n_classes: int, bits: int) -> None:
        self._bits = bits
        self._counts = np.zeros((n_classes, 2, 1 << bits), dtype=np.int64)

    def add(self, scores: FloatArray, positive: NDArray[np.bool_]) -> None:
        """Count rows.

        Args:
            scores: shape (rows, classes); the higher, the more like the class.
            positive: shape (rows, classes); whether the row is of the class.
        """
        for c, counts in enumerate(self._counts):
            keys = score_keys(scores[:, c], self._bits)
            for side, chosen in ((0, ~positive[:, c]), (1, positive[:, c])):
                found, times = np.unique(keys[chosen], return_counts=True)
                counts[side, found] += times

    def curve(self, index: int) -> "Roc":
        """Return the curve of one class."""
        background, signal = self._counts[index]
        used = np.flatnonzero(background + signal)[::-1]
        zero = np.zeros(1, dtype=np.int64)
        return Roc(
            np.concatenate([zero, np.cumsum(background[used])]),
            np.concatenate([zero, np.cumsum(signal[used])]),
        )


@dataclass(frozen=True, slots=True)
class Roc:
    """A ROC curve: rows of background and of signal above each threshold, from the highest threshold down."""

    false: NDArray[np.int64]
    true: NDArray[np.int64]

    @property
    def n_background(self) -> int:
        """Background rows in all."""
        return int(self.false[-1])

    @property
    def n_signal(self) -> int:
        """Signal rows in all."""
        return int(self.true[-1])

    @property
    def area(self) -> float | None:
        """Area under the curve, ``None`` where signal or background is empty."""
        if not self.n_background or not self.n_signal:
            return None
        return float(
            np.trapezoid(self.true.astype(float), self.false.astype(float))
            / self.n_background
            / self.n_signal
        )

    def efficiency(self, share: float) -> float | None:
        """Return the signal kept by the loosest cut that lets at most ``share`` of the background through.

        ``None`` where fewer than `LEAST_BACKGROUND` background rows could pass.
        """
        allowed = share * self.n_background
        if allowed < LEAST_BACKGROUND or not self.n_signal:
            return None
        last = int(np.searchsorted(self.false, allowed, side="right")) - 1
        return float(self.true[last] / self.n_signal)

    def record(self, model: Model, positive: str) -> RocCurve:
        """Return the curve, thinned to points spread along its length and, finer, at few false positives."""
        x = self.false / max(self.n_background, 1)
        y = self.true / max(self.n_signal, 1)
        keep = {0, len(x) - 1}
        length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        logs = np.log10(np.maximum(x, 1e-6))
        for track in (length, logs):
            wanted = np.linspace(track[0], track[-1], _MOST_POINTS // 2)
            keep.update(np.clip(np.searchsorted(track, wanted), 0, len(x) - 1).tolist())
        chosen = sorted(keep)
        return RocCurve(
            model=model,
            positive=positive,
            n_signal=self.n_signal,
            n_background=self.n_background,
            false_positive=tuple(round(float(v), 7) for v in x[chosen]),
            true_positive=tuple(round(float(v), 6) for v in y[chosen]),
        )

    def working_points(self, model: Model, positive: str) -> tuple[WorkingPoint, ...]:
        """Return the efficiencies at `FALSE_POSITIVES` and at `RATES_KHZ`."""
        points = [
            self._working_point(model, positive, "false positives", s, s * INPUT_RATE_KHZ)
            for s in FALSE_POSITIVES
        ]
        points += [self._working_point(model, positive, "rate", r / INPUT_RATE_KHZ, r) for r in RATES_KHZ]
        return tuple(points)

    def _working_point(
        self, model: Model, positive: str, fixed: Fixed, share: float, rate: float
    ) -> WorkingPoint:
        e = self.efficiency(share)
        return WorkingPoint(
            model=model,
            positive=positive,
            false_positive=share,
            rate_khz=rate,
            fixed=fixed,
            efficiency=e,
            error=None if e is None else float(np.sqrt(e * (1 - e) / self.n_signal)),
        )
