"""What all records of the report have in common."""

from pydantic import BaseModel, ConfigDict

from sr2hls.program.types import FixedType


class Record(BaseModel):
    """A frozen, strictly typed record; unknown keys and NaN or infinite numbers are refused."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


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
