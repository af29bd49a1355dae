"""Degenerate designs are refused by name; sound ones pass."""

import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import DegenerateDesignError, InputError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.lower_formulas import OutputError, lower
from sr2hls.program.passes import optimize
from sr2hls.program.program import Program
from sr2hls.program.real import quantize_real
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.checked_design import CheckedDesign
from sr2hls.verify.degenerate import refuse_degenerate
from sr2hls.verify.finding import Severity

x, y, z = sp.symbols("x y z")
T = FixedType(True, 6, 3, Rounding.RND, Overflow.SAT)


def data(n: int = 1000) -> np.ndarray:
    return np.random.default_rng(0).uniform(-3.9, 3.9, (n, 3))


def design(formulas: dict[str, sp.Expr], error: float = 0.03) -> CheckedDesign:
    lowered = lower(formulas, dict.fromkeys("xyz", T), data(), error=error)
    return CheckedDesign(lowered.program, formulas, data(), lowered.errors)


def lookup(build: Builder, argument: int, function: str) -> int:
    """Write hls4ml's lookup table of 1,024 entries over -8 to 8 as nnet_types.h computes it, in type T.

    ``T step = (range_end - range_start) / ap_uint<16>(N); T num = range_start + ap_uint<16>(i) * step;``
    ``int index = (n - range_start) * base_div;`` with ``base_div(ap_uint<16>(N) / T(to - from))``, of type T.
    """
    type_ = build.type(argument)
    n_entries, low, high = 1024, -8.0, 8.0

    def in_type(value: float) -> int:
        return int(quantize_real([value], type_)[0])

    step = type_.value(in_type((high - low) / n_entries))
    samples = [in_type(low + type_.value(in_type(i * step))) for i in range(n_entries)]
    numbers = getattr(np, function)(np.array([type_.value(s) for s in samples]))
    start = build.push(ops.Constant(type=type_, raw=in_type(low), origin="-8"))
    divisor = build.push(ops.Constant(type=type_, raw=in_type(n_entries / (high - low)), origin="64"))
    offset = build.sub(argument, start)
    index = build.cast(build.mul(offset, divisor), FixedType(True, 32, 32, Rounding.TRN_ZERO))
    bounded = build.min(build.max(index, build.constant(0, 0)), build.constant(n_entries - 1, 0))
    address = build.cast(bounded, FixedType(False, 10, 10))
    name = f"{function}({build.operation(argument).origin})"
    return build.table([address], quantize_real(numbers, type_), type_, name)


def published(width: int, integer: int) -> tuple[Program, dict[str, sp.Expr]]:
    """Two formulas of the kind of arXiv 2305.04099, everything in one type, with the authors' tables."""
    names = [f"x{k}" for k in range(4)]
    type_ = FixedType(True, width, integer)
    build = Builder(dict.fromkeys(names, type_))
    half = build.constant(1, 1)
    a = build.add(lookup(build, 0, "sin"), build.mul(1, half, type_), type_)
    b = build.add(lookup(build, 2, "cos"), build.mul(lookup(build, 3, "sin"), half, type_), type_)
    s = sp.symbols(names)
    formulas = {"g": sp.sin(s[0]) + s[1] / 2, "q": sp.cos(s[2]) + sp.sin(s[3]) / 2}
    return build.program({"g": a, "q": b}), formulas


def test_the_published_degenerate_design_is_refused_by_name() -> None:
    """Tables of 1,024 entries over -8..8 in ap_fixed<10,6>: the step of 1/64 truncates to 0."""
    program, formulas = published(10, 6)
    tables = [op for op in program if isinstance(op, ops.Table)]
    assert [len(set(t.values)) for t in tables] == [1, 1, 1]
    X = np.random.default_rng(1).uniform(-4, 4, (2000, 4))
    with pytest.raises(DegenerateDesignError) as error:
        refuse_degenerate(CheckedDesign(program, formulas, X))
    text = str(error.value)
    assert text.startswith("degenerate design: table ")
    assert "of 'sin(x0)' is constant: each of its 1024 entries" in text
    assert "of 'cos(x2)' is constant" in text
    assert "ap_fixed<10,6>" in text
    assert "correct its range and step" in text
    assert "more)" in text
    # Without data, without formulas, and optimised, too.
    with pytest.raises(DegenerateDesignError, match=r"sin\(x0\)' is constant"):
        refuse_degenerate(CheckedDesign(program, formulas))
    with pytest.raises(DegenerateDesignError, match=r"sin\(x0\)' is constant"):
        refuse_degenerate(CheckedDesign(program))
    with pytest.raises(
        DegenerateDesignError, match=r"input 'x0' cannot influence output 'g' = x1/2 \+ sin\(x0\)"
    ):
        refuse_degenerate(CheckedDesign(optimize(program), formulas, X))


