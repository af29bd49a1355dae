"""Errors that are measured and kept, decisions that are exact, and refusals that say what helps."""

import itertools

import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import LoweringError
from sr2hls.program.emit import EmitOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowered, Lowering, relative_errors
from sr2hls.program.lower_measured import lower_measured
from sr2hls.program.meet import meet
from sr2hls.program.passes import optimize
from sr2hls.program.predict import program_model
from sr2hls.program.probes import probe_rows
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.search.expressions import expr_from_text

Ranges = tuple[tuple[float, float], ...]


def input_type(width: int, integer: int, *, signed: bool = True) -> FixedType:
    return FixedType(signed, width, integer, Rounding.RND, Overflow.SAT)


def measured(
    text: str, ranges: Ranges, type_: FixedType, error: float = 0.01, *, on_grid: bool = False
) -> Lowered:
    names = tuple(f"x{k}" for k in range(len(ranges)))
    low, high = np.array(ranges, dtype=float).T
    X = np.random.default_rng(0).uniform(low, high, (5000, len(ranges)))
    types = dict.fromkeys(names, type_)
    snapped = np.stack([quantize_real(X[:, k], type_) * type_.step for k in range(len(ranges))], axis=1)
    shown = {name: f"input_{k}" for k, name in enumerate(names)}
    return lower_measured(
        {"y": expr_from_text(text)},
        types,
        snapped if on_grid else X,
        snapped,
        error=error,
        is_range=True,
        shown=shown,
    )


def outputs(lowered: Lowered, rows: np.ndarray) -> np.ndarray:
    return Interpreter(lowered.program).predict(rows)[:, 0]


def test_what_meets_the_error_is_left_as_it_was() -> None:
    types = {"x": input_type(8, 3), "y": input_type(8, 3)}
    X = np.random.default_rng(0).uniform(-3, 3, (2000, 2))
    x, y = sp.symbols("x y")
    lowering = Lowering({"f": sp.sin(x) * y + x**2}, types, X)
    asked = relative_errors(lowering, 0.02)
    assert lowering.within(asked).errors["f"].rms <= asked["f"]
    assert meet(lowering, 0.02).program == lowering.within(asked).program


@pytest.mark.parametrize("width", [8, 9, 10, 12, 20])
def test_a_pole_beside_the_range_has_its_peak_at_any_width(width: int) -> None:
    lowered = measured("1/(x0^2 + 0.01)", ((-4, 4),), input_type(width, 3))
    assert outputs(lowered, np.zeros((1, 1)))[0] == pytest.approx(100, abs=1)


def test_a_narrow_peak_of_two_inputs() -> None:
    lowered = measured("exp(-((x0 - 1.2)^2 + (x1 + 0.4)^2)/0.08)", ((-2, 2),) * 2, input_type(10, 3))
    assert outputs(lowered, np.array([[1.203125, -0.3984375]]))[0] == pytest.approx(1, abs=0.02)


def test_every_row_beside_a_pole_is_right_in_a_small_circuit() -> None:
    """1/sqrt of a sum of squares reaches 256 where its rows are few: octaves keep its share, not its step."""
    spring = "2*x0*(1/sqrt(x0^2 + x1^2) - 1)/x2"
    lowered = measured(spring, ((-2, 2), (-2, 2), (0.5, 2)), input_type(10, 3))
    assert lowered.options.octaves
    rows = np.array(
        list(itertools.product(np.arange(-6, 7) / 128, np.arange(-6, 7) / 128, (0.5, 0.75, 1.25)))
    )
    rows = rows[(rows[:, :2] != 0).any(axis=1)]
    x, y, m = rows.T
    wanted = 2 * x * (1 / np.hypot(x, y) - 1) / m
    np.testing.assert_allclose(outputs(lowered, rows), wanted, atol=0.15)
    assert program_model().luts(optimize(lowered.program)) < 800


