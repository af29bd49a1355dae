"""What is asked for is kept or refused: functions, ranges, bits and errors, on rows of the test's own."""

import itertools

import numpy as np
import pytest

from sr2hls.data import FeatureNames, InputFormat, ScalerKind
from sr2hls.errors import LoweringError
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_measured import lower_measured
from sr2hls.search.expressions import evaluate, expr_from_text, tree_from_text

CASES: dict[str, tuple[tuple[float, float], ...]] = {
    "1/(x0^2 + 0.01)": ((-4, 4),),
    "x0/(exp(x0) + 1)": ((-10, 100),),
    "floor(3.3*x0)": ((-2, 2),),
    "ceil(x0)": ((-4, 4),),
    "round(5*x0)": ((-4, 4),),
    "select(x0 > 0.3, sin(x0), 1 - x0)": ((-2, 2),),
    "sqrt(x0)": ((0, 16),),
    "log(x0)": ((0.01, 100),),
    "cbrt(x0)": ((-8, 8),),
    "tanh(5*x0)": ((-3, 3),),
    "abs(sin(8*x0))": ((-2, 2),),
    "x0^5 - x0": ((-1.5, 1.5),),
    "exp(-x0^2*20)": ((-3, 3),),
    "1/x0": ((0.05, 3),),
    "mod(x0, 0.7)": ((-2, 2),),
    "log(x0/x1)": ((1, 100), (1, 100)),
    "atan(x1/x0)": ((1, 100), (-100, 100)),
    "exp(-((x0 - 1.2)^2 + (x1 + 0.4)^2)/0.08)": ((-2, 2), (-2, 2)),
    "sin(x0 + x1)": ((-4, 4), (-4, 4)),
    "max(x0, x1, 0.2)": ((0.1, 3), (0.1, 3)),
    "max(x0*x1, 0.01)": ((-1, 1), (-1, 1)),
    "sqrt(x0^2 + x1^2)": ((-3, 3), (-3, 3)),
    "log(exp(x0) + exp(x1))": ((-30, 60), (-30, 60)),
    "floor(x0*x1 + 0.3)": ((-3, 3), (-3, 3)),
    "x0/(x1 + 0.05)": ((-1, 1), (0, 1)),
    "exp(x0)/(exp(x0) + exp(x1) + exp(x2))": ((-6, 6),) * 3,
    "x0*sin(x1) + x2^2": ((-2, 2),) * 3,
}  # fmt: skip
BITS = (5, 7, 8, 9, 10, 12, 15)
ERRORS = (0.05, 0.01, 0.001)
QUICK = [("1/(x0^2 + 0.01)", 0.01), ("floor(3.3*x0)", 0.01), ("x0/(exp(x0) + 1)", 0.01)]
_ROWS = 1 << 16


def reached(formula: str, bits: int, error: float) -> float | None:
    """Return the rms error as a share of the spread, measured here; ``None`` if refused."""
    low, high = np.array(CASES[formula], dtype=float).T
    X = np.random.default_rng(1).uniform(low, high, (4000, len(low)))
    names = tuple(f"x{k}" for k in range(len(low)))
    inputs = InputFormat.fit(X, FeatureNames.of(names, len(low)), width=bits, scaler=ScalerKind.IDENTITY)
    types = dict(zip(names, inputs.types, strict=True))
    snapped = inputs.values(X)
    try:
        lowered = lower_measured(
            {"y": expr_from_text(formula)}, types, X, snapped, error=error, is_range=True
        )
    except LoweringError:
        return None
    steps = np.array([t.step for t in inputs.types])
    first, last = (np.rint(f(axis=0) / steps).astype(int) for f in (snapped.min, snapped.max))
    if np.prod((last - first + 1).astype(float)) <= _ROWS:
        codes = np.array(
            list(itertools.product(*(range(a, b + 1) for a, b in zip(first, last, strict=True))))
        )
    else:
        codes = np.random.default_rng(2).integers(first, last + 1, (_ROWS, len(low)))
    rows = codes * steps
    wanted = evaluate(tree_from_text(formula), {n: rows[:, k] for k, n in enumerate(names)})
    good = np.isfinite(wanted)
    got = Interpreter(lowered.program).predict(rows)[:, 0]
    rms = float(np.sqrt(np.mean((got - wanted)[good] ** 2)))
    return rms / float(wanted[good].std())


def check(formula: str, error: float, all_bits: tuple[int, ...]) -> None:
    """Every width keeps the error or is refused, and none is refused where fewer bits were not."""
    kept = False
    for bits in all_bits:
        share = reached(formula, bits, error)
        assert share is not None or not kept, f"{formula} at {bits} bits is refused, fewer were not"
        if share is not None:
            kept = True
            # The rows are others than those that the program was measured on.
            assert share <= 1.1 * error, f"{formula} at {bits} bits reaches {share}, asked {error}"
    assert kept, f"{formula} is refused at every width"


@pytest.mark.parametrize(("formula", "error"), QUICK)
def test_errors_are_kept_at_any_width(formula: str, error: float) -> None:
    check(formula, error, (8, 9, 10))


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("formula", CASES)
def test_errors_are_kept_at_every_width(formula: str, error: float) -> None:
    check(formula, error, BITS)


def test_there_are_many_combinations() -> None:
    assert len(CASES) * len(BITS) * len(ERRORS) >= 500
