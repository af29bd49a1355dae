"""Fewest bits that keep what a design is for: precision chosen by a score on data, not by a rule."""

from collections.abc import Callable
from dataclasses import dataclass

from sr2hls.errors import LoweringError
from sr2hls.program.functions import FloatArray
from sr2hls.program.lower import Lowered, Lowering, relative_errors
from sr2hls.program.predict import program_model

Score = Callable[[FloatArray], float]
"""Outputs, shape (samples, outputs), to a number: the higher the better."""

_FINEST, _RATIO = 2.0**-12, 2.0**-0.5


@dataclass(frozen=True, slots=True)
class PrecisionOptions:
    """How far precision may be cut.

    Attributes:
        max_loss: how much of the score the rounding may cost altogether.
        trim: whether single values are cut further, one after the other, after the common error is chosen.
        coarsest: rms error that is tried first, as a share of an output's standard deviation.
    """

    max_loss: float = 0.004
    trim: bool = True
    coarsest: float = 1.0


def fit_precision(
    lowering: Lowering, score: Score, options: PrecisionOptions | None = None
) -> tuple[Lowered, float]:
    """Return the coarsest program whose score is within ``max_loss`` of the formulas' own, and its score.

    Args:
        lowering: formulas and data; the score is taken on the outputs for these data.
        score: see `Score`.
        options: see `PrecisionOptions`.

    Raises:
        LoweringError: even the finest program loses more than ``max_loss``.
    """
    options = options or PrecisionOptions()
    floor = score(lowering.float_outputs) - options.max_loss
    error = options.coarsest
    best: tuple[Lowered, float] | None = None
    while best is None:
        lowered = lowering.within(relative_errors(lowering, error))
        reached = score(lowered.outputs)
        if reached >= floor:
            best = lowered, reached
        elif error < _FINEST:
            raise LoweringError(
                f"rounding costs {floor + options.max_loss - reached:.4g} of the score even at the finest "
                f"precision tried, more than the {options.max_loss:.4g} allowed: "
                "give more --input-bits"
            )
        error *= _RATIO
    return _trim(lowering, *best, floor, score) if options.trim else best


def _trim(
    lowering: Lowering, lowered: Lowered, reached: float, floor: float, score: Score
) -> tuple[Lowered, float]:
    """Take away one fractional bit at a time wherever the score stays above the floor."""
    luts = program_model().luts
    candidates = [p for p, node in enumerate(lowering.graph.nodes) if node.args]
    while candidates:
        kept: list[int] = []
        for position in candidates:
            fracs = dict(lowered.fracs)
            fracs[position] -= 1
            trial = lowering.with_fracs(fracs)
            if luts(trial.program) >= luts(lowered.program):
                continue
            trial_score = score(trial.outputs)
            if trial_score >= floor:
                lowered, reached = trial, trial_score
                kept.append(position)
        candidates = kept
    return lowered, reached
