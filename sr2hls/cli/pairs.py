"""Flags that hold several values."""

from collections.abc import Sequence

from sr2hls.errors import InputError


def split_names(values: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return names given in one flag, separated by commas, or in several."""
    if not values:
        return None
    names = tuple(name.strip() for value in values for name in value.split(","))
    if not all(names):
        raise InputError(
            f"--features '{','.join(values)}' has an empty name: separate names by single commas"
        )
    return names


def split_pairs(values: Sequence[str] | None, flag: str) -> tuple[tuple[str, str], ...]:
    """Return NAME=VALUE flags as pairs; the name may hold ``=`` itself.

    Raises:
        InputError: a value has no ``=``, or nothing on one side of it.
    """
    pairs = []
    for text in values or ():
        name, _, value = text.rpartition("=")
        if not name.strip() or not value.strip():
            raise InputError(f"{flag} '{text}' is no NAME=VALUE: write e.g. {flag} 'mass=ap_fixed<8,3>'")
        pairs.append((name.strip(), value.strip()))
    return tuple(pairs)


def split_ranges(values: Sequence[str] | None) -> tuple[tuple[str, float, float], ...]:
    """Return NAME=LOW,HIGH flags as names with two numbers.

    Raises:
        InputError: a value has another form.
    """
    ranges = []
    for name, text in split_pairs(values, "--range"):
        try:
            low, high = (float(part) for part in text.split(","))
        except ValueError:
            raise InputError(
                f"--range '{name}={text}' is no NAME=LOW,HIGH: write e.g. --range x=0,1"
            ) from None
        ranges.append((name, low, high))
    return tuple(ranges)