def test_a_bound_that_few_rows_reach_is_kept() -> None:
    lowered = measured("max(x0, x1, 0.2)", ((0.1, 3),) * 2, input_type(10, 3))
    assert outputs(lowered, np.array([[0.109375, 0.1171875]]))[0] == pytest.approx(0.2, abs=0.02)
    lowered = measured("max(x0*x1, 0.01)", ((-1, 1),) * 2, input_type(10, 1))
    assert outputs(lowered, np.array([[0.5, -0.5]]))[0] == pytest.approx(0.01, abs=0.002)


STEPS = [
    ("floor(3.3*x0)", ((-2, 2),), input_type(10, 3)),
    ("ceil(x0)", ((-4, 4),), input_type(12, 4)),
    ("round(5*x0)", ((-2, 2),), input_type(18, 3)),
    ("floor(x0*x1)", ((-2, 2),) * 2, input_type(7, 3)),
    ("floor(0.3*x0 + 0.7*x1) + floor(0.1*x0 - 0.9*x1)", ((-100, 100),) * 2, input_type(9, 8)),
    ("select(x0*x1 > 0.3, 1, -1)", ((-2, 2),) * 2, input_type(8, 3)),
    ("x0 >= 0.1*x1", ((-2, 2),) * 2, input_type(8, 3)),
    ("sign(x0 - x1) + sign(x0 + x1)", ((-2, 2),) * 2, input_type(8, 3)),
]


