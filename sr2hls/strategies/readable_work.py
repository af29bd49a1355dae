"""What an effort means for readable formulas: rows, beams and steps of the search, sweeps of the training."""

from collections.abc import Mapping
from dataclasses import dataclass

from sr2hls.options import Effort
from sr2hls.quantised import QuantisedOptions
from sr2hls.quantised.train import TrainOptions
from sr2hls.search.joint import JointOptions, SelectionSteps


@dataclass(frozen=True)
class ReadableWork:
    """What an effort means.

    Attributes:
        search: rows, pairs, steps and beams of the joint search.
        bits: sweeps and exchanges of the training through the bits.
        seconds: about how long the search takes.
        seconds_a_lut: about how long the training takes.
        copies: rows between training rows for which the teacher answers, for each row.
        starts: models of the front that are trained in short for each size, by their score.
        tries: seeds of each such training; the best on validation data goes on.
    """

    search: JointOptions
    bits: QuantisedOptions
    seconds: float
    seconds_a_lut: float
    copies: int = 1
    starts: int = 1
    tries: int = 1


SHORT = QuantisedOptions(TrainOptions(rows=3_000, dearer=2.0, settle=1, finish=1, finish_rows=6_000))
"""Which model suits the bits shows after a few seconds; seeds differ by half a percent of the score."""
EFFORTS: Mapping[Effort, ReadableWork] = {
    Effort.LOW: ReadableWork(
        JointOptions(
            rows=3_000, most_pairs=40, models=8, beams=(1.0,),
            steps=SelectionSteps(factor=0.6, tried=5, trial_rows=2_000, swaps=1),
        ),
        SHORT, 5.0, 0.1,
    ),
    Effort.MEDIUM: ReadableWork(
        JointOptions(rows=30_000, most_pairs=150, models=16),
        QuantisedOptions(TrainOptions(rows=12_000, finish=2, finish_rows=30_000), exchanges=25),
        150.0, 0.5, starts=3, tries=2,
    ),
    Effort.HIGH: ReadableWork(
        JointOptions(beams=(0.5, 1.0, 2.0, 4.0), lut_price=1.0), QuantisedOptions(exchanges=60),
        240.0, 1.0, starts=4, tries=3,
    ),
}  # fmt: skip
