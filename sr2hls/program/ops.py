"""The operations of a program.

Every operation computes its exact result, then quantises once to its result type. Nothing else rounds.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from sr2hls.program.types import FixedType


class Predicate(StrEnum):
    """Order relations of `Compare`."""

    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    EQ = "eq"
    NE = "ne"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One value of a program in SSA form.

    Attributes:
        args: positions, in the program, of the values that it reads.
        type: type of its result.
        origin: the formula part that it computes, for people; it has no meaning for the program.
    """

    arity: ClassVar[int | None] = None
    args: tuple[int, ...] = ()
    type: FixedType
    origin: str = ""

    @property
    def name(self) -> str:
        """Lower-case name of the operation, e.g. ``add``."""
        return type(self).__name__.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Operation):
    """An input of the program; it arrives in its type."""

    arity: ClassVar[int | None] = 0
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Operation):
    """A constant, given by its raw value in the result type."""

    arity: ClassVar[int | None] = 0
    raw: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Operation):
    """a + b."""

    arity: ClassVar[int | None] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sub(Operation):
    """a - b."""

    arity: ClassVar[int | None] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mul(Operation):
    """a · b."""

    arity: ClassVar[int | None] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Neg(Operation):
    """-a."""

    arity: ClassVar[int | None] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift(Operation):
    """a · 2^amount, exactly."""

    arity: ClassVar[int | None] = 1
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abs(Operation):
    """|a|."""

    arity: ClassVar[int | None] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Min(Operation):
    """The smaller of a and b."""

    arity: ClassVar[int | None] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Max(Operation):
    """The larger of a and b."""

    arity: ClassVar[int | None] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Operation):
    """1 if ``a predicate b``, else 0."""

    arity: ClassVar[int | None] = 2
    predicate: Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Operation):
    """b if a is not zero, else c; the arguments are (a, b, c)."""

    arity: ClassVar[int | None] = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Argmax(Operation):
    """Position, among the arguments, of the largest; the first of equals."""

    arity: ClassVar[int | None] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Operation):
    """a, quantised to the result type."""

    arity: ClassVar[int | None] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Operation):
    """A function of few bits, written out.

    The index is the concatenation of the arguments' bits, the first argument in the highest bits, each as the
    unsigned number that its two's-complement bits spell. ``values`` are raw values in the result type, one
    for each index.
    """

    arity: ClassVar[int | None] = None
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Div(Operation):
    """a / b, the exact quotient quantised once.

    b = 0 gives the result type's largest value for a > 0, its least for a < 0 and 0 for a = 0.
    """

    arity: ClassVar[int | None] = 2


OPERATIONS: tuple[type[Operation], ...] = (
    Input, Constant, Add, Sub, Mul, Neg, Shift, Abs, Min, Max, Compare, Select, Argmax, Cast, Table, Div,
)  # fmt: skip
"""Every operation, in the order of their codes in the interpreter."""

MAX_TABLE_BITS = 16
"""Most index bits of a table: 65,536 entries."""