@pytest.mark.parametrize(("text", "ranges", "type_"), STEPS, ids=[s[0] for s in STEPS])
def test_decisions_are_those_of_exact_arithmetic(text: str, ranges: Ranges, type_: FixedType) -> None:
    lowered = measured(text, ranges, type_)
    scale = round(2.0**type_.frac)
    axis = range(-int(ranges[0][1] * scale) + 1, int(ranges[0][1] * scale), 1 if type_.width < 15 else 97)
    rows = np.array(list(itertools.product(axis, repeat=len(ranges)))) / scale
    picked = rows[:: max(1, len(rows) // 1500)]
    expr = sp.nsimplify(expr_from_text(text), rational=True)
    symbols = sp.symbols(f"x0:{len(ranges)}")
    exact = [expr.subs(dict(zip(symbols, map(sp.Rational, row), strict=True))) for row in picked]
    wanted = np.array([float(bool(e)) if e in (sp.true, sp.false) else float(e) for e in exact])
    np.testing.assert_array_equal(outputs(lowered, picked), wanted)


BOUNDED = [
    ("x0/(exp(x0) + 1)", ((-10, 100),), input_type(10, 8), [[2.0], [100.0]]),
    ("log(exp(x0) + exp(x1))", ((0, 100),) * 2, input_type(10, 8), [[90.0, 20.0], [50.0, 50.0]]),
    ("exp(x0)/(exp(x0) + exp(x1))", ((-100, 900),) * 2, input_type(12, 11), [[5.0, 5.0], [800.0, 100.0]]),
    ("log(1 + exp(x0*x1))", ((-40, 40),) * 2, input_type(10, 7), [[30.0, 30.0], [1.0, 1.0]]),
]


@pytest.mark.parametrize(("text", "ranges", "type_", "rows"), BOUNDED, ids=[b[0] for b in BOUNDED])
def test_bounded_functions_of_unbounded_parts(
    text: str, ranges: Ranges, type_: FixedType, rows: list[list[float]]
) -> None:
    lowered = measured(text, ranges, type_)
    symbols = sp.symbols(f"x0:{len(ranges)}")
    wanted = [float(expr_from_text(text).subs(dict(zip(symbols, r, strict=True))).evalf(40)) for r in rows]
    span = max(1.0, abs(max(wanted)))
    np.testing.assert_allclose(outputs(lowered, np.array(rows)), wanted, atol=0.03 * span)


def test_what_no_form_meets_is_refused_with_the_error_that_is() -> None:
    message = r"'y' keeps the error asked for, 0.01 of its spread: .* rms error of \d.*: give --error 0\.\d"
    with pytest.raises(LoweringError, match=message) as refused:
        measured("sin(300*x0*x1)", ((-4, 4),) * 2, input_type(11, 4), on_grid=True)
    advised = float(str(refused.value).rsplit("--error ", 1)[1])
    kept = measured("sin(300*x0*x1)", ((-4, 4),) * 2, input_type(11, 4), error=advised, on_grid=True)
    assert kept.errors["y"].rms <= advised * 0.8


def test_rounding_of_the_inputs_is_told_with_the_bits_that_help() -> None:
    lowered = measured("sin(3*x0) + x1*x0", ((-1, 1),) * 2, input_type(6, 1), error=1e-4)
    assert any("rounding the inputs to 6 bits gives 'y' an rms error of 0.0" in n for n in lowered.notes)
    assert any("--input-bits 15 brings it down" in n for n in lowered.notes)
    with pytest.raises(LoweringError, match=r"rounding the inputs to 10 bits .* give --input-bits 1\d"):
        measured("sin(10*(x0 - 300))", ((300, 301),), input_type(10, 9, signed=False))


def test_an_input_of_a_single_code_is_refused() -> None:
    with pytest.raises(LoweringError, match=r"'input_0' lies between .* is a single code of ap_ufixed"):
        measured("2*x0", ((0, 1e-300),), input_type(10, -59, signed=False))


def test_what_only_rounding_makes_undefined_is_told() -> None:
    with pytest.raises(LoweringError, match=r"'log\(input_0\)' is undefined .* as given it is finite"):
        measured("log(x0)", ((0.01, 100),), input_type(10, 7, signed=False))


def test_messages_have_the_users_names() -> None:
    with pytest.raises(LoweringError, match=r"'exp\(input_1\)|'input_0 \+ exp\(input_1\)"):
        measured("exp(x1) + x0", ((0, 100),) * 2, input_type(10, 8))
    with pytest.raises(LoweringError, match="more than fixed point can hold"):
        measured("(x0 + 1)^500", ((-2, 2),), input_type(10, 3))


def test_the_error_reached_is_in_the_notes() -> None:
    lowered = measured("sin(x0)", ((-2, 2),), input_type(8, 3))
    assert any("on all 129 combinations of input codes" in n for n in lowered.notes)


def test_probes_are_all_codes_or_have_the_corners() -> None:
    x, y, z = sp.symbols("x y z")
    X = np.random.default_rng(0).uniform(-1.9, 1.9, (3000, 3))
    few = Lowering({"f": x + y}, {"x": input_type(5, 2), "y": input_type(5, 2)}, X[:, :2])
    probes = probe_rows(few.graph, few.types, few.X)
    assert probes.exhaustive
    assert len(np.unique(probes.inputs, axis=0)) == len(probes.inputs) == 31**2
    many = Lowering({"f": x * y * z}, dict.fromkeys("xyz", input_type(12, 2)), X)
    probes = probe_rows(many.graph, many.types, many.X)
    assert not probes.exhaustive
    ends = np.array([many.X.min(axis=0), many.X.max(axis=0)])
    corners = {tuple(ends[list(c), range(3)]) for c in itertools.product((0, 1), repeat=3)}
    assert corners <= {tuple(row) for row in probes.inputs[probes.uniform :]}
    np.testing.assert_allclose(probes.outputs[:, 0], probes.inputs.prod(axis=1))


def test_more_rounds_of_precision_than_tables_allow() -> None:
    """Segments take over in `fit_precision` too: nine bits of the argument cannot keep the score."""
    from sr2hls.program.precision import PrecisionOptions, fit_precision

    x, y = sp.symbols("x y")
    X = np.random.default_rng(0).uniform(-3.9, 3.9, (2000, 2))
    lowering = Lowering({"f": sp.sin(4 * x * y)}, dict.fromkeys("xy", input_type(12, 3)), X)
    wanted = lowering.float_outputs

    def score(got: np.ndarray) -> float:
        return -float(np.sqrt(np.mean((got - wanted) ** 2)))

    lowered, reached = fit_precision(lowering, score, PrecisionOptions(max_loss=0.004, trim=False))
    assert reached >= -0.004
    tables = lowering.within(relative_errors(lowering, 1e-4), EmitOptions())
    assert score(tables.outputs) < -0.004
    assert lowered.program != tables.program
