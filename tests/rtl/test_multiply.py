"""Products in rows of adders: every pair of values, signed and unsigned."""

import numpy as np
import pytest

from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType
from sr2hls.rtl.lower import to_alkaid

MULTIPLICATION = 7


@pytest.mark.parametrize("slack", [0, None])
@pytest.mark.parametrize("widths", [(7, 1), (6, 3), (4, 5), (3, 7)])
@pytest.mark.parametrize("signs", [(False, False), (False, True), (True, False), (True, True)])
def test_all_products(signs: tuple[bool, bool], widths: tuple[int, int], slack: int | None) -> None:
    a, b = (FixedType(s, w, 2) for s, w in zip(signs, widths, strict=True))
    builder = Builder({"a": a, "b": b})
    program = builder.program({"p": builder.mul(builder["a"], builder["b"])})
    logic = to_alkaid(program, slack=slack)
    assert MULTIPLICATION not in {op.opcode for op in logic.ops}
    grid = np.meshgrid(np.arange(a.raw_min, a.raw_max + 1), np.arange(b.raw_min, b.raw_max + 1))
    raw = np.stack([g.ravel() for g in grid], axis=1)
    real = logic.predict(raw * np.array([a.step, b.step]), n_threads=1)
    found = np.rint(real / program.output_types[0].step).astype(int)
    np.testing.assert_array_equal(found, Interpreter(program).run(raw))


def test_squares_are_not_negative() -> None:
    builder = Builder({"a": FixedType(True, 8, 4)})
    program = builder.program({"p": builder.mul(builder["a"], builder["a"])})
    logic = to_alkaid(program)
    raw = np.arange(-128, 128)[:, None]
    found = np.rint(logic.predict(raw / 16, n_threads=1) * 256).astype(int)
    np.testing.assert_array_equal(found, raw**2)
    assert logic.out_qint[0].min >= 0


def test_products_can_be_left_to_dsp_blocks() -> None:
    builder = Builder({"a": FixedType(True, 8, 4), "b": FixedType(True, 8, 4)})
    program = builder.program({"p": builder.mul(builder["a"], builder["b"])})
    assert MULTIPLICATION in {op.opcode for op in to_alkaid(program, rows=False).ops}
