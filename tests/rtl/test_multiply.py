"""Products in rows of adders: every pair of values, signed and unsigned."""

from pathlib import Path

import numpy as np
import pytest

from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.pipeline import schedule
from sr2hls.rtl.project import write_rtl
from sr2hls.target import Budget, Target

MULTIPLICATION, MUX = 7, 6


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


def _product(width: int) -> Program:
    builder = Builder({"a": FixedType(True, width, 4), "b": FixedType(True, width, 4)})
    return builder.program({"p": builder.mul(builder["a"], builder["b"])})


def test_products_can_be_left_to_dsp_blocks() -> None:
    program = _product(8)
    assert MULTIPLICATION in {op.opcode for op in to_alkaid(program, rows=False).ops}


@pytest.mark.parametrize(("blocks", "multiplied"), [(0, False), (8, True)])
def test_a_multiplication_is_only_written_for_dsp_blocks(
    blocks: int, multiplied: bool, tmp_path: Path
) -> None:
    project = write_rtl(_product(8), tmp_path / "p", target=Target(budget=Budget(max_dsp=blocks)))
    text = "".join(path.read_text() for path in project.sources)
    assert ("multiplier #" in text) is multiplied


def test_choices_of_a_row_stand_in_the_stage_of_their_adder() -> None:
    logic = to_alkaid(_product(10))
    plan = schedule(logic, 4.5)
    assert plan.n_stages > 1
    for position, op in enumerate(logic.ops):
        readers = [k for k, other in enumerate(logic.ops) if position in other.addr]
        if op.opcode == MUX:
            assert plan.stage[position] == min(plan.stage[k] for k in readers)
