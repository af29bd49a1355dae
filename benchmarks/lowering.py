"""The error of lowered formulas: what was asked for, and what is reached on rows that no lowering has seen.

    python benchmarks/lowering.py [--error 0.01] [--bits 8 10 12 16]

30 formulas: physics, machine learning's functions, what PySR prints, and forms that are hard in fixed point
(poles, narrow peaks, quotients over two decades, steps). Each is lowered at each input width as
`sr2hls lower` does, and compared with its floating-point value on every combination of input codes up to
2^18 of them, else on as many drawn with a seed of this file's own. The column "one form" is the error of the
form that is written first, before anything is measured. LUTs are estimated by the program model.
"""

import argparse
import itertools
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from sr2hls.data import FeatureNames, InputFormat, ScalerKind
from sr2hls.errors import Sr2hlsError
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowering, relative_errors
from sr2hls.program.lower_measured import lower_measured
from sr2hls.program.passes import optimize
from sr2hls.program.predict import program_model
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.search.expressions import evaluate, expr_from_text, tree_from_text
from sr2hls.store.files import write_text

RESULTS = Path(__file__).resolve().parent / "results" / "lowering.md"
ROWS = 1 << 18
Ranges = tuple[tuple[float, float], ...]

FORMULAS: dict[str, Ranges] = {
    "sin(3.1416*x0)*(1 - 0.094*x1)": ((0, 1),) * 2,
    "x0*x1/(x2^2 + 0.5)": ((-2, 2),) * 3,
    "1/(x0^2 + 0.01)": ((-4, 4),),
    "exp(-((x0 - 1.2)^2 + (x1 + 0.4)^2)/0.08)": ((-2, 2),) * 2,
    "log(x0/x1)": ((1, 100),) * 2,
    "atan(x1/x0)": ((1, 100), (-100, 100)),
    "x0/(exp(x0) + 1)": ((-10, 100),),
    "sin(x0 + x1)": ((-4, 4),) * 2,
    "x0/sqrt(1 - x1^2)": ((1, 5), (0, 0.95)),
    "sqrt(x0^2 + x1^2)": ((-3, 3),) * 2,
    "exp(-x0^2/2)/sqrt(2*pi)": ((-4, 4),),
    "1/(1 + exp(-(2*x0 - x1 + 0.5*x2)))": ((-3, 3),) * 3,
    "tanh(x0*x1 - x2)": ((-2, 2),) * 3,
    "log(1 + exp(x0*x1))": ((-6, 6),) * 2,
    "log(exp(x0) + exp(x1))": ((0, 100),) * 2,
    "exp(x0)/(exp(x0) + exp(x1))": ((-20, 20),) * 2,
    "max(x0, x1, 0.2)": ((0.1, 3),) * 2,
    "max(x0*x1, 0.01)": ((-1, 1),) * 2,
    "floor(3.3*x0)": ((-2, 2),),
    "round(x0*x1)": ((-3, 3),) * 2,
    "select(x0*x1 > 0.3, x0, -x1)": ((-2, 2),) * 2,
    "cond(x0 - x1, x0*x1)": ((-1, 1),) * 2,
    "cbrt(x0) + x1": ((-8, 8),) * 2,
    "mod(x0, 0.7)": ((-2, 2),),
    "x0^x1": ((0.1, 4), (0, 2)),
    "x0^5 - 3*x0^3 + x0": ((-2, 2),),
    "x0*x1*x2/(4*pi*(x3^2 + 1))": ((1, 5),) * 4,
    "sin(x0)^2/sin(x0/5)^2": ((0.5, 3),),
    "cos(5*x0)*exp(-x1)*abs(x0 - x1)": ((0, 2),) * 2,
    "erf(x0) + 0.3*log_abs(x1 + 3)": ((-2, 2),) * 2,
}


@dataclass(frozen=True)
class Row:
    """One formula at one width.

    Attributes:
        formula: its text.
        bits: width of the inputs.
        first: rms error of the form written first, as a share of the spread; ``None`` if it has none.
        reached: that of the form taken; ``None`` if the formula is refused.
        largest: largest error, in the same unit.
        luts: estimated LUTs of the form taken.
        refusal: why there is none.
    """

    formula: str
    bits: int
    first: float | None
    reached: float | None = None
    largest: float | None = None
    luts: float | None = None
    refusal: str = ""


