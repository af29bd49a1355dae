"""Fewest bits that keep what a design is for: precision chosen by a score on data, not by a rule."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.emit import EmitOptions
from sr2hls.program.lower_formulas import Lowered, Lowering, relative_errors
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
    # Segments only where tables of the highest bits do not do: they are larger.
    forms = (lowering.options, replace(lowering.options, segments=True))
    refused: LoweringError | None = None
    for form in forms:
        try:
            best = _coarsest(lowering, score, floor, options, form)
        except LoweringError as cause:
            refused = refused or cause
            continue
        return _trim(lowering, *best, floor, score, form) if options.trim else best
    assert refused is not None
    raise refused


def _coarsest(
    lowering: Lowering, score: Score, floor: float, options: PrecisionOptions, form: EmitOptions
) -> tuple[Lowered, float]:
    error = options.coarsest
    while True:
        lowered = lowering.within(relative_errors(lowering, error), form)
        reached = score(lowered.outputs)
        if reached >= floor:
            return lowered, reached
        if error < _FINEST:
            raise LoweringError(
                f"rounding costs {floor + options.max_loss - reached:.4g} of the score even at the finest "
                f"precision tried, more than the {options.max_loss:.4g} allowed: give more --input-bits"
            )
        error *= _RATIO


def _trim(
    lowering: Lowering, lowered: Lowered, reached: float, floor: float, score: Score, form: EmitOptions
) -> tuple[Lowered, float]:
    """Take away one fractional bit at a time wherever the score stays above the floor."""
    luts = program_model().luts
    candidates = [p for p, node in enumerate(lowering.graph.nodes) if node.args]
    while candidates:
        kept: list[int] = []
        for position in candidates:
            fracs = dict(lowered.fracs)
            fracs[position] -= 1
            trial = lowering.with_fracs(fracs, form)
            if luts(trial.program) >= luts(lowered.program):
                continue
            trial_score = score(trial.outputs)
            if trial_score >= floor:
                lowered, reached = trial, trial_score
                kept.append(position)
        candidates = kept
    return lowered, reached
