from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.design import Design, Proposal
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.quantize import quantize_raw
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove.balls import ball, compiled, rounded, settled
from sr2hls.prove.formula import prove_formulas
from sr2hls.prove.proof import Outcome

x0, x1, t0, t1, v0 = sp.symbols("x0 x1 t0 t1 v0")
INPUT = FixedType(True, 6, 2)
TYPE = FixedType(True, 7, 3, Rounding.RND_CONV, Overflow.SAT)


def _design(
    program: Program, formulas: Mapping[str, sp.Expr], *lines: tuple[str, sp.Expr, FixedType | None]
) -> Design:
    definitions = tuple((name, expr) for name, expr, _ in lines)
    types = {name: type_ for name, _, type_ in lines if type_ is not None}
    return Design(Proposal("test", "test", formulas, definitions), program, {}, value_types=types)


def _tables(change: int = 0) -> Design:
    """Return y = tanh(2 x0) + (x1² - 1/2) in steps of 1/16, its second table off by so much at one entry."""
    grid = np.array([r if r < 32 else r - 64 for r in range(64)]) * INPUT.step
    first, second = quantize_real(np.tanh(2 * grid), TYPE), quantize_real(grid**2 - 0.5, TYPE)
    second[5] += change
    builder = Builder({"x0": INPUT, "x1": INPUT})
    plain = FixedType(True, 7, 3)
    program = builder.program(
        {"y": builder.add(builder.table([0], first, plain), builder.table([1], second, plain))}
    )
    lines = (("t0", sp.tanh(2 * x0), TYPE), ("t1", x1**2 - sp.Rational(1, 2), TYPE))
    return _design(program, {"y": t0 + t1}, *lines)


def test_formulas_with_types_are_proven() -> None:
    proof = prove_formulas(_tables(), 60)
    assert proof.proven
    assert "128 table entries with up to 80 bits" in proof.solver


def test_an_entry_that_is_not_its_formulas_is_refuted() -> None:
    proof = prove_formulas(_tables(change=1), 60)
    assert proof.outcome is Outcome.REFUTED
    assert proof.counterexample is not None
    assert proof.counterexample.rows[0, 1] == 5


def test_a_line_in_floor_and_limits_needs_no_type() -> None:
    builder = Builder({"x0": INPUT, "x1": INPUT})
    grid = np.array([r if r < 32 else r - 64 for r in range(64)]) * INPUT.step
    entries = np.clip(np.floor(3 * grid**3 - grid + 0.5), 0, 7).astype(int)
    tables = [builder.table([k], entries, FixedType(False, 3, 3)) for k in range(2)]
    program = builder.program({"y": builder.shift(builder.sub(*tables), -3)})

    def line(x: sp.Symbol) -> sp.Expr:
        return sp.Min(sp.Max(sp.floor(3 * x**3 - x + sp.Rational(1, 2)), 0), 7)

    design = _design(
        program,
        {"y": sp.Float(0.125) * t0 - sp.Float(0.125) * t1},
        ("t0", line(x0), None),
        ("t1", line(x1), None),
    )
    assert prove_formulas(design, 60).proven
    other = replace(design, proposal=replace(design.proposal, formulas={"y": sp.Float(0.125) * (t0 + t1)}))
    assert prove_formulas(other, 60).outcome is Outcome.REFUTED


def test_a_value_without_a_type_is_said() -> None:
    design = _tables()
    proof = prove_formulas(replace(design, value_types={"t1": TYPE}), 60)
    assert proof.outcome is Outcome.OPEN
    assert proof.note == "'t0' is rounded to no type and not exact for x0 = 0.0625"


def test_no_value_is_said() -> None:
    builder = Builder({"x0": INPUT})
    program = builder.program({"y": builder.table([0], np.zeros(64, int), FixedType(True, 7, 3))})
    proof = prove_formulas(_design(program, {"y": t0}, ("t0", sp.log(x0), TYPE)), 60)
    assert proof.note == "'t0' has no value, or is undecided for x0 = 0"


