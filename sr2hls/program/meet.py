"""Programs whose error is measured and kept: the cheapest of several forms that meets it, or a refusal."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError, ProgramError
from sr2hls.program.decisions import has_decisions
from sr2hls.program.emit import EmitOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower import Lowered, Lowering, OutputError, relative_errors
from sr2hls.program.ops import MAX_TABLE_BITS
from sr2hls.program.predict import program_model
from sr2hls.program.probes import Probes, node_ranges
from sr2hls.program.stable import stable_form
from sr2hls.program.types import FixedType

_STEPS, _LEAST, _MOST, _SURE = 9, 0.1, 0.7, 0.85
"""A form is written with ever smaller errors until it meets what was asked: how often, and the least and
largest factor of a step; within these it is what is missing, times a margin."""
_PEAK, _SPAN = 30.0, 0.02
"""No row may be off by more than so many times the rms error asked for or, where that is more, by this share
of the output's range: a wrong form is far beyond, rounding is not."""
_STEP_PEAK, _WHOLE = 8.0, 0.49
"""The same for formulas that decide: a row on the wrong side of a step is off by more; whole numbers stay."""
_USUAL_FORMS = 3
"""Forms that are all tried for the smallest; those after them have tables of thousands of entries."""
_SMALL, _NO_GAIN = 0.2, 0.9
"""Finer bits are given up where they no longer bring the error down."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far a program is from its formulas.

    Attributes:
        errors: rms and largest difference of each output; the rms over evenly spread rows.
        share: the largest rms error, as a share of what was asked for.
        peak: the largest difference, as a share of what is allowed.
        needs: the error that would have to be asked for.
        worst: the output with the largest share.
    """

    errors: dict[str, OutputError]
    share: float
    peak: float
    needs: float
    worst: str


def lowering_of(
    formulas: Mapping[str, sp.Expr],
    types: Mapping[str, FixedType],
    X: FloatArray,
    shown: Mapping[str, str] | None = None,
) -> Lowering:
    """Return `Lowering` of formulas, in a form that does not overflow on data of shape (rows, inputs).

    Raises:
        LoweringError: as `Lowering`.
    """
    try:
        return Lowering(formulas, types, X, shown=shown)
    except LoweringError:
        stable = {name: stable_form(f) for name, f in formulas.items()}
        if stable == dict(formulas):
            raise
        return Lowering(stable, types, X, shown=shown)


def meet(lowering: Lowering, error: float, probes: Probes | None = None) -> Lowered:
    """Return a program whose measured rms error is at most a share of each output's standard deviation.

    The form of `Lowering.within` is taken where it meets the error; else finer bits, polynomials on segments
    with exact decisions, and wider tables are tried, and the smallest in estimated LUTs is taken.

    Args:
        lowering: formulas and data.
        error: largest rms error as a share of the standard deviation on the data, and on the probes.
        probes: more rows to measure on.

    Raises:
        LoweringError: no form meets the error; the message gives the one reached.
    """
    trials = [_tried(lowering, error, probes)]
    if trials[0].best is None:
        stable = {name: stable_form(f) for name, f in lowering.formulas.items()}
        if stable != lowering.formulas:
            other = Lowering(stable, lowering.types, lowering.X, lowering.options, lowering.graph.shown)
            trials.append(_tried(other, error, probes))
    for trial in trials:
        if trial.best is not None:
            return trial.best
    measured = [t.nearest for t in trials if t.nearest is not None]
    if measured:
        raise LoweringError(_missed(min(measured, key=lambda r: r.share), error))
    raise trials[0].refused or LoweringError("no form of the formulas could be written")


@dataclass
class _Trial:
    """What came of all forms of one way to write the formulas."""

    best: Lowered | None = None
    nearest: _Reached | None = None
    refused: LoweringError | None = None


