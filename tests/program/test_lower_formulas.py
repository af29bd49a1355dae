"""Formulas to programs: errors follow the budget, shapes are the cheap ones, refusals are named."""

import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import LoweringError, ProgramError
from sr2hls.program import ops
from sr2hls.program.emit import EmitOptions
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import Lowered, Lowering, lower, relative_errors
from sr2hls.program.packing import packed
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding

x, y, z = sp.symbols("x y z")
NAMES = "xyz"


def input_type(width: int, integer: int = 3) -> FixedType:
    return FixedType(True, width, integer, Rounding.RND, Overflow.SAT)


def data(n: int = 1500, low: float = -3.9, high: float = 3.9) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, (n, 3))


def compiled(formula: sp.Basic, width: int = 6, error: float = 0.02, **options: int) -> Lowered:
    types = {n: input_type(width) for n in NAMES}
    return lower({"f": formula}, types, data(), error=error, options=EmitOptions(**options))


def kinds(program: Program) -> list[str]:
    return [op.name for op in program if not isinstance(op, ops.Input)]


FORMULAS = [
    x + y, sp.sin(x) + y**2, sp.sin(x) * sp.exp(y / 4), x * y * z, 1 / (x * y + 30), sp.sqrt(x * y + 30) * z,
    sp.Piecewise((x * y, x > z), (sp.sin(z), True)), sp.Piecewise((sp.sqrt(x * y), x * y > 0), (0, True)),
    sp.Max(x * y, z), sp.Abs(x * y - z), 0.3 * x - 1.7 * y + 0.01 * z + 5, 1e6 * x * y, 1e-7 * x + 1e-9 * y,
    (x + y + z) ** 2, (x + y) ** 2 / (z**2 + 1), x / (y + 5), sp.tanh(x + y + z) * sp.sin(x + y + z),
    sp.log(sp.Abs(x * y) + 1), (x * y) ** 3, sp.exp(-1 / x**2), sp.Min(x * y, z, x + z), sp.exp(x * y / 8),
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
@pytest.mark.parametrize("width", [6, 12])
def test_error_is_about_the_budget(formula: sp.Expr, width: int) -> None:
    types = {n: input_type(width) for n in NAMES}
    for error in (0.1, 0.03):
        lowering = Lowering({"f": formula}, types, data())
        asked = relative_errors(lowering, error)
        lowered = lowering.within(asked)
        assert lowered.errors["f"].rms <= 1.5 * asked["f"]
        # The error is a measurement: it can be measured again.
        difference = Interpreter(lowered.program).predict(lowering.X) - lowering.float_outputs
        assert lowered.errors["f"].rms == pytest.approx(np.sqrt(np.mean(difference**2)), abs=1e-15)
        assert lowered.errors["f"].largest == pytest.approx(np.abs(difference).max(), abs=1e-15)


def test_a_smaller_budget_gives_a_smaller_error_and_more_bits() -> None:
    formula = sp.sin(x) * y + z**2
    errors, bits = [], []
    for error in (0.2, 0.05, 0.01, 0.002):
        lowered = compiled(formula, error=error)
        errors.append(lowered.errors["f"].rms)
        bits.append(sum(op.type.width for op in lowered.program))
    assert errors == sorted(errors, reverse=True)
    assert bits == sorted(bits)


def test_a_missed_budget_is_measured_and_met_by_segments() -> None:
    formula, error = sp.sin(3 * x * y), 1e-3
    assert compiled(formula, width=12, error=error).errors["f"].rms > 2 * error
    types = {n: input_type(12) for n in NAMES}
    lowering = Lowering({"f": formula}, types, data())
    asked = relative_errors(lowering, error)
    assert lowering.within(asked, EmitOptions(segments=True)).errors["f"].rms < asked["f"]


@pytest.mark.parametrize("formula", [
    sp.sin(x), 3 * x**2 - sp.exp(x) / 7, 1 / (x + 10), sp.Piecewise((x, x > 0), (sp.sin(x), True)),
    sp.floor(x) * x, (x + 1) ** 5 / (x**2 + 3), x > 1, sp.Max(x, sp.cos(x)),
])  # fmt: skip
def test_a_function_of_one_narrow_input_is_one_table(formula: sp.Basic) -> None:
    assert kinds(compiled(formula).program) == ["table"]


def test_a_function_of_few_bits_of_two_inputs_is_one_table() -> None:
    types = {n: input_type(3, 2) for n in NAMES}
    lowered = lower({"f": x * y / (x + y + 9)}, types, data(low=-1.9, high=1.4), error=0.02)
    assert kinds(lowered.program) == ["table"]
    assert len(lowered.program.ops[-1].args) == 2


def test_table_entries_are_the_formula_rounded_to_nearest() -> None:
    lowered = compiled(sp.sin(x) * x, error=0.01)
    table = lowered.program.ops[-1]
    assert isinstance(table, ops.Table)
    for index, raw in enumerate(table.values):
        argument = (index if index < 32 else index - 64) / 8
        assert abs(table.type.value(raw) - np.sin(argument) * argument) <= table.type.step / 2


def test_deep_nesting_is_one_table() -> None:
    formula: sp.Expr = x
    for _ in range(15):
        formula = sp.sinh(formula / 4, evaluate=False)
    assert kinds(compiled(formula).program) == ["table"]
    deep: sp.Expr = x
    for _ in range(120):
        deep = sp.sin(deep)
    assert kinds(compiled(deep).program) == ["table"]


def test_terms_over_one_input_share_a_table_and_constants_join_it() -> None:
    lowered = compiled(sp.sin(x) + x**2 + 5 + sp.cos(y), error=0.01)
    assert kinds(lowered.program) == ["table", "table", "add"]


def test_narrow_terms_are_packed_into_one_table() -> None:
    types = {n: input_type(2, 2) for n in NAMES}
    X = data(low=-2, high=1.4)
    assert kinds(lower({"f": sp.sin(x) + sp.cos(y) + z**2}, types, X, error=0.02).program) == ["table"]
    kept = lower({"f": sp.sin(x) + sp.cos(y) + z**2}, types, X, error=0.02,
                 options=EmitOptions(table_bits=4, merge_bits=4))  # fmt: skip
    assert kinds(kept.program).count("table") == 2


def test_shared_subexpressions_across_outputs_are_computed_once() -> None:
    types = {n: input_type(8) for n in NAMES}
    product = x * y * z
    lowered = lower({"a": product + x, "b": product - y, "c": 2 * product}, types, data(), error=0.02)
    assert kinds(lowered.program).count("mul") <= 3


def test_constants_and_plain_inputs() -> None:
    types = {n: input_type(6) for n in NAMES}
    lowered = lower({"c": sp.Float(3.3), "x": x, "t": x > y}, types, data(), error=0.01)
    outputs = Interpreter(lowered.program).predict([[1.0, 0.5, 0.0], [1.0, 2.0, 0.0]])
    np.testing.assert_allclose(outputs[:, 0], 3.3, atol=0.03)
    np.testing.assert_array_equal(outputs[:, 1:], [[1, 1], [1, 0]])


def test_undefined_entries_repeat_the_nearest_value() -> None:
    X = data()
    X[:, 0] = np.abs(X[:, 0]) + 0.5
    types = {n: input_type(6) for n in NAMES}
    lowered = lower({"f": sp.sqrt(x)}, types, X, error=0.01)
    assert any("'sqrt(x)' is undefined for 32 of 64 table entries" in n for n in lowered.notes)
    predicted = Interpreter(lowered.program).predict([[v, 0, 0] for v in (-4, -2, -0.125, 0, 1)])[:, 0]
    np.testing.assert_allclose(predicted, [0, 0, 0, 0, 1], atol=0.02)


def test_undefined_on_data_is_refused_with_row_and_subexpression() -> None:
    X = data()
    X[:, 0] = np.abs(X[:, 0]) + 0.5
    X[7, 0] = -1.0
    types = {n: input_type(6) for n in NAMES}
    with pytest.raises(
        LoweringError, match=r"formula of 'f' is not finite on row 7 of the data: 'sqrt\(x\)' is undef"
    ):
        lower({"f": y + sp.sqrt(x)}, types, X, error=0.01)
    X[7, 0] = 0.0
    with pytest.raises(LoweringError, match=r"row 7 .*'1/x' is undefined or infinite there"):
        lower({"f": y / x}, types, X, error=0.01)


def test_a_branch_that_is_not_taken_may_be_undefined() -> None:
    lowered = compiled(sp.Piecewise((sp.sqrt(x * y), x * y > 0), (-1, True)), error=0.05)
    predicted = Interpreter(lowered.program).predict([[1, 1, 0], [2, 2, 0], [1, -1, 0]])[:, 0]
    np.testing.assert_allclose(predicted, [1, 2, -1], atol=0.3)


def test_too_large_for_its_resolution_is_refused() -> None:
    with pytest.raises(LoweringError, match=r"which does not fit in 63 bits|undefined or infinite"):
        types = {n: input_type(6) for n in NAMES}
        lowering = Lowering({"f": sp.exp(30 * x), "g": x}, types, data())
        lowering.within({"f": 1e-3, "g": 1e-3})


@pytest.mark.parametrize("X", [np.zeros((0, 3)), np.zeros((4, 2)), np.zeros(3)])
def test_data_of_the_wrong_shape(X: np.ndarray) -> None:
    with pytest.raises(LoweringError, match=r"the data have the shape .*; 3 inputs need \(samples, 3\)"):
        lower({"f": x}, {n: input_type(6) for n in NAMES}, X, error=0.1)


def test_data_that_are_not_finite() -> None:
    X = data(10)
    X[3, 1] = np.nan
    with pytest.raises(ProgramError, match="not finite"):
        lower({"f": x}, {n: input_type(6) for n in NAMES}, X, error=0.1)


@pytest.mark.parametrize("bits", [(0, 8, 9), (7, 6, 9), (6, 8, 7), (6, 8, 17)])
def test_options_that_make_no_sense(bits: tuple[int, int, int]) -> None:
    with pytest.raises(LoweringError, match="must not decrease in this order nor exceed 16"):
        EmitOptions(merge_bits=bits[0], table_bits=bits[1], argument_bits=bits[2])


def test_tables_keep_to_their_bits() -> None:
    for options in (EmitOptions(), EmitOptions(4, 5, 3), EmitOptions(10, 12, 6)):
        for formula in (sp.sin(x * y) + sp.exp(z), sp.tanh(x + y + z), x / (y + 5) + sp.sqrt(z + 5)):
            types = {n: input_type(10) for n in NAMES}
            program = lower({"f": formula}, types, data(), error=0.05, options=options).program
            for op in program:
                if isinstance(op, ops.Table):
                    assert sum(program.ops[a].type.width for a in op.args) <= options.argument_bits


def test_same_input_same_program() -> None:
    formula = sp.sin(x * y) + sp.exp(z) * x + sp.tanh(x + y)
    assert compiled(formula, 10).program == compiled(formula, 10).program


def test_packing() -> None:
    def bits(basis: frozenset[str]) -> int:
        return 2 * len(basis)

    groups = {frozenset("a"): [1], frozenset("b"): [2], frozenset("cd"): [3], frozenset("c"): [4]}
    bins = packed(groups, bits, 4)
    assert all(bits(basis) <= 4 for basis, _ in bins)
    assert sorted(t for _, terms in bins for t in terms) == [1, 2, 3, 4]
    assert (frozenset("cd"), [3, 4]) in bins
    assert len(bins) == 2
