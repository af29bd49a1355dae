"""Functions of one variable that formulas may use, with their meaning in floating point."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import sympy as sp
from scipy import special

from sr2hls.arrays import FloatArray

Unary = Callable[[FloatArray], FloatArray]

UNARY: dict[type[sp.Function], Unary] = cast(
    "dict[type[sp.Function], Unary]",
    {
        sp.sin: np.sin, sp.cos: np.cos, sp.tan: np.tan,
        sp.asin: np.arcsin, sp.acos: np.arccos, sp.atan: np.arctan,
        sp.sinh: np.sinh, sp.cosh: np.cosh, sp.tanh: np.tanh,
        sp.asinh: np.arcsinh, sp.acosh: np.arccosh, sp.atanh: np.arctanh,
        sp.exp: np.exp, sp.log: np.log, sp.sign: np.sign,
        sp.floor: np.floor, sp.ceiling: np.ceil,
        sp.erf: special.erf, sp.erfc: special.erfc, sp.gamma: special.gamma,
        sp.sec: lambda x: 1 / np.cos(x), sp.csc: lambda x: 1 / np.sin(x), sp.cot: lambda x: 1 / np.tan(x),
        sp.sech: lambda x: 1 / np.cosh(x), sp.csch: lambda x: 1 / np.sinh(x),
        sp.coth: lambda x: 1 / np.tanh(x),
        sp.sinc: lambda x: np.sinc(x / np.pi),
        sp.LambertW: lambda x: np.where(x >= -np.exp(-1), special.lambertw(x).real, np.nan),
        sp.Heaviside: lambda x: np.heaviside(x, 0.5),
    },
)  # fmt: skip


def apply_unary(function: type[sp.Function], x: FloatArray) -> FloatArray:
    """Return the function's values, in the shape of ``x``; not finite where it is undefined or overflows."""
    with np.errstate(all="ignore"):
        return np.asarray(UNARY[function](x), dtype=np.float64)


def power(x: FloatArray, exponent: Any) -> FloatArray:
    """Return ``x ** exponent`` over the reals, in the shape of ``x``; not finite where there is none."""
    with np.errstate(all="ignore"):
        return np.asarray(np.power(x, np.float64(exponent)), dtype=np.float64)