def _tried(lowering: Lowering, error: float, probes: Probes | None) -> _Trial:
    asked = relative_errors(lowering.checked(), error)
    wider: Lowering | None = None
    trial = _Trial()
    kept: list[tuple[bool, float, Lowered, _Reached]] = []
    for number, options in enumerate(_forms(lowering)):
        if kept and number >= _USUAL_FORMS:
            break
        last, factor = math.inf, 1.0
        for step in range(_STEPS):
            # The form without any change is what it always was; others know all that the probes reach.
            first = number == step == 0
            if wider is None and not first:
                wider = _reaching(lowering, probes)
            try:
                lowered = (wider or lowering).within({n: e * factor for n, e in asked.items()}, options)
            except (LoweringError, ProgramError) as cause:
                trial.refused = trial.refused or LoweringError(str(cause))
                break
            reached = _measure(lowering, lowered, error, probes)
            if first and reached.share <= 1 and reached.peak <= 1:
                trial.best = replace(lowered, errors=reached.errors)
                return trial
            trial.nearest = min(
                (r for r in (trial.nearest, reached) if r), key=lambda r: max(r.share, r.peak)
            )
            if reached.share <= 1 and (
                reached.peak <= 1 or (options.segments and has_decisions(lowering.graph))
            ):
                kept.append((reached.peak > 1, program_model().luts(lowered.program), lowered, reached))
            if reached.share <= 1 and reached.peak <= 1:
                break
            missing = max(reached.share, reached.peak)
            if factor < _SMALL and missing > _NO_GAIN * last:
                break
            last = missing
            factor *= min(_MOST, max(_LEAST, _SURE / missing))
    if kept:
        beside, _, lowered, reached = min(kept, key=lambda k: k[:2])
        trial.best = replace(lowered, errors=reached.errors, notes=(*lowered.notes, *_steps(beside, reached)))
    return trial


def _reaching(lowering: Lowering, probes: Probes | None) -> Lowering:
    if probes is None:
        return lowering
    return lowering.reaching(node_ranges(lowering.graph, lowering.types, probes.inputs))


def _steps(beside: bool, reached: _Reached) -> tuple[str, ...]:
    if not beside:
        return ()
    largest = max(e.largest for e in reached.errors.values())
    return (
        f"rows next to a step of the formula may fall on its other side: the largest error is {largest:.3g}",
    )


def _forms(lowering: Lowering) -> Iterator[EmitOptions]:
    yield lowering.options
    yield replace(lowering.options, segments=True)
    for bits in (12, MAX_TABLE_BITS):
        yield replace(lowering.options, table_bits=bits, argument_bits=bits)
    yield replace(lowering.options, table_bits=MAX_TABLE_BITS, argument_bits=MAX_TABLE_BITS, segments=True)


def _measure(lowering: Lowering, lowered: Lowered, error: float, probes: Probes | None) -> _Reached:
    reached = _compare(lowering, lowered.outputs, lowering.float_outputs, len(lowering.X), error)
    if probes is None or reached.share > 1 or not len(probes.inputs):
        return reached
    outputs = Interpreter(lowered.program).predict(probes.inputs)
    more = _compare(lowering, outputs, probes.outputs, probes.uniform, error)
    errors = {
        name: OutputError(max(e.rms, more.errors[name].rms), max(e.largest, more.errors[name].largest))
        for name, e in reached.errors.items()
    }
    worst = more.worst if more.share > reached.share else reached.worst
    return _Reached(
        errors,
        max(reached.share, more.share),
        max(reached.peak, more.peak),
        max(reached.needs, more.needs),
        worst,
    )


def _compare(
    lowering: Lowering, outputs: FloatArray, wanted: FloatArray, uniform: int, error: float
) -> _Reached:
    difference = outputs - wanted
    rms = np.sqrt(np.mean(difference[:uniform] ** 2, axis=0))
    largest = np.abs(difference).max(axis=0)
    spread = wanted[:uniform].std(axis=0)
    spread = np.where(spread > 0, spread, np.maximum(np.abs(wanted).max(axis=0), 1e-9))
    decides = has_decisions(lowering.graph)
    times = _STEP_PEAK if decides else _PEAK
    allowed = np.maximum(times * error * spread, (not decides) * _SPAN * np.ptp(wanted, axis=0))
    whole = decides & (wanted == np.rint(wanted)).all(axis=0)
    allowed = np.where(whole, np.minimum(allowed, _WHOLE), allowed)
    errors = {
        name: OutputError(float(r), float(m))
        for name, r, m in zip(lowering.formulas, rms, largest, strict=True)
    }
    shares = rms / (error * spread)
    worst = list(lowering.formulas)[int(shares.argmax())]
    needs = np.maximum(rms, np.where(largest > allowed, largest / times, 0)) / spread
    return _Reached(errors, float(shares.max()), float((largest / allowed).max()), float(needs.max()), worst)


def _missed(nearest: _Reached, error: float) -> str:
    name, reached = nearest.worst, nearest.errors[nearest.worst]
    digits = 10 ** (1 - math.floor(math.log10(nearest.needs)))
    helps = math.ceil(1.1 * nearest.needs * digits) / digits
    advice = f"give --error {helps:g}" if helps < 1 else "restrict the range of its inputs"
    return (
        f"no fixed-point form of '{name}' keeps the error asked for, {error:g} of its spread: the "
        f"nearest has an rms error of {nearest.share * error:.3g} of it and is off by {reached.largest:.3g} "
        f"on a row: {advice}"
    )
