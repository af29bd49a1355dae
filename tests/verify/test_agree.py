"""Executors compared."""

import numpy as np
import pytest

from sr2hls.errors import VerificationError
from sr2hls.program.interpreter import Interpreter
from sr2hls.verify.agree import check_agreement
from sr2hls.verify.random_programs import corner_inputs, random_program

PROGRAM = random_program(3)
RAW = corner_inputs(PROGRAM, 500, 0)
EXPECTED = Interpreter(PROGRAM).run(RAW)


def test_agreement_counts_what_was_compared() -> None:
    agreement = check_agreement(PROGRAM, "itself", Interpreter(PROGRAM).run, RAW, EXPECTED)
    assert (agreement.vectors, agreement.values) == (500, EXPECTED.size)


def test_one_wrong_bit_is_found_and_named() -> None:
    def wrong(raw: np.ndarray) -> np.ndarray:
        found = Interpreter(PROGRAM).run(raw)
        found[7, 1] ^= 1
        return found

    name = PROGRAM.output_names[1]
    with pytest.raises(
        VerificationError,
        match=rf"broken differs from the integer interpreter in 1 of .* first in output '{name}' of row 7",
    ):
        check_agreement(PROGRAM, "broken", wrong, RAW, EXPECTED)


def test_a_missing_output_is_found() -> None:
    with pytest.raises(VerificationError, match="gives outputs of the shape"):
        check_agreement(PROGRAM, "short", lambda raw: EXPECTED[:, :1], RAW, EXPECTED)