def test_the_same_design_in_a_type_that_holds_the_step_is_not_constant() -> None:
    program, formulas = published(24, 12)
    X = np.random.default_rng(1).uniform(-4, 4, (2000, 4))
    warnings = refuse_degenerate(CheckedDesign(program, formulas, X))
    assert not [w for w in warnings if w.rule in ("constant-table", "dropped-input", "constant-output")]


def test_sound_designs_pass() -> None:
    for formulas in (
        {"f": sp.sin(x) * y + z},
        {"f": x + y, "g": x - y, "h": sp.exp(z / 2)},
        {"f": sp.Piecewise((x, y > 0), (z, True))},
        {"f": sp.Float(2.5), "g": x},
        {"f": sp.sin(x) ** 2 + sp.cos(x) ** 2 + y},
    ):
        assert refuse_degenerate(design(formulas)) == ()


def test_an_input_that_drops_out() -> None:
    formulas = {"f": x + sp.sin(y) / 2}
    build = Builder(dict.fromkeys("xyz", T))
    program = build.program({"f": build.add(0, build.constant(1, 2))})
    with pytest.raises(
        DegenerateDesignError, match=r"input 'y' cannot influence output 'f' = x \+ sin\(y\)/2, which uses"
    ):
        refuse_degenerate(CheckedDesign(program, formulas, data()))


def test_an_input_that_drops_out_behind_logic() -> None:
    """Connected in the program, and yet without effect: y - y, min with something smaller, a wide product."""
    formulas = {"f": x + y}
    build = Builder(dict.fromkeys("xyz", T))
    nothing = build.sub(build.mul(1, build.constant(2, 0)), build.shift(1, 1))
    hidden = build.min(build.add(build.abs(1), build.constant(100, 0)), 0)
    for value in (build.add(0, nothing), hidden):
        with pytest.raises(DegenerateDesignError, match=r"input 'y' .* output 'f' = x \+ y, which uses it"):
            refuse_degenerate(CheckedDesign(build.program({"f": value}), formulas, data()))


def test_an_input_that_matters_less_than_the_stated_error_is_a_warning() -> None:
    formulas = {"f": x + y / 1000}
    build = Builder(dict.fromkeys("xyz", T))
    program = build.program({"f": build.cast(0, FixedType(True, 6, 3))})
    bounds = {"f": OutputError(rms=0.01, largest=0.02)}
    (warning,) = refuse_degenerate(CheckedDesign(program, formulas, data(), bounds))
    assert (warning.rule, warning.severity, warning.value) == ("dropped-input", Severity.WARNING, "y")
    assert "take it out of the formula" in warning.remedy
    with pytest.raises(DegenerateDesignError, match="input 'y' cannot influence"):
        refuse_degenerate(CheckedDesign(program, formulas, data()))


@pytest.mark.parametrize(("stated", "severity"), [(1.1, Severity.WARNING), (0.9, None)])
def test_what_an_input_adds_is_its_own_spread(stated: float, severity: Severity | None) -> None:
    """The error of a formula without a term is the term's spread, not the difference of two draws of it."""
    formulas = {"f": x + y / 100}
    build = Builder(dict.fromkeys("xyz", T))
    program = build.program({"f": build.cast(0, FixedType(True, 6, 3))})
    adds = float(np.std(quantize_real(data()[:, 1], T) * T.step)) / 100
    checked = CheckedDesign(program, formulas, data(), {"f": OutputError(rms=stated * adds, largest=0.1)})
    if severity is None:
        with pytest.raises(DegenerateDesignError, match="input 'y' cannot influence"):
            refuse_degenerate(checked)
    else:
        assert [w.severity for w in refuse_degenerate(checked)] == [severity]


def test_a_constant_output() -> None:
    formulas = {"f": x * y}
    build = Builder(dict.fromkeys("xyz", T))
    program = build.program({"f": build.min(build.constant(-30, 0), build.mul(0, 1))})
    with pytest.raises(DegenerateDesignError, match=r"output 'f' = x\*y is -30 for every input"):
        refuse_degenerate(CheckedDesign(program, formulas, data()))
    stuck = build.program({"f": build.max(build.mul(0, 1), build.constant(15, 0))})
    X = np.clip(data(), -3.5, 3.5)
    with pytest.raises(DegenerateDesignError, match=r"output 'f' = x\*y is 15 for all 1000 samples"):
        refuse_degenerate(CheckedDesign(stuck, formulas, X))


