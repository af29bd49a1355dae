"""Formulas to a program whose error is measured, rounding of the inputs included."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.graph import Graph
from sr2hls.program.lower_formulas import Lowered, Lowering
from sr2hls.program.meet import lowering_of, meet
from sr2hls.program.probes import Probes, graph_outputs, probe_rows
from sr2hls.program.types import FixedType

WIDEST = 24
"""Bits of the widest input that a user may ask for."""
_LEFT = 0.97
_LOST = 0.5
"""Rounding of the inputs that costs more than this share of an output's spread leaves nothing of it."""


def lower_measured(
    formulas: Mapping[str, sp.Expr],
    types: Mapping[str, FixedType],
    X: FloatArray,
    snapped: FloatArray,
    *,
    error: float,
    is_range: bool,
    whole_error: bool = False,
    shown: Mapping[str, str] | None = None,
) -> Lowered:
    """Compile formulas to a program whose measured error is at most what is asked for.

    Args:
        formulas: output name to formula over the input names.
        types: input name to fixed-point type, in the order of the columns of ``X``.
        X: real inputs, shape (samples, inputs).
        snapped: the same on the grid of the types.
        error: largest rms error of an output as a share of its standard deviation.
        is_range: whether the rows stand for all of the box that they span: the error is then measured on
            every combination of input codes, or on many of them and the telling ones.
        whole_error: whether the error includes the rounding of the inputs, rather than a note telling it.
        shown: input name to what the user calls it, for messages.

    Raises:
        LoweringError: a construct has no meaning in the program, a formula is undefined on the data, no form
            meets the error, or rounding the inputs takes more than it, or leaves nothing of an output.
    """
    try:
        lowering = lowering_of(formulas, types, snapped, shown)
    except LoweringError as error_on_grid:
        given = graph_outputs(Graph.of(formulas, types, shown), types, X)
        if np.isfinite(given).all() and not np.array_equal(X, snapped):
            raise LoweringError(
                f"{error_on_grid}; on the values as given it is finite: they are rounded to "
                f"{max(t.width for t in types.values())} bits, give more --input-bits or a narrower range"
            ) from None
        raise
    refuse_lost_inputs(lowering, X)
    lost = input_rounding(formulas, types, X, lowering.X)
    probes = probe_rows(lowering.graph, lowering.types, lowering.X) if is_range else None
    if whole_error:
        lowering.checked()
        _told(types, error, lost, lost, whole_error=True)  # no form helps
        lowered, total = _keep_whole(lowering, X, error, probes, lost)
    else:
        lowered = meet(lowering, error, probes)
        total = whole_errors(lowering, X, lowered)
    notes = (
        *_reached_notes(lowering, lowered, probes),
        *_told(types, error, lost, total, whole_error=whole_error),
    )
    return replace(lowered, notes=(*lowered.notes, *notes))


def _reached_notes(lowering: Lowering, lowered: Lowered, probes: Probes | None) -> tuple[str, ...]:
    spread = (lowering.float_outputs if probes is None else probes.outputs[: probes.uniform]).std(axis=0)
    if probes is None:
        where = f"{len(lowering.X)} rows"
    elif probes.exhaustive:
        where = f"all {len(probes.inputs)} combinations of input codes"
    else:
        where = f"{len(probes.inputs)} combinations of input codes, the corners of the range among them"
    return tuple(
        f"'{name}' has an rms error of {e.rms:.3g} ({e.rms / s if s else 0:.2g} of its spread) and is off by "
        f"at most {e.largest:.3g}, on {where}"
        for (name, e), s in zip(lowered.errors.items(), spread, strict=True)
    )


def refuse_lost_inputs(lowering: Lowering, X: FloatArray) -> None:
    """Refuse inputs that rounding makes constant.

    Args:
        lowering: formulas and data.
        X: the inputs before they were rounded, shape (samples, inputs).

    Raises:
        LoweringError: an input differs from row to row and has a single code.
    """
    for k, (name, type_) in enumerate(lowering.types.items()):
        if np.ptp(X[:, k]) > 0 and np.ptp(lowering.X[:, k]) == 0:
            raise LoweringError(
                f"the input '{lowering.graph.shown.get(name, name)}' lies between {X[:, k].min():.6g} and "
                f"{X[:, k].max():.6g}, which is a single code of {type_}: scale it, or give more --input-bits"
            )


