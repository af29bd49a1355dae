"""The values that an input of a formula can have: those of a fixed-point type, counted from another zero."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sr2hls.arrays import FloatArray
from sr2hls.data.decimal_units import DecimalUnit
from sr2hls.problem import Problem
from sr2hls.program.types import FixedType


@dataclass(frozen=True)
class InputGrid:
    """What formulas see of an input: ``x + zero`` for a circuit's input x.

    Attributes:
        type: of the circuit's input.
        unit: of the feature; ``None`` where formulas are over the circuit's inputs.
    """

    type: FixedType
    unit: DecimalUnit | None = None

    @property
    def zero(self) -> float:
        """What formulas see where the circuit's input is 0."""
        return 0.0 if self.unit is None else self.unit.zero

    @property
    def width(self) -> int:
        """Bits."""
        return self.type.width

    @property
    def frac(self) -> int:
        """Fractional bits of a step."""
        return self.type.frac

    @property
    def step(self) -> float:
        """Distance of neighbouring values."""
        return float(self.type.step)

    @property
    def min(self) -> float:
        """The least value."""
        return float(self.type.min) + self.zero

    @property
    def max(self) -> float:
        """The largest value."""
        return float(self.type.max) + self.zero

    def values(self) -> FloatArray:
        """Return all values, the least first, shape (2^width,)."""
        raw = np.arange(self.type.raw_min, self.type.raw_max + 1)
        return np.asarray(raw * self.step + self.zero, dtype=np.float64)


def grids_of(problem: Problem) -> tuple[InputGrid, ...]:
    """Return what formulas see of each input of a problem."""
    types = problem.types.values()
    units = problem.units or (None,) * len(types)
    return tuple(InputGrid(type_, unit) for type_, unit in zip(types, units, strict=True))


def units_of(grids: Sequence[InputGrid]) -> tuple[DecimalUnit, ...] | None:
    """Return the units of all inputs, or ``None`` where formulas are over the circuit's inputs."""
    units = tuple(grid.unit for grid in grids if grid.unit is not None)
    return units if len(units) == len(grids) else None
