"""What users wrote and what is right: values of the circuits' programs, or refusals in one sentence."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sr2hls.costs import tree_of
from sr2hls.errors import InputError, LoweringError
from sr2hls.flow.rows import input_format, input_rows
from sr2hls.options import LowerOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_measured import lower_measured
from sr2hls.program.passes import optimize
from sr2hls.rtl.names import safe_names
from sr2hls.search.expressions import evaluate, expr_from_text
from sr2hls.search.formula_source import read_source, refuse_constants

Ranges = dict[str, tuple[float, float]]


class Circuit:
    """A lowered source: its outputs for named inputs."""

    def __init__(self, source: str, ranges: Ranges, **options: Any) -> None:
        asked = LowerOptions(
            source=source, output=Path("unused"), ranges=tuple((n, *r) for n, r in ranges.items()), **options
        )
        found = read_source(asked)
        refuse_constants(found)
        X = input_rows(asked, found, None).splits["train"][0]
        self.names = found.names
        self.inputs = input_format(asked, found, X)
        identifiers = self.inputs.names.identifiers
        self.lowered = lower_measured(
            found.formulas,
            dict(zip(identifiers, self.inputs.types, strict=True)),
            X,
            self.inputs.values(X),
            error=asked.error_asked,
            is_range=True,
            whole_error=asked.error is not None or asked.input_bits is None,
            shown=dict(zip(identifiers, found.names, strict=True)),
        )
        self.program = optimize(self.lowered.program)

    def at(self, **values: float) -> float:
        row = np.array([[values[name] for name in self.names]])
        return float(Interpreter(self.program).predict(self.inputs.values(row))[0, 0])


PEAK = "exp(-((a-1.2)**2+(b+0.4)**2)/0.08)"
NESTED = "ifelse(ifelse(x > t, x, 2*t) > 0.3, x, t)"
RIGHT: list[tuple[str, Ranges, dict[str, float], float, float]] = [
    ("1/(x**2+0.01)", {"x": (-4, 4)}, {"x": 0.0}, 100, 1),
    ("log(a/b)", {"a": (1, 100), "b": (1, 100)}, {"a": 1, "b": 97.0}, -4.575, 0.05),
    ("atan(b/a)", {"a": (1, 100), "b": (-100, 100)}, {"a": 1, "b": 100}, 1.5608, 0.03),
    (PEAK, {"a": (-2, 2), "b": (-2, 2)}, {"a": 1.203125, "b": -0.40625}, 0.9994, 0.05),
    ("u/(exp(u)+1)", {"u": (-10, 100)}, {"u": 1.0}, 0.2689, 0.05),
    ("max(a,b,0.2)", {"a": (0.1, 3), "b": (0.1, 3)}, {"a": 0.109, "b": 0.113}, 0.2, 0.02),
    ("max(a*b,0.2)", {"a": (0.1, 3), "b": (0.1, 3)}, {"a": 0.2, "b": 0.25}, 0.2, 0.03),
    ("cbrt(x)", {"x": (-8, 8)}, {"x": -8.0}, -2, 0.03),
    ("floor(3.3*x)", {"x": (-2, 2)}, {"x": -0.3125}, -2, 0),
    ("ceil(x)", {"x": (-4, 4)}, {"x": 2.0}, 2, 0),
    ("pow_abs(x, 3)", {"x": (-2, 2)}, {"x": -2.0}, 8, 0.1),
    ("y = x >= x*x", {"x": (0.1, 2)}, {"x": 0.5}, 1, 0),
    ("y = x >= x*x", {"x": (0.1, 2)}, {"x": 1.5}, 0, 0),
    ("sin(x > 0)", {"x": (-2, 2)}, {"x": 1.0}, 0.8415, 0.01),
    (NESTED, {"x": (-2, 2), "t": (-1, 1)}, {"x": 0.25, "t": -1}, -1, 0.01),
    (NESTED, {"x": (-2, 2), "t": (-1, 1)}, {"x": 0.5, "t": -1}, 0.5, 0.01),
]  # fmt: skip


@pytest.mark.parametrize(("source", "ranges", "where", "value", "near"), RIGHT)
def test_right_values(
    source: str, ranges: Ranges, where: dict[str, float], value: float, near: float
) -> None:
    bits = 10 if len(ranges) == 1 else 8  # every combination is tried: 2^20 of them take seconds
    assert Circuit(source, ranges, input_bits=bits).at(**where) == pytest.approx(value, abs=near)


@pytest.mark.parametrize("bits", [8, 9, 10])
def test_a_peak_has_its_height_at_every_width(bits: int) -> None:
    circuit = Circuit("1/(x**2+0.01)", {"x": (-4, 4)}, input_bits=bits)
    assert circuit.at(x=0.0) == pytest.approx(100, abs=1)


@pytest.mark.slow
def test_a_sum_of_wide_inputs_keeps_a_small_error() -> None:
    circuit = Circuit("sin(x+y)", {"x": (-4, 4), "y": (-4, 4)}, input_bits=12, error=1e-3)
    for x, y in ((1.0, 0.5), (-3.25, 2.0), (3.5, 3.5)):
        assert circuit.at(x=x, y=y) == pytest.approx(np.sin(x + y), abs=2e-3)


def test_a_named_comparison_is_named_by_its_name() -> None:
    assert Circuit("y = x >= x*x", {"x": (0.1, 2)}).program.output_names == ("y",)


def test_an_operator_of_pysr_in_a_hall_of_fame(tmp_path: Path) -> None:
    file = tmp_path / "hall_of_fame.csv"
    file.write_text('Complexity,Loss,Equation\n1,2.0,"x0"\n3,0.1,"cond(x0, x1)"\n', encoding="utf-8")
    circuit = Circuit(str(file), {"x0": (-1, 1), "x1": (-1, 1)}, choose="loss")
    assert circuit.at(x0=0.5, x1=-0.75) == pytest.approx(-0.75, abs=0.02)
    assert circuit.at(x0=-0.5, x1=-0.75) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(("source", "ranges", "message"), [
    ("(x + 1)**500", {"x": (-2, 2)}, "reaches .*e\\+238, more than fixed point can hold"),
    ("1e-320*x", {"x": (-2, 2)}, r"is at most 2e-320, less than fixed point can hold: scale it"),
    ("2*x", {"x": (0, 1e-300)}, "the input 'x' lies between .* which is a single code"),
    ("exp(x5) + x3", {"x5": (0, 100), "x3": (0, 1)}, r"exp\(x5\)' reaches 4.03e\+43"),
])  # fmt: skip
def test_refused_in_lowering(source: str, ranges: Ranges, message: str) -> None:
    with pytest.raises(LoweringError, match=message):
        Circuit(source, ranges)


@pytest.mark.parametrize(("source", "options", "message"), [
    ("x + 1 2", {}, "'x \\+ 1 2' is not a formula"),
    ("y = x; y = 2*x", {}, "two formulas are called 'y'"),
    ("y1 = x; 2*x", {}, "two formulas are called 'y1'"),
    ("= x", {}, "unexpected '= x' in the formula"),
    ("x", {"seed": -1}, "seed is -1: give an integer from 0"),
])  # fmt: skip
def test_refused_as_input(source: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Circuit(source, {"x": (-1, 1)}, **options)


def test_a_range_that_has_no_difference_in_doubles_is_refused() -> None:
    with pytest.raises(InputError, match=r"the range of 'x' is -1e\+308 to 1e\+308: inputs beyond 1e\+300"):
        Circuit("x", {"x": (-1e308, 1e308)})


WAVE, WAVE_RANGES = "sin(3*x)+t*x", {"x": (-1.0, 1.0), "t": (0.0, 1.0)}


def test_bits_that_cannot_keep_the_error_asked_for_are_refused_with_those_that_do() -> None:
    message = r"rounding the inputs to 6 bits gives .* where 0\.01 was asked: give --input-bits (\d+), or"
    with pytest.raises(LoweringError, match=message) as refused:
        Circuit(WAVE, WAVE_RANGES, error=0.01, input_bits=6)
    found = re.search(message, str(refused.value))
    assert found is not None
    assert Circuit(WAVE, WAVE_RANGES, error=0.01, input_bits=int(found[1])).lowered.program
    with pytest.raises(LoweringError, match=r"where 0\.0001 was asked: give --input-bits 1\d"):
        Circuit(WAVE, WAVE_RANGES, error=1e-4, input_bits=6)


def test_bits_without_an_error_are_taken_and_their_cost_is_told() -> None:
    notes = Circuit(WAVE, WAVE_RANGES, input_bits=6).lowered.notes
    assert any("rounding the inputs to 6 bits" in n and "where 0.01 was asked" in n for n in notes)


@pytest.mark.parametrize(("source", "ranges", "error", "bits"), [
    ("x*t", {"x": (-1, 1), "t": (0, 1)}, None, 10),
    ("sin(10*(T - 300))", {"T": (300, 301)}, None, 18),
    ("1/(x**2+0.01)", {"x": (-4, 4)}, None, 12),
    ("x*t", {"x": (-1, 1), "t": (0, 1)}, 1e-4, 14),
    ("floor(3.3*x)", {"x": (-2, 2)}, None, 13),
])  # fmt: skip
def test_inputs_are_as_wide_as_the_whole_error_needs(
    source: str, ranges: Ranges, error: float | None, bits: int
) -> None:
    circuit = Circuit(source, ranges, error=error)
    assert {t.width for t in circuit.inputs.types} == {bits}
    rng = np.random.default_rng(5)
    X = np.stack([rng.uniform(*ranges[name], 4000) for name in circuit.names], axis=1)
    wanted = evaluate(tree_of(expr_from_text(source)), dict(zip(circuit.names, X.T, strict=True)))
    got = Interpreter(circuit.program).predict(circuit.inputs.values(X))[:, 0]
    assert np.sqrt(np.mean((got - wanted) ** 2)) <= 1.05 * (error or 0.01) * wanted.std()


def test_ports_are_not_called_as_what_the_top_module_declares() -> None:
    declared = ("core", "packed_in", "packed_out", "model_inp", "std_logic", "work")
    assert not set(declared) & {name.lower() for name in safe_names(declared)}
    assert safe_names(["Core", "y"]) == ("Core_v", "y")