def input_rounding(
    formulas: Mapping[str, sp.Expr], types: Mapping[str, FixedType], X: FloatArray, snapped: FloatArray
) -> dict[str, float]:
    """Return what rounding the inputs costs each output: rms, as a share of its standard deviation.

    It is infinite where only rounding makes a formula undefined.

    Args:
        formulas: output name to formula over the input names.
        types: input name to fixed-point type, in the order of the columns of ``X``.
        X: real inputs, shape (samples, inputs).
        snapped: the same on the grid of the types.
    """
    graph = Graph.of(formulas, types)
    wanted, rounded = (graph_outputs(graph, types, rows) for rows in (X, snapped))
    return {
        name: _share(rounded[:, k], wanted[:, k]) if np.isfinite(wanted[:, k]).any() else 0.0
        for k, name in enumerate(formulas)
    }


def _share(found: FloatArray, wanted: FloatArray) -> float:
    good = np.isfinite(wanted)
    if not np.isfinite(found[good]).all():
        return math.inf
    with np.errstate(over="ignore"):
        spread = float(wanted[good].std())
        rms = float(np.sqrt(np.mean((found[good] - wanted[good]) ** 2)))
    return rms / spread if spread > 0 else 0.0


def _keep_whole(
    lowering: Lowering, X: FloatArray, error: float, probes: Probes | None, lost: Mapping[str, float]
) -> tuple[Lowered, dict[str, float]]:
    """Return a program, and its errors with the rounding of the inputs, kept within the error if possible."""
    lowered = meet(lowering, error, probes)
    total = whole_errors(lowering, X, lowered)
    rounding = max(lost.values())
    if max(total.values()) > error > rounding:
        # Both errors are independent, so that their squares add up.
        left = _LEFT * math.sqrt(error**2 - rounding**2)
        lowered = meet(lowering, left, probes)
        total = whole_errors(lowering, X, lowered)
    return lowered, total


def whole_errors(lowering: Lowering, X: FloatArray, lowered: Lowered) -> dict[str, float]:
    """Return the rms error of each output from its formula on inputs (samples, inputs) before rounding.

    It is a share of the output's standard deviation.
    """
    wanted = graph_outputs(lowering.graph, lowering.types, X)
    return {name: _share(lowered.outputs[:, k], wanted[:, k]) for k, name in enumerate(lowering.formulas)}


def _told(
    types: Mapping[str, FixedType],
    error: float,
    lost: Mapping[str, float],
    total: Mapping[str, float],
    *,
    whole_error: bool,
) -> tuple[str, ...]:
    """Return notes where rounding of the inputs takes the error beyond what was asked for.

    Raises:
        LoweringError: the whole error was asked for, or rounding leaves nothing of an output.
    """
    notes = []
    width = max(t.width for t in types.values())
    for name, share in total.items():
        if share <= error:
            continue
        bits = min(WIDEST, width + max(1, math.ceil(math.log2(max(lost[name], error) / error))))
        text = (
            f"rounding the inputs to {width} bits gives '{name}' an rms error of {lost[name]:.3g} of its "
            f"spread; with the circuit's own it is {share:.3g} where {error:g} was asked"
        )
        if whole_error and width < WIDEST:
            raise LoweringError(f"{text}: give --input-bits {bits}, or --error {_rounded_up(share)}")
        if whole_error or share > _LOST:
            helps = f"--input-bits {bits}, " if width < WIDEST else f"--error {_rounded_up(share)}, "
            raise LoweringError(f"{text}: give {helps}or write the formula over a shifted input")
        notes.append(f"{text}: --input-bits {bits} brings it down")
    return tuple(notes)


def _rounded_up(share: float) -> str:
    step = 10.0 ** (math.floor(math.log10(share)) - 1)
    return f"{math.ceil(1.2 * share / step) * step:.2g}"
