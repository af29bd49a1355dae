"""Designs as files come back with every bit."""

from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sr2hls.design import Design, Proposal
from sr2hls.errors import InputError
from sr2hls.flow.design_file import read_design, to_text
from sr2hls.problem import Problem, Split
from sr2hls.program.lower_formulas import OutputError
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.search.front import Candidate, Front, Frontier
from sr2hls.teacher.task import Task
from sr2hls.verify.random_programs import random_program

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)


def problem_of(design: Design) -> Problem:
    program = design.program
    types = dict(zip(program.input_names, program.input_types, strict=True))
    split = Split(np.zeros((1, len(types))), np.zeros((1, 1)), None)
    names = tuple(program.output_names)
    return Problem(Task.REGRESSION, types, names, tuple(types), names, split, split, split)


def design(seed: int, constant: float, rms: float) -> Design:
    program = random_program(seed)
    x, v = sp.Symbol(program.input_names[0]), sp.Symbol("v0")
    formulas = {name: sp.tanh(v) + sp.Float(constant) for name in program.output_names}
    front = Front("y", (Candidate(x, rms, 1.0, None, 1, "test"), Candidate(x**2, 0.0, 2.0, None, 3, "test")))
    proposal = Proposal(
        "test-1", "a label", formulas, (("v0", sp.floor(x * 3) / 4),), Frontier((front,), ("x0",))
    )
    errors = {name: OutputError(abs(rms), abs(constant)) for name in program.output_names}
    types = {"v0": FixedType(True, 3 + seed % 5, 2, Rounding.RND, Overflow.SAT)}
    return Design(proposal, program, errors, ("a note",), types, random_program(seed + 1))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 500), NUMBERS, NUMBERS)
@example(0, 1.0, 0.0)
@example(0, -3.0, 0.0)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, seed: int, c: float, e: float
) -> None:
    before = design(seed, c, e)
    path = tmp_path_factory.mktemp("d") / "d.json"
    path.write_text(to_text(before))
    after = read_design(path, problem_of(before))
    assert after.program == before.program
    assert after.errors == before.errors and after.notes == before.notes
    assert after.value_types == before.value_types and after.before == before.before
    assert after.proposal == before.proposal


def test_what_is_no_design_of_the_problem_is_refused(tmp_path: Path) -> None:
    path, one, other = tmp_path / "d.json", design(1, 0.5, 0.1), design(2, 0.5, 0.1)
    with pytest.raises(InputError, match=r"d\.json' cannot be read: No such file.*; explore again"):
        read_design(path, problem_of(one))
    path.write_text('{"format": "sr2hls-design-1"}')
    with pytest.raises(InputError, match=r"d\.json' is damaged or of another version: explore again"):
        read_design(path, problem_of(one))
    path.write_text(to_text(one))
    with pytest.raises(InputError, match=r"d\.json' was made for other inputs: explore again"):
        read_design(path, problem_of(other))
