"""The one rule by which an exact result becomes a fixed-point value.

`requantize` is written once, for Python integers of any size and, compiled by numba, for int64: it uses only
operations that mean the same in both.
"""

from typing import NamedTuple

from sr2hls.program.types import FixedType, Overflow, Rounding

ROUNDING_CODE: dict[Rounding, int] = {mode: code for code, mode in enumerate(Rounding)}
OVERFLOW_CODE: dict[Overflow, int] = {mode: code for code, mode in enumerate(Overflow)}

_TRN, _TRN_ZERO, _RND, _RND_ZERO, _RND_INF, _RND_MIN_INF, _RND_CONV = range(7)
_WRAP, _SAT, _SAT_ZERO, _SAT_SYM = range(4)


def requantize(raw: int, drop: int, rounding: int, overflow: int, low: int, high: int, mask: int) -> int:
    """Round and bound an exact raw value.

    Args:
        raw: exact value in units of ``2^-(frac + drop)``, where ``frac`` are the result's fractional bits.
        drop: how many low bits the result has fewer (negative: more).
        rounding: code of the `Rounding` mode.
        overflow: code of the `Overflow` mode.
        low: least raw value of the result type.
        high: largest raw value of the result type.
        mask: ``2^width - 1``.

    Returns:
        The raw value in the result type.
    """
    if drop > 0:
        if rounding == _TRN:
            bias = 0
        elif rounding == _TRN_ZERO:
            bias = (1 << drop) - 1 if raw < 0 else 0
        else:
            bias = 1 << (drop - 1)
            if rounding == _RND_MIN_INF:
                bias -= 1
            elif rounding == _RND_INF:
                bias -= 1 if raw < 0 else 0
            elif rounding == _RND_ZERO:
                bias -= 1 if raw >= 0 else 0
            elif rounding == _RND_CONV:
                bias += ((raw >> drop) & 1) - 1
        raw = (raw + bias) >> drop
    elif drop < 0:
        raw = raw << -drop
    if overflow == _SAT_SYM and low < 0:
        low = -high
    if low <= raw <= high:
        return raw
    if overflow == _WRAP:
        return ((raw - low) & mask) + low
    if overflow == _SAT_ZERO:
        return 0
    return low if raw < low else high


class QuantizeCode(NamedTuple):
    """A result type as the arguments of `requantize` after ``drop``."""

    rounding: int
    overflow: int
    low: int
    high: int
    mask: int

    @classmethod
    def of(cls, type_: FixedType) -> "QuantizeCode":
        """Encode a type."""
        return cls(
            ROUNDING_CODE[type_.rounding],
            OVERFLOW_CODE[type_.overflow],
            type_.raw_min,
            type_.raw_max,
            (1 << type_.width) - 1,
        )


def quantize_raw(raw: int, frac: int, type_: FixedType) -> int:
    """Quantise the exact value ``raw · 2^-frac`` to a type; return its raw value."""
    code = QuantizeCode.of(type_)
    return requantize(raw, frac - type_.frac, *code)


def rounded_raw(raw: int, drop: int, rounding: Rounding) -> int:
    """Return an exact raw value without its ``drop`` low bits (negative: with more), rounded, not bounded."""
    bound = (abs(raw) + 1) << max(0, -drop)
    return requantize(raw, drop, ROUNDING_CODE[rounding], _WRAP, -bound, bound, 0)
