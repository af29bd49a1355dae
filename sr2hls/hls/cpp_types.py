"""Fixed-point types and integers, spelled in C++."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sr2hls.program.types import FixedType, Overflow, Rounding

INT64_MIN = -(1 << 63)


@dataclass(frozen=True, slots=True)
class ExactType:
    """A type that holds exact results; unlike a `FixedType` it may be as wide as ap_fixed allows.

    Attributes:
        signed: whether it is an ap_fixed or an ap_ufixed.
        width: bits.
        frac: fractional bits.
    """

    signed: bool
    width: int
    frac: int

    @classmethod
    def of(cls, type_: FixedType) -> "ExactType":
        """Return the bits of a type."""
        return cls(type_.signed, type_.width, type_.frac)

    @classmethod
    def common(cls, types: Iterable[FixedType]) -> "ExactType":
        """Return the narrowest type that holds all values of all types."""
        types = list(types)
        signed = any(t.signed for t in types)
        frac = max(t.frac for t in types)
        integer = max(t.integer + (signed and not t.signed) for t in types)
        return cls(signed, integer + frac, frac)

    @property
    def integer(self) -> int:
        """Integer bits, the sign among them."""
        return self.width - self.frac

    def roundable(self, result: FixedType) -> "ExactType":
        """Return a type wide enough for ap_fixed to round it to a result.

        The open ap_fixed reads the highest bit that it drops, and aborts where the type does not have it.
        """
        return replace(self, width=max(self.width, self.frac - result.frac + 1))

    def __str__(self) -> str:
        return f"{'ap_fixed' if self.signed else 'ap_ufixed'}<{self.width}, {self.integer}>"


def cpp_type(type_: FixedType) -> str:
    """Return the ap_fixed declaration of a type, modes included."""
    name = "ap_fixed" if type_.signed else "ap_ufixed"
    return f"{name}<{type_.width}, {type_.integer}, AP_{type_.rounding.value}, AP_{type_.overflow.value}>"


def bits_type(type_: FixedType) -> FixedType:
    """Return the same bits without a mode that would cost logic."""
    return type_.with_modes(Rounding.TRN, Overflow.WRAP)


def literal(raw: int) -> str:
    """Return an integer that C++ reads as one of 64 bits."""
    return f"({INT64_MIN + 1}LL - 1)" if raw == INT64_MIN else f"{raw}LL"


def native_integer(type_: FixedType) -> str:
    """Return the smallest C++ integer that holds the raw values of a type."""
    for width, name in ((8, "signed char"), (16, "short"), (32, "int")):
        if type_.width <= width:
            return name if type_.signed else f"unsigned {name.removeprefix('signed ')}"
    return "long long" if type_.signed else "unsigned long long"
