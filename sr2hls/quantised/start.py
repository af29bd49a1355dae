"""A joint model as a quantised formula to start from: every part with all the bits that it may have."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy as sp

from sr2hls.arrays import FloatArray
from sr2hls.lut_network import LossKind, Samples, number_scale, samples_of
from sr2hls.problem import Problem
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.factor import Factor, factors_of
from sr2hls.quantised.input_grid import InputGrid, grids_of
from sr2hls.quantised.part import Part, sums
from sr2hls.quantised.reader import Reader, factor_reader
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.state import QuantisedState, Scale
from sr2hls.search.joint.joint_model import JointModel, Term

FACTOR_BITS = 3
"""To begin with: two such factors are one LUT a bit."""


def started(
    model: JointModel, problem: Problem, kind: LossKind, step: float, part_bits: int, *, factors: bool = False
) -> QuantisedState:
    """Return a model with its parts rounded.

    Scores and logits are multiplied by what makes a step of theirs a power of two, which changes no decision.

    Args:
        model: outputs over the problem's inputs as formulas see them.
        problem: types of the inputs and what outputs mean.
        kind: the same for the loss.
        step: of scores and logits, in logits; of numbers, in units of their standard deviation.
        part_bits: most bits of a part.
        factors: whether products read their factors in the inputs' place, each in a part of its own.
    """
    grids = grids_of(problem)
    outputs = range(len(model.bias))
    if kind is LossKind.NUMBERS:
        mean, unit = number_scale(problem)
        step = float(2.0 ** np.rint(np.log2(step)))
        fracs = tuple(int(-np.rint(np.log2(step * unit[k]))) for k in outputs)
        factor = 1.0
    else:
        mean, unit = np.zeros(len(outputs)), np.ones(len(outputs))
        fracs = (int(-np.rint(np.log2(step))),) * len(outputs)
        factor = 2.0 ** -fracs[0] / step
    counts = counted(samples_of(problem, problem.train), grids) if factors else None
    parts: list[Part] = []
    bias = []
    for k in outputs:
        steps = factor * model.bias[k] * 2.0 ** fracs[k]
        for part in _parts_of(model, k, factor, fracs[k], grids, counts):
            placed, low = place(part, part_bits)
            parts.append(placed)
            steps += low
        bias.append(round(steps))
    return QuantisedState(grids, Scale(kind, fracs, mean, unit), tuple(parts), tuple(bias), step)


def _parts_of(
    model: JointModel,
    output: int,
    factor: float,
    frac: int,
    grids: Sequence[InputGrid],
    counts: Sequence[FloatArray] | None,
) -> list[Part]:
    """Return an output's terms, those over the same inputs together, but products that read factors."""
    found: dict[tuple[int, ...], Part] = {}
    alone: list[Part] = []
    for coefficient, term in zip(model.coefficients[output], model.terms, strict=True):
        if not coefficient:
            continue
        product = None if counts is None else of_factors(term.expr, grids, counts)
        if product is not None:
            shape, number, readers = product
            size = rounded(factor * float(coefficient) * number)
            alone.append(Part(output, (shape,), (size,), 0.0, readers, 1, frac))
            continue
        shape, inner = QuantisedShape.of(term)
        constants = tuple(rounded(c) for c in (factor * float(coefficient), *inner))
        readers = tuple(Reader.first(i, grids[i], 6 if len(term.inputs) == 1 else 3) for i in term.inputs)
        before = found.get(term.inputs, Part(output, (), (), 0.0, readers, 1, frac))
        found[term.inputs] = replace(
            before, shapes=(*before.shapes, shape), constants=(*before.constants, *constants)
        )
    return [*found.values(), *alone]


def of_factors(
    expr: sp.Expr, grids: Sequence[InputGrid], counts: Sequence[FloatArray]
) -> tuple[QuantisedShape, float, tuple[Reader, ...]] | None:
    """Return the shape, number and readers of a product that reads its factors; ``None`` for others."""
    product = factors_of(expr)
    if product is None:
        return None
    inputs = Term(expr).inputs
    readers: list[Reader] = []
    for i, written in zip(inputs, product[0], strict=True):
        reader = (
            Reader.first(i, grids[i], FACTOR_BITS)
            if written.is_Symbol
            else factor_reader(i, Factor.of(written), grids[i], FACTOR_BITS, counts[i])
        )
        if reader is None:
            return None
        readers.append(reader)
    shape, _ = QuantisedShape.of(Term(sp.Symbol(f"x{inputs[0]}") * sp.Symbol(f"x{inputs[1]}")))
    return shape, product[1], tuple(readers)


def counted(samples: Samples, grids: Sequence[InputGrid]) -> list[FloatArray]:
    """Return how often each value of each input occurs, the least first, shape (2^width,) each."""
    return [
        np.bincount(samples.indices[:, i], minlength=1 << g.width).astype(np.float64)
        for i, g in enumerate(grids)
    ]


def place(part: Part, most_bits: int) -> tuple[Part, int]:
    """Return a part with its values from the least on, and that least value in steps."""
    steps = sums(part.shapes, part.readers, np.array([part.constants]))[0] * 2.0**part.frac
    steps = np.where(np.isfinite(steps), steps, 0.0)
    low, high = int(np.floor(steps.min() + 0.5)), int(np.floor(steps.max() + 0.5))
    bits = min(most_bits, max(1, (high - low).bit_length()))
    # Where the range is too wide, its middle is kept.
    low += max(0, high - low - ((1 << bits) - 1)) // 2
    return replace(part, bits=bits, offset=rounded(-low * 2.0**-part.frac)), low
