import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alkaid.types import CombLogic

from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.passes.pipeline import optimize
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove.lowered import prove_logic, prove_passes
from sr2hls.rtl.project import logic_for
from sr2hls.target import Target
from sr2hls.verify.random_programs import random_program

REPORTS = Path(__file__).parents[2] / "hw_reports"


def _unproven(program: Program, logic: CombLogic, limit_s: float = 60.0) -> list[str]:
    return prove_logic(program, logic, time.monotonic() + limit_s)


@pytest.mark.parametrize("name", ["jet_tagger", "neural_ode", "pinn_heat", "dimuon_mass_ecp5"])
def test_committed_designs_are_proven(name: str) -> None:
    program = load(REPORTS / name / "program.json")
    assert _unproven(program, logic_for(program, Target())) == []


@pytest.mark.parametrize("seed", [1, 3, 10, 11, 18])
def test_random_programs_are_proven(seed: int) -> None:
    program = random_program(seed)
    assert _unproven(program, logic_for(program, Target())) == []


def _with_wrong_entry(program: Program, at: int) -> Program:
    op = program.ops[at]
    assert isinstance(op, ops.Table)
    other = op.values[5] - 1 if op.values[5] > op.type.raw_min else op.values[5] + 1
    entries = (*op.values[:5], other, *op.values[6:])
    return replace(program, ops=(*program.ops[:at], replace(op, values=entries), *program.ops[at + 1 :]))


def test_one_wrong_entry_is_not_proven() -> None:
    program = load(REPORTS / "jet_tagger" / "program.json")
    rng = np.random.default_rng(0)
    raw = np.stack([rng.integers(t.raw_min, t.raw_max + 1, 20_000) for t in program.input_types], axis=1)
    right = Interpreter(program).run(raw)
    tables = [k for k, op in enumerate(program.ops) if isinstance(op, ops.Table) and len(op.values) > 5]
    wrong = [_with_wrong_entry(program, k) for k in tables]
    # What reads an entry may round its change away: such a program is the same.
    seen = next(p for p in wrong if (Interpreter(p).run(raw) != right).any())
    assert len(_unproven(seen, logic_for(program, Target()))) >= 1


@pytest.mark.parametrize("mode", [m for m in Rounding if m is not Rounding.RND_CONV])
def test_another_rounding_is_not_proven(mode: Rounding) -> None:
    def program(rounding: Rounding) -> Program:
        builder = Builder({"a": FixedType(True, 8, 4), "b": FixedType(True, 8, 4)})
        type_ = FixedType(True, 6, 5, rounding, Overflow.SAT)
        return builder.program({"y": builder.push(ops.Add(args=(0, 1), type=type_))})

    logic = logic_for(program(Rounding.RND_CONV), Target())
    assert _unproven(program(Rounding.RND_CONV), logic) == []
    assert _unproven(program(mode), logic) == ["y"]


def test_nothing_is_proven_after_the_time() -> None:
    program = random_program(1)
    assert len(_unproven(program, logic_for(program, Target()), limit_s=-1.0)) > 0


@pytest.mark.parametrize(("operation", "widths"), [("add", (63, 63)), ("mul", (33, 31)), ("min", (64, 64))])
def test_numbers_of_more_bits_than_samples_have_are_proven(operation: str, widths: tuple[int, int]) -> None:
    build = Builder(dict(zip("xy", (FixedType(True, w, w) for w in widths), strict=True)))
    program = build.program({"z": getattr(build, operation)(build["x"], build["y"])})
    assert _unproven(program, logic_for(program, Target())) == []


def test_sums_in_another_order_are_proven() -> None:
    rng = np.random.default_rng(0)
    type_ = FixedType(True, 8, 8)
    builder = Builder({f"x{k}": FixedType(False, 6, 6) for k in range(8)})
    tables = [builder.table([k], rng.integers(-100, 100, size=64), type_) for k in range(8)]
    total = tables[0]
    for k, table in enumerate(tables[1:]):
        total = builder.push(ops.Add(args=(total, table), type=FixedType(True, 9 + k, 9 + k)))
    program = builder.program({"y": total})
    assert _unproven(program, logic_for(program, Target())) == []


@pytest.mark.parametrize("seed", [1, 11, 18])
def test_passes_are_proven(seed: int) -> None:
    program = random_program(seed)
    assert prove_passes(program, optimize(program), time.monotonic() + 60) == []


def test_passes_that_change_a_value_are_not_proven() -> None:
    program = random_program(11)
    after = optimize(program)
    swapped = replace(after, outputs=(after.outputs[1], after.outputs[0], *after.outputs[2:]))
    assert len(prove_passes(program, swapped, time.monotonic() + 60)) == 2
