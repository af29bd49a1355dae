"""A joint model as a quantised formula to start from: every part with all the bits that it may have."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sr2hls.lut_network import LossKind, number_scale
from sr2hls.problem import Problem
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.input_grid import InputGrid, grids_of
from sr2hls.quantised.part import Part, sums
from sr2hls.quantised.reader import Reader
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.state import QuantisedState, Scale
from sr2hls.search.joint.joint_model import JointModel


def started(
    model: JointModel, problem: Problem, kind: LossKind, step: float, part_bits: int
) -> QuantisedState:
    """Return a model with its parts rounded.

    Scores and logits are multiplied by what makes a step of theirs a power of two, which changes no decision.

    Args:
        model: outputs over the problem's inputs as formulas see them.
        problem: types of the inputs and what outputs mean.
        kind: the same for the loss.
        step: of scores and logits, in logits; of numbers, in units of their standard deviation.
        part_bits: most bits of a part.
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
    parts: list[Part] = []
    bias = []
    for k in outputs:
        steps = factor * model.bias[k] * 2.0 ** fracs[k]
        for part in _parts_of(model, k, factor, fracs[k], grids):
            placed, low = place(part, part_bits)
            parts.append(placed)
            steps += low
        bias.append(round(steps))
    return QuantisedState(grids, Scale(kind, fracs, mean, unit), tuple(parts), tuple(bias), step)


def _parts_of(
    model: JointModel, output: int, factor: float, frac: int, grids: Sequence[InputGrid]
) -> list[Part]:
    """Return an output's terms, those over the same inputs together."""
    found: dict[tuple[int, ...], Part] = {}
    for coefficient, term in zip(model.coefficients[output], model.terms, strict=True):
        if not coefficient:
            continue
        shape, inner = QuantisedShape.of(term)
        constants = tuple(rounded(c) for c in (factor * float(coefficient), *inner))
        readers = tuple(Reader.first(i, grids[i], 6 if len(term.inputs) == 1 else 3) for i in term.inputs)
        before = found.get(term.inputs, Part(output, (), (), 0.0, readers, 1, frac))
        found[term.inputs] = replace(
            before, shapes=(*before.shapes, shape), constants=(*before.constants, *constants)
        )
    return list(found.values())


def place(part: Part, most_bits: int) -> tuple[Part, int]:
    """Return a part with its values from the least on, and that least value in steps."""
    steps = sums(part.shapes, part.readers, np.array([part.constants]))[0] * 2.0**part.frac
    steps = np.where(np.isfinite(steps), steps, 0.0)
    low, high = int(np.floor(steps.min() + 0.5)), int(np.floor(steps.max() + 0.5))
    bits = min(most_bits, max(1, (high - low).bit_length()))
    # Where the range is too wide, its middle is kept.
    low += max(0, high - low - ((1 << bits) - 1)) // 2
    return replace(part, bits=bits, offset=rounded(-low * 2.0**-part.frac)), low