def test_time_that_is_over_is_said() -> None:
    assert prove_formulas(_tables(), -1).note == "the time is over"


def test_rounding_at_a_boundary_is_decided() -> None:
    # In doubles this is exactly 0.5 and rounds to 0; it is a little more.
    expr = sp.Rational(1, 2) + sp.exp(-60) + 0 * x0
    type_ = FixedType(True, 8, 8, Rounding.RND_CONV, Overflow.SAT)
    assert quantize_real([0.5 + np.exp(-60)], type_)[0] == 0
    evaluate = compiled(expr)
    assert settled(lambda: rounded(evaluate({}), type_)) == (1, 320)
    # No precision decides what is a tie and is not known to be one.
    tie = compiled(sp.sin(x0) ** 2 / 2 + sp.cos(x0) ** 2 / 2)
    assert settled(lambda: rounded(tie({"x0": ball(3, 0)}), type_)) == (None, 5120)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(-(2**40), 2**40),
    st.integers(-10, 45),
    st.sampled_from(list(Rounding)),
    st.sampled_from(list(Overflow)),
)
def test_exact_values_round_as_the_contract_says(
    raw: int, frac: int, rounding: Rounding, overflow: Overflow
) -> None:
    type_ = FixedType(True, 9, 5, rounding, overflow)
    assert settled(lambda: rounded(ball(raw, frac), type_))[0] == quantize_raw(raw, frac, type_)


@pytest.mark.parametrize(
    "expr",
    [
        sp.Piecewise((sp.sin(x0), x0 > sp.Rational(1, 3)), (sp.cos(x0) / 3, True)),
        sp.sign(x0) * sp.Abs(x0) ** sp.Rational(1, 3),
        sp.sqrt(x0 + 3) - sp.erf(x0) + sp.pi * sp.Max(x0, 0.1, x0**2),
        sp.Mod(x0, sp.Rational(7, 8)) + sp.ceiling(x0) - sp.Heaviside(x0),
        sp.Piecewise((1.0, (x0 > 0) & (x0 < 1) | ~(x0 >= -1)), (x0, True)),
        1 / (1 + sp.exp(-x0)) ** 2,
    ],
)
def test_balls_hold_what_numpy_computes(expr: sp.Expr) -> None:
    fine = FixedType(True, 64, 24, Rounding.RND)
    evaluate, by_numpy = compiled(expr), sp.lambdify(x0, expr, ["scipy", "numpy"])
    for raw in range(-32, 32):
        found, _ = settled(lambda raw=raw: rounded(evaluate({"x0": ball(raw, 4)}), fine))
        assert found is not None
        assert found * fine.step == pytest.approx(float(by_numpy(raw / 16)), abs=1e-9)


def test_a_formula_of_many_bits_is_said() -> None:
    wide = FixedType(True, 9, 2)
    builder = Builder({"x0": wide, "x1": wide})
    program = builder.program({"y": builder.push(ops.Mul(args=(0, 1), type=TYPE))})
    proof = prove_formulas(_design(program, {"y": t0}, ("t0", x0 * x1, TYPE)), 60)
    assert proof.note == "'t0' reads 18 bits, more than the 16 of a table"


def test_a_value_moved_by_a_number_of_many_bits_is_read_in_its_place() -> None:
    builder = Builder({"x0": INPUT})
    grid = np.array([r if r < 32 else r - 64 for r in range(64)]) * INPUT.step
    entries = quantize_real(np.tanh(2 * (grid - 0.953)), TYPE)
    program = builder.program({"y": builder.table([0], entries, FixedType(True, 7, 3))})
    lines = (("v0", x0 - sp.Float(0.953), None), ("t0", sp.tanh(2 * v0), TYPE))
    proof = prove_formulas(_design(program, {"y": t0}, *lines), 60)
    assert proof.proven and "64 table entries" in proof.solver
