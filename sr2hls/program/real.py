"""Real numbers into fixed-point types, exactly as ap_fixed takes a double."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sr2hls.errors import ProgramError
from sr2hls.program.types import FixedType, Overflow, Rounding


def quantize_real(values: ArrayLike, type_: FixedType) -> NDArray[np.int64]:
    """Return the raw values of real ones in a type, any shape.

    Raises:
        ProgramError: a value is not finite.
    """
    real = np.asarray(values, dtype=np.float64)
    if not np.isfinite(real).all():
        raise ProgramError(f"a value is not finite and has no meaning in {type_}")
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(real, type_.frac)
    # What underflows is a tiny part of a step, of the same sign; that is all that rounding asks for.
    scaled = np.where((scaled == 0) & (real != 0), np.copysign(_TINY, real), scaled)
    raw = _bound(_round(scaled, type_.rounding), type_)
    too_large = np.isinf(scaled)
    if too_large.any() and type_.overflow is Overflow.WRAP:
        # Multiples of 2^53 steps and more: an integer needs no rounding.
        raw[too_large] = [_wrap(int(v) << type_.frac, type_) for v in real[too_large].ravel()]
    return raw


_TINY = 2.0**-100


def _round(scaled: NDArray[np.float64], rounding: Rounding) -> NDArray[np.float64]:
    # The part cut off by trunc is exact in floating point, unlike a difference from floor.
    whole = np.trunc(scaled)
    with np.errstate(invalid="ignore"):
        rest = np.where(np.isinf(scaled), 0.0, scaled - whole)
    match rounding:
        case Rounding.TRN:
            return np.floor(scaled)
        case Rounding.TRN_ZERO:
            return whole
        case Rounding.RND_CONV:
            return np.rint(scaled)
        case Rounding.RND:
            up, down = rest >= 0.5, rest < -0.5
        case Rounding.RND_MIN_INF:
            up, down = rest > 0.5, rest <= -0.5
        case Rounding.RND_INF:
            up, down = rest >= 0.5, rest <= -0.5
        case Rounding.RND_ZERO:
            up, down = rest > 0.5, rest < -0.5
    return whole + up - down


def _bound(rounded: NDArray[np.float64], type_: FixedType) -> NDArray[np.int64]:
    low, high = type_.raw_min, type_.raw_max
    if type_.overflow is Overflow.SAT_SYM and type_.signed:
        low = -high
    # Comparing with floats above 2^53 could be off by one: `high` itself is 2^k - 1, so `>= 2^k` is exact.
    above, below = rounded >= float(high + 1), rounded < float(low)
    outside = above | below
    if type_.overflow is Overflow.WRAP and outside.any():
        inside = np.where(outside, 0.0, rounded).astype(np.int64)
        outside &= np.isfinite(rounded)
        inside[outside] = [_wrap(int(v), type_) for v in rounded[outside].ravel()]
        return inside
    raw = np.where(outside, 0.0, rounded).astype(np.int64)
    if type_.overflow is not Overflow.SAT_ZERO:
        raw[above] = high
        raw[below] = low
    return raw


def _wrap(raw: int, type_: FixedType) -> int:
    return ((raw - type_.raw_min) & ((1 << type_.width) - 1)) + type_.raw_min
