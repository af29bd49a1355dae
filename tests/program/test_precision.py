import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import LoweringError
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowering
from sr2hls.program.precision import PrecisionOptions, fit_precision
from sr2hls.program.size import estimate_luts
from sr2hls.program.types import FixedType, Overflow, Rounding

x, y = sp.symbols("x y")


def make(formulas: dict[str, sp.Expr] | None = None, width: int = 6) -> Lowering:
    formulas = formulas or {"a": sp.sin(x) + y, "b": sp.exp(y / 2) - x, "c": x * y / 2}
    X = np.random.default_rng(1).uniform(-3.9, 3.9, (1200, 2))
    type_ = FixedType(True, width, 3, Rounding.RND, Overflow.SAT)
    return Lowering(formulas, {"x": type_, "y": type_}, X)


def agreement(lowering: Lowering) -> np.ndarray:
    return lowering.float_outputs.argmax(axis=1)


def test_score_stays_within_the_loss_and_trimming_makes_it_smaller() -> None:
    lowering = make()
    truth = agreement(lowering)

    def score(outputs: np.ndarray) -> float:
        return float((outputs.argmax(axis=1) == truth).mean())

    plain, reached = fit_precision(lowering, score, PrecisionOptions(max_loss=0.05, trim=False))
    trimmed, reached_trimmed = fit_precision(lowering, score, PrecisionOptions(max_loss=0.05))
    for lowered, claimed in ((plain, reached), (trimmed, reached_trimmed)):
        assert claimed == score(Interpreter(lowered.program).predict(lowering.X))
        assert claimed >= 1 - 0.05
    assert estimate_luts(trimmed.program) <= estimate_luts(plain.program)
    again, _ = fit_precision(lowering, score, PrecisionOptions(max_loss=0.05))
    assert again.program == trimmed.program


def test_a_tighter_loss_costs_more() -> None:
    lowering = make()
    truth = agreement(lowering)

    def score(outputs: np.ndarray) -> float:
        return float((outputs.argmax(axis=1) == truth).mean())

    sizes = [estimate_luts(fit_precision(lowering, score, PrecisionOptions(max_loss=m))[0].program)
             for m in (0.2, 0.05, 0.005)]  # fmt: skip
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_a_score_that_cannot_be_kept_is_refused() -> None:
    lowering = make({"a": sp.sin(5 * x * y)}, width=12)
    exact = lowering.float_outputs

    def score(outputs: np.ndarray) -> float:
        return -float(np.abs(outputs - exact).max()) * 1e6

    with pytest.raises(
        LoweringError, match=r"rounding costs .* of the score even at the finest precision tried"
    ):
        fit_precision(lowering, score, PrecisionOptions(max_loss=1e-9))
