"""Lints by rule, severity, what they are about and what to do."""

import numpy as np
import pytest
import sympy as sp

from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.lower_formulas import OutputError, lower
from sr2hls.program.passes import optimize
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.finding import Lint, Severity
from sr2hls.verify.lint import lint
from sr2hls.verify.random_programs import random_program

x, y = sp.symbols("x y")
T = FixedType(True, 6, 3, Rounding.RND, Overflow.SAT)


def data(n: int = 800, scale: float = 3.9) -> np.ndarray:
    return np.random.default_rng(0).uniform(-scale, scale, (n, 2))


def of_rule(found: tuple[Lint, ...], rule: str) -> list[Lint]:
    return [f for f in found if f.rule == rule]


def test_a_clean_design_has_no_warnings() -> None:
    formulas = {"f": sp.sin(x) + y**2, "g": x - y}
    lowered = lower(formulas, {"x": T, "y": T}, data(), error=0.02)
    found = lint(CheckedDesign(optimize(lowered.program), formulas, data(), lowered.errors))
    assert [f for f in found if f.severity is not Severity.INFO] == []


def test_duplicate_tables() -> None:
    build = Builder({"x": T})
    values = [k % 3 for k in range(64)]
    first = build.table([0], values, FixedType(False, 2, 2), "f(x)")
    second = build.table([0], values, FixedType(False, 2, 1), "f(x)/2")
    (found,) = of_rule(lint(CheckedDesign(build.program({"a": first, "b": second}))), "duplicate-table")
    assert found.message == "table %2 of 'f(x)/2' has the entries and arguments of table %1 of 'f(x)'"
    assert "shares them" in found.remedy


def test_overflow_by_mode_and_share_of_the_data() -> None:
    build = Builder({"x": T, "y": T})
    wrapped = build.add(0, 1, FixedType(True, 6, 3), "x + y")
    clipped = build.sub(0, 1, FixedType(True, 6, 3, Rounding.TRN, Overflow.SAT), "x - y")
    program = build.program({"a": wrapped, "b": clipped})
    wraps, clips = of_rule(lint(CheckedDesign(program, {}, data())), "overflow")
    assert (wraps.severity, clips.severity) == (Severity.WARNING, Severity.INFO)
    assert (
        "add %2 of 'x + y' can wrap around: its exact result needs ap_fixed<7,4>, it has ap_fixed<6,3>"
        in wraps.message
    )
    assert "for 0.2" in wraps.message
    assert wraps.remedy == "give it more integer bits or let it saturate"
    (harmless,) = [
        f
        for f in of_rule(lint(CheckedDesign(program, {}, data(scale=1.5))), "overflow")
        if "wrap" in f.message
    ]
    assert harmless.severity is Severity.INFO
    assert "for 0 of the samples" in harmless.message
    assert "on the data" not in of_rule(lint(CheckedDesign(program)), "overflow")[0].message


def test_inputs_outside_of_their_type() -> None:
    build = Builder({"x": T, "y": FixedType(True, 6, 3)})
    program = build.program({"a": build.add(0, 1)})
    saturates, wraps = of_rule(lint(CheckedDesign(program, {}, data(scale=8))), "input-range")
    assert (
        "of the data of input 'x' lie outside of ap_fixed<6,3,RND,SAT> (-4 to 3.875) and saturate"
        in saturates.message
    )
    assert "wrap around" in wraps.message
    assert of_rule(lint(CheckedDesign(program, {}, data())), "input-range") == []


def test_unused_bits_and_values() -> None:
    build = Builder({"x": T})
    wide = build.abs(0, FixedType(True, 20, 12), "|x|")
    table = build.table([0], [(k >> 2) % 5 for k in range(64)], FixedType(False, 3, 3), "f(x)")
    program = build.program({"a": wide, "b": table})
    found = of_rule(lint(CheckedDesign(program)), "unused-width")
    assert any(
        "of the 20 bits of abs %1 of '|x|' (ap_fixed<20,12>) are never used" in f.message for f in found
    )
    assert any("2 of the 6 index bits of table %2 of 'f(x)' have no effect" in f.message for f in found)


def test_table_step_below_the_resolution_of_the_input() -> None:
    build = Builder({"x": T})
    index = build.cast(build.shift(0, 3), FixedType(False, 10, 7))
    values = [k % 7 for k in range(1024)]
    program = build.program({"a": build.table([index], values, FixedType(False, 3, 3), "sin(x)")})
    (found,) = of_rule(lint(CheckedDesign(program)), "table-step")
    assert "table %3 of 'sin(x)' has a step below the 0.125 of 'x'" in found.message
    assert "64 of its 1024 entries are ever read" in found.message


def test_errors_come_first() -> None:
    build = Builder({"x": T, "y": T})
    flat = build.table([0], [3] * 64, FixedType(False, 3, 3), "sin(x)")
    program = build.program({"a": build.add(flat, 1, FixedType(True, 6, 3))})
    found = lint(CheckedDesign(program, {"a": sp.sin(x) + y}, data()))
    severities = [f.severity for f in found]
    assert severities == sorted(severities, key=list(Severity).index)
    assert {f.rule for f in found if f.severity is Severity.ERROR} == {"constant-table", "dropped-input"}
    assert str(found[0]).startswith("error: table %2 of 'sin(x)' is constant")
    assert str(found[0]).endswith("[constant-table]")


def test_a_table_that_matters_less_than_the_stated_error() -> None:
    build = Builder({"x": T, "y": T})
    flat = build.table([0], [0] * 64, FixedType(False, 3, 3), "sin(x)/1000")
    program = build.program({"a": build.add(flat, 1)})
    found = lint(CheckedDesign(program, {"a": sp.sin(x) / 1000 + y}, data(), {"a": OutputError(0.01, 0.01)}))
    assert [f.severity for f in of_rule(found, "constant-table")] == [Severity.WARNING]


def test_a_table_of_a_constant_formula_may_be_constant() -> None:
    build = Builder({"x": T, "y": T})
    flat = build.table([0], [1] * 64, FixedType(False, 1, 1), "sin(x)**2 + cos(x)**2")
    program = build.program({"a": build.mul(flat, 1)})
    formula = (sp.sin(x) ** 2 + sp.cos(x) ** 2) * y
    assert of_rule(lint(CheckedDesign(program, {"a": formula}, data())), "constant-table") == []


@pytest.mark.parametrize("seed", range(12))
def test_any_program_can_be_linted(seed: int) -> None:
    program = random_program(seed)
    X = np.random.default_rng(seed).normal(size=(200, program.n_inputs))
    for found in (lint(CheckedDesign(program)), lint(CheckedDesign(program, {}, X))):
        for finding in found:
            assert finding.message
            assert finding.remedy
            assert "\n" not in str(finding)


@pytest.mark.parametrize("seed", range(6))
def test_optimised_programs_have_no_wasted_bits_in_tables(seed: int) -> None:
    program = optimize(random_program(seed, max_width=8))
    found = lint(CheckedDesign(program))
    assert not of_rule(found, "duplicate-table")
    inputs = {f"%{k}" for k in range(program.n_inputs)}
    assert {f.value for f in of_rule(found, "unused-value")} <= inputs


def test_constants_are_not_inputs() -> None:
    build = Builder({"x": T})
    program = build.program({"a": build.add(0, build.constant(3, 1, origin="3/2"))})
    assert of_rule(lint(CheckedDesign(program, {"a": x + sp.Rational(3, 2)})), "vanished-constant") == []
    assert isinstance(program.ops[1], ops.Constant)