def measure(formula: str, bits: int, error: float) -> Row:
    """Lower one formula and compare it."""
    ranges = FORMULAS[formula]
    low, high = np.array(ranges, dtype=float).T
    X = np.random.default_rng(0).uniform(low, high, (20_000, len(ranges)))
    names = tuple(f"x{k}" for k in range(len(ranges)))
    inputs = InputFormat.fit(X, FeatureNames.of(names, len(ranges)), width=bits, scaler=ScalerKind.IDENTITY)
    types = dict(zip(names, inputs.types, strict=True))
    snapped, formulas = inputs.values(X), {"y": expr_from_text(formula)}
    rows = test_rows(snapped, types)
    wanted = evaluate(tree_from_text(formula), {n: rows[:, k] for k, n in enumerate(names)})
    good = np.isfinite(wanted)
    rows, wanted = rows[good], wanted[good]
    first: float | None = None
    try:
        lowering = Lowering(formulas, types, snapped)
        first = compare(lowering.within(relative_errors(lowering, error)).program, rows, wanted)[0]
    except Sr2hlsError:
        pass
    try:
        lowered = lower_measured(formulas, types, X, snapped, error=error, is_range=True)
    except Sr2hlsError as cause:
        return Row(formula, bits, first, refusal=str(cause))
    program = optimize(lowered.program)
    return Row(formula, bits, first, *compare(program, rows, wanted), program_model().luts(program))


def test_rows(snapped: np.ndarray, types: dict[str, FixedType]) -> np.ndarray:
    """Return every combination of input codes in the range of the rows, or many."""
    steps = np.array([t.step for t in types.values()])
    first, last = (np.rint(f(axis=0) / steps).astype(int) for f in (snapped.min, snapped.max))
    if np.prod((last - first + 1).astype(float)) <= ROWS:
        axes = [range(a, b + 1) for a, b in zip(first, last, strict=True)]
        return np.array(list(itertools.product(*axes))) * steps
    return np.random.default_rng(99).integers(first, last + 1, (ROWS, len(steps))) * steps


def compare(program: Program, rows: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    """Return rms and largest error as shares of the formula's standard deviation."""
    difference = Interpreter(program).predict(rows)[:, 0] - wanted
    spread = float(wanted.std())
    return float(np.sqrt(np.mean(difference**2))) / spread, float(np.abs(difference).max()) / spread


def page(rows: list[Row], error: float) -> str:
    """Return the results as Markdown."""
    outside = [r for r in rows if r.reached is not None and r.reached > error]
    before = [r for r in rows if r.first is None or r.first > error]
    refused = [r for r in rows if r.reached is None]
    lines = [
        "# Error of lowered formulas",
        "",
        f"`python benchmarks/lowering.py --error {error:g}`, {date.today():%Y-%m-%d}. rms and largest error "
        "as shares of the formula's standard deviation, measured against floating point on the grid of the "
        "inputs; LUTs estimated by the program model.",
        "",
        f"{len(rows)} lowerings of {len(FORMULAS)} formulas: {len(outside)} outside of the error asked "
        f"for, {len(refused)} refused. The form that is written first is outside, or none, in {len(before)}.",
        "",
        "| formula | input bits | asked | one form | reached | largest | LUT |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        shown = [f"`{r.formula}`", str(r.bits), f"{error:g}", _number(r.first)]
        shown += [_number(r.reached), _number(r.largest), "–" if r.luts is None else f"{r.luts:.0f}"]
        lines.append("| " + " | ".join(shown) + " |")
    lines += ["", *(f"- `{r.formula}` at {r.bits} bits is refused: {r.refusal}." for r in refused)]
    return "\n".join(lines).rstrip() + "\n"


def _number(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.2g}"


def main() -> None:
    """Lower, compare, write the page; fail if anything is outside."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--error", type=float, default=0.01)
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 10, 12, 16])
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    rows = [measure(formula, bits, options.error) for formula in FORMULAS for bits in options.bits]
    write_text(options.output, page(rows, options.error))
    outside = [r for r in rows if r.reached is not None and r.reached > options.error]
    if outside:
        raise SystemExit(f"{len(outside)} lowerings are outside of the error asked for: see {options.output}")


if __name__ == "__main__":
    main()
