"""A quantised formula of every output while it is trained."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.lut_network import LossKind
from sr2hls.quantised.input_grid import InputGrid
from sr2hls.quantised.part import Part
from sr2hls.quantised.reader import Reader


@dataclass(frozen=True)
class Scale:
    """What a step of the outputs stands for.

    Attributes:
        kind: what outputs mean.
        fracs: fractional bits of each output.
        mean: of each output of a regression; 0 for scores.
        unit: of each output of a regression, a power of two; 1 for scores.
    """

    kind: LossKind
    fracs: tuple[int, ...]
    mean: FloatArray
    unit: FloatArray

    def factor(self, output: int, temperature: float) -> float:
        """Return what a unit of the loss's predictions is in units of an output."""
        step = 2.0 ** -self.fracs[output]
        return float(self.unit[output]) if self.kind is LossKind.NUMBERS else step / temperature


@dataclass(frozen=True)
class QuantisedState:
    """Parts of every output and what is added to their sums.

    Attributes:
        grids: of the inputs.
        scale: of the outputs.
        parts: of all outputs.
        bias: of each output, in its steps.
        temperature: logits that a step of the scores is worth to the loss; it decides nothing.
    """

    grids: tuple[InputGrid, ...]
    scale: Scale
    parts: tuple[Part, ...]
    bias: tuple[int, ...]
    temperature: float

    def readers(self) -> tuple[Reader, ...]:
        """Return the readers of all parts, each once, in the order of inputs."""
        return tuple(sorted({r for p in self.parts for r in p.readers}, key=lambda r: r.key))

    def without(self, at: int) -> "QuantisedState":
        """Return the state without a part."""
        return replace(self, parts=self.parts[:at] + self.parts[at + 1 :])

    def with_part(self, at: int, part: Part) -> "QuantisedState":
        """Return the state with another part in the place of one."""
        return replace(self, parts=(*self.parts[:at], part, *self.parts[at + 1 :]))

    def with_bias(self, output: int, steps: int) -> "QuantisedState":
        """Return the state with an output's bias moved by some steps."""
        bias = list(self.bias)
        bias[output] += steps
        return replace(self, bias=tuple(bias))

    def without_constants(self) -> "QuantisedState":
        """Return the state without parts that have one value whatever their inputs are."""
        state = self
        for part in self.parts:
            reached = np.ix_(*(np.unique(r.codes(self.grids[r.input])) for r in part.readers))
            values = part.entries().reshape([1 << r.bits for r in part.readers])[reached]
            if np.ptp(values) == 0:
                at = state.parts.index(part)
                state = state.without(at).with_bias(part.output, int(values.flat[0]))
        return state

    def of_output(self, output: int, but: Iterable[int] = ()) -> list[Part]:
        """Return an output's parts but some."""
        left = set(but)
        return [p for at, p in enumerate(self.parts) if p.output == output and at not in left]