def test_equal_outputs() -> None:
    formulas = {"f": x + y, "g": x - y}
    build = Builder(dict.fromkeys("xyz", T))
    program = build.program({"f": build.add(0, 1), "g": build.add(1, 0)})
    with pytest.raises(
        DegenerateDesignError, match=r"outputs 'f' and 'g' are equal on all 1000 samples, their formulas"
    ):
        refuse_degenerate(CheckedDesign(program, formulas, data()))
    same = {"f": x + y, "g": y + x}
    assert refuse_degenerate(CheckedDesign(program, same, data())) == ()


def test_results_outside_the_stated_bound() -> None:
    good = design({"f": sp.sin(x) * y})
    assert refuse_degenerate(good) == ()
    tight = {"f": OutputError(good.bounds["f"].rms / 2, good.bounds["f"].largest)}
    with pytest.raises(
        DegenerateDesignError, match=r"output 'f' = y\*sin\(x\) has a rms error of .* on 1000 samples, more"
    ):
        refuse_degenerate(CheckedDesign(good.program, good.formulas, data(), tight))
    largest = {"f": OutputError(1.0, good.bounds["f"].largest / 2)}
    with pytest.raises(DegenerateDesignError, match="has a largest error of"):
        refuse_degenerate(CheckedDesign(good.program, good.formulas, data(), largest))


def test_a_constant_that_vanished() -> None:
    build = Builder(dict.fromkeys("xyz", T))
    step = build.push(ops.Constant(type=FixedType(True, 10, 6), raw=0, origin="1/64"))
    program = build.program({"f": build.add(build.mul(0, step), 1)})
    with pytest.raises(
        DegenerateDesignError, match=r"constant 1/64 is 0 in ap_fixed<10,6>, whose step is 0.0625"
    ):
        refuse_degenerate(CheckedDesign(program, {"f": x / 64 + y}, data()))
    build = Builder(dict.fromkeys("xyz", T))
    zero = build.push(ops.Constant(type=FixedType(True, 10, 6), raw=0, origin="0"))
    fine = build.program({"f": build.add(build.mul(0, zero), 1)})
    assert refuse_degenerate(CheckedDesign(fine, {"f": y}, data())) == ()


def test_a_table_whose_index_does_not_move() -> None:
    build = Builder(dict.fromkeys("xyz", T))
    index = build.cast(build.shift(build.abs(0), -9), FixedType(False, 6, 6))
    program = build.program(
        {"f": build.add(build.table([index], range(64), FixedType(False, 6, 6), "exp(x)"), 1)}
    )
    with pytest.raises(
        DegenerateDesignError, match=r"'exp\(x\)' is constant: each of its 64 entries that can be reached"
    ):
        refuse_degenerate(CheckedDesign(program, {"f": sp.exp(x) + y}, data()))


def test_broken_width_is_refused_by_its_error() -> None:
    """A deliberately broken width: the top bit of a value is missing, the stated error no longer holds."""
    good = design({"f": sp.exp(x / 2) + y}, error=0.01)
    op = good.program.ops[-1]
    narrow = FixedType(op.type.signed, op.type.width - 1, op.type.integer - 1)
    build = Builder(dict.fromkeys("xyz", T))
    broken = Program(
        (*good.program.ops, ops.Cast(args=(len(good.program) - 1,), type=narrow)),
        (len(good.program),), good.program.input_names, good.program.output_names,
    )  # fmt: skip
    assert build is not None
    with pytest.raises(DegenerateDesignError, match=r"more than the .* stated: give it more bits"):
        refuse_degenerate(CheckedDesign(broken, good.formulas, data(), good.bounds))


def test_data_and_names_that_do_not_fit() -> None:
    program = design({"f": x}).program
    with pytest.raises(
        InputError, match=r"the data have the shape \(3, 2\); the program takes \(samples, 3\)"
    ):
        CheckedDesign(program, {}, np.zeros((3, 2)))
    with pytest.raises(
        InputError, match="formulas are given for 'g', which is no output of the program; it has f"
    ):
        CheckedDesign(program, {"g": x})
    with pytest.raises(InputError, match="error bounds are given for 'g'"):
        CheckedDesign(program, {}, None, {"g": OutputError(1, 1)})
