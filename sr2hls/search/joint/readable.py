"""What readable means, so that it can be measured.

A set of formulas is readable if its constants have at most three significant digits; if nothing in it rounds
(no floor, no min(…, max(…)): the types of values say how they are rounded); if no large terms cancel, so that
the root mean square of a term is at most five times that of its output; if at most two functions are nested;
and if its variables are the user's own features. How long it is, is its number of sympy nodes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from sr2hls.arrays import FloatArray
from sr2hls.search.expressions import evaluate_expr
from sr2hls.search.joint.printing import count_nodes
from sr2hls.search.names import with_safe_names

MOST_DIGITS, MOST_NESTED, MOST_CANCELLATION = 3, 2, 5.0
_ROUNDING = (sp.floor, sp.ceiling, sp.frac, sp.Mod)


@dataclass(frozen=True)
class Readability:
    """How readable a set of formulas is.

    Attributes:
        nodes: sympy nodes of all formulas together.
        digits: most significant digits of a constant.
        rounding: names of what rounds, in order of appearance.
        cancellation: largest ratio of the root mean square of a term to that of its output.
        nested: most functions inside each other.
        unknown: variables that are none of the features.
    """

    nodes: int
    digits: int
    rounding: tuple[str, ...]
    cancellation: float
    nested: int
    unknown: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the formulas are not readable, one sentence each; empty if they are."""
        found = []
        if self.digits > MOST_DIGITS:
            found.append(f"a constant has {self.digits} significant digits")
        if self.rounding:
            found.append(f"the formulas round with {', '.join(self.rounding)}")
        if self.cancellation > MOST_CANCELLATION:
            found.append(f"a term is {self.cancellation:.1f} times as large as its output")
        if self.nested > MOST_NESTED:
            found.append(f"{self.nested} functions are nested")
        if self.unknown:
            found.append(f"{', '.join(self.unknown)} is no feature")
        return tuple(found)

    @property
    def is_readable(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


def measure_readability(
    formulas: Mapping[str, sp.Expr], X: FloatArray, feature_names: Sequence[str]
) -> Readability:
    """Measure formulas over the features on rows of shape (rows, features)."""
    exprs = list(formulas.values())
    unknown = {s.name for e in exprs for s in e.free_symbols} - set(feature_names)
    known = [e for e in exprs if all(s.name in feature_names for s in e.free_symbols)]
    return Readability(
        nodes=sum(count_nodes(e) for e in exprs),
        digits=max((significant_digits(n) for e in exprs for n in e.atoms(sp.Number)), default=0),
        rounding=tuple(dict.fromkeys(name for e in exprs for name in _rounding(e))),
        cancellation=max((_cancellation(with_safe_names(e, feature_names), X) for e in known), default=0.0),
        nested=max((nested_functions(e) for e in exprs), default=0),
        unknown=tuple(sorted(unknown)),
    )


def significant_digits(number: sp.Number) -> int:
    """Return the significant digits of a number; of a fraction, those of the longer part."""
    if isinstance(number, sp.Rational):
        return max(len(str(abs(part)).strip("0")) for part in (number.p, number.q))
    if not number.is_finite:
        return 0
    mantissa = repr(float(number)).lstrip("-").split("e")[0]
    return len(mantissa.replace(".", "").strip("0"))


def nested_functions(expr: sp.Basic) -> int:
    """Return how many functions are inside each other at most; integer powers are no functions."""
    inside = max((nested_functions(a) for a in expr.args), default=0)
    root = isinstance(expr, sp.Pow) and not expr.exp.is_Integer
    function = isinstance(expr, sp.Function | sp.Max | sp.Min) or root
    return inside + 1 if function else inside


def _rounding(expr: sp.Expr) -> list[str]:
    found = [type(e).__name__ for e in sp.preorder_traversal(expr) if isinstance(e, _ROUNDING)]
    clamps = [
        f"{type(e).__name__}(…, {type(a).__name__}(…))"
        for e in sp.preorder_traversal(expr)
        for a in e.args
        if {type(e), type(a)} == {sp.Max, sp.Min}
    ]
    return found + clamps


def _cancellation(expr: sp.Expr, X: FloatArray) -> float:
    """Largest ratio of a term's root mean square to the output's; constants are no terms."""
    terms = [a for a in sp.Add.make_args(expr) if a.free_symbols]
    if not terms:
        return 0.0
    size = _rms(evaluate_expr(expr, X))
    return max(_rms(evaluate_expr(t, X)) for t in terms) / max(size, 1e-300)


def _rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
