"""Real numbers into fixed-point types, exactly as ap_fixed takes a double."""

from typing import cast

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
    scaled = np.ldexp(real, type_.frac)
    return _bound(_round(scaled, type_.rounding), type_)


def _round(scaled: NDArray[np.float64], rounding: Rounding) -> NDArray[np.float64]:
    floor = np.floor(scaled)
    rest = scaled - floor
    match rounding:
        case Rounding.TRN:
            return floor
        case Rounding.TRN_ZERO:
            return np.trunc(scaled)
        case Rounding.RND_CONV:
            return cast("NDArray[np.float64]", np.rint(scaled))
        case Rounding.RND:
            up = rest >= 0.5
        case Rounding.RND_MIN_INF:
            up = rest > 0.5
        case Rounding.RND_INF:
            up = np.where(scaled >= 0, rest >= 0.5, rest > 0.5)
        case Rounding.RND_ZERO:
            up = np.where(scaled >= 0, rest > 0.5, rest >= 0.5)
    return cast("NDArray[np.float64]", floor + up)


def _bound(rounded: NDArray[np.float64], type_: FixedType) -> NDArray[np.int64]:
    low, high = type_.raw_min, type_.raw_max
    if type_.overflow is Overflow.SAT_SYM and type_.signed:
        low = -high
    # Comparing with floats above 2^53 could be off by one: `high` itself is 2^k - 1, so `>= 2^k` is exact.
    above, below = rounded >= float(high + 1), rounded < float(low)
    outside = above | below
    if type_.overflow is Overflow.WRAP and outside.any():
        wrapped = [_wrap(int(v), type_) for v in rounded[outside].ravel()]
        inside = np.where(outside, 0.0, rounded).astype(np.int64)
        inside[outside] = wrapped
        return inside
    raw = np.where(outside, 0.0, rounded).astype(np.int64)
    if type_.overflow is not Overflow.SAT_ZERO:
        raw[above] = high
        raw[below] = low
    return raw


def _wrap(raw: int, type_: FixedType) -> int:
    return ((raw - type_.raw_min) & ((1 << type_.width) - 1)) + type_.raw_min
