"""How options take values: converters and checks for Python, and the forms that flags and TOML keys have."""

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import attrs
from cyclopts import Group, Parameter, Token

from sr2hls.errors import InputError

_Class = TypeVar("_Class")
_Value = TypeVar("_Value")


def on_the_command_line(kind: type[_Class]) -> type[_Class]:
    """Let the command line see the types of the fields, not those that their converters take (decorator)."""
    kind.__init__.__annotations__.update(get_type_hints(kind, include_extras=True))
    return kind


def positional_first(_: type, fields: list["attrs.Attribute[Any]"]) -> list["attrs.Attribute[Any]"]:
    """Return the fields with those first that may be given by position."""
    return sorted(fields, key=lambda field: bool(field.kw_only))


def path(value: str | PathLike[str]) -> Path:
    """Return a path."""
    return Path(value)


def names(value: Iterable[str]) -> tuple[str, ...]:
    """Return names; one text is one name."""
    return (value,) if isinstance(value, str) else tuple(value)


def integers(value: Iterable[int]) -> tuple[int, ...]:
    """Return integers."""
    return tuple(value)


def within(low: float, high: float, wanted: str) -> Callable[[Any, "attrs.Attribute[Any]", Any], None]:
    """Return a check that a number is from ``low`` to ``high``, where it is given at all.

    Raises:
        InputError: when it is called for another number.
    """

    def check(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value is not None and not low <= value <= high:
            raise InputError(f"{attribute.name} is {value}: give {wanted}")

    return check


_SMALLEST, _LARGEST = 5e-324, 1.7976931348623157e308
_LARGEST_INPUT = 1e300
"""Twice this is still a double: rows are drawn from ranges up to it."""
seconds = within(_SMALLEST, _LARGEST, "a number of seconds above 0")
above_zero = within(_SMALLEST, _LARGEST, "a number above 0")
not_negative = within(0, _LARGEST, "a number of at least 0")
at_least_one = within(1, _LARGEST, "a number of at least 1")
width = within(1, 24, "a width from 1 to 24")
share = within(_SMALLEST, 1 - 2**-53, "a share above 0 and below 1, e.g. 0.01")
seed_range = within(0, 2**32 - 1, "an integer from 0 to 4294967295")


def each_once(_: Any, __: Any, value: tuple[str, ...] | None) -> None:
    """Check that no name is given twice.

    Raises:
        InputError: one is.
    """
    if value is not None and len(set(value)) != len(value):
        twice = next(name for name in value if value.count(name) > 1)
        raise InputError(f"the feature '{twice}' is given twice: name each input once")


def ordered(_: Any, __: Any, ranges: tuple[tuple[str, float, float], ...]) -> None:
    """Check that each range goes from a smaller to a larger number, and that no input has two.

    Raises:
        InputError: one does not, or goes too far, or is there twice.
    """
    names = [name for name, _, _ in ranges]
    for name, low, high in ranges:
        if names.count(name) > 1:
            raise InputError(f"the range of '{name}' is given twice: give each input one range")
        if not -_LARGEST <= low < high <= _LARGEST:
            raise InputError(
                f"the range of '{name}' is {low:g} to {high:g}: give a smaller and a larger number"
            )
        if max(abs(low), abs(high)) > _LARGEST_INPUT:
            raise InputError(
                f"the range of '{name}' is {low:g} to {high:g}: inputs beyond {_LARGEST_INPUT:g} are "
                "not taken, give it in larger units"
            )


def weighing(_: Any, attribute: "attrs.Attribute[Any]", pairs: tuple[tuple[str, float], ...]) -> None:
    """Check that each name is there once and has a finite weight of at least 0.

    Raises:
        InputError: one has not.
    """
    for name, weight in pairs:
        if not 0 <= weight <= _LARGEST:
            raise InputError(
                f"{attribute.name}: '{name}' has the weight {weight:g}, give a number of at least 0"
            )
    if len({name for name, _ in pairs}) != len(pairs):
        raise InputError(f"{attribute.name}: a class is given twice, give each one weight")


def _flag(read: Callable[[str, str], Iterable[_Value]], metavar: str | None = None) -> Parameter:
    """Return how a flag is read that holds several values or is given several times."""

    def convert(_: Any, tokens: Sequence[Token]) -> tuple[_Value, ...]:
        return tuple(
            value for token in tokens for value in read(token.value, token.keyword or "the argument")
        )

    return Parameter(converter=convert, n_tokens=1, accepts_keys=False, metavar=metavar)


def _split_names(text: str, flag: str) -> list[str]:
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise InputError(f"{flag} '{text}' has an empty name: separate names by single commas")
    return found


def _split_integers(text: str, flag: str) -> list[int]:
    try:
        return [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise InputError(
            f"{flag} '{text}' are not integers: separate whole numbers by commas, e.g. {flag} 1,2"
        ) from None


def _split_pair(text: str, flag: str) -> list[tuple[str, str]]:
    # The name may hold "=" itself.
    name, _, value = text.rpartition("=")
    if not name.strip() or not value.strip():
        raise InputError(f"{flag} '{text}' is no NAME=VALUE: write e.g. {flag} 'mass=ap_fixed<8,3>'")
    return [(name.strip(), value.strip())]


def _split_range(text: str, flag: str) -> list[tuple[str, float, float]]:
    name, _, numbers = text.rpartition("=")
    try:
        low, high = (float(part) for part in numbers.split(","))
    except ValueError:
        raise InputError(f"{flag} '{text}' is no NAME=LOW,HIGH: write e.g. {flag} x=0,1") from None
    return [(name.strip(), low, high)]


def _split_number(text: str, flag: str) -> list[tuple[str, float]]:
    name, _, number = text.rpartition("=")
    try:
        return [(name.strip(), float(number))]
    except ValueError:
        raise InputError(f"{flag} '{text}' is no NAME=NUMBER: write e.g. {flag} signal=10") from None


NAMES = _flag(_split_names)
"""Names, separated by commas, in one flag or in several."""
WORDS = _flag(lambda text, _: text.replace(",", " ").split())
"""Words, separated by commas or blanks."""
INTEGERS = _flag(_split_integers)
"""Whole numbers, separated by commas."""
TYPES = _flag(_split_pair, metavar="NAME=TYPE")
"""Pairs of a name and a type; a table in TOML."""
RANGES = _flag(_split_range, metavar="NAME=LOW,HIGH")
"""A name with two numbers; a table in TOML."""
NUMBERS = _flag(_split_number, metavar="NAME=NUMBER")
"""A name with a number; a table in TOML."""
YES_OR_NO = Parameter(negative_bool="no-")
"""A switch that can be turned off, too."""
HIDDEN = Parameter(parse=False, show=False)
"""No flag."""


@attrs.frozen
class Example:
    """What `sr2hls init` writes for an option without a default, behind a comment sign."""

    toml: str


def _panel(name: str) -> Parameter:
    return Parameter(group=Group.create_ordered(name))


INPUTS = _panel("Network and data")
FORMULAS = _panel("Formulas and data")
DATA = _panel("Data")
PART = _panel("Part and formulas")
DESIGNS = _panel("Designs")
CIRCUIT = _panel("Circuit")
BUDGETS = _panel("Budgets")
SEARCH = _panel("Search")
RUNNING = _panel("Running")
OUTPUT = _panel("Output")
