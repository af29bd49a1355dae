"""The published flow: every value ap_fixed<16,6>, tables of 1,024 entries, nothing chosen or merged."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from published_flow import EVERYWHERE, published_program

from sr2hls.errors import LoweringError
from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter

X0, X1 = sp.symbols("x0 x1")
RAW = st.integers(EVERYWHERE.raw_min, EVERYWHERE.raw_max)


def run(formula: sp.Expr, *raws: int) -> int:
    program = published_program({"y": formula}, ("x0", "x1"))
    return int(Interpreter(program).run(np.array([raws], dtype=np.int64))[0, 0])


def wrapped(raw: int) -> int:
    return (raw + 2**15) % 2**16 - 2**15


def constant(number: float) -> int:
    return math.floor(number * 2**10)


@given(RAW, RAW)
@settings(max_examples=60, deadline=None)
def test_products_and_sums_are_cut_to_sixteen_bits_one_by_one(a: int, b: int) -> None:
    # sympy puts the constant first, so that it meets x0 before x1 does.
    product = wrapped(wrapped(constant(1.3) * a >> 10) * b >> 10)
    square = wrapped(b * b >> 10)
    assert run(1.3 * X0 * X1 - X1**2 + 0.25, a, b) == wrapped(product - square + constant(0.25))


@given(RAW)
@settings(max_examples=60, deadline=None)
def test_a_function_is_a_table_of_1024_entries_over_8(a: int) -> None:
    index = min(max(a >> 4, -512), 511)  # steps of 1/64 from steps of 1/1024, towards minus infinity
    assert run(sp.tanh(X0) + 0 * X1, a, 0) == math.floor(math.tanh(index / 64) * 2**10)


def test_entries_beyond_the_type_saturate() -> None:
    assert run(sp.exp(X0), 7 * 2**10, 0) == EVERYWHERE.raw_max
    assert run(1 / X0, 0, 0) == EVERYWHERE.raw_max


def test_every_value_but_the_index_has_the_one_type() -> None:
    formula = sp.sin(X0 * X1) * 0.7 + sp.exp(-X1) - sp.Max(X0, 0.5) + sp.Abs(X1)
    program = published_program({"y": formula, "z": X0 + 1}, ("x0", "x1"))
    tables = [op for op in program.ops if isinstance(op, ops.Table)]
    assert [len(op.values) for op in tables] == [1024, 1024]
    indices = {op.args[0] for op in tables}
    shapes = {(op.type.width, op.type.integer) for k, op in enumerate(program.ops) if k not in indices}
    assert shapes == {(16, 6)}
    assert {(program.ops[i].type.width, program.ops[i].type.integer) for i in indices} == {(10, 4)}


def test_what_the_flow_has_not_is_refused() -> None:
    with pytest.raises(
        LoweringError, match="the constant 40 does not fit into ap_fixed<16,6>: it would wrap"
    ):
        published_program({"y": 40 * X0}, ("x0",))
    with pytest.raises(LoweringError, match="has no form in the published flow"):
        published_program({"y": sp.Piecewise((X0, X0 > 0), (X1, True))}, ("x0", "x1"))
