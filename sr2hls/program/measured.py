"""Formulas to a program whose error is measured, rounding of the inputs included."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.errors import LoweringError
from sr2hls.program.graph import Graph
from sr2hls.program.lower import Lowered, Lowering
from sr2hls.program.meet import lowering_of, meet
from sr2hls.program.probes import Probes, graph_outputs, probe_rows
from sr2hls.program.types import FixedType

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
        shown: input name to what the user calls it, for messages.

    Raises:
        LoweringError: a construct has no meaning in the program, a formula is undefined on the data, no form
            meets the error, or rounding the inputs leaves nothing of an output.
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
    probes = probe_rows(lowering.graph, lowering.types, lowering.X) if is_range else None
    lowered = meet(lowering, error, probes)
    notes = (*_reached_notes(lowering, lowered, probes), *input_rounding(lowering, X, error, lowered))
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


def input_rounding(lowering: Lowering, X: FloatArray, error: float, reached: Lowered) -> tuple[str, ...]:
    """Return notes where rounding the inputs to their types costs more than the error asked for.

    Args:
        lowering: formulas and data.
        X: the inputs before they were rounded, shape (samples, inputs).
        error: rms error asked for, as a share of each output's standard deviation.
        reached: the program.

    Raises:
        LoweringError: rounding leaves nothing of an output.
    """
    wanted = graph_outputs(lowering.graph, lowering.types, X)
    notes = []
    for k, name in enumerate(lowering.formulas):
        good = np.isfinite(wanted[:, k])
        spread = float(wanted[good, k].std())
        rounding = float(np.sqrt(np.mean((lowering.float_outputs[good, k] - wanted[good, k]) ** 2)))
        total = float(np.sqrt(np.mean((reached.outputs[good, k] - wanted[good, k]) ** 2)))
        if spread <= 0 or total <= error * spread:
            continue
        bits = max(t.width for t in lowering.types.values()) + max(
            1, math.ceil(math.log2(rounding / spread / error))
        )
        text = (
            f"rounding the inputs to {max(t.width for t in lowering.types.values())} bits gives '{name}' an "
            f"rms error of {rounding / spread:.3g} of its spread; with the circuit's own it is "
            f"{total / spread:.3g} where {error:g} was asked"
        )
        if total > _LOST * spread:
            raise LoweringError(
                f"{text}: give --input-bits {bits}, or write the formula over a shifted input"
            )
        notes.append(f"{text}: --input-bits {bits} brings it down")
    return tuple(notes)
