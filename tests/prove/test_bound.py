import time
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from sr2hls.errors import VerificationError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.lower_formulas import lower
from sr2hls.program.passes import optimize
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove.bound import Bound, error_bound

x0, x1, x2 = sp.symbols("x0 x1 x2")
TYPE = FixedType(True, 6, 2)
FORMULA = sp.tanh(3 * x0) + x1**2 / 3 - 0.7 * x2 + sp.sin(x0)


def _bound(program: Program, formula: sp.Expr) -> Bound:
    return error_bound(program, program.output_names[0], formula, time.monotonic() + 60)


def _lowered(formula: sp.Expr) -> Program:
    types = {f"x{k}": TYPE for k in range(3)}
    X = np.random.default_rng(0).uniform(-1.9, 1.9, size=(2000, 3))
    return optimize(lower({"y": formula}, types, X, error=0.01).program)


def _errors(program: Program) -> np.ndarray:
    grids = np.meshgrid(*(np.arange(-32, 32),) * 3, indexing="ij")
    raw = np.stack([g.ravel() for g in grids], axis=1)
    given = Interpreter(program).run(raw)[:, 0] * program.output_types[0].step
    x = raw * TYPE.step
    truth = np.tanh(3 * x[:, 0]) + x[:, 1] ** 2 / 3 - 0.7 * x[:, 2] + np.sin(x[:, 0])
    return np.asarray(given - truth)


def test_the_bound_holds_for_every_input_and_is_nearly_reached() -> None:
    program = _lowered(FORMULA)
    errors, bound = _errors(program), _bound(program, FORMULA)
    assert bound.low <= errors.min() and errors.max() <= bound.high
    assert bound.high - bound.low < 2 * np.ptp(errors)
    assert bound.inputs <= 3 * 64 + 1


def test_the_bound_sees_a_wrong_entry() -> None:
    program = _lowered(FORMULA)
    at = next(k for k, op in enumerate(program.ops) if isinstance(op, ops.Table))
    op = program.ops[at]
    assert isinstance(op, ops.Table)
    entries = (op.type.raw_max if op.values[7] < op.type.raw_max // 2 else op.type.raw_min, *op.values[1:])
    wrong = replace(program, ops=(*program.ops[:at], replace(op, values=entries), *program.ops[at + 1 :]))
    errors, bound = _errors(wrong), _bound(wrong, FORMULA)
    assert bound.low <= errors.min() and errors.max() <= bound.high
    before = _bound(program, FORMULA)
    assert max(-bound.low, bound.high) > 2 * max(-before.low, before.high)


@pytest.mark.parametrize("rounding", [Rounding.TRN, Rounding.RND, Rounding.RND_CONV])
def test_what_a_sum_drops_is_counted(rounding: Rounding) -> None:
    builder = Builder({"x0": TYPE, "x1": TYPE})
    program = builder.program({"y": builder.push(ops.Add(args=(0, 1), type=FixedType(True, 6, 4, rounding)))})
    bound = _bound(program, x0 + x1)
    rest = 0.25 - 1 / 16
    assert bound.low == pytest.approx(-rest, abs=1e-6)
    assert bound.high == pytest.approx(0 if rounding is Rounding.TRN else rest, abs=1e-6)


def test_sums_that_wrap_or_saturate_have_no_bound() -> None:
    builder = Builder({"x0": TYPE, "x1": TYPE})
    for overflow, says in ((Overflow.WRAP, "wrap around"), (Overflow.SAT, "may saturate")):
        narrow = FixedType(True, 6, 2, Rounding.TRN, overflow)
        program = builder.program({"y": builder.push(ops.Add(args=(0, 1), type=narrow))})
        with pytest.raises(VerificationError, match=says):
            _bound(program, x0 + x1)


def test_inputs_without_a_value_are_counted() -> None:
    builder = Builder({"x0": TYPE})
    program = builder.program({"y": builder.table([0], np.zeros(64, int), FixedType(True, 4, 4))})
    bound = _bound(program, 1 / x0)
    assert (bound.undefined, bound.inputs) == (1, 64)
    assert (bound.low, bound.high) == (pytest.approx(-16), pytest.approx(16))


def test_products_of_many_bits_have_no_bound() -> None:
    wide = FixedType(True, 11, 2)
    builder = Builder({"x0": wide, "x1": wide})
    program = builder.program({"y": builder.mul(0, 1)})
    with pytest.raises(VerificationError, match="'mul' reads 22 bits and is no sum"):
        _bound(program, x0 * x1)
