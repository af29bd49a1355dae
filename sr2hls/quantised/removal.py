"""What may be taken out of a quantised formula, ranked by what is lost for each node that is saved."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from sr2hls.lut_network import SOFT, Samples
from sr2hls.quantised.digits import rounded
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.part import NUDGES, Part
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.shape import QuantisedShape
from sr2hls.quantised.state import QuantisedState
from sr2hls.search.joint.printing import count_nodes


@dataclass(frozen=True)
class Removal:
    """A part, or one term of a part of several, that is taken out.

    Attributes:
        part: as it was.
        shapes: what goes.
        state: without it; a constant is in its place.
        rank: loss for each node that is saved, less what its LUTs cost.
    """

    part: Part
    shapes: tuple[QuantisedShape, ...]
    state: QuantisedState
    rank: float


def removals(rows: QuantisedRows, price: float) -> list[Removal]:
    """Return what may be taken out, what is worth least for its nodes first.

    Args:
        rows: state and samples.
        price: loss that a LUT is worth.
    """
    before, luts = rows.loss(), state_luts(rows.state)

    def removal(part: Part, shapes: tuple[QuantisedShape, ...], state: QuantisedState, saved: int) -> Removal:
        lost = rows.loss(state) - before - price * (luts - state_luts(state))
        return Removal(part, shapes, state, lost / max(1, saved))

    found = []
    for at, part in enumerate(rows.state.parts):
        found.append(removal(part, part.shapes, _without(rows, at), _nodes(part)))
        found += [
            removal(part, (shape,), rows.state.with_part(at, smaller), _nodes(part) - _nodes(smaller))
            for shape, smaller in _smaller(rows, part)
        ]
    return sorted(found, key=lambda r: r.rank)


def cut(state: QuantisedState, samples: Samples, most_parts: int) -> QuantisedState:
    """Return the state without the parts that are worth least where an output has more than a number."""
    while crowded := {k for k in range(len(state.bias)) if len(state.of_output(k)) > most_parts}:
        ranked = removals(QuantisedRows(state, samples, SOFT), 0.0)
        state = next(r.state for r in ranked if r.part.output in crowded and r.shapes == r.part.shapes)
    return state


def _without(rows: QuantisedRows, at: int) -> QuantisedState:
    """Return the state with a part's mean in its place."""
    part = rows.state.parts[at]
    return rows.state.without(at).with_bias(part.output, round(float(rows.values(part).mean())))


def _smaller(rows: QuantisedRows, part: Part) -> Iterator[tuple[QuantisedShape, Part]]:
    """Iterate over a part's terms and the part without each, its mean kept."""
    if len(part.shapes) == 1:
        return
    mean, step = float(rows.values(part).mean()), 2.0**-part.frac
    at = 0
    for number, shape in enumerate(part.shapes):
        constants = part.constants[:at] + part.constants[at + 1 + shape.n_constants :]
        at += 1 + shape.n_constants
        shapes = part.shapes[:number] + part.shapes[number + 1 :]
        inputs = {i for s in shapes for i in s.inputs}
        readers = tuple(r for r in part.readers if r.input in inputs)
        left = replace(part, shapes=shapes, constants=constants, readers=readers)
        moved = mean - float(rows.values(left).mean())
        for nudge in NUDGES:
            nudged = replace(left, offset=rounded(left.offset + (moved + nudge) * step))
            if nudged.is_clear():
                yield shape, nudged
                break


@lru_cache(maxsize=4096)
def _nodes(part: Part) -> int:
    return int(count_nodes(part.expr()))
