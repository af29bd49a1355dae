"""A fixed-point type as a report has it."""

from sr2hls.program.types import FixedType
from sr2hls.store.record import Record


class FixedPoint(Record):
    """A fixed-point type as ap_fixed has it."""

    text: str
    """C++ name, e.g. ``ap_fixed<8,3,RND,SAT>``."""
    signed: bool
    width: int
    integer: int
    """Integer bits with the sign bit."""
    rounding: str
    overflow: str

    @classmethod
    def of(cls, type_: FixedType) -> "FixedPoint":
        """Return the record of a type."""
        return cls(
            text=str(type_),
            signed=type_.signed,
            width=type_.width,
            integer=type_.integer,
            rounding=type_.rounding.value,
            overflow=type_.overflow.value,
        )
