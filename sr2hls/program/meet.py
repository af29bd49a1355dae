"""Programs whose error is measured and kept: the cheapest of several forms that meets it, or a refusal."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError, ProgramError
from sr2hls.program.arithmetic import is_arithmetic
from sr2hls.program.decisions import has_decisions
from sr2hls.program.emit import EmitOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowered, Lowering, OutputError, relative_errors
from sr2hls.program.node import NodeKind
from sr2hls.program.ops import MAX_TABLE_BITS
from sr2hls.program.predict import program_model
from sr2hls.program.probes import Probes, node_reach
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
_TRIMS, _SURELY = 200, 0.97
"""How many single bits are tried to be taken away, and the share of the error that this may reach: on other
rows it differs a little."""
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

    @property
    def missing(self) -> float:
        """The larger of both shares: at most 1 where everything is kept."""
        return max(self.share, self.peak)


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
    trial = _Trial()
    # The form without any change is what it always was; others know all that the probes reach.
    reached = _written(lowering, asked, lowering.options, None, error, probes, trial)
    if reached is not None and reached[1].missing <= 1:
        trial.best = replace(reached[0], errors=reached[1].errors)
        return trial
    rows = lowering.X if probes is None else probes.inputs
    wider = lowering.reaching(node_reach(lowering.graph, lowering.types, rows))
    kept: list[tuple[bool, float, Lowered, _Reached]] = []
    for is_usual, options in _forms(lowering):
        if not kept or is_usual:
            kept += _kept(wider, asked, options, error, probes, trial)
    if kept:
        beside, _, lowered, found = min(kept, key=lambda k: k[:2])
        if not beside:
            lowered, found = _trimmed(wider, lowered, found, error, probes)
        trial.best = replace(lowered, errors=found.errors, notes=(*lowered.notes, *_steps(beside, found)))
    return trial


def _kept(
    lowering: Lowering,
    asked: Mapping[str, float],
    options: EmitOptions,
    error: float,
    probes: Probes | None,
    trial: _Trial,
) -> Iterator[tuple[bool, float, Lowered, _Reached]]:
    """Yield the programs of one form that keep the error: off at steps or not, LUTs, program, error."""
    decides = has_decisions(lowering.graph)
    largest = None if decides else {n: _PEAK * e for n, e in asked.items()}
    last, rms, peak = math.inf, 1.0, 1.0
    for _ in range(_STEPS):
        bounds = None if largest is None else {n: e * peak for n, e in largest.items()}
        errors = {n: e * rms for n, e in asked.items()}
        written = _written(lowering, errors, options, bounds, error, probes, trial)
        if written is None:
            return
        lowered, reached = written
        if reached.share <= 1 and (reached.peak <= 1 or (options.segments and decides)):
            yield reached.peak > 1, program_model().luts(lowered.program), lowered, reached
        if reached.missing <= 1 or (rms * peak < _SMALL and reached.missing > _NO_GAIN * last):
            return
        last = reached.missing
        # Rows of a large error get finer bits where they need them; all bits do where that is no help.
        needed = reached.share if bounds and peak > _SMALL else reached.missing
        if needed > 1:
            rms *= min(_MOST, max(_LEAST, _SURE / needed))
        if reached.peak > 1:
            peak *= min(_MOST, max(_LEAST, _SURE / reached.peak))


def _trimmed(
    lowering: Lowering, lowered: Lowered, reached: _Reached, error: float, probes: Probes | None
) -> tuple[Lowered, _Reached]:
    """Take away single fractional bits while the error is kept."""
    luts = program_model().luts
    positions = [p for p, node in enumerate(lowering.graph.nodes) if node.args]
    size, trials = luts(lowered.program), _TRIMS
    while positions:
        kept = []
        for position in positions:
            if trials == 0:
                return lowered, reached
            trials -= 1
            fracs = {**lowered.fracs, position: lowered.fracs[position] - 1}
            try:
                fewer = lowering.with_fracs(fracs, lowered.options)
            except (LoweringError, ProgramError):
                continue
            smaller = luts(fewer.program)
            if smaller >= size:
                continue
            found = _measure(lowering, fewer, error, probes)
            if found.missing <= _SURELY:
                lowered, reached, size = fewer, found, smaller
                kept.append(position)
        positions = kept
    return lowered, reached


def _written(
    lowering: Lowering,
    errors: Mapping[str, float],
    options: EmitOptions,
    largest: Mapping[str, float] | None,
    error: float,
    probes: Probes | None,
    trial: _Trial,
) -> tuple[Lowered, _Reached] | None:
    """Write one program and measure it; keep in the trial what came nearest, or why there is none."""
    try:
        lowered = lowering.within(errors, options, largest)
    except (LoweringError, ProgramError) as cause:
        trial.refused = trial.refused or LoweringError(str(cause))
        return None
    reached = _measure(lowering, lowered, error, probes)
    if trial.nearest is None or reached.missing < trial.nearest.missing:
        trial.nearest = reached
    return lowered, reached


def _steps(beside: bool, reached: _Reached) -> tuple[str, ...]:
    if not beside:
        return ()
    largest = max(e.largest for e in reached.errors.values())
    return (
        f"rows next to a step of the formula may fall on its other side: the largest error is {largest:.3g}",
    )


def _forms(lowering: Lowering) -> Iterator[tuple[bool, EmitOptions]]:
    """Yield forms, and whether each is tried for the smallest; the others have thousands of entries."""
    base = lowering.options
    yield True, base
    yield True, replace(base, segments=True)
    if any(n.kind is NodeKind.POWER and not is_arithmetic(n) for n in lowering.graph.nodes):
        yield True, replace(base, segments=True, octaves=True)
        yield True, replace(base, table_bits=10, argument_bits=10, segments=True, octaves=True)
    yield True, replace(base, table_bits=12, argument_bits=12)
    yield False, replace(base, table_bits=MAX_TABLE_BITS, argument_bits=MAX_TABLE_BITS)
    yield False, replace(base, table_bits=MAX_TABLE_BITS, argument_bits=MAX_TABLE_BITS, segments=True)


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
    advice = f"give --error {helps:g}" if helps < 1 else "scale it, or restrict the range of its inputs"
    return (
        f"no fixed-point form of '{name}' keeps the error asked for, {error:g} of its spread: the "
        f"nearest has an rms error of {nearest.share * error:.3g} of it and is off by {reached.largest:.3g} "
        f"on a row: {advice}"
    )
