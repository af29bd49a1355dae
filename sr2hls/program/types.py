"""Fixed-point types with the meaning that AMD's ap_fixed gives them.

Source: "Vitis High-Level Synthesis User Guide" (UG1399), "Arbitrary Precision Fixed-Point Data Types".
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from sr2hls.errors import ProgramError

MAX_WIDTH = 64


class Rounding(StrEnum):
    """What happens to bits below the least significant one (ap_fixed's quantisation modes)."""

    TRN = "TRN"
    """Towards minus infinity: the bits are dropped."""
    TRN_ZERO = "TRN_ZERO"
    """Towards zero."""
    RND = "RND"
    """To nearest, ties towards plus infinity."""
    RND_ZERO = "RND_ZERO"
    """To nearest, ties towards zero."""
    RND_INF = "RND_INF"
    """To nearest, ties away from zero."""
    RND_MIN_INF = "RND_MIN_INF"
    """To nearest, ties towards minus infinity."""
    RND_CONV = "RND_CONV"
    """To nearest, ties to the even neighbour."""


class Overflow(StrEnum):
    """What happens to a value outside of the range (ap_fixed's overflow modes)."""

    WRAP = "WRAP"
    """The bits above the most significant one are dropped."""
    SAT = "SAT"
    """The nearest representable value."""
    SAT_ZERO = "SAT_ZERO"
    """Zero."""
    SAT_SYM = "SAT_SYM"
    """As SAT, with the most negative value of a signed type excluded."""


@dataclass(frozen=True, slots=True)
class FixedType:
    """A fixed-point type: ``ap_fixed<width, integer>`` or ``ap_ufixed<width, integer>``.

    A value is ``raw · 2^-(width - integer)``. ``integer`` counts the sign bit, as in ap_fixed, and may be
    negative or larger than ``width``.

    Raises:
        ProgramError: the width is outside of 1 to 64 (63 for unsigned, so that raw values fit in int64).
    """

    signed: bool
    width: int
    integer: int
    rounding: Rounding = Rounding.TRN
    overflow: Overflow = Overflow.WRAP

    def __post_init__(self) -> None:
        limit = MAX_WIDTH if self.signed else MAX_WIDTH - 1
        if not 1 <= self.width <= limit:
            sign = "signed" if self.signed else "unsigned"
            raise ProgramError(f"width {self.width} of a {sign} fixed-point type is not in 1 to {limit}")
        if abs(self.integer) > 1024:
            raise ProgramError(f"{self.integer} integer bits are outside of what a double can hold")

    @property
    def frac(self) -> int:
        """Number of fractional bits, ``width - integer``."""
        return self.width - self.integer

    @property
    def step(self) -> float:
        """Distance of neighbouring values, ``2^-frac``."""
        return float(2.0**-self.frac)

    @property
    def raw_min(self) -> int:
        """Least raw value."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def raw_max(self) -> int:
        """Largest raw value."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    @property
    def min(self) -> float:
        """Least value."""
        return self.value(self.raw_min)

    @property
    def max(self) -> float:
        """Largest value."""
        return self.value(self.raw_max)

    def value(self, raw: int) -> float:
        """Return the real number that a raw value stands for."""
        return float(self.exact(raw))

    def exact(self, raw: int) -> Fraction:
        """Return the real number that a raw value stands for, as an exact fraction."""
        return Fraction(raw) * Fraction(2) ** (-self.frac)

    def with_modes(self, rounding: Rounding, overflow: Overflow) -> "FixedType":
        """Return the same bits with other modes."""
        return FixedType(self.signed, self.width, self.integer, rounding, overflow)

    def __str__(self) -> str:
        name = "ap_fixed" if self.signed else "ap_ufixed"
        modes = (
            ""
            if (self.rounding, self.overflow) == (Rounding.TRN, Overflow.WRAP)
            else (f",{self.rounding.value},{self.overflow.value}")
        )
        return f"{name}<{self.width},{self.integer}{modes}>"


def narrowest(raw_min: int, raw_max: int, frac: int) -> FixedType:
    """Return the narrowest type with ``frac`` fractional bits that holds every raw value in the interval.

    Raises:
        ProgramError: more than 64 bits are needed.
    """
    signed = raw_min < 0
    width = max(1, raw_max.bit_length())
    if signed:
        width = max(max(0, raw_max).bit_length(), (-raw_min - 1).bit_length()) + 1
    return FixedType(signed, width, width - frac)


BIT = FixedType(signed=False, width=1, integer=1)
"""Type of a comparison: 1 for true, 0 for false."""
