from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from sr2hls.design import Design, Proposal, optimised
from sr2hls.errors import VerificationError
from sr2hls.program.lower_formulas import Lowering
from sr2hls.program.types import FixedType
from sr2hls.prove.passes import passes_row


@pytest.fixture(scope="module")
def design() -> Design:
    x, y = sp.symbols("x y")
    types = {"x": FixedType(True, 6, 2), "y": FixedType(True, 6, 2)}
    X = np.random.default_rng(0).uniform(-2, 2, size=(500, 2))
    lowering = Lowering({"z": x * y + sp.sin(x) - y / 3}, types, X)
    return optimised(
        Proposal("formula", "given", lowering.formulas), lowering.within({"z": 0.05}), lowering.X
    )


def test_the_program_before_its_passes_is_proven(design: Design) -> None:
    assert design.before is not None and design.before != design.program
    row, proof = passes_row(design, 60)
    assert row is not None and proof is not None and proof.proven
    assert (row.executor, row.vectors, row.values) == ("program before its passes", 8192, 8192)
    assert row.proof.startswith(proof.solver) and " by " in proof.solver


def test_a_pass_that_changes_a_value_is_refused_with_the_input(design: Design) -> None:
    x = sp.Symbol("x")
    types = dict(zip(design.program.input_names, design.program.input_types, strict=True))
    lowering = Lowering({"z": x}, types, np.zeros((4, 2)))
    wrong = replace(design, before=lowering.within({"z": 0.25}).program)
    with pytest.raises(VerificationError, match=r"the passes changed .* for the input x = [-.\d]+, y = "):
        passes_row(wrong, 60)


def test_without_time_it_is_tested_and_without_passes_it_is_nothing(design: Design) -> None:
    row, proof = passes_row(design, 1e-9)
    assert row is not None and row.proof == "" and row.vectors == 8192
    assert proof is not None and proof.note == "z: the time is over, or no step settles it"
    assert passes_row(replace(design, before=None), 60) == (None, None)
    assert passes_row(design, 0) == (None, None)
