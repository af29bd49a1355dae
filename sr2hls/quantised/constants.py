"""The constant of an output: at most three digits are printed, though a sum of parts moves by whole steps."""

from collections.abc import Iterator
from decimal import Decimal
from math import floor

from sr2hls.quantised.digits import DIGITS


def printed_bias(offsets: list[float], steps: int, frac: int) -> tuple[float, int]:
    """Return what is printed beside an output's parts, and the steps that it is rounded to.

    The parts' own offsets are added to it where lines are put into each other. That total has the fewest
    digits with which the output is rounded to the same steps. Where three do not suffice, since the steps of
    a regression are finer, the steps next to the total with three digits are taken.

    Args:
        offsets: of the output's parts.
        steps: what is added to their raw values.
        frac: fractional bits of the output.
    """
    step, own = Decimal(2) ** -frac, sum((Decimal(repr(o)) for o in offsets), Decimal(0))
    for total in _shorter(own + steps * step):
        # Numbers of so few digits are at a tie exactly, which RND rounds upwards, or far from one. What is
        # printed is a float: the least of offsets may be lost in it, so that the float decides.
        bias = float(total - own)
        nearest = floor(bias * 2.0**frac + 0.5)
        if nearest == steps:
            break
    return bias, nearest


def _shorter(total: Decimal) -> Iterator[Decimal]:
    yield Decimal(0)
    for digits in range(1, DIGITS + 1):
        yield Decimal(f"{total:.{digits}g}")
