"""Operators that PySR has under names of its own, as its ``export_sympy.py`` (2.7.2) defines them."""

from types import MappingProxyType

_TEXT = """
pow_abs(x, y) = abs(x)^y
powabs(x, y) = abs(x)^y
sqrt_abs(x) = sqrt(abs(x))
sqrtabs(x) = sqrt(abs(x))
log_abs(x) = log(abs(x))
logabs(x) = log(abs(x))
log2_abs(x) = log2(abs(x))
log10_abs(x) = log10(abs(x))
log1p_abs(x) = log(abs(x) + 1)
acosh_abs(x) = acosh(abs(x) + 1)
atanh_clip(x) = atanh(mod(x + 1, 2) - 1)
mod(x, y) = x - y*floor(x/y)
Mod(x, y) = x - y*floor(x/y)
round(x) = ceil(x - 0.5)
erfc(x) = 1 - erf(x)
greater(x, y) = select(x > y, 1, 0)
less(x, y) = select(x < y, 1, 0)
greater_equal(x, y) = select(x >= y, 1, 0)
less_equal(x, y) = select(x <= y, 1, 0)
cond(x, y) = select(x > 0, y, 0)
logical_or(x, y) = select(x > 0, 1, select(y > 0, 1, 0))
logical_and(x, y) = select(x > 0, select(y > 0, 1, 0), 0)
clamp(x, low, high) = select(x < low, low, select(x > high, high, x))
fma(x, y, z) = x*y + z
muladd(x, y, z) = x*y + z
"""


def _read(line: str) -> tuple[str, tuple[tuple[str, ...], str]]:
    head, _, formula = line.partition(" = ")
    name, _, parameters = head.rstrip(")").partition("(")
    return name, (tuple(p.strip() for p in parameters.split(",")), formula)


DEFINITIONS = MappingProxyType(dict(_read(line) for line in _TEXT.strip().splitlines()))
"""Name to parameters and formula."""
